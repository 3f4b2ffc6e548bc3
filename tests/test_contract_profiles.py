"""Participants unlike all others, and copies: every kind of damage in every block is found, and clean cohorts are not."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.contract import list_items, read_questionnaires, read_schema
from helpers.contract.blocks import BlockTable
from helpers.contract.copies import check_copies
from helpers.contract.dependence import check_dependence
from helpers.contract.direction import check_direction
from helpers.contract.files import Reader
from helpers.contract.profiles import check_profiles
from tests.support import EXAMPLE

FILES = {
    "connectivity": "brain/connectivity.tsv",
    "volumes": "brain/volumes.tsv",
    "tracts": "brain/tracts.tsv",
    "taxa": "microbiome/taxa.tsv",
    "transcripts": "microbiome/transcripts.tsv",
    "metabolites": "metabolites/metabolites.tsv",
    "maps": "brain/maps",
    "genes": "microbiome/genes.tsv",
    "fisher_z": "brain/connectivity.tsv",
    "cytokines": "blocks/cytokines.tsv",
    "contrasts": "blocks/contrasts.tsv",
}
COUNTS = ("taxa", "transcripts", "genes")
IN_MEMORY = ("maps", "genes", "fisher_z", "cytokines", "contrasts")
RAW = ["volumes", "tracts", "metabolites", "cytokines"]
SIGNED = ("connectivity", "fisher_z", "contrasts")


@dataclass(frozen=True)
class CellError:
    kind: str
    block: str
    rows: slice
    edit: object
    said: str


@pytest.fixture(scope="module")
def tables():
    found = {
        name: pd.read_csv(EXAMPLE / file, sep="\t", index_col=0, na_values="n/a").astype(float)
        for name, file in FILES.items()
        if name not in IN_MEMORY
    }
    found["logs"] = np.log(found["metabolites"].where(found["metabolites"] > 0))
    rng = np.random.default_rng(4)
    voxels = rng.normal(0.5, 1, 300) + rng.normal(0, 0.7, (40, 300))
    found["maps"] = pd.DataFrame(voxels, [f"sub-{i:03d}" for i in range(40)], [f"v{i}" for i in range(300)])
    found["connectivity"] = found["connectivity"].iloc[:, ::10]
    found["fisher_z"] = np.arctanh(found["connectivity"])
    found["genes"] = found["transcripts"].iloc[:, :300]
    usual, people = rng.normal(5, 1, 20), found["taxa"].index
    found["cytokines"] = pd.DataFrame(np.exp(rng.normal(usual, 0.5, (len(people), 20))), people).add_prefix("c")
    size = 10 ** rng.uniform(-1, 2, 30)
    found["contrasts"] = pd.DataFrame(
        size * (rng.normal(0.3, 1, 30) + rng.normal(0, 1, (len(people), 30))), people
    ).add_prefix("c")
    return found


def tell(name, table):
    """Return what is said of a block as it stands in memory."""
    reader = Reader(Path("."))
    scales = {"metabolites": "raw", "logs": "log"}
    features = pd.DataFrame({"scale": scales[name]}, index=table.columns) if name in scales else None
    is_further = name in ("cytokines", "contrasts")
    name = {"logs": "metabolites", "fisher_z": "connectivity"}.get(name, "further" if is_further else name)
    block = BlockTable(reader, FILES.get(name, "x"), table, lambda row, column: (FILES.get(name, "x"), None, None))
    odd = check_profiles(block, name, counts=name in COUNTS, features=features)
    check_copies(block, counts=name in COUNTS, odd=odd)
    assert {problem.severity for problem in reader.problems} <= {"warning"}
    return [problem.found for problem in reader.problems]


def list_damages():
    one, half = slice(4, 5), slice(1, None, 2)
    for name in RAW:
        yield CellError("divided by 1000", name, one, lambda v: v / 1000, "divided by 1,000")
        yield CellError("times 1000", name, one, lambda v: v * 1000, "multiplied by 1,000")
        yield CellError("times ten", name, one, lambda v: v * 10, "multiplied by 10")
        yield CellError("a million", name, one, lambda v: v * 1e6, "multiplied by 1,000,000")
        yield CellError("turned", name, one, lambda v: -v, "the sign turned")
        yield CellError("0", name, one, lambda v: v * 0, "0 everywhere")
        yield CellError("constant", name, one, lambda v: v * 0 + 0.4, "the same value everywhere")
        yield CellError("one cell", name, one, large_cell, "one value about 1,000,000 times")
        yield CellError("every second divided", name, half, lambda v: v / 1000, "by 1,000")
        yield CellError("batch divided", name, slice(0, 30), lambda v: v / 1000, "divided by 1,000")
    for name in ("volumes", "metabolites"):
        for kind, log in (("log2", np.log2), ("ln", np.log), ("log10", np.log10)):
            yield CellError(kind, name, slice(0, 30), log, kind)
    yield CellError("log2 of half", "metabolites", half, np.log2, "log2")
    for kind, edit, cause in (
        ("raw", np.exp, "no logarithms"),
        ("log2", lambda v: v / np.log(2), "of another base"),
        ("turned", lambda v: -v, "the sign turned"),
        ("divided", lambda v: v / 1000, "divided by 1,000"),
        ("0", lambda v: v * 0, "0 everywhere"),
        ("one cell", lambda v: large_cell(v + 0.0), "one value of"),
    ):
        yield CellError(kind, "logs", one, edit, cause)
    yield CellError("raw of a batch", "logs", slice(0, 30), np.exp, "no logarithms")
    for kind, edit, cause in (
        ("0", lambda v: v * 0, "0 everywhere"),
        ("turned", lambda v: -v, "the sign turned"),
        ("thousandth", lambda v: v / 1000, "the usual size"),
        ("one voxel", lambda v: large_cell(v, 1e8), "one value of"),
    ):
        yield CellError(kind, "maps", one, edit, cause)
    for name in COUNTS:
        yield CellError("thousandfold", name, one, lambda v: v * 1000, "times the usual reads")
        yield CellError("presence", name, one, lambda v: (v > 0) * 1.0, "presence or absence")
        yield CellError("rounded log", name, one, lambda v: np.log2(v + 1).round(), "rounded logarithms")
        yield CellError(
            "cpm", name, one, lambda v: (v / v.sum(axis=1, keepdims=True) * 1e6).round(), "1,000,000: rounded"
        )
        if name != "genes":  # of these 300, every tenth participant has about 100,000 reads anyway
            yield CellError(
                "per cent", name, one, lambda v: (v / v.sum(axis=1, keepdims=True) * 1e5).round(), "100,000: rounded"
            )
        yield CellError("one cell", name, one, lambda v: large_cell(v, factor=1e8), "one value of")
        yield CellError("every second presence", name, half, lambda v: (v > 0) * 1.0, "presence or absence")
        yield CellError("logs of a batch", name, slice(0, 30), lambda v: np.log2(v + 1).round(), "rounded logarithms")
    yield CellError("every second thousandfold", "genes", half, lambda v: v * 1000, "times the usual reads")
    yield CellError("every second divided", "logs", half, lambda v: v / 1000, "divided by 1,000")
    yield CellError("ln", "cytokines", slice(0, 10), np.log, "natural logarithms")
    yield CellError(
        "centred", "cytokines", slice(0, 10), lambda v: np.log(v) - np.log(v).mean(), "where others have none"
    )
    for name in SIGNED:
        yield CellError("0", name, one, lambda v: v * 0, "0 everywhere")
        yield CellError("constant", name, one, lambda v: v * 0 + 0.3, "the same value everywhere")
        yield CellError("turned", name, one, lambda v: -v, "the sign turned")
        yield CellError("divided by ten", name, one, lambda v: v / 10, "1/10 of")
        yield CellError("times 1000", name, one, lambda v: v * 1000, "1,000 times")
        yield CellError("one cell", name, one, large_cell, "one value of")
        yield CellError("every second", name, half, lambda v: v / 1000, "the usual size")


def large_cell(v, factor=1e6):
    v = v.copy()
    v[0, np.nanargmax(v[0] > 0)] *= factor
    return v


DAMAGES = list(list_damages())


@pytest.mark.parametrize("damage", DAMAGES, ids=[f"{d.block}-{d.kind}" for d in DAMAGES])
def test_unlike_participants_are_named_with_the_cause(tables, damage):
    table = tables[damage.block].copy()
    columns = table.columns != "icv"
    values = table.to_numpy(copy=True)
    values[damage.rows, columns] = damage.edit(values[damage.rows][:, columns])
    table = pd.DataFrame(values, table.index, table.columns)
    said = [found for found in tell(damage.block, table) if damage.said in found]
    assert len(said) == 1, tell(damage.block, table)
    n = len(range(*damage.rows.indices(len(table))))
    assert n == 1 or said[0].startswith(f"{n} participants") or 2 * n == len(table), said
    assert n > 1 or table.index[damage.rows][0] in said[0]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["same", "rounded", "noise", "scaled", "all"])
def test_copies_are_named(tables, name, how):
    table, rng = tables[name].copy(), np.random.default_rng(1)
    row = table.iloc[4]
    if how == "all":
        table = pd.concat([table, table.rename(index=lambda person: f"x{person}")])
        assert any(f"{len(table) // 2} pairs of participants" in found for found in tell(name, table))
        return
    changed = {
        "same": row,
        "rounded": row.map(lambda v: float(f"{v:.2g}")),
        "noise": row * rng.normal(1, 0.01, len(row)),
        "scaled": row * 1.1,
    }[how]
    table.iloc[7] = changed.round() if name in COUNTS else changed
    said = [found for found in tell(name, table) if "the same or nearly the same values" in found]
    assert len(said) == 1
    assert f"{table.index[7]} like {table.index[4]}" in said[0]


def draw_answers(items, low, high, rng):
    """Answers of 60 people that follow one trait."""
    trait = rng.normal(0, 0.8, (60, 1)) + rng.normal(0, 0.6, (60, len(items)))
    return pd.DataFrame(np.clip(np.rint((low + high) / 2 + trait), low, high), columns=items)


def tell_direction(measure, answers, own):
    reader = Reader(Path("."))
    check_direction(reader, f"phenotype/{measure}.tsv", measure, answers, own)
    return [problem.found for problem in reader.problems]


SHIPPED = {name: own for name, own in read_questionnaires().items() if own.high > own.low + 1}
SCORED = {name: None for name in read_schema()["phenotype"]["measures"] if len(list_items(name)) >= 4}


@pytest.mark.parametrize("measure", [*SHIPPED, *SCORED])
def test_an_item_turned_in_any_questionnaire_runs_against_its_scale(measure):
    own, rng = SHIPPED.get(measure), np.random.default_rng(8)
    rules = read_schema()["phenotype"]["measures"].get(measure, {})
    low, high = (own.low, own.high) if own else rules["range"]
    scale = list(max(own.scores.values(), key=len)) if own else list_items(measure)
    turned = [rules["items"].format(number) for number in rules.get("reversed") or ()]
    answers = draw_answers(own.items if own else scale, low, high, rng)
    answers[turned] = low + high - answers[turned]
    assert tell_direction(measure, answers, own) == []
    wrong = turned or scale[1:2]
    said = tell_direction(measure, answers.assign(**(low + high - answers[wrong])), own)
    assert len(said) == 1 and "against the other" in said[0]


def test_enough_kinds_are_tried():
    assert len(DAMAGES) + 5 * len(FILES) >= 60


@pytest.mark.parametrize("total", [10_000, 1_000_000])
def test_reads_of_one_depth_are_in_order_in_any_number(total):
    """Rarefied reads, or CPM, of 300 people: all rows sum to a round number, which is told of a few rows alone."""
    table = pd.DataFrame(np.random.default_rng(1).multinomial(total, np.full(40, 1 / 40), 300)).add_prefix("t")
    assert tell("taxa", table) == []


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_said_of_the_clean_example(tables, name):
    assert tell(name, tables[name]) == []


def tell_dependence(ids, **columns):
    reader = Reader(Path("."))
    check_dependence(reader, pd.DataFrame(columns, index=ids))
    return [problem.found for problem in reader.problems]


GROUPED = [
    ([f"F{f:03d}-{k}" for f in range(30) for k in (1, 2)], {}),
    ([f"inf{f:02d}_v{k}" for f in range(19) for k in range(1, 6)], {}),
    ([f"{f:02d}{k}" for f in range(1, 21) for k in "ab"], {}),
    ([f"sub-{f:02d}_ses-{k}" for f in range(1, 21) for k in (1, 2)], {}),
    ([f"S{i:03d}" for i in range(60)], {"family_id": [f"f{i // 2}" for i in range(60)]}),
    ([f"S{i:03d}" for i in range(60)], {"subject": [i % 19 for i in range(60)]}),
    ([f"S{i:03d}" for i in range(60)], {"Household": [f"h{i // 3}" for i in range(60)]}),
    ([f"S{i:03d}" for i in range(60)], {"dyad_no": [i // 2 for i in range(60)]}),
]
ALONE = [
    [f"sub-{i:03d}" for i in range(1, 117)],
    [f"S{site}-{i:03d}" for site in range(1, 6) for i in range(1, 31)],
    [f"sub-{i:02d}_site-1" for i in range(60)],
    [f"P{i}" for i in range(80, 200)],
    [f"sub-A{i:02d}" for i in range(40)],
    [f"sub-100{i}" for i in range(100, 180)],
]


@pytest.mark.parametrize(("ids", "columns"), GROUPED, ids=[ids[0] + "".join(columns) for ids, columns in GROUPED])
def test_rows_that_belong_together_are_named(ids, columns):
    (said,) = tell_dependence(ids, **columns)
    n_groups = len(set(next(iter(columns.values())))) if columns else None
    assert n_groups is None or f"{len(ids)} rows in {n_groups} groups" in said


@pytest.mark.parametrize("ids", ALONE, ids=[ids[0] for ids in ALONE])
def test_running_ids_are_no_families(ids):
    assert tell_dependence(ids, twin=["yes", "no"] * (len(ids) // 2)) == []
