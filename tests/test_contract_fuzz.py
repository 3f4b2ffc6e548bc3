"""Random damage to a cohort folder: never an exception, never an id that participants.tsv does not list.

What must hold follows from the contract alone; ids are found again by an oracle that splits lines and tabs itself.
`FUZZ_EXAMPLES=5000 pytest tests/test_contract_fuzz.py` searches longer, and elsewhere every time.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers.contract import Cohort, inspect_cohort
from helpers.problems import write_report
from helpers.simulate import simulate_cohort

LEFT_OUT = (
    "brain/connectivity.tsv",
    "brain/nodes.tsv",
    "brain/volumes.tsv",
    "microbiome/transcripts.tsv",
    "microbiome/features.tsv",
    "phenotype/csq.tsv",
    "phenotype/hads.tsv",
)
NASTY = (
    "", " ", "n/a", "NA", "nan", "inf", "-inf", "1e999", "1e-999", "-0", "1,5", "1.234,5", "True", "0x10", "1_000", "1d", "٣", "½",
    '"', "'", 'a"b', '"a"b"', "#", "#N/A", "null", "~", "[", "{", "{}", "&a", "*a", "!!python/object:os", "<<", "2001-99-99", "1-Mar", "9" * 400,
    "sub-001 ", "SUB-001", "sub-1", "sub-999", "self", "index", "participant_id", "age", "-9999", "999", ".", "..", "/etc/passwd",
    "\ufeff", "\u200b", "\u2028", "\x0b", "\x1c", "\x85", "\x1b[2J", "<script>", "\ud7ff", "a\tb", "a\nb", "a\rb", "\x00",
)  # fmt: skip


def _cells(content: bytes) -> list[list[bytes]]:
    return [line.split(b"\t") for line in content.split(b"\n")]


def _join(cells: list[list[bytes]]) -> bytes:
    return b"\n".join(b"\t".join(row) for row in cells)


def _flip(content: bytes, a: int, b: int, text: bytes) -> bytes:
    at = a % (len(content) or 1)
    return content[:at] + bytes([b % 256]) + content[at + 1 :]


def _delete(content: bytes, a: int, b: int, text: bytes) -> bytes:
    at = a % (len(content) or 1)
    return content[:at] + content[at + b % 50 :]


def _insert(content: bytes, a: int, b: int, text: bytes) -> bytes:
    at = a % (len(content) or 1)
    return content[:at] + text + content[at:]


def _truncate(content: bytes, a: int, b: int, text: bytes) -> bytes:
    return content[: a % (len(content) or 1)]


def _repeat_line(content: bytes, a: int, b: int, text: bytes) -> bytes:
    lines = content.split(b"\n")
    lines.insert(b % len(lines), lines[a % len(lines)])
    return b"\n".join(lines)


def _swap_lines(content: bytes, a: int, b: int, text: bytes) -> bytes:
    lines = content.split(b"\n")
    i, j = a % len(lines), b % len(lines)
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


def _swap_columns(content: bytes, a: int, b: int, text: bytes) -> bytes:
    cells = _cells(content)
    i, j = a % len(cells[0]), b % len(cells[0])
    for row in cells:
        if len(row) > max(i, j):
            row[i], row[j] = row[j], row[i]
    return _join(cells)


def _repeat_column(content: bytes, a: int, b: int, text: bytes) -> bytes:
    cells = _cells(content)
    at = a % len(cells[0])
    rows = [[*row, row[at]] if len(row) > at and row != [b""] else row for row in cells]
    rows[0][-1] = text if b % 2 else rows[0][-1]
    return _join(rows)


def _drop_column(content: bytes, a: int, b: int, text: bytes) -> bytes:
    at = a % len(content.split(b"\n")[0].split(b"\t"))
    return _join([row[:at] + row[at + 1 :] for row in _cells(content)])


def _write_cell(content: bytes, a: int, b: int, text: bytes) -> bytes:
    cells = _cells(content)
    row = cells[a % len(cells)]
    row[b % len(row)] = text
    return _join(cells)


def _write_column(content: bytes, a: int, b: int, text: bytes) -> bytes:
    cells = _cells(content)
    at = a % len(cells[0])
    for row in cells[1:]:
        if len(row) > at:
            row[at] = text
    return _join(cells)


def _rename_column(content: bytes, a: int, b: int, text: bytes) -> bytes:
    cells = _cells(content)
    cells[0][a % len(cells[0])] = text
    return _join(cells)


def _rename_id(content: bytes, a: int, b: int, text: bytes) -> bytes:
    cells = _cells(content)
    row = cells[a % len(cells)]
    spellings = (
        row[0].upper(),
        row[0] + b" ",
        row[0].replace(b"sub-0", b"sub-"),
        row[0][4:],
        b"sub-%03d" % (b % 60),
        text,
    )
    row[0] = spellings[b % len(spellings)]
    return _join(cells)


def _write_word(content: bytes, a: int, b: int, text: bytes) -> bytes:
    words = content.split(b" ")
    words[a % len(words)] = text
    return b" ".join(words)


def _separate(content: bytes, a: int, b: int, text: bytes) -> bytes:
    return content.replace(b"\t", (b";", b",", b" ", b"|", b"  ")[a % 5])


def _recode(content: bytes, a: int, b: int, text: bytes) -> bytes:
    readable = content.decode("utf-8", errors="replace")
    return readable.encode(("utf-16", "utf-16-le", "utf-8-sig", "utf-32")[a % 4])


def _end_lines(content: bytes, a: int, b: int, text: bytes) -> bytes:
    return content.replace(b"\n", (b"\r\n", b"\r", b"\n\n", b"\n\r")[a % 4])


def _transpose(content: bytes, a: int, b: int, text: bytes) -> bytes:
    rows = [row for row in _cells(content) if row != [b""]]
    return _join([list(row) for row in zip(*rows, strict=False)])


def _nest(content: bytes, a: int, b: int, text: bytes) -> bytes:
    return b"[" * (a % 5000) + content


DAMAGES: tuple[Callable[[bytes, int, int, bytes], bytes], ...] = (
    _flip, _delete, _insert, _truncate, _repeat_line, _swap_lines, _swap_columns, _repeat_column, _drop_column, _write_cell,
    _write_cell, _write_column, _rename_column, _rename_id, _rename_id, _write_word, _separate, _recode, _end_lines, _transpose, _nest,
)  # fmt: skip
NUMBERS = st.integers(0, 2**20)
TEXTS = st.one_of(
    st.sampled_from(NASTY).map(str.encode),
    st.binary(max_size=12),
    st.text(max_size=8).map(lambda t: t.encode("utf-8", "replace")),
)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SPARINGLY = settings(BOUNDED, max_examples=max(EXAMPLES // 5, 10))


class Folder:
    """A cohort folder that is damaged in place and mended again."""

    def __init__(self, path: Path):
        self.path = path
        for file in LEFT_OUT:
            (path / file).unlink()
        self.files = {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}
        self.names = sorted(name for name in self.files if name not in ("README.md", "truth.yml"))

    def damage(self, slips: list) -> None:
        """Apply slips one after another, so that several may hit one file."""
        contents = dict(self.files)
        for change, at, a, b, text in slips:
            name = self.names[at % len(self.names)]
            contents[name] = change(contents[name], a, b, text)
        for name, content in contents.items():
            if content != self.files[name]:
                (self.path / name).write_bytes(content)

    def mend(self) -> None:
        """Write every file as it was."""
        for name, content in self.files.items():
            path = self.path / name
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)


SLIPS = st.lists(
    st.tuples(st.sampled_from(DAMAGES), st.integers(0, 30), NUMBERS, NUMBERS, TEXTS), min_size=1, max_size=3
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Folder:
    return Folder(simulate_cohort(tmp_path_factory.mktemp("fuzz") / "cohort", n_participants=40))


def list_ids(content: bytes, known: set[str] = frozenset()) -> set[str]:
    """Return the ids of a table by splitting it, people in rows or (where the header names them) in columns."""
    lines = content.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
    rows = [
        [cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in line.split("\t")]
        for line in lines
    ]
    in_columns = bool(known & set(rows[0])) and not known & {row[0] for row in rows[1:]}
    if "participant_id" in rows[0] and not in_columns:
        at = rows[0].index("participant_id")
        return {row[at] for row in rows[1:]}
    assert in_columns, "accepted without ids"
    return set(rows[0][1:])


def check_ids_are_known(folder: Folder, cohort: Cohort | None) -> None:
    """A cohort that was accepted has no id that participants.tsv does not list, whatever the damage."""
    if cohort is None:
        return
    known = list_ids((folder.path / "participants.tsv").read_bytes())
    tables = [*(folder.path / "phenotype").glob("*.tsv"), *(folder.path / "brain").glob("*.tsv")]
    tables += [folder.path / file for file in ("microbiome/taxa.tsv", "metabolites/metabolites.tsv")]
    for table in tables:
        assert list_ids(table.read_bytes(), known) <= known, table.name
    for block in (*cohort.blocks.values(), *cohort.phenotype.values()):
        assert set(block.index) <= known
        assert block.index.is_unique


@BOUNDED
@given(slips=SLIPS)
@example(slips=[(_drop_column, 0, 0, 0, b"")] * 3)
@example(slips=[(_flip, 7, 0, 0, b"")])
def test_any_damage_ends_in_sentences_and_no_stranger_passes(folder, slips):
    folder.damage(slips)
    try:
        cohort, problems = inspect_cohort(folder.path)
        check_ids_are_known(folder, cohort)
        assert (cohort is None) == any(problem.severity == "error" for problem in problems)
        assert all(problem.found and problem.expected and problem.fix for problem in problems)
        assert "\x1b" not in write_report(problems)
    finally:
        folder.mend()


@SPARINGLY
@given(
    at=NUMBERS,
    b=NUMBERS,
    text=TEXTS,
    file=st.sampled_from(["phenotype/brs.tsv", "brain/tracts.tsv", "microbiome/taxa.tsv"]),
)
def test_an_id_that_nobody_has_is_always_an_error(folder, at, b, text, file):
    folder.damage([(_rename_id, folder.names.index(file), at, b, text)])
    try:
        content = (folder.path / file).read_bytes()
        is_table = content.startswith(b"participant_id\t") and all(b"\t" in line for line in content.splitlines())
        ids = {row[0].decode("utf-8", "replace") for row in _cells(content)[1:-1]} if is_table else {""}
        known = list_ids(folder.files["participants.tsv"])
        if not ids <= known:
            assert file in {problem.file for problem in inspect_cohort(folder.path)[1] if problem.severity == "error"}
    finally:
        folder.mend()


@SPARINGLY
@given(slips=SLIPS)
def test_a_mended_folder_is_clean_again(folder, slips):
    folder.damage(slips)
    inspect_cohort(folder.path)
    folder.mend()
    cohort, problems = inspect_cohort(folder.path)
    assert cohort is not None
    assert problems == []


@SPARINGLY
@given(
    at=NUMBERS,
    b=NUMBERS,
    change=st.sampled_from([_flip, _delete, _truncate, _insert]),
    text=TEXTS,
    ending=st.sampled_from([".gz", ".parquet"]),
)
@example(at=53, b=128, change=_flip, text=b"", ending=".parquet")
def test_broken_gzip_and_parquet_are_sentences(folder, packed, at, b, change, text, ending):
    table = folder.path / "brain/tracts.tsv"
    damaged = folder.path / ("brain/tracts.tsv.gz" if ending == ".gz" else "brain/tracts.parquet")
    table.unlink()
    damaged.write_bytes(change(packed[ending], at, b, text))
    try:
        cohort, problems = inspect_cohort(folder.path)
        assert (cohort is None) == any(problem.severity == "error" for problem in problems)
    finally:
        damaged.unlink()
        folder.mend()


@pytest.fixture(scope="module")
def packed(folder, tmp_path_factory) -> dict[str, bytes]:
    """The tracts as gzip and as Parquet."""
    import pandas as pd

    target = tmp_path_factory.mktemp("packed") / "tracts.parquet"
    pd.read_csv(folder.path / "brain/tracts.tsv", sep="\t", na_values="n/a").to_parquet(target)
    return {".gz": gzip.compress(folder.files["brain/tracts.tsv"], mtime=0), ".parquet": target.read_bytes()}
