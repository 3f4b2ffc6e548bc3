"""The contract: a usable cohort is read as it stands; every problem is reported at once, with its place and fix."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.contract import (
    ColumnRule,
    MeasureRule,
    hash_cohort,
    inspect_cohort,
    list_items,
    load_cohort,
    read_schema,
    write_template,
)
from helpers.contract.design import estimate_score
from helpers.contract.inventory import check_inventory
from helpers.problems import CohortError, MissingBlock
from helpers.resilience.measures import SCALES, SCORERS
from helpers.tables import PROJECT_ROOT
from tests.support import EXAMPLE
from tools.write_contract import write_contract


def edit(folder, file, change):
    path = folder / file
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    change(table).to_csv(path, sep="\t", index=False)


def setting(folder, old, new):
    path = folder / "cohort.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def put(row, column, value):
    def change(table):
        table.loc[row, column] = value
        return table

    return change


def found(folder, blocks=None):
    cohort, problems = inspect_cohort(folder, blocks)
    assert cohort is None
    return {(p.file, p.line, p.column): p for p in problems}


@pytest.fixture(scope="module")
def example():
    return load_cohort(EXAMPLE)


def test_example_is_read_without_a_warning(example):
    assert example.warnings == ()
    assert example.is_simulated
    assert example.settings.outcome == MeasureRule("cd_risc", "total", 82)
    assert len(example.participants) == 116
    assert set(example.blocks) == {"connectivity", "volumes", "tracts", "motion", "taxa", "transcripts", "metabolites"}
    assert {"tree", "cd_risc_items", "resilience_score", "taxa"} <= example.available()
    assert example.participants["age"].between(18, 60).all()


def test_only_the_wanted_blocks_are_read():
    assert set(load_cohort(EXAMPLE, blocks=["tracts"]).blocks) == {"tracts"}


def test_absent_block_is_named(example):
    with pytest.raises(MissingBlock, match=r"no genes \(microbiome/genes.tsv\)"):
        example.block("genes")


def test_problems_of_several_files_come_together(example_copy):
    edit(example_copy, "participants.tsv", lambda t: put(3, "sex", "Female")(put(2, "age", "-4")(t)))
    edit(example_copy, "phenotype/cd_risc.tsv", put(5, "cd_risc_04", "7"))
    edit(example_copy, "microbiome/taxa.tsv", put(4, "taxon_001", "many"))
    edit(example_copy, "brain/volumes.tsv", lambda t: pd.concat([t, t.iloc[[0]]]))
    problems = found(example_copy)
    age = problems["participants.tsv", 4, "age"]
    assert (age.found, age.expected, age.fix) == (
        "'-4'",
        "0 to 120 years",
        "correct the age, or write n/a when it is unknown.",
    )
    assert "participants.json (sex, Levels)" in problems["participants.tsv", 5, "sex"].fix
    assert problems["phenotype/cd_risc.tsv", 7, "cd_risc_04"].expected == "a whole number from 0 to 4"
    assert problems["microbiome/taxa.tsv", 6, "taxon_001"].found == "'many'"
    assert (
        problems[
            "brain/volumes.tsv", len(pd.read_csv(example_copy / "brain/volumes.tsv", sep="\t")) + 1, "participant_id"
        ].expected
        == "every participant once"
    )
    with pytest.raises(CohortError) as refused:
        load_cohort(example_copy)
    assert len(refused.value.problems) == 5


def test_an_id_twice_among_participants(example_copy):
    edit(example_copy, "participants.tsv", put(1, "participant_id", "sub-001"))
    problem = found(example_copy)["participants.tsv", 3, "participant_id"]
    assert problem.found == "'sub-001'"
    assert problem.expected == "every id once"


def test_ids_spelled_differently_get_the_likely_match(example_copy):
    edit(example_copy, "brain/tracts.tsv", put(0, "participant_id", "SUB-1"))
    problem = next(p for (file, line, _), p in found(example_copy).items() if file == "brain/tracts.tsv" and line == 2)
    assert problem.found == "'SUB-1'"
    assert problem.fix == "write sub-001, if that is who is meant."


def test_a_block_of_strangers_is_one_problem(example_copy):
    edit(
        example_copy,
        "metabolites/metabolites.tsv",
        lambda t: t.assign(participant_id=[f"patient{i}" for i in range(len(t))]),
    )
    problem = found(example_copy)["metabolites/metabolites.tsv", None, "participant_id"]
    assert "none of them in participants.tsv" in problem.found


def test_missing_column_of_the_questionnaire(example_copy):
    edit(example_copy, "phenotype/cd_risc.tsv", lambda t: t.drop(columns="cd_risc_25"))
    problems = found(example_copy)
    assert ("phenotype/cd_risc.tsv", 1, "cd_risc_25") in problems
    assert "neither the items nor a column total" in problems["phenotype/cd_risc.tsv", 1, None].found


def test_missing_first_column_is_named_with_what_stands_there(example_copy):
    edit(example_copy, "participants.tsv", lambda t: t.rename(columns={"participant_id": "id"}))
    problem = found(example_copy)["participants.tsv", 1, "participant_id"]
    assert "columns: id, " in problem.found


def test_five_on_a_scale_of_four_suggests_other_coding(example_copy):
    edit(example_copy, "phenotype/cd_risc.tsv", put(0, "cd_risc_01", "5"))
    assert "subtract 1 from every answer" in found(example_copy)["phenotype/cd_risc.tsv", 2, "cd_risc_01"].fix


def test_labels_of_the_sidecar_are_allowed(example_copy):
    (example_copy / "participants.json").write_text('{"sex": {"Levels": {"F": "female", "M": "male", "X": "other"}}}')
    edit(example_copy, "participants.tsv", put(3, "sex", "X"))
    assert load_cohort(example_copy).participants["sex"].eq("X").sum() == 1


@pytest.mark.parametrize(
    ("value", "file", "column", "expected"),
    [
        ("-2", "microbiome/taxa.tsv", "taxon_002", "a whole number of reads, 0 or more"),
        ("0.25", "microbiome/transcripts.tsv", None, "a whole number of reads, 0 or more"),
        ("1", "brain/connectivity.tsv", None, "between -1 and 1 (Pearson r)"),
        ("1.5", "brain/tracts.tsv", None, "from 0 to 1 (fractional anisotropy)"),
    ],
)
def test_impossible_numbers_in_blocks(example_copy, value, file, column, expected):
    name = column or pd.read_csv(example_copy / file, sep="\t", nrows=0).columns[3]
    edit(example_copy, file, put(0, name, value))
    assert found(example_copy)[file, 2, name].expected == expected


def test_edges_need_their_nodes(example_copy):
    edit(example_copy, "brain/nodes.tsv", lambda t: t.iloc[1:])
    assert "two different nodes of brain/nodes.tsv" in next(iter(found(example_copy).values())).expected


def test_taxa_need_taxonomy_and_tips(example_copy):
    edit(example_copy, "microbiome/taxonomy.tsv", lambda t: t[t["taxon"] != "taxon_003"])
    edit(example_copy, "microbiome/taxa.tsv", lambda t: t.rename(columns={"taxon_004": "other"}))
    problems = found(example_copy)
    assert "no line for 2 columns" in problems["microbiome/taxonomy.tsv", None, "taxon"].found
    assert "no tip for 1 taxon (other)" in problems["microbiome/tree.nwk", None, None].found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"participant_id\tage\n", "a header and no rows"),
        (b"participant_id\tage\tage\nsub-001\t3\t4\n", "the column age more than once"),
        (b"participant_id\tage\nsub-001\t30\t4\n", "3 cells"),
        (b"participant_id\tage\nsub-001\n", "1 cell"),
        (b"participant_id\tage\nsub-001\t\xff\xfe\n", "not UTF-8"),
        (b"participant_id,age\nsub-001,30\n", "cells separated by commas"),
    ],
)
def test_unreadable_tables_are_sentences(example_copy, content, said):
    (example_copy / "participants.tsv").write_bytes(content)
    assert any(
        file == "participants.tsv" and said in problem.found for (file, _, _), problem in found(example_copy).items()
    )


def test_line_endings_and_byte_order_mark_of_other_systems_are_fine(example_copy):
    path = example_copy / "participants.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(load_cohort(example_copy).participants) == 116


def test_people_in_columns_are_turned_by_their_ids(example_copy, example):
    path = example_copy / "brain/tracts.tsv"
    table = pd.read_csv(path, sep="\t", index_col=0, na_values="n/a")
    table.T.rename_axis("tract").to_csv(path, sep="\t", na_rep="n/a")
    np.testing.assert_allclose(load_cohort(example_copy).block("tracts").loc[table.index], example.block("tracts"))


@pytest.mark.parametrize(
    ("old", "new", "column", "said"),
    [
        ("high_at_least: 82", "high_at_least: eighty", "outcome.high_at_least", "'eighty'"),
        ("kind: simulated", "kind: invented", "kind", "'invented'"),
        ("- bmi", "- height", "covariates", "covariates names 'height'"),
        ("batch: study", "batch: centre", "batch", "batch names 'centre'"),
        ("name: example", "nmae: example", "nmae", "an unknown setting"),
        ("small_cell: 5", "small_cell: none", "small_cell", "'none'"),
    ],
)
def test_settings_that_cannot_hold(example_copy, old, new, column, said):
    setting(example_copy, old, new)
    problem = next(p for (file, _, c), p in found(example_copy).items() if (file, c) == ("cohort.yml", column))
    assert problem.found == said


def test_outcome_without_its_questionnaire(example_copy):
    (example_copy / "phenotype/cd_risc.tsv").unlink()
    assert found(example_copy)["phenotype/cd_risc.tsv", None, None].found == "no such file"


def test_outcome_by_a_label_that_nobody_has(example_copy):
    text = (example_copy / "cohort.yml").read_text()
    start, end = text.index("outcome:"), text.index("labels:")
    (example_copy / "cohort.yml").write_text(
        text[:start] + "outcome: {column: sex, high: [F], low: [Male]}\n" + text[end:]
    )
    problem = found(example_copy)["cohort.yml", None, "outcome"]
    assert problem.found == "0 persons with sex Male"


def test_broken_yaml_names_its_line(example_copy):
    (example_copy / "cohort.yml").write_text("name: x\nkind: [real\n")
    assert any(file == "cohort.yml" and line for (file, line, _) in found(example_copy))


def test_no_folder_and_no_settings(tmp_path):
    assert "no such folder" in next(iter(found(tmp_path / "nowhere").values())).found
    problems = found(tmp_path)
    assert problems["cohort.yml", None, None].found == "no such file"
    assert problems["participants.tsv", None, None].found == "no such file"


def test_hash_follows_content_not_time(example_copy, thin_example):
    before = hash_cohort(example_copy)
    assert before == hash_cohort(thin_example)
    (example_copy / "participants.tsv").touch()
    assert hash_cohort(example_copy) == before
    edit(example_copy, "participants.tsv", put(0, "age", "40.5"))
    assert hash_cohort(example_copy) != before


def test_template_is_refused_only_for_being_empty(tmp_path):
    folder = write_template(tmp_path / "mine")
    assert {problem.found for problem in found(folder).values()} == {"a header and no rows", "no such file"} or {
        problem.found for problem in found(folder).values()
    } == {"a header and no rows"}
    with pytest.raises(CohortError, match="nothing was changed"):
        write_template(folder)


def test_filled_template_is_usable(tmp_path, rng):
    folder = write_template(tmp_path / "mine")
    ids = [f"sub-{i:02d}" for i in range(30)]
    pd.DataFrame(
        {"participant_id": ids, "age": rng.integers(20, 60, 30), "sex": ["F", "M"] * 15, "bmi": 24.0, "study": "one"}
    ).to_csv(folder / "participants.tsv", sep="\t", index=False)
    answers = np.where(np.arange(30) < 15, 4, 2)[:, None] - rng.integers(0, 2, (30, 25))
    items = pd.DataFrame(answers, columns=[f"cd_risc_{i:02d}" for i in range(1, 26)])
    items.insert(0, "participant_id", ids)
    items.to_csv(folder / "phenotype/cd_risc.tsv", sep="\t", index=False)
    cohort = load_cohort(folder)
    assert cohort.settings.kind == "real"
    of_outcome = {"outcome_score", "resilience_score", "resilience_outcome", "groups", "claims", "study_claims"}
    assert cohort.available() == {"cd_risc", "cd_risc_items"} | of_outcome


def test_column_rule_reads_labels(example_copy):
    text = (example_copy / "cohort.yml").read_text()
    start, end = text.index("outcome:"), text.index("labels:")
    text = text[:start] + "outcome: {column: sex, high: F, low: [M]}\n" + text[end:].replace("- sex\n", "")
    (example_copy / "cohort.yml").write_text(text)
    assert load_cohort(example_copy).settings.outcome == ColumnRule("sex", ("F",), ("M",))


def test_schema_names_files_once():
    schema = read_schema()
    files = [rules["file"] for part in ("blocks", "features") for rules in schema[part].values()]
    assert len(files) == len(set(files))


def test_the_page_of_the_contract_is_made_from_the_schema():
    assert (PROJECT_ROOT / "data" / "README.md").read_text() == write_contract(), "run: make contract"


@pytest.mark.parametrize("measure", sorted(SCALES))
def test_schema_and_scoring_know_the_same_questionnaire(measure):
    rules, scale = read_schema()["phenotype"]["measures"][measure], SCALES[measure]
    assert tuple(list_items(measure)) == scale.items
    assert tuple(rules["range"]) == (scale.lowest, scale.highest)
    assert tuple(rules["items"].format(number) for number in rules.get("reversed", ())) == scale.reversed
    assert rules.get("min_answered", scale.min_answered) == scale.min_answered


@pytest.mark.parametrize("measure", sorted(set(SCALES) - {"hads"}))
def test_group_sizes_rest_on_the_scores_that_chapters_use(measure, rng):
    """Identity: the estimate of the check is the score of `helpers.resilience`, blanks included."""
    scale = SCALES[measure]
    answers = rng.integers(scale.lowest, scale.highest + 1, (60, len(scale.items))).astype(float)
    answers[rng.random(answers.shape) < 0.15] = np.nan
    table = pd.DataFrame(answers, [f"sub-{i:02d}" for i in range(60)], list(scale.items))
    scored = SCORERS[measure](table)
    for score in scored.columns.intersection(["total", "mean"]):
        pd.testing.assert_series_equal(estimate_score(measure, score, table), scored[score], check_names=False)


def test_a_warning_lets_the_run_go_on(example_copy):
    (example_copy / "my_data.csv").write_text("x")
    cohort = load_cohort(example_copy)
    assert [problem.file for problem in cohort.warnings] == ["my_data.csv"]


def test_maps_of_a_handful_of_people_do_not_count(example_copy):
    maps = sorted(Path(shutil.copytree(EXAMPLE / "brain" / "maps", example_copy / "brain" / "maps")).glob("*.nii"))
    assert "maps" in load_cohort(example_copy).available()
    for extra in maps[9:]:
        extra.unlink()
    assert "maps" not in load_cohort(example_copy).available()


UNREAD = [
    *(
        f"{place}{name}"
        for place in ("", "brain/", "microbiome/", "metabolites/")
        for name in ("pilot.tsv", "pilot.xlsx")
    ),
    *("brain/volume.tsv", "brain/conectivity.csv", "brain/maps.nii.gz", "microbiome/taxa.xlsx", "microbiome/gene.tsv"),
    *(
        "microbiome/tree.tre",
        "microbiome/transcript.tsv.gz",
        "metabolites/metabolite.csv",
        "phenotype/brs.xlsx",
        "phenotype/sleep.sav",
    ),
    *("participants.csv", "blood/cytokines.tsv", "Microbiome/taxa.tsv", "derivatives/fmriprep/a.tsv"),
]


@pytest.mark.parametrize("file", UNREAD)
def test_anything_that_is_not_read_is_named_with_what_would_be(tmp_path, file):
    for known in ("cohort.yml", "participants.tsv", "README.md", "brain/tracts.tsv", "notes.txt", file):
        (tmp_path / known).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / known).write_text("x")
    (problem,) = check_inventory(tmp_path)
    assert problem.severity == "warning" and "not read" in problem.found
    assert file.startswith(problem.file) and problem.expected and problem.fix
