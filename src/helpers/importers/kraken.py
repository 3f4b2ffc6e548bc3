"""Kraken 2 and Bracken: reads by taxon, one file a sample, or Bracken's samples side by side in one table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.delimited import check_unique, read_frame, to_numbers
from helpers.importers.heads import read_text
from helpers.importers.lineages import RANKS, choose_rank, make_taxonomy
from helpers.importers.samples import as_counts, check_samples, join_samples, name_sample, one_path, turn
from helpers.problems import count, name_some, quote

CODES = {"D": "domain"} | {rank[0].upper(): rank for rank in RANKS[1:]}
HOST = {"9606": "Homo sapiens", "9605": "Homo"}
ENDINGS = (
    r"\.(txt|tsv|report|kreport2?|k2report|k2|kraken2?|bracken|out|csv)"
    r"|[._-](kraken2?|k2|bracken|kreport2?|report|output)|_(species|genus|family|order|class|phylum)(es|s)?|[._](S|G)(?=$)"
)
BRACKEN = ["name", "taxonomy_id", "taxonomy_lvl"]
NEW_READS = "new_est_reads"
REPORT = re.compile(r"\s*\d+(\.\d+)?\t\d+\t\d+(\t\d+\t\d+)?\t[UDRKPCOFGS-]\d*\t\d+\t.*")
HUMAN = "reads of the host are no bacteria"


@dataclass(frozen=True)
class _Report:
    """Reads by taxon of one rank, with their lineages, and what stood elsewhere."""

    reads: pd.Series
    lineages: Mapping[str, dict[str, str | None]]
    n_host: int
    n_above: int
    n_unclassified: int


def _is_report(head: Head) -> bool:
    lines = [line for line in head.lines if line.strip()]
    return len(lines) > 1 and all(REPORT.fullmatch(line) for line in lines)


def _is_bracken(head: Head) -> bool:
    return bool(head.lines) and head.lines[0].split("\t")[:3] == BRACKEN and NEW_READS in head.lines[0].split("\t")


def _is_combined(head: Head) -> bool:
    names = head.lines[0].split("\t") if head.lines else []
    return names[:3] == BRACKEN and any(name.endswith("_num") for name in names[3:])


def _read_reports(paths: Sequence[Path], options: Options) -> Imported:
    rank = choose_rank(paths[0], options.rank, RANKS, "genus")
    samples = [name_sample(path, ENDINGS) for path in paths]
    check_samples(paths, samples)
    reports = [_read_report(path, rank) for path in paths]
    lineages = {name: lineage for report in reports for name, lineage in report.lineages.items()}
    columns = {sample: report.reads for sample, report in zip(samples, reports, strict=True)}
    if not lineages:
        found = f"no taxon of the rank {rank}"
        raise refuse(paths[0], found, "reads of that rank", "choose another with --rank.")
    left_out = _list_left_out(reports, rank)
    taxa = join_samples(columns, dtype=int)
    return Imported(
        {"microbiome/taxa.tsv": taxa, "microbiome/taxonomy.tsv": make_taxonomy(lineages)}, left_out=left_out
    )


def _list_left_out(reports: Sequence[_Report], rank: str) -> list[LeftOut]:
    sums = {
        "reads of humans": (sum(r.n_host for r in reports), HUMAN),
        f"reads without a {rank}": (
            sum(r.n_above for r in reports),
            "they were assigned to a rank above only (Bracken shares them out)",
        ),
        "unclassified reads": (sum(r.n_unclassified for r in reports), "Kraken found no taxon for them"),
    }
    return [LeftOut(what, n, why) for what, (n, why) in sums.items() if n]


def _read_report(path: Path, rank: str) -> _Report:
    reads: dict[str, int] = {}
    lineages: dict[str, dict[str, str | None]] = {}
    taken: dict[str, str] = {}
    above: list[tuple[int, str | None, str]] = []
    total = unclassified = host = 0
    for at, line in enumerate(read_text(path).split("\n")):
        if not line.strip():
            continue
        if not REPORT.fullmatch(line):
            raise refuse(
                path,
                f"{quote(line[:60])}",
                "the six or eight columns of a Kraken report",
                "give the file of --report.",
                line=at + 1,
            )
        cells = line.split("\t")
        n_reads, code, taxid, name = int(cells[1]), cells[-3], cells[-2].strip(), cells[-1]
        depth = len(name) - len(name.lstrip(" "))
        if code == "U":
            unclassified += n_reads
            continue
        total += n_reads if taxid == "1" else 0
        above = [entry for entry in above if entry[0] < depth] + [(depth, CODES.get(code), name.strip())]
        if CODES.get(code) != rank:
            continue
        if taxid in HOST:
            host += n_reads
            continue
        label = name.strip() if taken.get(name.strip(), taxid) == taxid else f"{name.strip()} ({taxid})"
        taken[label] = taxid
        reads[label] = reads.get(label, 0) + n_reads
        lineages[label] = dict.fromkeys(RANKS) | {r: n for _, r, n in above if r}
    assigned = sum(reads.values()) + host
    return _Report(pd.Series(reads, dtype=int), lineages, host, max(total - assigned, 0), unclassified)


def _read_bracken(paths: Sequence[Path], options: Options) -> Imported:
    samples = [name_sample(path, ENDINGS) for path in paths]
    check_samples(paths, samples)
    tables = [read_frame(path, separator="\t") for path in paths]
    level = _one_level(paths, tables)
    columns, n_host = {}, 0
    for path, sample, table in zip(paths, samples, tables, strict=True):
        check_unique(path, list(table["name"]), "taxon")
        reads = to_numbers(path, table.set_index("name")[[NEW_READS]])
        is_host = table["taxonomy_id"].isin(HOST).to_numpy()
        n_host += int(reads[NEW_READS][is_host].sum())
        columns[sample] = as_counts(path, reads[~is_host], "give the output of Bracken (-o).")[NEW_READS]
    taxa = join_samples(columns, dtype=int)
    return _finish_bracken(taxa, level, n_host)


def _read_combined(paths: Sequence[Path], options: Options) -> Imported:
    path = one_path(paths, "a combined table of Bracken")
    table = read_frame(path, separator="\t")
    level = _one_level([path], [table])
    numbers = [name for name in table.columns if name.endswith("_num")]
    check_unique(path, numbers, "sample")
    reads = to_numbers(path, table.set_index("name")[numbers])
    is_host = table["taxonomy_id"].isin(HOST).to_numpy()
    n_host = int(reads[is_host].to_numpy().sum())
    reads = as_counts(path, turn(path, reads[~is_host]), "give the table with the columns _num.")
    reads.index = [name_sample(Path(name.removesuffix("_num")), ENDINGS) for name in reads.index]
    check_unique(path, list(reads.index), "sample")
    return _finish_bracken(reads.rename_axis("participant_id"), level, n_host)


def _one_level(paths: Sequence[Path], tables: Sequence[pd.DataFrame]) -> str:
    levels = {code: path for path, table in zip(paths, tables, strict=True) for code in table["taxonomy_lvl"]}
    if len(levels) > 1:
        found = f"{count(len(levels), 'level')} ({name_some(levels)})"
        raise refuse(paths[-1], found, "one level in all files", "give files of one level, e.g. of bracken -l G.")
    code = next(iter(levels))
    if code not in CODES:
        raise refuse(paths[0], f"the level {quote(code)}", "a rank from D to S", "run bracken with -l G.")
    return CODES[code]


def _finish_bracken(taxa: pd.DataFrame, level: str, n_host: int) -> Imported:
    lineages = {name: dict.fromkeys(RANKS) | {level: name} | _genus_of(name, level) for name in taxa.columns}
    notes = [
        "Bracken tells no ranks above its own: a taxonomy with them allows more in chapter 04 (Kraken reports have them)."
    ]
    left_out = [LeftOut("reads of humans", n_host, HUMAN)] if n_host else []
    return Imported(
        {"microbiome/taxa.tsv": taxa, "microbiome/taxonomy.tsv": make_taxonomy(lineages)},
        left_out=left_out,
        notes=notes,
    )


def _genus_of(name: str, level: str) -> dict[str, str]:
    """Return the genus that the name of a species begins with; none where it is no plain binomial."""
    first = name.split(" ")[0]
    return (
        {"genus": first} if level == "species" and re.fullmatch(r"[A-Z][a-z]+", first) and first != "Candidatus" else {}
    )


FORMATS = (
    Format(
        "kraken2-report",
        "Kraken 2",
        "a report of Kraken 2 (--report), one file a sample",
        "microbiome/taxa.tsv (reads, one rank) and taxonomy.tsv",
        _is_report,
        _read_reports,
    ),
    Format(
        "bracken",
        "Bracken",
        "an output of Bracken (-o), one file a sample",
        "microbiome/taxa.tsv (estimated reads) and taxonomy.tsv",
        _is_bracken,
        _read_bracken,
    ),
    Format(
        "bracken-combined",
        "Bracken",
        "a table of combine_bracken_outputs.py",
        "microbiome/taxa.tsv (estimated reads) and taxonomy.tsv",
        _is_combined,
        _read_combined,
    ),
)
