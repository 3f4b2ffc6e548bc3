"""``cohort.yml``: what the cohort is called, who counts as high and low, what to adjust for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from helpers.contract.cell_errors import suggest
from helpers.contract.outcome import OutcomeRule, is_number, read_outcome
from helpers.contract.schema import read_reporting
from helpers.contract.shares import read_scale
from helpers.contract.visits import fold_visit
from helpers.problems import Problem, quote

FILE = "cohort.yml"
BLIND_MARK = ".blind"  # in the copy that a blind run works on, never in a cohort folder
BLIND_NOTE = "BLIND.md"  # in the folder of results of a blind run
KINDS = ("real", "simulated")
VERSIONS = (1, 2)
OLDEST = 120
KNOWN = {
    "contract",
    "age_range",
    "name",
    "title",
    "kind",
    "outcome",
    "labels",
    "covariates",
    "batch",
    "citation",
    "small_cell",
    "licence",
    "connectivity_scale",
    "reporting",
    "scale",
    "visit",
    "cluster",
    "claims",
}
CONNECTIVITY_SCALES = ("r", "fisher_z")
LONGEST_LABEL = 40
CLAIMS = re.compile(r"\w[\w.-]{0,63}\.ya?ml")
NAME = re.compile(r"[^/\\\n\r\0]{1,100}")
TEMPLATE_HINT = "`resilience-book new <folder>` writes a commented template"


@dataclass(frozen=True)
class Settings:
    """What ``cohort.yml`` says.

    Attributes
    ----------
    name, title, kind, citation : str
        ``kind`` is ``real`` or ``simulated``.
    outcome : MeasureRule, NumberRule or ColumnRule
    labels : dict
        How to call the groups ``high`` and ``low`` on pages and figures.
    covariates : tuple of str
        Columns of ``participants.tsv`` that every contrast is adjusted for.
    batch : str or None
        Column naming the pooled study; adjusted for, and shuffles stay within it.
    small_cell : int
        Counts below this are not shown.
    connectivity_scale : {"r", "fisher_z"}
        What the connectivity files hold; a loaded cohort has r in either case.
    reporting : mapping of str to str
        By item of ``data/schema/reporting.yml``: what only the researcher can say, such as how stool was stored.
    age_range : tuple of float or None
        Youngest and oldest age expected, in years; None where nothing is.
    scale : mapping of str to str
        By table of reads that holds none: relative, percent, cpm, tpm or rpk.
    blind : bool
        Whether this is the copy of a blind run, with the outcome permuted among participants.
    visit : str or None
        Visit that the chapters use, where the tables have several.
    cluster : str or None
        Column of participants who belong together (families, twins, classes): shuffles and folds keep them so, and standard
        errors are cluster-robust.
    """

    name: str
    kind: str
    outcome: OutcomeRule
    title: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: {"high": "High", "low": "Low"})
    covariates: tuple[str, ...] = ()
    batch: str | None = None
    citation: str = ""
    small_cell: int = 5
    licence: str = ""
    connectivity_scale: str = "r"
    reporting: Mapping[str, str] = field(default_factory=dict)
    age_range: tuple[float, float] | None = None
    scale: Mapping[str, str] = field(default_factory=dict)
    blind: bool = False
    visit: str | None = None
    cluster: str | None = None
    claims: str | None = None

    def as_blind(self) -> Settings:
        """Return the settings of a blind run on this cohort."""
        return replace(self, blind=True, title=f"{self.title} (blind run)")


def read_settings(folder: Path) -> tuple[Settings | None, list[Problem]]:
    """Read ``cohort.yml``.

    Parameters
    ----------
    folder : pathlib.Path
        The cohort folder.

    Returns
    -------
    Settings or None
        None when it cannot be used.
    list of Problem
    """
    path = folder / FILE
    if not path.is_file():
        return None, [Problem(FILE, None, None, "no such file", "the cohort's settings", f"add it; {TEMPLATE_HINT}.")]
    try:
        text = path.read_bytes().decode("utf-8-sig")
        values = yaml.load(text, Loader=_UniqueKeys)
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8 (at {error.start})"
        return None, [Problem(FILE, None, None, found, "UTF-8 text", "save the file as UTF-8.")]
    except (OSError, ValueError, RecursionError, OverflowError) as error:
        said = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]
        found = f"settings that cannot be read ({said})"
        return None, [Problem(FILE, None, None, found, "YAML", f"mend it; {TEMPLATE_HINT}.")]
    except yaml.YAMLError as error:
        return None, [_explain_yaml(error)]
    if not isinstance(values, dict):
        return None, [
            Problem(FILE, None, None, "no settings", "lines such as `name: my_cohort`", f"fill it in; {TEMPLATE_HINT}.")
        ]
    lines = {str(line.split(":")[0]): number for number, line in reversed(list(enumerate(text.splitlines(), start=1)))}
    settings, problems = _build_settings(values, lines)
    if settings is not None and (folder / BLIND_MARK).is_file():
        settings = settings.as_blind()
    return settings, problems


def peek_scale(folder: Path) -> dict[str, str]:
    """Return the scales that ``cohort.yml`` declares, also where something else in it is wrong; problems are told by `read_settings`."""
    try:
        values = yaml.safe_load((folder / FILE).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return {}
    return read_scale(values.get("scale"), lambda *_: None) if isinstance(values, dict) else {}


class _UniqueKeys(yaml.SafeLoader):
    """YAML without the silent rule that the last of two equal keys counts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, f"the setting {key.value} twice", key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        return super().construct_mapping(node, deep)


