"""Cohorts damaged on purpose, one flaw each: the report names the file, the line, the column and what to type.

Expected lines and values follow from the damage, which is written out in each case; the folder is the example cohort
without its connectivity, transcripts and tree, which another file damages.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.contract import inspect_cohort, list_files, read_schema
from helpers.contract.cell_errors import explain_number
from helpers.contract.direction import check_direction
from helpers.contract.files import Reader
from helpers.problems import write_report
from tests.support import EXAMPLE

HEAVY = ("connectivity.tsv", "nodes.tsv", "transcripts.tsv", "tree.nwk")
PEOPLE, ANSWERS, SETTINGS = "participants.tsv", "phenotype/cd_risc.tsv", "cohort.yml"
NODES = "brain/nodes.tsv"
BRS, METABOLITES, TRACTS = "phenotype/brs.tsv", "metabolites/metabolites.tsv", "brain/tracts.tsv"
CellError = Callable[[Path], object]


@pytest.fixture(scope="session")
def light_cohort(tmp_path_factory) -> Path:
    """The example without its large tables, and with 60 of its metabolites."""
    folder = Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("light") / "cohort", ignore=lambda *_: HEAVY))
    edit(METABOLITES, lambda table: table.iloc[:, :61])(folder)
    return folder


@pytest.fixture
def light_copy(light_cohort, tmp_path) -> Path:
    return Path(shutil.copytree(light_cohort, tmp_path / "cohort"))


def read(folder: Path, file: str) -> pd.DataFrame:
    return pd.read_csv(folder / file, sep="\t", dtype=str, keep_default_na=False)


def edit(file: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> CellError:
    return lambda folder: change(read(folder, file)).to_csv(folder / file, sep="\t", index=False)


def put(file: str, column: str, **cells: str) -> CellError:
    """Write cells by line, for instance ``line_4="3,14"``."""

    def change(table):
        for line, cell in cells.items():
            table.loc[int(line.removeprefix("line_")) - 2, column] = cell
        return table

    return edit(file, change)


def every(file: str, column: str, change: Callable[[pd.Series], pd.Series]) -> CellError:
    return edit(file, lambda table: table.assign(**{column: change(table[column])}))


def numbers(change: Callable[[pd.Series], pd.Series]) -> Callable[[pd.Series], pd.Series]:
    return lambda cells: change(pd.to_numeric(cells, errors="coerce")).astype(str).replace("nan", "n/a")


def rename(file: str, **names: str) -> CellError:
    return edit(file, lambda table: table.rename(columns=names))


def raw(file: str, change: Callable[[bytes], bytes]) -> CellError:
    return lambda folder: (folder / file).write_bytes(change((folder / file).read_bytes()))


def setting(old: str, new: str) -> CellError:
    def change(text: bytes) -> bytes:
        assert old.encode() in text
        return text.replace(old.encode(), new.encode())

    return raw(SETTINGS, change)


def add(file: str, content: bytes = b"x") -> CellError:
    def write(folder):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(content)

    return write


def both(*damages: CellError) -> CellError:
    return lambda folder: [damage(folder) for damage in damages]


def ids(change: Callable[[str], str], file: str = TRACTS) -> CellError:
    return every(file, "participant_id", lambda cells: cells.map(change))


def outcome(rule: str) -> CellError:
    def change(text: bytes) -> bytes:
        start, end = text.index(b"outcome:"), text.index(b"labels:")
        return text[:start] + f"outcome: {rule}\n".encode() + text[end:]

    return raw(SETTINGS, change)


def covariates(names: str) -> CellError:
    return setting("covariates:\n- age\n- sex\n- bmi\n", f"covariates: {names}\n")


def new_column(name: str, cells: Callable[[pd.DataFrame], object], file: str = PEOPLE) -> CellError:
    return edit(file, lambda table: table.assign(**{name: cells(table)}))


def group_of(folder: Path) -> pd.Series:
    items = read(folder, ANSWERS).set_index("participant_id").apply(pd.to_numeric, errors="coerce")
    return items.mean(axis=1) * 25 >= 82


def batch_from_group(n_swapped: int) -> CellError:
    """Make the batch the same as the group, but for a few people."""

    def write(folder):
        table, high = read(folder, PEOPLE), group_of(folder)
        study = np.where(table["participant_id"].map(high), "A", "B")
        study[:n_swapped] = np.where(study[:n_swapped] == "A", "B", "A")
        table.assign(study=study).to_csv(folder / PEOPLE, sep="\t", index=False)

    return write


def link(file: str, target: str) -> CellError:
    def write(folder):
        (folder.parent / "outside.tsv").write_text("participant_id\tsecret\nsub-001\t1\n")
        (folder / file).unlink(missing_ok=True)
        (folder / file).symlink_to(target)

    return write


def as_folder(file: str) -> CellError:
    def write(folder):
        (folder / file).unlink()
        (folder / file).mkdir()

    return write


def move(old: str, new: str) -> CellError:
    return lambda folder: (folder / old).rename(folder / new)


def pack(change: Callable[[bytes], bytes]) -> CellError:
    def write(folder):
        packed = gzip.compress((folder / TRACTS).read_bytes(), mtime=0)
        (folder / TRACTS).unlink()
        (folder / f"{TRACTS}.gz").write_bytes(change(packed))

    return write


def brain(change: Callable[[pd.DataFrame], pd.DataFrame]) -> CellError:
    """Write twelve nodes and all their edges, the nodes changed."""

    def write(folder):
        rng, names = np.random.default_rng(1), [f"n{i:02d}" for i in range(12)]
        places = {axis: rng.uniform(-60, 60, 12).round(1) for axis in "xyz"}
        nodes = pd.DataFrame({"network": ["Reward", "Somatomotor"] * 6, **places}, pd.Index(names, name="node"))
        change(nodes).to_csv(folder / NODES, sep="\t")
        edges = [f"{a}--{b}" for i, a in enumerate(names) for b in names[i + 1 :]]
        ids = read(folder, PEOPLE)["participant_id"]
        r = pd.DataFrame(np.tanh(rng.normal(0.3, 0.2, (len(ids), len(edges)))), pd.Index(ids), edges)
        r.to_csv(folder / "brain/connectivity.tsv", sep="\t")

    return write


def move_nodes(change: Callable[[pd.DataFrame], pd.DataFrame]) -> CellError:
    return brain(lambda nodes: nodes.assign(**change(nodes[["x", "y", "z"]])))


def transcripts(groups: list[str]) -> CellError:
    """Write six transcripts with these groups."""

    def write(folder):
        names, ids = [f"r{i}" for i in range(6)], read(folder, PEOPLE)["participant_id"]
        reads = np.random.default_rng(1).poisson(900, (len(ids), 6)) + 1
        pd.DataFrame(reads, pd.Index(ids), names).to_csv(folder / "microbiome/transcripts.tsv", sep="\t")
        table = pd.DataFrame({"group": groups}, pd.Index(names, name="feature"))
        table.to_csv(folder / "microbiome/features.tsv", sep="\t")

    return write


def turn_items(folder: Path) -> None:
    """Turn the reversed items of the BRS, as if somebody had scored them already."""
    table = read(folder, BRS)
    for item in ("brs_2", "brs_4", "brs_6"):
        table[item] = [str(6 - int(cell)) if cell.isdigit() else cell for cell in table[item]]
    table.to_csv(folder / BRS, sep="\t", index=False)


def copy_answers(folder: Path) -> None:
    """Enter the form of one participant under the id of another."""
    table = read(folder, "phenotype/cd_risc.tsv")
    table.iloc[7, 1:] = table.iloc[8, 1:]
    table.to_csv(folder / "phenotype/cd_risc.tsv", sep="\t", index=False)


def headless(folder: Path) -> None:
    """Drop the header, so that a row of numbers, two of them equal, stands for it."""
    lines = (folder / TRACTS).read_text().splitlines()[1:]
    cells = lines[0].split("\t")
    lines[0] = "\t".join([*cells[:2], cells[1], *cells[3:]])
    (folder / TRACTS).write_text("\n".join(lines) + "\n")


def own_marks(folder: Path) -> None:
    """Add 34 columns of one's own, each with NA in a cell."""
    table = read(folder, PEOPLE)
    more = {f"own_{i}": ["NA"] + ["3"] * (len(table) - 1) for i in range(34)}
    table.assign(**more).to_csv(folder / PEOPLE, sep="\t", index=False)


