"""Write data/README.md, the page of the contract, from data/schema/cohort.yml."""

from helpers.contract import list_items, read_ledger_schema, read_questionnaires, read_schema
from helpers.least import read_least
from helpers.tables import PROJECT_ROOT

HEAD = """\
# The contract: a cohort folder, version {version}

Made from `data/schema/cohort.yml` by `make contract`; the same file is what `resilience-book check` enforces.

A cohort is a folder. Only `cohort.yml`, `participants.tsv` and what its outcome rule names are needed; every other table
is optional, and a chapter without its table is skipped with the reason on its page.

* Tables are tab-separated UTF-8 text with a decimal point, also as {formats} for the measurements, and as {count_formats}
  (HDF5 or JSON; samples are people, metadata are left out) for counts.
* The first column is `participant_id`, spelled alike in every table. Rows meet by id, never by position; a table of
  measurements may also have people in columns.
* An unknown value is written `{missing}`. Ranges below are inclusive unless said otherwise.
* `resilience-book new <folder>` writes an empty folder with a commented `cohort.yml`.

## cohort.yml

| setting | needed | what it says |
|---|---|---|
| `name`, `title` | `name` | how the cohort is called, short and in full |
| `kind` | yes | `real` or `simulated`; every page of a simulated cohort says so |
| `outcome` | yes | `{{measure: cd_risc, score: total, high_at_least: 82}}`, `{{column: happiness, high_at_least: 5}}` (a column of numbers in `participants.tsv`), or `{{column: diagnosis, high: [HC], low: [MDD]}}`; `low_below: 70` beside `high_at_least` leaves those between in neither group (they stay in analyses of the score); `terciles: true` in place of a cut compares the upper with the lower third of the sample, called data-driven on the pages; `continuous: true` in place of a cut makes no groups: every chapter follows the score itself and says r, with its interval, and the integration explains the score (what needs groups is left out, with the reason) |
| `labels` | no | how to call the groups `high` and `low` |
| `covariates` | no | columns of `participants.tsv` that every contrast is adjusted for |
| `batch` | no | column that says which of several pooled studies; adjusted for, and shuffles stay within it |
| `visit` | no, unless tables have several | which visit the chapters use, e.g. `baseline`; see `sessions.tsv` below |
| `cluster` | no | column of participants who belong together (`family_id`: families, twins, classes, litters): permutations keep a cluster whole or exchange within it, standard errors are cluster-robust, folds never part it; n/a stands alone |
| `claims` | no | file in this folder with your own claims, e.g. `my_claims.yml`: see *Claims of your own* below |
| `small_cell` | no | counts below this are not shown (5) |
| `connectivity_scale` | no | `r` (the default), or `fisher_z`: then turned into r by tanh on reading, so that every page sees r |
| `citation`, `licence` | no | what to cite, and under which terms |
| `reporting` | no | by item of `data/schema/reporting.yml` what only you can say, e.g. `{{storms_storage: at -80 °C within 2 h}}` |
| `scale` | no | what `microbiome/` holds where it holds no counts, e.g. `{{taxa: percent, transcripts: cpm}}`: `relative` (rows sum to 1 or less), `percent`, `cpm`, and of transcripts and genes `tpm` and `rpk`; nothing is rarefied then, groups are not compared on depth, and numbers of taxa and ANCOM-BC are left out |
| `age_range` | no | the ages expected, e.g. `[6, 17]`; a participant outside is a warning that names the line |
| `contract` | no | version of this contract (2); folders of version 1 stay valid |

## Claims of your own

`resilience-book new my_cohort --claims` writes `my_claims.yml` to edit; an existing cohort names such a file in `claims`. Chapter 07 then
judges these claims in place of the study's, by the same rule, whatever the groups differ in; `freeze` registers them, and `pool --claims
my_claims.yml` combines them over cohorts that share the file. The check lists every mistake at once, before anything is computed.

| of a claim | needed | what it says |
|---|---|---|
{claims}
`table` is one that the chapters before 07 write, with the columns `d`, `d_low`, `d_high` (or, for `rank 1`, `performance` of 06_integration); with
`columns` any other number of any table. Each table's own columns stand in the JSON file beside it. A cohort whose outcome is no
questionnaire of resilience, and that has no claims of its own, is asked none: chapter 07 then shows its strongest contrasts.
"""


def write_table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in lines) + "\n"


def describe_range(rules: dict) -> str:
    """Return the allowed values of a column or block in words."""
    if "allowed" in rules:
        return ", ".join(rules["allowed"])
    if "range" in rules:
        low, high = rules["range"]
        return f"{'between' if rules.get('open_range') else 'from'} {low} {'and' if rules.get('open_range') else 'to'} {high}"
    return "whole numbers, 0 or more" if rules.get("counts") else "–"


def list_checks(checks: list[dict]) -> list[list[str]]:
    """Return the rows of a table of checks."""
    return [[f"`{check['check']}`", check["severity"], check["about"]] for check in checks]