def _explain_yaml(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = None if mark is None else mark.line + 1
    said = getattr(error, "problem", None) or "unreadable text"
    if said.endswith("twice"):
        return Problem(FILE, line, None, said, "every setting once", "remove one of the two.")
    fix = "mend that line"
    if "\\t" in said:
        said, fix = "a tab at the start of the line", "write blanks in place of the tab"
    return Problem(FILE, line, None, said, "YAML", f"{fix}; {TEMPLATE_HINT}.")


def _build_settings(values: dict[str, Any], lines: Mapping[str, int]) -> tuple[Settings | None, list[Problem]]:
    problems: list[Problem] = []

    def report(key: str, found: str, expected: str, fix: str, severity: str = "error") -> None:
        problems.append(Problem(FILE, lines.get(key.split(".")[0]), key, found, expected, fix, severity))

    for key in [key for key in values if key not in KNOWN]:
        meant = suggest(str(key), KNOWN - set(values))
        fix = f"write {meant}, or remove it." if meant else "correct its spelling or remove it."
        report(str(key), "an unknown setting", f"one of {', '.join(sorted(KNOWN))}", fix)
    if values.get("contract", 1) not in VERSIONS or isinstance(values.get("contract"), bool):
        report("contract", repr(values["contract"]), "1 or 2", "this version reads contracts 1 and 2.")
    for key in ("name", "kind", "outcome"):
        if values.get(key) in (None, ""):
            fix = f"add a line `{key}: …`; {TEMPLATE_HINT}."
            proposed = lines.get(f"# {key}")
            fix = (
                f"take the # away from one of the lines that propose it (from line {proposed} on)." if proposed else fix
            )
            report(key, "nothing", "a value", fix)
    if values.get("name") not in (None, "") and not NAME.fullmatch(str(values["name"])):
        report("name", quote(values["name"]), "one line of 1 to 100 signs without / and \\", "write a plain name.")
    if values.get("kind") not in (*KINDS, None, ""):
        report("kind", repr(values["kind"]), "real or simulated", "say where the data come from.")
    outcome = read_outcome(values.get("outcome"), report) if values.get("outcome") else None
    labels = values.get("labels") or {"high": "High", "low": "Low"}
    if not isinstance(labels, dict) or set(labels) != {"high", "low"}:
        report("labels", repr(labels), "high: … and low: …", "name both groups.")
    elif len({str(label).strip() for label in labels.values()} - {"", "None"}) < 2:
        report("labels", repr(labels), "two different labels", "name the groups differently.")
    elif longest := [label for label in map(str, labels.values()) if len(label) > LONGEST_LABEL]:
        report(
            "labels", f"{len(longest[0])} signs", f"at most {LONGEST_LABEL}", "shorten it: it stands on every figure."
        )
    covariates = values.get("covariates") or []
    if not isinstance(covariates, list) or not all(isinstance(name, str) for name in covariates):
        report("covariates", repr(covariates), "a list of columns, e.g. [age, sex]", "write it as a list of names.")
    elif len(set(covariates)) < len(covariates):
        report("covariates", repr(covariates), "every column once", "remove the double.")
    small_cell = values.get("small_cell", 5)
    if not isinstance(small_cell, int) or isinstance(small_cell, bool) or small_cell < 1:
        report(
            "small_cell", repr(small_cell), "a whole number from 1", "write 5, unless your ethics board says otherwise."
        )
    batch = values.get("batch")
    if batch is not None and not isinstance(batch, str):
        report("batch", repr(batch), "the name of one column", "name the column that holds the study.")
    cluster = values.get("cluster")
    if cluster is not None and not isinstance(cluster, str):
        report("cluster", repr(cluster), "the name of one column", "name the column that says who belongs together.")
    elif cluster is not None and cluster in (batch, *covariates):
        what = "batch" if cluster == batch else "a covariate"
        report(
            "cluster", f"{quote(cluster)}, which is {what} too", "a column of its own", "take it out of one of the two."
        )
    visit = values.get("visit")
    if visit is not None and (isinstance(visit, bool) or not isinstance(visit, str | int)):
        report("visit", repr(visit), "the name of one visit", "write e.g. visit: baseline.")
    claims = values.get("claims")
    if claims is not None and not CLAIMS.fullmatch(str(claims)):
        fix = "put the file into the cohort folder and write its name alone, e.g. claims: my_claims.yml."
        report("claims", quote(claims), "the name of a YAML file in the cohort folder, no path", fix)
    elif claims == FILE:
        report("claims", quote(claims), "a file of its own", "write the claims into a file such as my_claims.yml.")
    scale = values.get("connectivity_scale") or "r"
    if scale not in CONNECTIVITY_SCALES:
        report("connectivity_scale", repr(scale), "r or fisher_z", "say what the connectivity files hold.")
    shares = read_scale(values.get("scale"), report)
    age_range = _read_age_range(values.get("age_range"), report)
    reporting = values.get("reporting") or {}
    _check_reporting(reporting, report)
    if problems or outcome is None:
        return None, problems
    name = str(values["name"])
    return Settings(
        name=name,
        title=str(values.get("title") or name),
        kind=values["kind"],
        outcome=outcome,
        labels={key: str(label) for key, label in labels.items()},
        covariates=tuple(covariates),
        batch=batch,
        citation=str(values.get("citation") or ""),
        small_cell=small_cell,
        licence=str(values.get("licence") or ""),
        connectivity_scale=scale,
        reporting=dict(reporting),
        age_range=age_range,
        scale=shares,
        visit=None if visit is None else fold_visit(visit),
        cluster=cluster,
        claims=claims,
    ), problems


def _read_age_range(value: Any, report: Any) -> tuple[float, float] | None:
    """Return the youngest and the oldest age expected; None where nothing is declared."""
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(map(is_number, value)):
        low, high = map(float, value)
        if 0 <= low < high <= OLDEST:
            return low, high
    report(
        "age_range", repr(value), f"two ages in years, from 0 to {OLDEST}", "write youngest and oldest, e.g. [6, 17]."
    )
    return None


def _check_reporting(reporting: Any, report: Any) -> None:
    known = read_reporting()
    if not isinstance(reporting, dict) or not all(isinstance(text, str) for text in reporting.values()):
        report("reporting", repr(reporting), "one text per item", "write e.g. {storms_storage: at -80 °C within 2 h}.")
        return
    for item in (item for item in reporting if item not in known):
        meant = suggest(str(item), known)
        report(
            "reporting",
            f"'{item}'",
            f"an item of data/schema/reporting.yml, such as {next(iter(known))}",
            f"rename it {meant}, if that is meant." if meant else "take it out, or name one of the items.",
        )
