"""Figures: one file per room; a result comes in, Axes come out; no statistic is computed here."""
