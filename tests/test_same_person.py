"""Samples of one person under ids that do not tell: found by their profiles, in simulated and in real people, and nobody else accused."""

from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract.files import Reader
from helpers.contract.same_person import check_same_person, find_limit
from helpers.tables import PROJECT_ROOT
from tools.try_false_alarms import draw_people, draw_reads

RNG_SEED = 11


def tell(participants, **tables):
    reader = Reader(Path("."))
    check_same_person(reader, participants, tables)
    assert all(problem.severity == "warning" and "`cluster:`" in problem.fix for problem in reader.problems)
    return [problem.found for problem in reader.problems]


def draw_infants(n=19, samples=(4, 8), seed=RNG_SEED):
    """Infants with four to seven stools each: reads, and whose they are."""
    rng = np.random.default_rng(seed)
    whose = np.repeat(np.arange(n), rng.integers(*samples, n))
    rng.shuffle(whose)
    values = draw_people("eight factors", n, 150, rng)[whose]
    reads = draw_reads(values + 0.8 * rng.normal(size=values.shape), rng)
    ids = pd.Index([f"G{i}" for i in rng.choice(90_000, len(whose), replace=False)], name="participant_id")
    return pd.DataFrame(reads, ids).add_prefix("t"), pd.Series(whose, ids), rng


def describe(whose, rng):
    """Sex by person, ages advancing from stool to stool."""
    sex = rng.choice(["F", "M"], whose.max() + 1)[whose]
    return pd.DataFrame({"sex": sex, "age": rng.uniform(0, 3, len(whose)).round(2)}, whose.index)


def test_stools_of_nineteen_infants_are_told_and_the_pairs_are_theirs():
    reads, whose, rng = draw_infants()
    (said,) = tell(describe(whose, rng), taxa=reads)
    assert "nearer by taxa than two people are" in said
    named = [pair.split(" near ") for pair in said.split("(")[1].split(" and ")[0].split(", ")]
    assert np.mean([whose[a] == whose[b] for a, b in named]) >= 0.8


def test_several_weak_blocks_tell_together():
    rng = np.random.default_rng(RNG_SEED)
    blocks = {}
    for name in ("metabolites", "cytokines", "volumes"):
        values = np.repeat(draw_people("one factor", 40, 60, rng), 2, axis=0)
        blocks[name] = pd.DataFrame(values + 1.5 * rng.normal(size=values.shape)).add_prefix(name)
    people = pd.DataFrame(index=blocks["volumes"].index)
    assert not any(tell(people, **{name: table}) for name, table in blocks.items())
    (said,) = tell(people, **blocks)
    assert "metabolites and cytokines and volumes" in said


def test_one_stool_of_each_infant_is_in_order():
    reads, whose, rng = draw_infants(n=60)
    first = whose[~whose.duplicated()].index
    assert tell(describe(whose, rng).loc[first], taxa=reads.loc[first]) == []


def test_small_batches_of_men_and_women_are_no_persons():
    """What is alike without regard to sex is a batch: rows near one another differ in sex as often as not."""
    reads, whose, rng = draw_infants()
    people = describe(whose, rng).assign(sex=rng.choice(["F", "M"], len(whose)))
    assert tell(people, taxa=reads) == []


def test_sex_age_and_bmi_of_a_person_in_several_rows_are_told():
    rng = np.random.default_rng(RNG_SEED)
    n = 60
    people = pd.DataFrame(
        {"sex": rng.choice(["F", "M"], n), "age": rng.integers(20, 60, n), "bmi": rng.normal(24, 3, n).round(1)}
    )
    assert tell(people) == []
    again = pd.concat([people, people.head(20)], ignore_index=True)
    (said,) = tell(again)
    assert said.startswith("the same sex, age and bmi in 40 rows of 80 (0 and 60, ")
    assert (
        tell(pd.concat([people.round(-1), people.round(-1)], ignore_index=True).head(70)) == []
    )  # coarse numbers agree by chance


def test_limits_stand_above_all_independent_people_that_were_drawn():
    table = pd.read_csv(PROJECT_ROOT / "data/calibration/same_person.tsv", sep="\t")
    alone = table[table["samples"] == 1]
    assert len(alone) == 105 and (alone["largest"] * alone["n"] < alone["n"].map(find_limit)).all()
    several = table[(table["samples"] > 1) & (table["n"] >= 80) & (table["features"] >= 100)]
    assert (several["mean"] * several["n"] > several["n"].map(find_limit)).all()
