"""What a simulated cohort is made from, and which choices are refused."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_N = 116
DEFAULT_SEED = 20240501
DEFAULT_MISSING = 0.035
DEFAULT_TITLE = "Simulated cohort: stress resilience, brain and gut"
MIN_PARTICIPANTS = 40
MAX_EFFECT = 1.5
MAX_MISSING = 0.5
MAX_VISITS = 4


@dataclass(frozen=True)
class Recipe:
    """What a simulated cohort is made from; see :func:`helpers.simulate.draw_cohort`.

    Raises
    ------
    ValueError
        When a number is out of its range; the sentence says which and what to choose.

    Examples
    --------
    >>> Recipe(n_participants=58, effect=0).name
    'simulated_n58_seed20240501_effect0'
    >>> Recipe(missing=0.7)
    Traceback (most recent call last):
    ValueError: missing is 0.7; it is the share of people who lack the scan, or the stool sample, from 0 to 0.5. \
Choose one in between.
    """

    n_participants: int = DEFAULT_N
    seed: int = DEFAULT_SEED
    effect: float = 1.0
    missing: float = DEFAULT_MISSING
    title: str = DEFAULT_TITLE
    visits: int = 1
    families: bool = False

    def __post_init__(self) -> None:
        if self.n_participants < MIN_PARTICIPANTS:
            raise ValueError(
                f"n_participants is {self.n_participants}; a simulated cohort needs {MIN_PARTICIPANTS} or more. "
                "Ask for more people."
            )
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}; seeds are whole numbers from 0 upwards. Choose another.")
        if not -MAX_EFFECT <= self.effect <= MAX_EFFECT:
            raise ValueError(
                f"effect is {self.effect:g}; it runs from {-MAX_EFFECT:g} (all turned round) by 0 (the null twin) to {MAX_EFFECT:g}. Choose one in between."
            )
        if not 1 <= self.visits <= MAX_VISITS:
            raise ValueError(f"visits is {self.visits}; people come 1 to {MAX_VISITS} times. Choose one in between.")
        if not 0 <= self.missing <= MAX_MISSING:
            raise ValueError(
                f"missing is {self.missing:g}; it is the share of people who lack the scan, or the stool sample, from "
                f"0 to {MAX_MISSING:g}. Choose one in between."
            )

    @property
    def name(self) -> str:
        """``example`` for the book's own cohort, otherwise all that was chosen."""
        more = f"_visits{self.visits}" if self.visits > 1 else ""
        more += "_families" if self.families else ""
        if not more and (self.n_participants, self.seed, self.effect, self.missing) == (
            DEFAULT_N,
            DEFAULT_SEED,
            1,
            DEFAULT_MISSING,
        ):
            return "example"
        lacking = "" if self.missing == DEFAULT_MISSING else f"_missing{self.missing:g}"
        return f"simulated_n{self.n_participants}_seed{self.seed}_effect{self.effect:g}{lacking}{more}"