def per_cent_for_half(folder: Path) -> None:
    table = read(folder, TRACTS)
    for row in range(0, len(table), 2):
        table.iloc[row, 1:] = [cell if cell == "n/a" else str(100 * float(cell)) for cell in table.iloc[row, 1:]]
    table.to_csv(folder / TRACTS, sep="\t", index=False)


@dataclass(frozen=True)
class Case:
    """One damage, and what the report must say of it; ``also`` names files where the same damage shows again."""

    check: str
    damage: CellError
    file: str
    line: int | None
    column: str | None
    found: str
    fix: str
    severity: str = "error"
    also: tuple[str, ...] = ()


E, W = "error", "warning"
ITEM, FACET = "cd_risc_04", "describing"
FFMQ = "phenotype/ffmq.tsv"
CASES = [
    Case("decimal comma", put(PEOPLE, "bmi", line_4="21,5"), PEOPLE, 4, "bmi", "'21,5' (a decimal comma)", "write 21.5"),
    Case("decimal comma", put(METABOLITES, "metabolite_003", line_5="0,031"), METABOLITES, 5, "metabolite_003", "decimal comma", "write 0.031"),
    Case("decimal comma", put(PEOPLE, "bmi", line_4="21,534"), PEOPLE, 4, "bmi", "a decimal comma", "write 21.534"),
    Case("thousands separator", put(METABOLITES, "metabolite_003", line_5="1.234,5"), METABOLITES, 5, "metabolite_003", "thousands", "write 1234.5"),
    Case("thousands separator", put("brain/volumes.tsv", "icv", line_3="1 450 000"), "brain/volumes.tsv", 3, "icv", "thousands", "write 1450000."),
    Case("thousands separator", put("brain/volumes.tsv", "icv", line_3="1'450'000"), "brain/volumes.tsv", 3, "icv", "thousands", "write 1450000."),
    Case("percentage", put(TRACTS, "uncinate_left", line_2="45 %"), TRACTS, 2, "uncinate_left", "a percentage", "write 45 without the sign"),
    Case("unit in a cell", put(PEOPLE, "age", line_9="34 years"), PEOPLE, 9, "age", "a number with its unit", "write 34;"),
    Case("unit in a cell", put(METABOLITES, "metabolite_003", line_5="3.1 µmol/l"), METABOLITES, 5, "metabolite_003", "unit", "write 3.1;"),
    Case("limit of detection", put(METABOLITES, "metabolite_003", line_5="<0.5"), METABOLITES, 5, "metabolite_003", "a limit of detection", "write n/a"),
    Case("spreadsheet error", put(PEOPLE, "bmi", line_4="#DIV/0!"), PEOPLE, 4, "bmi", "'#DIV/0!' (an error of a spreadsheet", "or write n/a"),
    Case("spreadsheet error", put(METABOLITES, "metabolite_003", line_5="#REF!"), METABOLITES, 5, "metabolite_003", "spreadsheet", "n/a"),
    Case("missing marker", put(PEOPLE, "age", line_4="N/A"), PEOPLE, 4, "age", "another mark for a missing value", "write n/a."),
    Case("missing marker", put(ANSWERS, ITEM, line_4="  "), ANSWERS, 4, ITEM, "only blanks", "write n/a."),
    Case("missing marker", put(PEOPLE, "sex", line_4="?"), PEOPLE, 4, "sex", "another mark", "write n/a."),
    Case("missing marker", put(PEOPLE, "study", line_4="NA"), PEOPLE, 4, "study", "another mark", "write n/a."),
    Case("missing marker", put(PEOPLE, "diet_score", line_4="NaN"), PEOPLE, 4, "diet_score", "another mark", "write n/a.", W),
    Case("missing marker", put(METABOLITES, "metabolite_003", line_5="null", line_7="null"), METABOLITES, 5, "metabolite_003", "(and 1 more cell", "write n/a."),
    Case("typographic sign", put(PEOPLE, "bmi", line_4="“21.5”"), PEOPLE, 4, "bmi", "among other signs", "write 21.5"),
    Case("typographic sign", put(FFMQ, FACET, line_4="−5"), FFMQ, 4, FACET, "among other signs", "write -5"),
    Case("infinite number", put(METABOLITES, "metabolite_003", line_5="inf"), METABOLITES, 5, "metabolite_003", "an infinite number", "write n/a"),
    Case("infinite number", put(FFMQ, FACET, line_5="-inf"), FFMQ, 5, FACET, "an infinite number", "write n/a"),
    Case("infinite number", put(PEOPLE, "age", line_5="1e999"), PEOPLE, 5, "age", "an infinite number", "write n/a"),
    Case("yes or no", put(FFMQ, FACET, line_5="TRUE"), FFMQ, 5, FACET, "a yes or no", "write 1"),
    Case("yes or no", every(TRACTS, "uncinate_left", lambda c: c.where(c == "", "True")), TRACTS, 2, "uncinate_left", "a yes or no", "write 1"),
    Case("date in a cell", put(ANSWERS, ITEM, line_7="1-Mar"), ANSWERS, 7, ITEM, "a date", "text"),
    Case("date in a cell", every(PEOPLE, "age", lambda c: "19" + c.str.zfill(2).str[:2] + "-03-01"), PEOPLE, 2, "age", "(and 115 more cells", "n/a"),
    Case("label", put(PEOPLE, "sex", line_4="F "), PEOPLE, 4, "sex", "'F '", "write F, if that is meant"),
    Case("label", put(PEOPLE, "sex", line_4="f"), PEOPLE, 4, "sex", "'f'", "write F, if that is meant"),
    Case("label", put("metabolites/features.tsv", "scale", line_4="Raw"), "metabolites/features.tsv", 4, "scale", "'Raw'", "write raw"),
    Case("label", put(PEOPLE, "study", line_4="C"), PEOPLE, 4, "study", "'C'", "participants.json (study, Levels)"),
    Case("spellings of a label", new_column("site", lambda t: ["North", "north"] + ["South"] * (len(t) - 2)), PEOPLE, 3, "site", "2 spellings", "throughout", W),
    Case("number out of range", put(PEOPLE, "age", line_6="180"), PEOPLE, 6, "age", "'180'", "correct the age"),
    Case("number out of range", put(BRS, "brs_3", line_6="2.5"), BRS, 6, "brs_3", "'2.5'", "correct the answer"),
    Case("number out of range", every(BRS, "brs_3", lambda c: c.map(lambda a: "7" if a == "4" else a)), BRS, None, "brs_3", "more cells of this column", "correct the answer"),
    Case("code for missing", put(PEOPLE, "age", line_6="-9999"), PEOPLE, 6, "age", "'-9999'", "write n/a."),
    Case("code for missing", put(ANSWERS, ITEM, line_6="99"), ANSWERS, 6, ITEM, "'99'", "code for a missing value"),
    Case("code for missing", put(TRACTS, "uncinate_left", line_6="-999"), TRACTS, 6, "uncinate_left", "'-999'", "code for a missing value"),
    Case("far code for missing", put(PEOPLE, "diet_score", line_6="-9999"), PEOPLE, 6, "diet_score", "'-9999'", "write n/a.", W),
    Case("far code for missing", put(FFMQ, FACET, line_6="999"), FFMQ, 6, FACET, "far from all others", "write n/a.", W),
    Case("coding of answers", edit(ANSWERS, lambda t: t.apply(lambda c: c if c.name == "participant_id" else numbers(lambda n: (n + 1).astype("Int64"))(c).replace("<NA>", "n/a"))), ANSWERS, None, None, "answers from 1 to 5, and not one 0", "25 points too high"),
    Case("coding of answers", edit(BRS, lambda t: t.apply(lambda c: c if c.name == "participant_id" else numbers(lambda n: (n - 1).astype("Int64"))(c).replace("<NA>", "n/a"))), BRS, None, None, "answers from 0 to 4, and not one 5", "add 1 to every answer"),
    Case("another quantity", every(PEOPLE, "age", numbers(lambda n: n * 12)), PEOPLE, None, "age", "ages in months", "divide by 12"),
    Case("another quantity", every(PEOPLE, "age", numbers(lambda n: 2024 - n)), PEOPLE, None, "age", "years of birth", "age at the visit"),
    Case("another quantity", every(PEOPLE, "bmi", numbers(lambda n: 1.5 + n / 100)), PEOPLE, None, "bmi", "heights in m", "weight in kg"),
    Case("another quantity", every(PEOPLE, "bmi", numbers(lambda n: 150 + n)), PEOPLE, None, "bmi", "heights in cm", "weight in kg"),
    Case("another quantity", every(PEOPLE, "bmi", numbers(lambda n: n * 3)), PEOPLE, None, "bmi", "weights in kg", "weight in kg"),
    Case("another quantity", edit(BRS, lambda t: t[["participant_id"]].assign(mean=[str(6 + i % 25) for i in range(len(t))])), BRS, None, "mean", "sums of the six answers", "divide by 6"),
    Case("total of a short form", both(edit(ANSWERS, lambda t: t[["participant_id"]].assign(total=[str(10 + i % 31) for i in range(len(t))])), setting("high_at_least: 82", "high_at_least: 30")), ANSWERS, None, "total", "totals of the 10-item form", "cd_risc_10", W),
    Case("missing column", edit("metabolites/features.tsv", lambda t: t.drop(columns="scale")), "metabolites/features.tsv", 1, "scale", "no column scale", "add it"),
    Case("repeated column", raw(PEOPLE, lambda b: b.replace(b"\tbmi\t", b"\tage\t", 1)), PEOPLE, 1, None, "the column age more than once", "rename"),
    Case("column without a name", raw(PEOPLE, lambda b: b.replace(b"\tbmi\t", b"\t\t", 1)), PEOPLE, 1, None, "no name for column 4", "name the column"),
    Case("column without a name", raw(TRACTS, lambda b: b"\nsub-001\nsub-002\n"), TRACTS, 1, None, "no name for column 1", "name the column"),
    Case("spelling of a column", rename(PEOPLE, participant_id="Participant_ID"), PEOPLE, 1, "Participant_ID", "'Participant_ID'", "write participant_id"),
    Case("spelling of a column", rename(PEOPLE, age="Age"), PEOPLE, 1, "Age", "another spelling of age", "write age."),
    Case("spelling of a column", rename(PEOPLE, bmi="bmi "), PEOPLE, 1, "bmi ", "a blank before or behind", "write bmi."),
    Case("spelling of a column", rename(PEOPLE, diet_score=" diet_score"), PEOPLE, 1, " diet_score", "a blank before or behind", "write 'diet_score'."),
    Case("spelling of a column", edit(ANSWERS, lambda t: t.rename(columns=lambda c: c.replace("cd_risc_", "CDRISC"))), ANSWERS, 1, None, "25 columns that look like items", "cd_risc_01 in place of CDRISC01"),
    Case("spelling of a column", edit(BRS, lambda t: t.rename(columns=lambda c: c.replace("brs_", "Q"))), BRS, 1, None, "6 columns that look like items", "brs_1 in place of Q1"),
    Case("spelling of a column", rename(ANSWERS, cd_risc_01="cd_risc_1"), ANSWERS, 1, "cd_risc_1", "another spelling of an item", "write cd_risc_01."),
    Case("spelling of a column", rename(TRACTS, participant_id="Participant ID"), TRACTS, 1, "Participant ID", "'Participant ID'", "write participant_id"),
    Case("column beside its double", new_column("Age", lambda t: t["age"]), PEOPLE, 1, "Age", "beside age", "only age is read", W),
    Case("column beside its double", new_column("age.1", lambda t: t["age"]), PEOPLE, 1, "age.1", "a double of age", "keep one", W),
    Case("column beside its double", new_column("Unnamed: 0", lambda t: range(len(t))), PEOPLE, 1, "Unnamed: 0", "a program gave", "remove the column", W),
    Case("extra column", new_column("cd_risc_26", lambda t: "3", ANSWERS), ANSWERS, 1, "cd_risc_26", "not among the items", "ignored", W),
    Case("extra column", new_column("remark", lambda t: "good", BRS), BRS, 1, "remark", "not among the items", "ignored", W),
    Case("damaged name", both(rename(METABOLITES, metabolite_003="2-Sep"), put("metabolites/features.tsv", "metabolite", line_4="2-Sep")), METABOLITES, 1, "2-Sep", "a date in place of a name", "SEPT2", also=("metabolites/features.tsv",)),
    Case("damaged name", both(rename(METABOLITES, metabolite_003="44441"), put("metabolites/features.tsv", "metabolite", line_4="44441")), METABOLITES, 1, "44441", "a day number", "original file", also=("metabolites/features.tsv",)),
    Case("damaged name", put(PEOPLE, "participant_id", line_3="1E+05"), PEOPLE, 3, "participant_id", "scientific notation", "original file", also=("*ids*",)),
    Case("damaged name", put(TRACTS, "participant_id", line_3="2001-09-02 00:00:00"), TRACTS, 3, "participant_id", "a date in place of a name", "original file"),
    Case("wide small table", edit(PEOPLE, lambda t: pd.concat([t, pd.DataFrame("1", t.index, [f"x{i}" for i in range(2000)])], axis=1)), PEOPLE, 1, None, "2,006 columns", "block"),
    Case("cells per line", raw(PEOPLE, lambda b: b.replace(b"\nsub-004\t", b"\nsub-004\t\t", 1)), PEOPLE, 5, None, "7 cells", "extra"),
    Case("cells per line", raw(PEOPLE, lambda b: b + b"\n"), PEOPLE, 118, None, "a blank line", "remove the line"),
    Case("quotation mark", raw(PEOPLE, lambda b: b.replace(b"\nsub-004\t", b'\nsub-004\t"', 1)), PEOPLE, 5, None, "quotation mark", "remove"),
    Case("separator", raw(PEOPLE, lambda b: b.replace(b"\t", b";")), PEOPLE, 1, None, "separated by semicolons", "tab-separated"),
    Case("separator", raw(TRACTS, lambda b: b.replace(b"\t", b",")), TRACTS, 1, None, "separated by commas", "renaming the file is not enough"),
    Case("separator", raw(TRACTS, lambda b: b.replace(b"\t", b" ")), TRACTS, 1, None, "separated by blanks", "tab-separated"),
    Case("empty table", raw(ANSWERS, lambda b: b""), ANSWERS, None, None, "an empty file", "fill it"),
    Case("empty table", raw(TRACTS, lambda b: b.splitlines(True)[0]), TRACTS, None, None, "a header and no rows", "fill it"),
    Case("encoding", raw(PEOPLE, lambda b: b.decode().encode("utf-16")), PEOPLE, None, None, "UTF-16", "UTF-8"),
    Case("encoding", raw(PEOPLE, lambda b: b.decode().encode("utf-16-le")), PEOPLE, None, None, "UTF-16", "UTF-8"),
    Case("encoding", raw("microbiome/taxonomy.tsv", lambda b: b.replace(b"\n", "ö\n".encode("latin-1"), 3)), "microbiome/taxonomy.tsv", 1, None, "not UTF-8 (in Windows-1252", "UTF-8"),
    Case("encoding", both(new_column("town", lambda t: ["Köln"] * len(t)), raw(PEOPLE, lambda b: b.replace("ö".encode(), b"\xf6", 1))), PEOPLE, 2, None, "two encodings in one file", "retype"),
    Case("encoding", raw(PEOPLE, lambda b: b.replace(b"sub-004", b"sub\x00004")), PEOPLE, 5, None, "a zero byte", "export"),
    Case("line ends", raw(PEOPLE, lambda b: b.replace(b"\n", b"\r")), PEOPLE, None, None, "old Macintosh", "LF or CRLF"),
    Case("line ends", raw(PEOPLE, lambda b: b.replace(b"sub-004\t", b"sub-004\r\t")), PEOPLE, 5, None, "a carriage return inside", "line break"),
    Case("another format", raw(PEOPLE, lambda b: b"PK\x03\x04" + b), PEOPLE, None, None, "a workbook", "tab-separated"),
    Case("another format", raw(TRACTS, lambda b: b"<!DOCTYPE html>"), TRACTS, None, None, "a web page", "download"),
    Case("another format", pack(lambda b: b"participant_id\tx\nsub-001\t1\n"), f"{TRACTS}.gz", None, None, "no gzip file", "name it .tsv"),
    Case("unreadable file", pack(lambda b: b[: len(b) // 2]), f"{TRACTS}.gz", None, None, "cannot be read", "again"),
    Case("unreadable file", pack(lambda b: b[:40] + b"\xff\x00\xff" + b[43:]), f"{TRACTS}.gz", None, None, "cannot be read", "again"),
    Case("unreadable file", both(move(TRACTS, "brain/tracts.parquet")), "brain/tracts.parquet", None, None, "cannot be read", "again"),
    Case("sidecar", raw("participants.json", lambda b: b[:-30]), "participants.json", None, None, "no readable JSON", "mend it", also=(PEOPLE,)),
    Case("sidecar", add("phenotype/brs.json", b"{"), "phenotype/brs.json", None, None, "no readable JSON", "mend it"),
    Case("column of the sidecar", both(raw("participants.json", lambda b: b.replace(b'"diet_score"', b'"dietscore"'))), "participants.json", None, "dietscore", "'dietscore'", "write diet_score", W),
    Case("repeated id", edit(BRS, lambda t: pd.concat([t, t.iloc[[0]]])), BRS, 2, "participant_id", "'sub-001'", "one row per person", also=(BRS,)),
    Case("repeated id", edit(TRACTS, lambda t: pd.concat([t, t.iloc[[0]]])), TRACTS, 113, "participant_id", "a second time", "one row per participant"),
    Case("missing id", put(PEOPLE, "participant_id", line_4=""), PEOPLE, 4, "participant_id", "a blank cell", "give the person an id", also=("*ids*",)),
    Case("missing id", put(TRACTS, "participant_id", line_4="n/a"), TRACTS, 4, "participant_id", "no id", "give the row an id"),
    Case("unsafe id", put(PEOPLE, "participant_id", line_4="sub-003 "), PEOPLE, 4, "participant_id", "a blank before or behind", "write 'sub-003'", also=("*ids*",)),
    Case("unsafe id", put(PEOPLE, "participant_id", line_4="../sub-003"), PEOPLE, 4, "participant_id", "a path", "write 'sub-003'", also=("*ids*",)),
    Case("unsafe id", put(PEOPLE, "participant_id", line_4="s" * 65), PEOPLE, 4, "participant_id", "65 signs", "shorter", also=("*ids*",)),
    Case("unsafe id", put(PEOPLE, "participant_id", line_4="sub-\u200b003"), PEOPLE, 4, "participant_id", "invisible", "again", also=("*ids*",)),
    Case("unknown id", put(TRACTS, "participant_id", line_4="SUB-1"), TRACTS, 4, "participant_id", "'SUB-1'", "write sub-001"),
    Case("unknown id", put(TRACTS, "participant_id", line_4="sub-01"), TRACTS, 4, "participant_id", "'sub-01'", "write sub-001"),
    Case("unknown id", put(BRS, "participant_id", line_4="sub-003 "), BRS, 4, "participant_id", "'sub-003 '", "write sub-003"),
    Case("unknown id", put(BRS, "participant_id", line_4="sbu-003"), BRS, 4, "participant_id", "'sbu-003'", "write sub-003"),
    Case("unknown id", put(BRS, "participant_id", line_4="sub-999"), BRS, 4, "participant_id", "'sub-999'", "add the person"),
    Case("ids spelled otherwise", ids(lambda name: name.removeprefix("sub-").lstrip("0")), TRACTS, None, "participant_id", "spelled otherwise throughout ('1' for sub-001)", "sub-001 in place of 1"),
    Case("ids spelled otherwise", ids(str.upper, BRS), BRS, None, "participant_id", "116 ids spelled otherwise", "sub-001 in place of SUB-001"),
    Case("ids spelled otherwise", ids(lambda name: "p" + name[-1:] + "x" + name), TRACTS, None, "participant_id", "none of them in participants.tsv", "alike"),
    Case("two spellings of a person", edit(PEOPLE, lambda t: pd.concat([t, t.iloc[[0]].assign(participant_id="sub-01")])), PEOPLE, 118, "participant_id", "'sub-001' and 'sub-01'", "one person", W),
    Case("few participants", edit(TRACTS, lambda t: t.head(50)), TRACTS, None, "participant_id", "50 of 116 participants", "few people", W),
    Case("link out of the folder", link(TRACTS, "../../outside.tsv"), TRACTS, None, None, "leads outside", "copy the file"),
    Case("link out of the folder", link(TRACTS, "tracts.tsv"), TRACTS, None, None, "circle or nowhere", "copy the file"),
    Case("link out of the folder", link("more", ".."), "more", None, None, "leads outside", "copy the file"),
    Case("link out of the folder", link(SETTINGS, "../outside.tsv"), SETTINGS, None, None, "leads outside", "copy the file"),
    Case("special file", both(lambda folder: (folder / TRACTS).unlink(), lambda folder: os.mkfifo(folder / TRACTS)), TRACTS, None, None, "a pipe", "replace it"),
    Case("folder for a file", as_folder(TRACTS), TRACTS, None, None, "a folder", "move the file"),
    Case("folder for a file", as_folder(PEOPLE), PEOPLE, None, None, "a folder", "move the file"),
    Case("unknown file", move(PEOPLE, "Participants.tsv"), "Participants.tsv", None, None, "not read", "rename it participants.tsv", W, also=(PEOPLE,)),
    Case("unknown file", move(BRS, "phenotype/BRS.tsv"), "phenotype/BRS.tsv", None, None, "close to brs", "rename it phenotype/brs.tsv", W),
    Case("unknown file", move("phenotype/hads.tsv", "phenotype/hads.csv"), "phenotype/hads.csv", None, None, "not read", "export it as tab-separated text named phenotype/hads.tsv", W),
    Case("unknown file", move(TRACTS, "brain/tract.tsv"), "brain/tract.tsv", None, None, "not read", "rename it brain/tracts.tsv", W),
    Case("unknown file", add("microbiome/taxa.csv"), "microbiome/taxa.csv", None, None, "not read", "microbiome/taxa.tsv", W),
    Case("unknown file", add("my_data.xlsx"), "my_data.xlsx", None, None, "not read", "stay out of the analysis", W),
    Case("unknown file", move("brain", "Brain"), "Brain", None, None, "a folder that is not read", "rename it brain/", W),
    Case("missing file", lambda folder: (folder / ANSWERS).unlink(), ANSWERS, None, None, "no such file", "add it"),
    Case("missing file", lambda folder: (folder / PEOPLE).unlink(), PEOPLE, None, None, "no such file", "resilience-book new"),
    Case("settings", setting("name: example", "name: example\nname: other"), SETTINGS, 3, None, "the setting name twice", "remove one"),
    Case("settings", setting("  measure:", "\tmeasure:"), SETTINGS, 6, None, "a tab at the start", "blanks"),
    Case("settings", setting("batch: study", "bach: study"), SETTINGS, 16, "bach", "an unknown setting", "write batch"),
    Case("settings", setting("high: High resilience", "high: Low resilience"), SETTINGS, 9, "labels", "Low resilience", "differently"),
    Case("settings", setting("high: High resilience", f"high: {'very ' * 9}high"), SETTINGS, 9, "labels", "49 signs", "shorten"),
    Case("settings", setting("- bmi", "- age"), SETTINGS, 12, "covariates", "'age'", "remove the double"),
    Case("settings", setting("high_at_least: 82", "high_at_least: .inf"), SETTINGS, 5, "outcome.high_at_least", "inf", "e.g. 82"),
    Case("settings", setting("name: example", "name: 2001-99-99"), SETTINGS, None, None, "cannot be read", "mend"),
    Case("column of the settings", setting("- bmi", "- BMI"), SETTINGS, None, "covariates", "'BMI'", "write bmi"),
    Case("column of the settings", setting("batch: study", "batch: centre"), SETTINGS, None, "batch", "'centre'", "add the column"),
    Case("column of the settings", outcome("{column: diagnosis, high: [HC], low: [MDD]}"), SETTINGS, None, "outcome", "'diagnosis'", "add the column"),
    Case("outcome score", setting("score: total", "score: totl"), SETTINGS, None, "outcome", "the score 'totl'", "write total"),
    Case("outcome score", setting("high_at_least: 82", "high_at_least: 182"), SETTINGS, None, "outcome", "a cut at 182", "within the range"),
    Case("outcome score", setting("measure: cd_risc", "measure: cdrisc"), "phenotype/cdrisc.tsv", None, None, "no such file", "write cd_risc"),
    Case("small group", setting("high_at_least: 82", "high_at_least: 100"), SETTINGS, None, "outcome", "of 100 or more", "check the cut"),
    Case("small group", both(outcome("{column: site, high: [N], low: [S]}"), new_column("site", lambda t: ["N"] * 9 + ["S"] * (len(t) - 9))), SETTINGS, None, "outcome", "9 persons with site N", "add participants"),
    Case("constant covariate", every(PEOPLE, "bmi", lambda c: "22"), SETTINGS, None, "covariates", "bmi, the same for everybody", "leave it out", W),
    Case("constant covariate", every(PEOPLE, "study", lambda c: "A"), SETTINGS, None, "batch", "study, the same for everybody", "leave it out", W),
    Case("covariate mostly unknown", every(PEOPLE, "bmi", lambda c: c.where(c.index > 40, "n/a")), SETTINGS, None, "covariates", "bmi, unknown for 43 of 116", "drop out", W),
    Case("covariate mostly unknown", every(PEOPLE, "bmi", lambda c: "n/a"), SETTINGS, None, "covariates", "bmi, unknown for everybody", "leave it out"),
    Case("covariate of labels", both(new_column("code", lambda t: "k" + t["participant_id"]), covariates("[age, code]")), SETTINGS, None, "covariates", "116 different labels", "leave it out"),
    Case("collinear covariates", both(new_column("age_months", lambda t: (pd.to_numeric(t["age"], errors="coerce") * 12).astype(str).replace("nan", "n/a")), covariates("[age, sex, age_months]")), SETTINGS, None, "covariates", "age_months, which follows from", "leave one", W),
    Case("group given away", batch_from_group(0), SETTINGS, None, "batch", "gives away who is high", "leave it out"),
    Case("group given away", both(outcome("{column: sex, high: [F], low: [M]}")), SETTINGS, None, "covariates", "sex, which gives away", "leave it out"),
    Case("batch near the group", batch_from_group(4), SETTINGS, None, "batch", "Cramér's V 0.9", "with care", W),
    Case("batch of one", both(raw("participants.json", lambda b: b.replace(b'"A":', b'"C": "study C", "A":')), put(PEOPLE, "study", line_4="C")), SETTINGS, None, "batch", "study C with 1 person", "join", W),
    Case("name too long", rename(TRACTS, uncinate_left="u" * 1_000_000), TRACTS, 1, None, "1,000,000 characters", "shorten"),
    Case("numbers for names", headless, TRACTS, 1, None, "numbers in place of column names", "add the line"),
    Case("path in the settings", outcome("{measure: ../../etc/passwd, score: total, high_at_least: 3}"), SETTINGS, None, "outcome", "'../../etc/passwd'", "name of a questionnaire"),
    Case("path in the settings", setting("name: example", "name: ../elsewhere"), SETTINGS, None, "name", "'../elsewhere'", "plain name"),
    Case("coordinates", move_nodes(lambda t: t.assign(x=t["x"] + 300)), NODES, None, "x, y, z", "12 nodes outside the head (n00", "constant shift"),
    Case("coordinates", move_nodes(lambda t: t / 1000), NODES, None, "x, y, z", "metres", "by 1,000"),
    Case("coordinates", move_nodes(lambda t: t / 10), NODES, None, "x, y, z", "centimetres", "by 10."),
    Case("coordinates", move_nodes(lambda t: (t + 64).round()), NODES, None, "x, y, z", "numbers of voxels", "affine"),
    Case("coordinates", move_nodes(lambda t: t * 0 + 3), NODES, None, "x, y, z", "the same place", "its own place"),
    Case("genus unknown", every("microbiome/taxonomy.tsv", "genus", lambda c: "n/a"), "microbiome/taxonomy.tsv", None, "genus", "no genus for any of the 420 taxa", "classifier"),
    Case("genus unknown", every("microbiome/taxonomy.tsv", "genus", lambda c: "g__"), "microbiome/taxonomy.tsv", None, "genus", "no genus", "classifier"),
    Case("near word", transcripts(["Genetic Propagation", "x", "x", "x", "x", "x"]), "microbiome/features.tsv", 2, "group", "nearly 'genetic_propagation'", "write genetic_propagation", W),
    Case("near word", brain(lambda t: t.assign(network=["reward ", *list(t["network"])[1:]])), NODES, 2, "network", "'reward '", "write Reward", W),
    Case("spelling of a column", rename("metabolites/features.tsv", hmdb="HMDB"), "metabolites/features.tsv", 1, "HMDB", "another spelling of hmdb", "write hmdb"),
    Case("spelling of a column", rename("microbiome/taxonomy.tsv", phylum="Phylum"), "microbiome/taxonomy.tsv", 1, "Phylum", "another spelling of phylum", "write phylum"),
    Case("items against their scale", turn_items, BRS, None, None, "brs_2, brs_4, brs_6 run against", "as ticked", W),
    Case("answers copied", copy_answers, "phenotype/cd_risc.tsv", None, None, "1 pair of participants with the same answers", "two ids", W),
    Case("summary row", edit(TRACTS, lambda t: pd.concat([t, t.iloc[[0]].assign(participant_id="Total")])), TRACTS, 113, "participant_id", "'Total'", "remove the row"),
    Case("missing marker", own_marks, PEOPLE, None, None, "in 34 columns of your own", "nothing rests on it", W),
    Case("unknown file", add("blood/cytokines.tsv"), "blood", None, None, "a folder that is not read (1 file)", "stay out of the analysis", W),
    Case("unknown file", both(add("brain/thickness.tsv"), add("brain/alff.tsv")), "brain/alff.tsv", None, None, "2 files that are not read (alff.tsv, thickness.tsv)", "no table for it", W),
    Case("sidecar", raw("participants.json", lambda b: b"[1, 2]"), "participants.json", None, None, "a list", "mend it", also=(PEOPLE,)),
    Case("another quantity", every(PEOPLE, "age", lambda c: [str(42 + 11 * i) for i in range(len(c))]), PEOPLE, None, "age", "days or months, of children", "divide months by 12"),
    Case("batch twice", setting("- bmi", "- study"), SETTINGS, None, "covariates", "as batch and among the covariates", "counts once", W),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case.check}" for i, case in enumerate(CASES)])
def test_damage_is_named_with_its_place_and_fix(light_copy, case):
    case.damage(light_copy)
    cohort, problems = inspect_cohort(light_copy)
    said = write_report(problems)
    place = [p for p in problems if (p.file, p.column, p.severity) == (case.file, case.column, case.severity)]
    hits = [p for p in place if case.found in p.found and case.fix in p.fix and case.line in (None, p.line)]
    assert hits, f"expected {case}\n{said}"
    errors = [p for p in problems if p.severity == "error" and p not in hits]
    errors = [p for p in errors if p.file not in case.also and not ("*ids*" in case.also and is_about_an_id(p))]
    assert not errors, said
    assert (cohort is None) == (case.severity == "error" or bool(case.also)), said


def is_about_an_id(problem):
    """Say whether a problem is that a table or a map names somebody who is not among the participants."""
    return problem.column == "participant_id" or problem.file.startswith("brain/maps/")


def test_undamaged_folder_has_no_problem_at_all(light_cohort):
    assert inspect_cohort(light_cohort)[1] == []


def test_every_check_of_the_contract_has_a_corruption():
    listed = {entry["check"]: entry["severity"] for entry in read_schema()["checks"]["tables"]}
    assert {case.check for case in CASES} == set(listed)
    for check, severity in listed.items():
        assert severity in {case.severity for case in CASES if case.check == check}, check
    assert len(CASES) >= 60


def test_advice_for_half_of_a_table_is_not_for_the_whole(light_copy):
    per_cent_for_half(light_copy)
    problems = [p for p in inspect_cohort(light_copy)[1] if p.file == TRACTS]
    assert len(problems) == 1 and "56 of 111" in problems[0].found and "not the whole table" in problems[0].fix


def test_labels_zero_and_one_are_two_labels(light_copy):
    setting("high: High resilience", "high: 1")(light_copy)
    setting("low: Low resilience", "low: 0")(light_copy)
    assert inspect_cohort(light_copy)[0].settings.labels == {"high": "1", "low": "0"}


def test_random_answers_run_against_nothing(light_copy):
    """No false alarm: answers at random in every questionnaire, twenty times."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        answers = pd.DataFrame(rng.integers(1, 6, (116, 6)), columns=[f"brs_{i}" for i in range(1, 7)])
        reader = Reader(light_copy, [])
        check_direction(reader, BRS, "brs", answers)
        assert not reader.problems


def test_one_slip_on_a_whole_column_is_one_problem(light_copy):
    every(PEOPLE, "age", numbers(lambda n: n * 12))(light_copy)
    assert len(inspect_cohort(light_copy)[1]) == 1


def test_nothing_behind_a_link_is_read_listed_or_hashed(light_copy):
    link("phenotype/brs.tsv", "../../outside.tsv")(light_copy)
    link("more", "..")(light_copy)
    problems = inspect_cohort(light_copy)[1]
    assert "secret" not in write_report(problems)
    assert not {"phenotype/brs.tsv", "more"} & {p.relative_to(light_copy).as_posix() for p in list_files(light_copy)}
    assert all("more" not in path.parts for path in list_files(light_copy))


def test_a_file_that_may_not_be_read_is_a_sentence_without_its_path(light_copy, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("helpers.contract.files.scan_lines", refuse)
    found = {p.found for p in inspect_cohort(light_copy)[1] if p.file == PEOPLE}
    assert found == {"a file that cannot be read (Permission denied)"}


def test_a_link_inside_the_folder_is_read(light_copy):
    move(BRS, "phenotype/answers.txt")(light_copy)
    (light_copy / BRS).symlink_to("answers.txt")
    cohort, problems = inspect_cohort(light_copy)
    assert "brs" in cohort.phenotype
    assert {p.severity for p in problems} <= {"warning"}


def test_control_signs_of_a_cell_do_not_reach_the_terminal(light_copy):
    put(PEOPLE, "age", line_4="\x1b[2J" + "9" * 200)(light_copy)
    found = inspect_cohort(light_copy)[1][0].found
    assert "\x1b" not in found
    assert len(found) < 80


@pytest.mark.parametrize(
    ("text", "low", "high", "fix"),
    [
        ("1,234", 0, 5, "write 1.234."),
        ("1,234", 100, 5000, "write 1234."),
        ("1,234", None, None, "write 1234 or, if the comma marks decimals, 1.234."),
        ("1,234,567", None, None, "write 1234567."),
        ("12 345,6", None, None, "write 12345.6."),
        (",5", None, None, "write .5."),
    ],
)
def test_a_comma_is_read_by_the_range_of_its_column(text, low, high, fix):
    assert explain_number(text, low, high).fix == fix
