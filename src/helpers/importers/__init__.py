"""Files of other programs in, tables of a cohort folder out."""
