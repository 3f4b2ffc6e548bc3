"""Simulated people and their questionnaires."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from helpers.simulate.effects import People, Planted, adjusted_difference, calibrate_shift, residual_sd

CUT = 82
SHARE_HIGH = 44 / 116
SHARE_WOMEN = 71 / 116
N_CD_RISC = 25
CD_RISC_LOADING = 0.62
CD_RISC_THRESHOLDS = np.array([-2.510, -1.724, -0.865, 0.086])  # candidates then reach the US norms
HADS_THRESHOLDS = {"anxiety": np.array([-0.1, 1.0, 2.0]), "depression": np.array([0.3, 1.35, 2.3])}
HADS_FIRST_ITEM = {"anxiety": 0, "depression": 1}
SYMPTOM_EFFECTS = {"depression": ("C01", -0.60), "anxiety": ("C02", -0.55)}
SCORED = {
    ("ffmq", "describing"): ("C03", 0.50, 28.0, 6.0, (8, 40)),
    ("ffmq", "nonjudging"): ("C04", 0.45, 28.5, 6.5, (8, 40)),
    ("csq", "catastrophizing"): ("C05", -0.50, 9.0, 4.5, (0, 36)),
}


def draw_people(n_participants: int, *, rng: np.random.Generator) -> People:
    """Draw candidates one after another and keep those a quota still has room for.

    The quotas fix how many people score 82 or more on the CD-RISC (44 of 116) and how many are women (71 of
    116). Nobody's answers are changed to fill them.
    """
    n_high, n_women = round(n_participants * SHARE_HIGH), round(n_participants * SHARE_WOMEN)
    room = {True: n_high, False: n_participants - n_high}
    room_sex = {True: n_women, False: n_participants - n_women}
    kept: list[tuple[bool, float, np.ndarray, float]] = []
    while len(kept) < n_participants:
        for woman, trait, answers in list_candidates(4 * n_participants, rng):
            total = answers.sum()
            high = bool(total >= CUT)
            if not room[high] or not room_sex[woman]:
                continue
            room[high] -= 1
            room_sex[woman] -= 1
            kept.append((woman, trait, answers, total))
    kept = [kept[i] for i in rng.permutation(n_participants)]
    women, traits, answers, totals = (np.array(column) for column in zip(*kept, strict=True))
    return People(_draw_participants(women, rng), traits, answers, totals, totals >= CUT)


def draw_phenotype(
    people: People, effect: float, *, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], list[Planted]]:
    """Draw the other questionnaires; return tables by measure and what was planted in them."""
    ids = people.table.index
    cd_risc = pd.DataFrame(people.answers, index=ids, columns=[f"cd_risc_{i:02d}" for i in range(1, N_CD_RISC + 1)])
    tables = {"cd_risc": cd_risc, "brs": _draw_brs(people, rng)}
    tables["hads"], planted = _draw_hads(people, effect, rng)
    for (measure, name), (claim, d, mean, sd, limits) in SCORED.items():
        latent = rng.normal(size=len(ids)) + people.nuisance(1, rng=rng, batch=0.2)[:, 0]

        def build(shift: float, latent=latent, mean=mean, sd=sd, limits=limits) -> np.ndarray:
            return np.clip(np.round(mean + sd * (latent + shift * people.carrier)), *limits)

        values, truth = _plant(build, people, claim, f"{measure}.{name}", d * effect)
        scored = tables.setdefault(measure, pd.DataFrame(index=ids))
        scored[name] = values
        planted.append(truth)
    return tables, planted


def list_candidates(n: int, rng: np.random.Generator) -> list[tuple[bool, float, np.ndarray]]:
    """Draw people of the general population: woman or not, latent trait, answers to the CD-RISC.

    Examples
    --------
    >>> ((woman, trait, answers),) = list_candidates(1, np.random.default_rng(1))
    >>> answers.shape, bool(0 <= answers.min() and answers.max() <= 4)
    ((25,), True)
    """
    women = rng.random(n) < SHARE_WOMEN
    traits = rng.normal(size=n)
    difficulty = np.linspace(-0.45, 0.45, N_CD_RISC)[np.arange(N_CD_RISC) * 7 % N_CD_RISC]
    noise = rng.normal(size=(n, N_CD_RISC)) * np.sqrt(1 - CD_RISC_LOADING**2)
    latent = CD_RISC_LOADING * traits[:, None] + noise - difficulty
    answers = np.searchsorted(CD_RISC_THRESHOLDS, latent).astype(float)
    return list(zip(women.tolist(), traits, answers, strict=True))


def _draw_participants(women: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    n = len(women)
    age = np.floor(stats.truncnorm.ppf(rng.random(n), -1.35, 2.1, loc=34.5, scale=12.2)).clip(18, 60)
    bmi = stats.truncnorm.ppf(rng.random(n), -1.8, 3.1, loc=26.0, scale=4.4)
    from_a = rng.random(n) < 1 / (1 + np.exp(-(0.45 - 0.04 * (age - age.mean()))))
    diet = stats.truncnorm.ppf(rng.random(n), -4, 3, loc=60 - 0.4 * (bmi - 26), scale=11)
    width = max(3, len(str(n)))
    ids = pd.Index([f"sub-{i:0{width}d}" for i in range(1, n + 1)], name="participant_id")
    return pd.DataFrame(
        {
            "age": age,
            "sex": np.where(women, "F", "M"),
            "bmi": np.round(bmi, 1),
            "study": np.where(from_a, "A", "B"),
            "diet_score": np.round(diet, 1),
        },
        index=ids,
    )


def _draw_brs(people: People, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the Brief Resilience Scale: a second measure of the same trait, also in the null twin."""
    own = 0.7 * people.trait + np.sqrt(1 - 0.7**2) * rng.normal(size=len(people.trait))
    latent = 0.72 * own[:, None] + 0.69 * rng.normal(size=(len(own), 6))
    answers = 1 + np.searchsorted([-2.2, -1.25, -0.37, 0.85], latent)
    answers[:, 1::2] = 6 - answers[:, 1::2]
    return pd.DataFrame(answers.astype(float), index=people.table.index, columns=[f"brs_{i}" for i in range(1, 7)])


