"""QIIME 2: artifacts (``.qza``), and what ``qiime tools export`` writes of them; tables in BIOM of any program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import yaml

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.biom_tables import HDF5, read_biom
from helpers.importers.delimited import check_unique, parse_frame, to_numbers
from helpers.importers.heads import ZIP, decode, list_members, read_bytes, read_member, read_text
from helpers.importers.lineages import make_taxonomy, split_lineage
from helpers.importers.samples import as_counts, one_path, turn
from helpers.problems import CohortError, Problem, quote

TABLE, TAXONOMY, TREE = "FeatureTable[Frequency]", "FeatureData[Taxonomy]", "Phylogeny[Rooted]"
FILES = {TABLE: "feature-table.biom", TAXONOMY: "taxonomy.tsv", TREE: "tree.nwk"}
ADVICE = {
    "FeatureTable[RelativeFrequency]": "export the table of counts it was made from, FeatureTable[Frequency].",
    "FeatureTable[PresenceAbsence]": "export the table of counts it was made from, FeatureTable[Frequency].",
    "Phylogeny[Unrooted]": "root the tree first: qiime phylogeny midpoint-root.",
}
NO_TABLE = "no table of the contract is made of it"
METADATA = re.compile(r"[^/]+/metadata\.yaml")
OTU_ID = ("#OTU ID", "#OTUID", "#OTU_ID", "#ASV ID", "#Feature ID")
LINEAGES = ("taxonomy", "consensus lineage", "consensuslineage", "taxon")
MOST_METADATA = 1_000_000
RAREFY = "give the table of counts, not of shares or after a transformation."
TREES = re.compile(rb"\s*(\[[^\]]*\]\s*)*\(")


def _is_artifact(head: Head) -> bool:
    return head.start[:4] == ZIP and any(map(METADATA.fullmatch, head.members))


def _read_artifacts(paths: Sequence[Path], options: Options) -> Imported:
    """Read the artifacts that become tables; of others say what they are, or refuse when there is nothing else."""
    kinds = {path: _read_type(path) for path in paths}
    other = {path: kind for path, kind in kinds.items() if kind not in FILES}
    if len(other) == len(kinds):
        raise CohortError([_tell_kind(path, kind) for path, kind in other.items()])
    parts: list[Imported] = []
    made_from: dict[str, Sequence[Path]] = {}
    for kind in FILES:
        chosen = [path for path in paths if kinds[path] == kind]
        if chosen:
            path = one_path(chosen, f"a {kind}")
            part = READERS[kind](_read_data(path, FILES[kind]), path)
            parts.append(part)
            made_from |= dict.fromkeys((*part.tables, *part.texts), (path,))
    left_out = [
        LeftOut(f"artifact {path.name}", 1, f"a {kind}: {ADVICE.get(kind, NO_TABLE)}") for path, kind in other.items()
    ]
    return _join(parts, left_out, made_from)


def _join(parts: Sequence[Imported], left_out: Sequence[LeftOut], made_from: Mapping[str, Sequence[Path]]) -> Imported:
    tables = {file: table for part in parts for file, table in part.tables.items()}
    texts = {file: text for part in parts for file, text in part.texts.items()}
    told = [entry for part in parts for entry in part.left_out]
    return Imported(tables, texts, left_out=[*told, *left_out], made_from=made_from)


def _tell_kind(path: Path, kind: str) -> Problem:
    fix = ADVICE.get(kind, "give the artifact of the feature table, the taxonomy or the rooted tree.")
    return Problem(path.name, None, None, f"an artifact of type {quote(kind)}", f"{', '.join(FILES)}", fix)


def _read_type(path: Path) -> str:
    names = [name for name in list_members(path) if METADATA.fullmatch(name)]
    try:
        about = (
            yaml.safe_load(decode(read_member(path, names[0], most_bytes=MOST_METADATA), path))
            if len(names) == 1
            else None
        )
    except (yaml.YAMLError, RecursionError) as error:
        raise refuse(
            path, "a metadata.yaml that cannot be read", "an artifact of QIIME 2", "export it again."
        ) from error
    if not isinstance(about, dict) or not isinstance(about.get("type"), str):
        raise refuse(path, "no type in its metadata.yaml", "an artifact of QIIME 2", "export it again.")
    return re.sub(r"\s*%\s*Properties\(.*\)", "", about["type"]).strip()


def _read_data(path: Path, name: str) -> bytes:
    members = [member for member in list_members(path) if re.fullmatch(rf"[^/]+/data/{re.escape(name)}", member)]
    if len(members) != 1:
        raise refuse(path, f"no data/{name} inside", f"what its type says: {name}", "export it again.")
    return read_member(path, members[0])


def _import_table(content: bytes, path: Path) -> Imported:
    counts, lineages = read_biom(content, path)
    return _import_counts(path, counts, lineages)


def _import_counts(path: Path, counts: pd.DataFrame, lineages: Mapping[str, str]) -> Imported:
    counts = as_counts(path, turn(path, counts.T), RAREFY)
    empty = counts.columns[~counts.to_numpy().any(axis=0)]
    left_out = [LeftOut("features without a read", len(empty), "no sample of the table has them")] if len(empty) else []
    counts = counts.drop(columns=empty)
    tables = {"microbiome/taxa.tsv": counts}
    if lineages:
        split = {name: split_lineage(lineages.get(name, "")) for name in counts.columns}
        tables["microbiome/taxonomy.tsv"] = make_taxonomy(split)
    return Imported(tables, left_out=left_out)


def _import_taxonomy(content: bytes, path: Path) -> Imported:
    table = parse_frame(decode(content, path), path, separator="\t")
    names = {name.lstrip("#").strip().lower(): name for name in table.columns}
    if not {"feature id", "taxon"} <= set(names):
        found = f"the columns {', '.join(map(quote, table.columns[:5]))}"
        raise refuse(path, found, "Feature ID and Taxon", "export the taxonomy from QIIME 2.", line=1)
    features = list(table[names["feature id"]])
    check_unique(path, features, "feature")
    taxonomy = make_taxonomy(
        {name: split_lineage(lineage) for name, lineage in zip(features, table[names["taxon"]], strict=True)}
    )
    if "confidence" in names:
        taxonomy["confidence"] = pd.to_numeric(table[names["confidence"]], errors="coerce").to_numpy()
    return Imported({"microbiome/taxonomy.tsv": taxonomy})


def _import_tree(content: bytes, path: Path) -> Imported:
    text = decode(content, path).strip()
    if not text.endswith(";") or not TREES.match(text.encode()):
        raise refuse(path, "no whole tree", "one tree in Newick, with its semicolon", "export it again.")
    return Imported(texts={"microbiome/tree.nwk": text + "\n"})


READERS: dict[str, Callable[[bytes, Path], Imported]] = {
    TABLE: _import_table,
    TAXONOMY: _import_taxonomy,
    TREE: _import_tree,
}


def _read_one(what: str, kind: str) -> Callable[[Sequence[Path], Options], Imported]:
    def read(paths: Sequence[Path], options: Options) -> Imported:
        path = one_path(paths, what)
        return READERS[kind](read_bytes(path), path)

    return read


def _is_biom(head: Head) -> bool:
    start = head.start.lstrip()[:4000]
    is_json = start.startswith(b"{") and b"Biological Observation Matrix" in start
    return is_json or (head.start[:4] == HDF5 and b"observation" in head.start and b"sample" in head.start)


def _header_at(lines: Sequence[str]) -> int | None:
    """Return the line of ``#OTU ID``; None where there is none."""
    return next((at for at, line in enumerate(lines[:3]) if line.split("\t")[0] in OTU_ID), None)


