"""Who is in the cohort, beyond Table 1 by group: combinations, batches, detectable effects, the checklist, the looks."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import TTestIndPower

from helpers import table1
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import inspect_cohort, load_cohort, read_reporting
from helpers.integration import prepare_blocks
from helpers.plots import cohort as figures
from helpers.plots.cohort_table import show_checklist, show_table1
from helpers.power import compute_power, find_detectable_d
from helpers.resilience import score_outcome
from helpers.table1.findings import _tell_flow
from helpers.tables import PROJECT_ROOT
from tests.support import EXAMPLE
from tests.test_table1 import make_cohort, make_groups


@pytest.fixture(scope="module")
def cohort():
    return load_cohort(EXAMPLE)


@pytest.fixture(scope="module")
def groups(cohort):
    return assign_groups(cohort, score_outcome(cohort))


@pytest.mark.parametrize(
    ("shares", "smd"),
    [(([0.5, 0.3, 0.2], [0.2, 0.3, 0.5]), 0.768221), (([0.6, 0.4], [0.4, 0.6]), 0.408248)],
)
def test_smd_of_labels_is_that_of_the_tableone_package(shares, smd):
    """tableone 0.9.6 (Python), run apart from this project on these counts, nothing missing. (Where groups share no
    label it gives NaN, and it counts missing as a label: there it is not followed.)"""
    high, low = (pd.Series(np.repeat(list("abc")[: len(p)], (np.array(p) * 100).astype(int))) for p in shares)
    assert table1.standardise_difference(high, low) == pytest.approx(smd, abs=1e-6)


def test_smd_of_numbers_is_that_of_the_tableone_package():
    """tableone 0.9.6 (Python), run apart from this project: 0 to 43 against 3, 3.5, … 38.5; its sign is low less high."""
    high, low = pd.Series(np.arange(44) * 1.0), pd.Series(np.arange(72) * 0.5 + 3)
    assert table1.standardise_difference(high, low) == pytest.approx(0.064018, abs=1e-6)


def test_numbers_without_spread_are_infinitely_far_apart_or_not_at_all():
    three = pd.Series([1.0, 1.0]), pd.Series([2.0, 2.0, 2.0])
    high, low = pd.Series([1.0] * 3), pd.Series([1.0] * 3)
    assert table1.standardise_difference(high, low) == 0
    assert np.isinf(table1.standardise_difference(*three))


def test_combinations_count_everyone_in_a_group_once(cohort, groups):
    found = table1.count_combinations(cohort, groups)
    assert list(found.sizes.index) == ["Questionnaire", "MRI", "Stool", "Metabolites"]
    assert found.table["n"].tolist()[1:] == ["<5"] * (len(found.table) - 1)
    open_cells = replace(cohort, settings=replace(cohort.settings, small_cell=1))
    shown = table1.count_combinations(open_cells, groups)
    n = shown.table["n"].astype(int)
    assert n.sum() == found.n_people == 116
    for kind in shown.sizes.index:
        assert n[shown.table[kind]].sum() == int(shown.sizes[kind])
    assert "hidden" in found.sizes.tolist()


def test_people_with_a_map_alone_had_an_mri():
    made = make_cohort(age=[20.0] * 20)
    made.maps = dict.fromkeys(made.participants.index[:12], "map.nii.gz")
    found = table1.count_combinations(made, make_groups(made, ["high"] * 10 + ["low"] * 10))
    assert found.table[["MRI", "n"]].to_numpy().tolist() == [[True, "12"], [False, "8"]]


def test_one_small_combination_does_not_follow_by_subtraction():
    cohort = make_cohort(age=[20.0] * 30)
    ids = cohort.participants.index
    cohort.blocks["taxa"] = pd.DataFrame({"t": 1.0}, index=ids[:28])
    cohort.blocks["volumes"] = pd.DataFrame({"v": 1.0}, index=ids[:20])
    found = table1.count_combinations(cohort, make_groups(cohort, ["high"] * 15 + ["low"] * 15))
    assert found.table["n"].tolist() == ["20", "hidden", "<5"]
    assert found.sizes.to_dict() == {"MRI": "20", "Stool": "hidden"}


def test_an_upset_plot_joins_the_dots_of_each_combination(cohort, groups):
    found = table1.count_combinations(cohort, groups)
    ax = figures.plot_combinations(found)
    assert [bar.get_height() for bar in ax.patches] == [105] + [0] * (len(found.table) - 1)
    dots = ax.figure.axes[1]
    filled = [line for line in dots.lines if line.get_linestyle() == "-"]
    assert [len(line.get_xdata()) for line in filled] == found.table[found.sizes.index].sum(axis=1).tolist()
    assert "<5" in [text.get_text() for text in ax.texts]


def test_flow_tells_which_covariate_costs_people(cohort, groups):
    flow = table1.count_flow(replace(cohort, settings=replace(cohort.settings, small_cell=1)), groups)
    n = flow["n"].astype(int)
    lost = n[flow["part"] == "not adjusted"]
    assert lost.to_dict() == {"bmi is missing": int(cohort.participants["bmi"].isna().sum())}
    assert n["With every covariate"] == n["In a group"] - lost.sum() == len(design_matrix(cohort, groups))
    assert n["… and every block of chapter 06"] <= n["With every covariate"]


def test_the_flow_ends_with_the_number_that_the_integration_begins_with(cohort, groups):
    told = replace(cohort, settings=replace(cohort.settings, small_cell=1))
    design = design_matrix(cohort, groups)
    n = table1.count_flow(told, groups).set_index("part")["n"]["integrated"]
    assert int(n) == prepare_blocks(cohort, groups.loc[design.index]).flow.iloc[-1].sum()
    assert f"; {n} have every covariate and every block of chapter 06" in _tell_flow(table1.count_flow(told, groups))
    no_blocks = replace(told, blocks={"taxa": cohort.blocks["taxa"]})
    assert "integrated" not in table1.count_flow(no_blocks, groups)["part"].tolist()


def test_complete_people_stand_beside_the_others_and_small_counts_do_not_follow_from_table_1(cohort, groups):
    """Identity: the SMD of age is that of the two sets of people; a count hidden for the others is hidden for both."""
    complete = table1.find_complete(cohort, groups)
    table = table1.compare_complete(cohort, groups, complete)
    age = cohort.participants["age"]
    others = groups.index.difference(complete)
    assert table.loc["Age (years)", "smd"].iloc[0] == pytest.approx(
        table1.standardise_difference(age[complete], age[others])
    )
    assert {"Resilience score", "Group"} <= set(table.index)
    untold = table["others"].str.startswith("<") | (table["others"] == "hidden")
    assert (table.loc[untold, "complete"].isin(["hidden"]) | table.loc[untold, "complete"].str.startswith("<")).all()


def test_where_everybody_has_every_kind_of_data_nothing_of_them_is_hidden():
    made = make_cohort(sex=["F", "M"] * 10)
    table = table1.compare_complete(made, make_groups(made, ["high"] * 10 + ["low"] * 10), made.participants.index)
    assert table.loc["Sex", "complete"].tolist() == ["10 (50%)", "10 (50%)"]
    assert table.loc["Participants", "others"] == "0"


@pytest.mark.parametrize(
    ("study", "sides", "said", "kept"),
    [
        (["A"] * 10 + ["B"] * 10, ["high"] * 10 + ["low"] * 10, r"Warning: group and study are confounded\.", None),
        (
            ["A"] * 5 + ["B"] * 5 + ["C"] * 10,
            (["high", "low"] * 5) + ["low"] * 10,
            "1 of 3 study labels hold one",
            None,
        ),
        (["A"] * 8 + ["B"] * 2 + ["A"] * 2 + ["B"] * 8, ["high"] * 10 + ["low"] * 10, "differ in their study", 64),
        ((["A", "B"]) * 10, ["high"] * 10 + ["low"] * 10, "spread alike over the study", 100),
        (["A"] * 20, ["high"] * 10 + ["low"] * 10, "Everybody comes from one study", None),
    ],
)
def test_a_batch_that_goes_with_the_group_is_warned_of(study, sides, said, kept):
    """By hand, third case: shares .8 and .2, so the batch explains .36 of the variance of group and leaves 64 %."""
    made = make_cohort(study=study)
    made.settings = replace(made.settings, batch="study")
    groups = make_groups(made, sides)
    sentence = table1.describe_batches(made, groups)
    assert re.search(said, sentence)
    if kept is not None:
        assert f"keeps {kept} % of the information" in sentence


def test_batches_are_counted_with_small_cells_hidden():
    made = make_cohort(study=["A"] * 12 + ["B"] * 8)
    made.settings = replace(made.settings, batch="study")
    groups = make_groups(made, ["high"] * 9 + ["low"] * 9 + ["high"] * 2)
    table = table1.count_batches(made, groups)
    assert table["n_high"].tolist() == ["hidden", "<5"]
    assert table["share_high"].isna().tolist() == [True, True]
    made.settings = replace(made.settings, batch=None)
    assert table1.count_batches(made, groups).loc["all", "n_high"] == "11"
    assert "declares no batch" in table1.describe_batches(made, groups)


@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.001, 0.9), (0.05 / 4950, 0.8)])
def test_detectable_effects_are_those_of_statsmodels(alpha, power):
    ours = find_detectable_d(n_high=44, n_low=66, alpha=alpha, power=power)
    assert TTestIndPower().power(ours, 44, alpha / 2, ratio=66 / 44, alternative="larger") == pytest.approx(
        power, abs=1e-6
    )
    assert compute_power(ours, n_high=44, n_low=66, alpha=alpha) == pytest.approx(power)


def test_each_block_has_its_own_people_and_its_own_bar(cohort, groups):
    design = design_matrix(cohort, groups)
    table = table1.list_detectable(cohort, design)
    assert table.loc["Questionnaires", ["n_high", "n_low"]].sum() == len(design)
    assert (table["d_all"] >= table["d_one"]).all()
    assert table.loc["Gut bacteria (taxa)", "n_features"] == cohort.blocks["taxa"].shape[1]
    ax = figures.plot_detectable(table)
    assert len(ax.get_yticklabels()) == len(table)
    assert "4,950 tests" in ax.get_yticklabels()[1].get_text()


def test_every_item_of_the_checklist_is_answered_by_this_book_or_by_the_cohort(cohort):
    items = read_reporting()
    checklist = table1.fill_checklist(cohort)
    assert list(checklist.index) == list(items)
    assert (checklist["status"] != "not reported")[checklist["evidence"] != ""].all()
    assert checklist.loc["storms_storage", "status"] == "not reported"
    assert checklist.loc["storms_transcripts", "note"] == "this cohort has no genes"
    told = replace(cohort, settings=replace(cohort.settings, reporting={"storms_storage": "at −80 °C"}))
    assert table1.fill_checklist(told).loc["storms_storage", ["status", "note"]].tolist() == ["reported", "at −80 °C"]


def test_facts_of_the_checklist_are_facts_a_cohort_can_have(cohort):
    """A need that no cohort can meet would be 'not reported' for ever."""
    known = table1.find_facts(cohort) | {"genes", "maps"}
    wanted = {need for item in read_reporting().values() for need in (*item.get("needs", ()), *item.get("of", ()))}
    assert wanted <= known


def test_without_a_block_its_guideline_does_not_apply(cohort):
    bare = replace(cohort, blocks={}, maps={}, tree_path=None)
    status = table1.fill_checklist(bare)["status"]
    assert (status[status.index.str.startswith(("storms", "cobidas"))] == "does not apply").all()
    said = table1.describe_checklist(table1.fill_checklist(bare))
    assert said.startswith("STROBE: ") and "STORMS" not in said and "COBIDAS" not in said


def test_evidence_of_the_checklist_exists():
    """Each page is there, and on the pages of this part each section is a heading."""
    listed = [item["where"] for item in read_reporting().values() if "where" in item]
    for place in {one for where in listed for one in ([where] if isinstance(where, str) else where.values())}:
        page, _, section = place.partition("#")
        folder = "notebooks" if page[0].isdigit() else "book"
        text = (PROJECT_ROOT / folder / f"{page}.md").read_text(encoding="utf-8")
        slugs = [
            re.sub(r"[^\w\s-]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
            for line in text.splitlines()
            if line.startswith("##")
        ]
        assert not section or section in slugs, place


def test_evidence_is_the_page_of_the_data_that_the_cohort_has(cohort):
    kept = {name: table for name, table in cohort.blocks.items() if name not in ("connectivity", "taxa", "transcripts")}
    for blocks, page in ((cohort.blocks, "03_brain"), (kept, "03_structure")):
        checklist = table1.fill_checklist(replace(cohort, blocks=blocks))
        assert checklist.loc["cobidas_effects", "evidence"] == page


def test_what_the_researcher_reports_is_checked_before_anything_is_computed(example_copy):
    settings = example_copy / "cohort.yml"
    plain = settings.read_text(encoding="utf-8")
    settings.write_text(plain + "reporting:\n  storm_storage: in a freezer\n", encoding="utf-8")
    refused, problems = inspect_cohort(example_copy, blocks=[])
    (problem,) = [p for p in problems if p.column == "reporting"]
    assert refused is None and "rename it storms_storage" in problem.fix
    settings.write_text(plain + "reporting: [a, b]\n", encoding="utf-8")
    assert [p.expected for p in inspect_cohort(example_copy, blocks=[])[1]] == ["one text per item"]
    settings.write_text(plain + "reporting:\n  storms_storage: in a freezer\n", encoding="utf-8")
    assert load_cohort(example_copy, blocks=[]).settings.reporting == {"storms_storage": "in a freezer"}


def test_table1_escapes_labels_says_infinite_and_loads_nothing():
    made = make_cohort(**{"<b>a b</b>": ["x<i>"] * 6 + ["y"] * 6, "a b": [1.0, 2.0, 3.0] * 4})
    table = table1.summarise_groups(made, make_groups(made, ["high"] * 6 + ["low"] * 6))
    page = show_table1(table, labels={"high": "H<i>", "low": "L"}, caption='A "formula" & <b>', name="t1").data
    assert "<b>" not in page and "<i>" not in page
    assert "∞ (no label shared)" in page and 'id="table-t1"' in page
    assert not re.search(r"(?:src|href)=|url\(|@import", page), "the page of an offline book loads nothing"
    with pytest.raises(ValueError, match="small letters, digits"):
        show_table1(table, labels={"high": "H", "low": "L"}, caption="x", name="Table 1")


def test_the_checklist_links_to_pages_and_escapes_what_a_cohort_says(cohort):
    told = replace(cohort, settings=replace(cohort.settings, reporting={"storms_storage": "<script>"}))
    page = show_checklist(table1.fill_checklist(told), caption="Checklist.").data
    assert '<a href="01_cohort.html#table-1">Table 1</a>' in page
    assert '<a href="../book/how_to_rerun.html">How to rerun</a>' in page
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_side_with_nobody_has_no_column_and_the_caption_says_so(cohort, groups):
    """Nobody is 0, and no small number: everybody in a group counts as complete here."""
    compared = table1.compare_complete(cohort, groups, groups.index)
    assert compared["others"].iloc[0] == "0" and not compared["others"].str.startswith(("<", "n <")).any()
    shown = show_table1(
        compared, labels=cohort.settings.labels, name="complete", caption="Complete beside others."
    ).data
    assert "Nobody is in: The others; the column is left out." in shown
    assert ">The others<" not in shown and "SMD" not in shown