def list_claim_fields() -> list[str]:
    """Return the rows of the table of what a cohort's own claim says."""
    fields = read_ledger_schema()["claim"]
    needed = {name: "yes" if rule["required"] is True else "no" for name, rule in fields.items()}
    order = sorted(fields, key=lambda name: needed[name] == "no")
    return [f"| `{name}` | {needed[name]} | {fields[name]['means']} |\n" for name in order]


def list_least() -> list[list[str]]:
    """Return the rows of the table of least numbers."""
    return [[one.title, str(one), one.why, f"[{one.doi}](https://doi.org/{one.doi})"] for one in read_least().values()]


def list_shipped() -> list[list[str]]:
    """Return the rows of the table of shipped questionnaires."""
    return [
        [
            f"`phenotype/{name}.tsv`",
            f"`{one.items[0]}` … `{one.items[-1]}`" if one.items else "–",
            f"from {one.low} to {one.high}" if one.items else "–",
            ", ".join(f"`{score}` {low:g} to {high:g}" for score, (low, high) in one.totals.items()),
            f"{one.title}: {one.citation}",
        ]
        for name, one in read_questionnaires().items()
    ]


def write_contract() -> str:
    """Return the text of data/README.md."""
    schema = read_schema()
    people, measures = schema["participants"], schema["phenotype"]["measures"]
    columns = [
        [
            f"`{name}`",
            "yes" if c.get("required") else "no",
            c["type"],
            describe_range(c),
            c.get("unit", "–"),
            c["about"],
        ]
        for name, c in people["columns"].items()
    ]
    scales = [
        [
            f"`{rules['file']}`",
            f"`{list_items(name)[0]}` … `{list_items(name)[-1]}`" if list_items(name) else "–",
            describe_range(rules),
            ", ".join(f"`{score}` {low} to {high}" for score, (low, high) in rules.get("totals", {}).items()) or "any",
            rules["about"],
        ]
        for name, rules in measures.items()
    ]
    blocks = [[f"`{b['file']}.tsv`", b["unit"], describe_range(b), b["about"]] for b in schema["blocks"].values()]
    features = [
        [f"`{f['file']}`", f"`{f['id']}`", ", ".join(f"`{name}`" for name in f["required"]), f["about"]]
        for f in schema["features"].values()
    ]
    parts = [
        HEAD.format(
            version=schema["version"],
            missing=schema["missing"],
            claims="".join(list_claim_fields()),
            formats=" or ".join(f"`{ending}`" for ending in schema["table_formats"][1:]),
            count_formats=" or ".join(f"`{ending}`" for ending in schema["count_formats"]),
        ),
        f"## {people['file']}\n\n{people['about']} `participants.json` is its BIDS sidecar (`Description`, `Units`, `Levels` by "
        "column). `participant_id`, `age` and `sex` are terms of BIDS, and so is the folder `phenotype/`.\n",
        write_table(["column", "needed", "type", "allowed", "unit", "about"], columns),
        f"## phenotype/\n\n{schema['phenotype']['about']}\n",
        write_table(["file", "items", "answers", "or scored columns", "about"], scales),
        "Further questionnaires whose scoring is published (`data/schema/questionnaires.yml`), scored where their items are there; others by an "
        'entry of their own, e.g. `{"questionnaire": {"items": ["q_1", "q_2", "q_3"], "range": [0, 4], "reversed": ["q_2"], '
        '"scoring": "sum", "min_answered": 2, "direction": "higher is worse", "citation": "…"}}`:\n',
        write_table(["file", "items", "answers", "scores", "source"], list_shipped()),
        "## Measurements\n",
        write_table(["file", "unit", "allowed", "about"], blocks),
        f"### Connectivity as matrices\n\n{schema['matrices']['about']}\n",
        f"### {schema['maps']['folder']}/\n\n{schema['maps']['about']}\n",
        f"### {schema['further']['folder']}/\n\n{schema['further']['about']}\n",
        "## What is known of their columns\n",
        write_table(["file", "id column", "needed columns", "about"], features),
        f"`{schema['tree']['file']}`: {schema['tree']['about']}\n",
        f"`{schema['sessions']['file']}`: {schema['sessions']['about']}\n",
        f"`{schema['repeated']['folder']}/`: {schema['repeated']['about']}\n",
        f"`{schema['sources']['file']}`: {schema['sources']['about']}\n",
        f"## What is checked\n\n{schema['checks']['about']}\n",
        *[
            f"### {part.capitalize()}\n\n{write_table(['check', 'severity', 'about'], list_checks(checks))}"
            for part, checks in schema["checks"].items()
            if part != "about"
        ],
        "## How many participants a method needs\n\nBelow, the page gives the reason in place of numbers. Permutation tests need no "
        "least number of participants but enough arrangements: where there are fewer than 20, no p can reach 0.05, and the page "
        "says so.\n",
        write_table(["method", "participants", "why", "source"], list_least()),
        "## Beside this page\n\n`example/` is the simulated cohort, `claims/` the study's claims, `sets/` pre-declared sets of "
        "regions and functions, `open/` the registry of open data.\n",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    (PROJECT_ROOT / "data" / "README.md").write_text(write_contract(), encoding="utf-8")