def _draw_hads(people: People, effect: float, rng: np.random.Generator) -> tuple[pd.DataFrame, list[Planted]]:
    n = len(people.trait)
    shared = rng.normal(size=n)
    items, planted = np.zeros((n, 14)), []
    for scale, (claim, d) in SYMPTOM_EFFECTS.items():
        own = np.sqrt(0.55) * shared + np.sqrt(0.45) * rng.normal(size=n)
        severity = own + people.nuisance(1, rng=rng, batch=0.2)[:, 0]
        noise = rng.normal(size=(n, 7))
        difficulty = np.linspace(-0.3, 0.3, 7)

        def answer(shift: float, severity=severity, noise=noise, difficulty=difficulty, scale=scale) -> np.ndarray:
            latent = 0.62 * (severity + shift * people.carrier)[:, None] + 0.78 * noise - difficulty
            return np.searchsorted(HADS_THRESHOLDS[scale], latent).astype(float)

        shift, truth = _find_shift(
            lambda s, answer=answer: answer(s).sum(axis=1), people, claim, f"hads.{scale}", d * effect
        )
        items[:, HADS_FIRST_ITEM[scale] :: 2] = answer(shift)
        planted.append(truth)
    return pd.DataFrame(items, index=people.table.index, columns=[f"hads_{i:02d}" for i in range(1, 15)]), planted


def _plant(build, people: People, claim: str, feature: str, d: float) -> tuple[np.ndarray, Planted]:
    shift, truth = _find_shift(build, people, claim, feature, d)
    return build(shift), truth


def _find_shift(build, people: People, claim: str, feature: str, d: float) -> tuple[float, Planted]:
    null = build(0.0)
    shift = calibrate_shift(build, people, d * residual_sd(null, people))
    difference = adjusted_difference(build(shift), people) - adjusted_difference(null, people)
    return shift, Planted(claim, "phenotype", feature, d, difference, "points")
