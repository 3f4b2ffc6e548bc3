"""The right and the typical wrong answers of every exercise, computed from the tables of the cohort at hand."""

from helpers.course.answers import (
    brain,
    cohort,
    integration,
    labs,
    metabolites,
    microbiome,
    resilience,
    structure,
    verdict,
)
from helpers.course.answers.base import ANSWERS, Answer

__all__ = [
    "ANSWERS",
    "Answer",
    "brain",
    "cohort",
    "integration",
    "labs",
    "metabolites",
    "microbiome",
    "resilience",
    "structure",
    "verdict",
]
