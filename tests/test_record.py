"""The crate of a run: what it says, that it holds, and that every edit of a file is found."""

from __future__ import annotations

import json
import shutil
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from statsmodels.stats.power import TTestIndPower

from helpers.cli import main
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import hash_cohort, load_cohort
from helpers.importers.sources import hash_file
from helpers.problems import CohortError
from helpers.record import compare_registration, describe_registration
from helpers.record.crate import FILE
from helpers.record.registration import Plan, build_registration, hash_registration
from helpers.record.registration_page import write_page
from helpers.record.renewal import renew_pages
from helpers.record.verify import compare_outputs, read_crate
from helpers.resilience import score_outcome
from helpers.run import Chapter, engine, execution, recording, registering, run_book
from helpers.tables import read_result, write_result
from tests.crates import find_lacks, list_references
from tests.support import EXAMPLE
from tests.test_run import WRITE, write_notebook

KERNEL = execution.run_notebook


def run_in_process(source: Path, target: Path, parameters: dict, *, working_dir: Path) -> None:
    """Execute a notebook as papermill does, without a kernel of its own: nothing here hangs on one, and each takes seconds."""
    notebook = parameterize_notebook(
        load_notebook_node(str(source)), parameters, kernel_name="python3", language="python"
    )
    names: dict[str, object] = {}
    with warnings.catch_warnings(action="ignore"):  # of a column that no real table has
        for cell in notebook.cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    nbformat.write(notebook, target)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A copy of the people of the example, and two tiny chapters."""
    monkeypatch.setattr(execution, "run_notebook", run_in_process)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_notebook(folder, "01_first", WRITE.format(add=0, name="01_first"), "n_folds = 5\n")
    write_notebook(folder, "02_second", WRITE.format(add=1, name="02_second"))
    chapters = (Chapter("01_first", "First", reads=()), Chapter("02_second", "Second", reads=("01_first",)))
    monkeypatch.setattr(execution, "NOTEBOOKS_DIR", folder)
    for room in (engine, execution, registering):
        monkeypatch.setattr(room, "CHAPTERS", chapters)
    monkeypatch.setattr(execution.check_parameters, "__defaults__", (chapters,))
    cohort = tmp_path / "mine"
    (cohort / "phenotype").mkdir(parents=True)
    for name in ("cohort.yml", "participants.tsv", "participants.json", "phenotype/cd_risc.tsv", "phenotype/hads.tsv"):
        shutil.copy(EXAMPLE / name, cohort / name)
    return cohort


def run_tiny(cohort_dir: Path, out: Path, **options) -> list[str]:
    done = run_book(load_cohort(cohort_dir), out, with_book=False, **options)
    return [one.state for one in done.outcomes]


def verify(*words: object) -> int:
    with pytest.raises(SystemExit) as done:
        main(["verify", *map(str, words)])
    return done.value.code


def test_pages_rendered_again_are_those_of_the_crate_and_what_was_computed_stays_held(tiny, tmp_path, capsys):
    out = tmp_path / "out"
    html = out / "html"
    html.mkdir(parents=True)
    for name in ("index.html", "old.html"):
        (html / name).write_text("before")
    run_tiny(tiny, out)
    before = {one["@id"]: one for one in read_crate(out)["@graph"]}
    assert not renew_pages(out)
    (html / "index.html").write_text("rendered again")
    (html / "old.html").unlink()
    (html / "new.svg").write_text("<svg/>")
    table = out / "results/01_first/numbers.tsv"
    whole = table.read_bytes()
    table.write_bytes(whole + b"9\t9\n")
    assert renew_pages(out) and not renew_pages(out)
    graph = read_crate(out)
    assert [(one.file, one.state) for one in compare_outputs(out, graph)] == [
        ("results/01_first/numbers.tsv", "changed")
    ]
    table.write_bytes(whole)
    assert verify(out) == 0
    assert find_lacks(graph) == []
    entities = {one["@id"]: one for one in graph["@graph"]}
    assert "html/old.html" not in json.dumps(graph) and entities["html/new.svg"]["encodingFormat"] == "image/svg+xml"
    assert "html/new.svg" in list_references(entities["#run"], "result")
    assert entities["#rendering"]["endTime"] >= entities["#run"]["endTime"]
    kept = ("#run-01_first", "results/01_first/numbers.tsv")
    assert [entities[name] for name in kept] == [before[name] for name in kept]
    assert registering.list_events(out) == []  # the next run renders its own pages


def test_a_crate_has_what_its_profiles_require_and_tells_what_was_run(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv(recording.WHO, "Ada Lovelace, https://orcid.org/0000-0002-1825-0097")
    sources = "\t".join(recording.read_sources.__globals__["COLUMNS"])
    line = (
        "participants.tsv\tvisits.csv\t"
        + "0" * 64
        + "\tplain\tsomebody\t\t116\t9\tpersonal columns: 2 (they name people)\t2026-01-01"
    )
    (tiny / "sources.tsv").write_text(f"{sources}\n{line}\n")
    out = tmp_path / "out"
    run_tiny(tiny, out, parameters={"01_first.n_folds": 7})
    graph = read_crate(out)
    assert find_lacks(graph) == []
    entities = {entity["@id"]: entity for entity in graph["@graph"]}
    table = entities["results/01_first/numbers.tsv"]
    assert table["sha256"] == hash_file(out / table["@id"]) and table["contentSize"] == str(
        (out / table["@id"]).stat().st_size
    )
    people = next(entity for name, entity in entities.items() if name.endswith("/participants.tsv"))
    assert people["sha256"] == hash_file(tiny / "participants.tsv")
    assert entities[list_references(people, "isBasedOn")[0]]["name"] == "visits.csv"
    assert entities["#value-01_first.n_folds"]["value"] == 7
    assert entities["https://orcid.org/0000-0002-1825-0097"]["name"] == "Ada Lovelace"
    assert list_references(entities["#run"], "agent") == ["https://orcid.org/0000-0002-1825-0097"]
    assert entities["#run-01_first"]["startTime"] <= entities["#run-01_first"]["endTime"]
    assert table["@id"] in list_references(entities["#run-02_second"], "object")
    assert any(name.startswith("https://pypi.org/project/numpy/") for name in entities)
    said = json.dumps(graph)
    assert str(tmp_path) not in said and Path.home().as_posix() not in said
    lacking = {**graph, "@graph": [one for one in graph["@graph"] if one["@id"] != "#run"]}
    assert find_lacks(lacking)


def test_an_unchanged_rerun_leaves_the_crate_alone_and_a_changed_one_writes_it_anew(tiny, tmp_path):
    out = tmp_path / "out"
    run_tiny(tiny, out)
    before = (out / FILE).read_bytes()
    assert run_tiny(tiny, out) == ["unchanged", "unchanged"]
    assert (out / FILE).read_bytes() == before
    started = time.perf_counter()
    recording.record_run(load_cohort(tiny), out, engine.CHAPTERS)
    assert time.perf_counter() - started < 10  # 1 s on a quiet machine
    assert (out / FILE).read_bytes() == before
    run_tiny(tiny, out, parameters={"02_second.seed": 5})
    assert (out / FILE).read_bytes() != before


def test_verify_names_every_changed_missing_and_new_file(tiny, tmp_path, capsys):
    out = tmp_path / "out"
    (tiny / "notes on 5 % ä.md").write_text("read with care")
    run_tiny(tiny, out)
    assert verify(out) == 0 and "Everything is as the crate has it" in capsys.readouterr().out
    (out / "results/01_first/numbers.tsv").write_text("id\tx\na\t99\n")
    (out / "results/02_second/numbers.tsv").unlink()
    (out / "pages/extra.md").write_text("# More\n")
    (tiny / "participants.tsv").write_text((tiny / "participants.tsv").read_text().replace("F", "M", 1))
    assert verify(out) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[:-1] == [
        "  new: pages/extra.md",
        "  changed: results/01_first/numbers.tsv",
        "  missing: results/02_second/numbers.tsv",
        "  changed: inputs/participants.tsv",
    ]
    assert verify(out, "--without-inputs") == 1 and "inputs/" not in capsys.readouterr().out
    shutil.rmtree(tiny)
    assert verify(out) == 1 and "missing: inputs/cohort.yml" in capsys.readouterr().out


def test_an_edited_crate_is_refused_by_verify_and_by_the_next_run(tiny, tmp_path, capsys):
    out = tmp_path / "out"
    run_tiny(tiny, out)
    edited = (out / FILE).read_text().replace("Simulated cohort", "Real cohort", 1)
    (out / FILE).write_text(edited)
    assert verify(out) == 2 and "a crate that was changed after it was written" in capsys.readouterr().err
    with pytest.raises(CohortError, match="changed after it was written"):
        run_tiny(tiny, out, parameters={"seed": 9})
    assert (out / FILE).read_text() == edited
    (out / FILE).write_text("{")
    assert verify(out) == 2 and "no crate of a run" in capsys.readouterr().err
    assert verify(tmp_path) == 2 and "no ro-crate-metadata.json" in capsys.readouterr().err


def test_a_page_of_the_book_edited_by_hand_is_rendered_anew_not_taken_into_the_crate(tiny, tmp_path):
    out = tmp_path / "out"
    (out / "html").mkdir(parents=True)
    (out / "html" / "index.html").write_text("front")
    (out / "html" / "page.html").write_text("as rendered")
    run_tiny(tiny, out)
    recording.refuse_changed_crate(out)
    assert (out / "html" / "index.html").is_file()
    (out / "html" / "page.html").write_text("edited")
    recording.refuse_changed_crate(out)
    assert not (out / "html" / "index.html").exists()


def test_a_page_that_an_earlier_version_made_is_passed_over(tiny, tmp_path):
    run_tiny(tiny, tmp_path / "out")
    page = tmp_path / "out" / "pages" / "02_second.ipynb"
    notebook = json.loads(page.read_text())
    del notebook["metadata"]["provenance"]
    page.write_text(json.dumps(notebook))
    run_tiny(tiny, tmp_path / "out", only=["01_first"], force=True)
    names = {entity["@id"] for entity in read_crate(tmp_path / "out")["@graph"]}
    assert "#run-01_first" in names and "#run-02_second" not in names


def test_the_name_of_nobody_is_in_the_crate_for_files_of_single_participants(tiny, tmp_path):
    (tiny / "brain" / "maps").mkdir(parents=True)
    shutil.copy(EXAMPLE / "brain" / "maps" / "sub-001.nii", tiny / "brain" / "maps")
    run_tiny(tiny, tmp_path / "out")
    graph = read_crate(tmp_path / "out")
    assert "sub-001" not in json.dumps(graph)
    assert sum("brain/maps/" in entity["@id"] for entity in graph["@graph"]) == 1


@pytest.mark.book
def test_the_book_of_the_example_has_a_crate_that_holds(built_book):
    out = built_book.parent
    graph = read_crate(out)
    assert find_lacks(graph) == [] and compare_outputs(out, graph) == []
    entities = {entity["@id"]: entity for entity in graph["@graph"]}
    assert entities["#ledger"]["sha256"] == hash_file(EXAMPLE.parent / "claims" / "an2024.yml")
    assert {"html/index.html", "results/07_verdict/verdicts.tsv"} <= set(entities)


def freeze(*words: object) -> None:
    main(["freeze", *map(str, words)])


def list_deviations(out: Path) -> list[tuple[str, str]]:
    table = read_result(out / "results", "00_registration", "deviations")
    return list(zip(table["deviation"], table["subject"], strict=True))


def test_a_registration_says_what_will_be_done_and_leaves_the_outcome_out(tiny, tmp_path, capsys):
    unregistered = hash_cohort(tiny)
    freeze(tiny, "--output", tmp_path / "out", "-p", "n_folds=9")
    said = json.loads((tiny / "preregistration.json").read_text())
    assert said["chapters"]["01_first"]["parameters"] == {"n_folds": 9, "seed": 1}
    assert said["outcome"]["rule"]["high_at_least"] == 82 and said["outcome"]["covariates"] == ["age", "sex", "bmi"]
    assert set(said["data"]["files"]) == {"cohort.yml", "participants.tsv", "participants.json", "phenotype/hads.tsv"}
    assert said["data"]["without"] == ["phenotype/cd_risc.tsv"] and said["seen_before"] == ""
    page = (tiny / "preregistration.md").read_text()
    assert "high: cd\\_risc total of 82 or more" in page and said["sha256"] in page and "n\\_folds = 9" in page
    before = (tiny / "preregistration.json").read_bytes()
    assert hash_cohort(tiny) == unregistered
    with pytest.raises(SystemExit) as refused:
        freeze(tiny)
    assert refused.value.code == 2 and "found a registration, expected none yet" in capsys.readouterr().err
    assert (tiny / "preregistration.json").read_bytes() == before


def test_claims_are_registered_with_the_power_for_their_smallest_effect():
    cohort = load_cohort(EXAMPLE)
    plan = Plan({"07_verdict": {"claims_path": "data/claims/an2024.yml"}}, {"07_verdict": "0"}, "abc", {})
    said = build_registration(cohort, plan)
    claim = said["claims"]["claims"]["C02"]
    design = design_matrix(cohort, assign_groups(cohort, score_outcome(cohort)))["group"]
    assert (claim["n_high"], claim["n_low"]) == (str(int(design.sum())), str(int((1 - design).sum())))
    independent = TTestIndPower().power(
        0.2, nobs1=int(design.sum()), ratio=float((1 - design).sum() / design.sum()), alpha=0.05
    )
    assert claim["expected_power"] == pytest.approx(independent, abs=0.001)
    assert said["claims"]["claims"]["C16"]["expected_power"] is None
    assert f"{100 * independent:.0f} %" in write_page(said)


def test_a_run_is_as_registered_until_a_parameter_data_or_the_outcome_rule_change(tiny, tmp_path):
    out = tmp_path / "out"
    freeze(tiny, "--output", out)
    run_tiny(tiny, out)
    assert list_deviations(out) == []
    registration = next(one for one in read_crate(out)["@graph"] if one["@id"] == "#registration")
    assert registration["sha256"] == json.loads((tiny / "preregistration.json").read_text())["sha256"]
    table = pd.read_csv(tiny / "phenotype" / "cd_risc.tsv", sep="\t", dtype=str, keep_default_na=False)
    table.iloc[0, 1] = "4" if table.iloc[0, 1] != "4" else "3"
    table.to_csv(tiny / "phenotype" / "cd_risc.tsv", sep="\t", index=False)
    run_tiny(tiny, out, parameters={"02_second.seed": 5})
    assert list_deviations(out) == [("parameter", "02_second.seed")]
    settings = (tiny / "cohort.yml").read_text()
    (tiny / "cohort.yml").write_text(settings.replace("high_at_least: 82", "high_at_least: 80").replace("- bmi\n", ""))
    run_tiny(tiny, out)
    assert list_deviations(out) == [("groups", "outcome rule"), ("groups", "covariates"), ("data", "cohort.yml")]


def test_an_edited_registration_and_that_of_another_cohort_are_refused_and_a_new_one_is_noticed(tiny, tmp_path):
    out, path = tmp_path / "out", tiny / "preregistration.json"
    freeze(tiny, "--output", out)
    run_tiny(tiny, out)
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"registered": "2020-01-01T00:00:00+00:00"}))
    with pytest.raises(CohortError, match="edited after it was written"):
        run_tiny(tiny, out)
    forged = said | {"registered": "2020-01-01T00:00:00+00:00"}
    path.write_text(json.dumps(forged | {"sha256": hash_registration(forged)}))
    run_tiny(tiny, out, parameters={"01_first.seed": 2})
    assert ("registration", "preregistration.json") in list_deviations(out)
    path.unlink()
    run_tiny(tiny, out, parameters={"01_first.seed": 3})
    assert [kind for kind, _ in list_deviations(out)] == ["registration", "registration"]
    other = said | {"cohort": said["cohort"] | {"name": "elsewhere"}}
    path.write_text(json.dumps(other | {"sha256": hash_registration(other)}))
    with pytest.raises(CohortError, match="registration of another cohort \\(elsewhere\\)"):
        run_tiny(tiny, out)
    path.unlink()
    (tiny / "preregistration.md").unlink()
    freeze(tiny, "--output", out)
    assert "results of this cohort were computed on" in json.loads(path.read_text())["seen_before"]


def test_the_verdict_page_says_the_date_or_each_deviation_beside_the_verdict_it_touches(tiny, tmp_path):
    verdicts = pd.DataFrame({"verdict": ["supported", "inconclusive"]}, index=["C06", "C09"])
    claims = [SimpleNamespace(id="C06", chapter="03_brain"), SimpleNamespace(id="C09", chapter="04_microbiome")]
    assert describe_registration(tiny, tmp_path, verdicts, claims).startswith("**Not registered.**")
    freeze(tiny, "--output", tmp_path / "out")
    said = json.loads((tiny / "preregistration.json").read_text())
    assert describe_registration(tiny, tmp_path, verdicts, claims).startswith(
        f"**As registered on {said['registered'][:10]}**"
    )
    chapters = {"03_brain": {"parameters": {"n_permutations": 2000}, "code_sha256": "a"}}
    plan = Plan({"03_brain": {"n_permutations": 50}}, {"03_brain": "a"}, said["code"], said["packages"])
    found = compare_registration({**said, "chapters": chapters}, load_cohort(tiny), plan)
    write_result(found, tmp_path, "00_registration", "deviations")
    text = describe_registration(tiny, tmp_path, verdicts, claims)
    assert "with 1 deviation.**" in text
    assert "* **Parameter** `03_brain.n_permutations`: registered as `2000`, now `50`. Touches C06 (supported)." in text
    assert "C09" not in text