def _is_biom_text(head: Head) -> bool:
    start = head.start[:4000].decode("utf-8-sig", errors="replace").split("\n")  # a header may be longer than the head
    return _header_at(start) is not None


def _read_biom_text(paths: Sequence[Path], options: Options) -> Imported:
    path = one_path(paths, "a table of counts")
    text = read_text(path)
    at = _header_at(text.split("\n", 3)[:3]) or 0
    table = parse_frame(text, path, separator="\t", skip=at, infer=True)
    table = table.set_index(table.columns[0])
    last = table.columns[-1]
    lineages = dict(table[last].astype(str)) if last.lower() in LINEAGES else {}
    table = table.drop(columns=last) if lineages else table
    check_unique(path, list(table.columns), "sample")
    check_unique(path, list(table.index), "feature")
    return _import_counts(path, to_numbers(path, table, first_line=at + 2).T, lineages)


def _is_taxonomy(head: Head) -> bool:
    names = [name.lstrip("#").strip().lower() for name in head.lines[0].split("\t")] if head.lines else []
    return names[:2] == ["feature id", "taxon"]


def _is_tree(head: Head) -> bool:
    is_whole = len(head.start) >= 64_000 or head.start.rstrip().endswith(b";")
    return bool(TREES.match(head.start)) and is_whole and b"\n(" not in head.start.strip()


FORMATS = (
    Format(
        "qiime2",
        "QIIME 2",
        "an artifact (.qza): the table of counts, the taxonomy or the rooted tree",
        "microbiome/taxa.tsv, taxonomy.tsv, tree.nwk",
        _is_artifact,
        _read_artifacts,
    ),
    Format(
        "biom",
        "QIIME 2 and others",
        "an exported table in BIOM, HDF5 or JSON (feature-table.biom)",
        "microbiome/taxa.tsv, and taxonomy.tsv where it carries one",
        _is_biom,
        _read_one("a table in BIOM", TABLE),
    ),
    Format(
        "biom-text",
        "QIIME 2 and others",
        "an exported table in text (#OTU ID), features in rows",
        "microbiome/taxa.tsv, and taxonomy.tsv where the last column has one",
        _is_biom_text,
        _read_biom_text,
    ),
    Format(
        "qiime2-taxonomy",
        "QIIME 2",
        "an exported taxonomy (Feature ID, Taxon)",
        "microbiome/taxonomy.tsv",
        _is_taxonomy,
        _read_one("a taxonomy", TAXONOMY),
    ),
    Format(
        "newick",
        "any program",
        "a tree of the taxa in Newick",
        "microbiome/tree.nwk",
        _is_tree,
        _read_one("a tree", TREE),
    ),
)
