"""Foreign files are recognised, read safely, renamed to participants and written without touching what lies there.

Expected numbers are those of the small exports in ``gut_exports``; refusals are of files damaged or built to harm here.
"""

import gzip
import hashlib
import io
import os
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers.contract import inspect_cohort
from helpers.importers.base import Format, Imported, LeftOut
from helpers.importers.delimited import read_frame, to_numbers
from helpers.importers.finding import find_files
from helpers.importers.heads import MOST_COLUMNS, read_bytes, read_head, read_member
from helpers.importers.hints import hint_at_exports, make_recogniser
from helpers.importers.into_cohort import import_files
from helpers.importers.merging import check_contents, merge_contents
from helpers.importers.propose import start_cohort
from helpers.importers.registry import find_format, list_formats, match_formats, recognise
from helpers.importers.sample_ids import IdRules, read_id_rules, rename_samples
from helpers.importers.sources import COLUMNS, read_sources
from helpers.importers.table_text import format_table
from helpers.importers.telling import describe_report, list_lines
from helpers.problems import CohortError
from helpers.run.pages import write_origin
from helpers.tables import read_table
from tests import gut_exports as exports
from tests.support import run_command
from tools.write_formats import PAGE, write_formats, write_page

TAXA = "microbiome/taxa.tsv"


@pytest.fixture
def mine(tmp_path):
    """A folder that does not exist yet."""
    return tmp_path / "mine"


def list_people(folder, *ids):
    """Write a participants.tsv."""
    return exports.write(folder, "participants.tsv", "participant_id\tage", *(f"{name}\t40" for name in ids))


def snapshot(folder):
    """Return the bytes of all files of a folder; None where it is not there."""
    if not folder.exists():
        return None
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# Hostile and damaged files


def zip_of(**members):
    """Return a zip with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


YAML = "uuid: u\ntype: FeatureTable[Frequency]\n"
HOSTILE = {
    "slip.qza": (zip_of(**{"u/metadata.yaml": YAML, "../../out.txt": "x"}), "leads out of it"),
    "windows.qza": (zip_of(**{"u/metadata.yaml": YAML, "..\\out.txt": "x"}), "leads out of it"),
    "absolute.qza": (zip_of(**{"u/metadata.yaml": YAML, "/etc/out": "x"}), "leads out of it"),
    "bomb.qza": (zip_of(**{"u/metadata.yaml": YAML, "u/data/feature-table.biom": bytes(80_000_000)}), "500 times"),
    "bomb.tsv.gz": (gzip.compress(b"#OTU ID\ta\n" + bytes(80_000_000)), "500 times"),
    "many.qza": (zip_of(**{"u/metadata.yaml": YAML, **{f"u/{n}": "" for n in range(20_001)}}), "at most 20,000"),
    "empty.tsv": (b"", "an empty file"),
    "cut.tsv.gz": (gzip.compress(b"#OTU ID\ta\n" + os.urandom(100_000).hex().encode())[:-2000], "cut off or damaged"),
    "cut.qza": (zip_of(**{"u/metadata.yaml": YAML})[:60], "cut off or damaged"),
    "garbage.tsv": (b"#OTU ID\ta\n" + bytes(range(256)) * 50, "binary data"),
    "latin.tsv": ("#OTU ID\tBüro\nf1\t3\n".encode("latin-1"), "not UTF-8"),
    "million.tsv": (b"#OTU ID" + b"\ts" * 1_000_000 + b"\nf" + b"\t1" * 1_000_000 + b"\n", "more than 200,000 columns"),
    "other.qza": (zip_of(**{"u/metadata.yaml": "type: SampleData[AlphaDiversity]\n"}), "artifact of type"),
    "none.qza": (zip_of(**{"u/metadata.yaml": "uuid: u\n"}), "no type"),
    "yaml.qza": (zip_of(**{"u/metadata.yaml": "a: [1\n"}), "cannot be read"),
    "object.qza": (zip_of(**{"u/metadata.yaml": "type: !!python/object/apply:os.getcwd []\n"}), "cannot be read"),
    "wrong.qza": (zip_of(**{"u/metadata.yaml": YAML, "u/data/feature-table.biom": "no biom"}), "no readable BIOM"),
    "lacking.qza": (zip_of(**{"u/metadata.yaml": YAML, "u/data/dna.fasta": ">a"}), "no data/feature-table.biom"),
    "ragged.tsv": (b"#OTU ID\ta\tb\nf1\t1\t2\nf2\t1\n", "2 cells where the header has 3"),
    "long.tsv": (b"#OTU ID\ta\nf1\t1\nf2\t1\t2\n", "3 cells where the header has 2"),
    "text.tsv": (b"#OTU ID\ta\nf1\tmany\n", "expected a number"),
    "negative.tsv": (b"#OTU ID\ta\nf1\t-3\n", "below 0"),
    "twice.tsv": (b"#OTU ID\ta\ta\nf1\t3\t4\n", "more than once"),
    "header.tsv": (b"#OTU ID\ta\tb\n", "without rows"),
    "quote.csv": (b'"","Kingdom","Phylum","Class","Genus"\n"s1,a,b,c,d\n', "where the header has 5"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_harmful_and_damaged_files_end_in_a_sentence_and_nothing_is_written(name, tmp_path, mine):
    content, said = HOSTILE[name]
    path = tmp_path / "in" / name
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(CohortError, match=said) as caught:
        import_files([path], mine)
    assert all(problem.file == name and problem.fix for problem in caught.value.problems)
    assert not mine.exists()
    assert sorted(tmp_path.rglob("*")) == [path.parent, path]


def test_a_bomb_is_stopped_by_what_comes_out_not_by_what_it_says(tmp_path):
    content = zip_of(**{"u/data/x": bytes(80_000_000)})
    small = content.replace((80_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert small != content
    path = tmp_path / "liar.zip"
    path.write_bytes(small)
    with pytest.raises(CohortError, match=r"500 times|damaged"):
        read_member(path, "u/data/x")


@pytest.mark.parametrize("kind", ["folder", "absent", "pipe"])
def test_what_is_no_file_is_never_opened(kind, tmp_path):
    path = tmp_path / "x"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(CohortError, match={"folder": "a folder", "absent": "no such file", "pipe": "a pipe"}[kind]):
        read_head(path)


def test_large_honest_files_pass(tmp_path):
    path = tmp_path / "zeros.tsv.gz"
    path.write_bytes(gzip.compress(b"0\t" * 10_000_000))
    assert len(read_bytes(path)) == 20_000_000


# Reading text


def test_text_of_other_systems_is_read(tmp_path):
    for name, content in {"bom": b"\xef\xbb\xbfa\tb\r\n1\t2\r\n", "utf16": "a\tb\n1\t2\n".encode("utf-16")}.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert read_frame(path).to_dict("list") == {"a": ["1"], "b": ["2"]}


def test_r_leaves_out_the_header_of_names(tmp_path):
    path = exports.write(tmp_path, "r.txt", "a\tb", "x\t1\t2", "y\t3\t4")
    assert read_frame(path).to_dict("list") == {"": ["x", "y"], "a": ["1", "3"], "b": ["2", "4"]}


def test_every_faulty_column_is_told_at_once(tmp_path):
    path = exports.write(tmp_path, "t.csv", "a,b,c", "1,x,2", "NA,2,3.5,".rstrip(","))
    table = read_frame(path)
    with pytest.raises(CohortError) as caught:
        to_numbers(path, table)
    assert [(p.line, p.column) for p in caught.value.problems] == [(3, "a"), (2, "b")]
    numbers = to_numbers(path, table[["a", "c"]], missing=["NA"])
    assert numbers["c"].tolist() == [2.0, 3.5]
    assert np.isnan(numbers["a"].iloc[1])


def test_every_digit_of_a_number_is_read(tmp_path):
    rng = np.random.default_rng(2)
    values = (rng.standard_normal(300) * 10.0 ** rng.integers(-15, 15, 300)).tolist()
    path = exports.write(tmp_path, "t.tsv", "id\ta", *(f"r{n}\t{value!r}" for n, value in enumerate(values)))
    for infer in (False, True):
        assert to_numbers(path, read_frame(path, infer=infer)[["a"]])["a"].tolist() == values


# Recognising


def test_formats_have_one_name_each_and_tell_what_they_become():
    assert len({form.name for form in list_formats()}) == len(list_formats())
    assert len(list_lines()) == len(list_formats())
    assert find_format("metaphlan").program == "MetaPhlAn 3 and 4"
    with pytest.raises(CohortError, match="write metaphlan"):
        find_format("metaphlam")


def test_the_more_specific_format_is_taken(tmp_path, monkeypatch):
    plain = Format("any", "any program", "a table", "x", lambda head: True, lambda paths, options: Imported(), 0)
    monkeypatch.setattr("helpers.importers.registry.list_formats", lambda: (plain, *list_formats()))
    assert recognise(exports.mothur_shared(tmp_path)).name == "mothur-shared"
    assert recognise(exports.write(tmp_path, "notes.txt", "hello")).name == "any"


def test_files_of_no_program_are_not_recognised(tmp_path):
    for name, text in {"a.txt": "hello", "b.csv": "x,y\n1,2", "c.json": '{"a": 1}', "d.nwk": "no tree;"}.items():
        assert match_formats(read_head(exports.write(tmp_path, name, text))) == []


def test_a_folder_means_all_files_that_are_recognised(tmp_path, mine):
    source = tmp_path / "exports"
    source.mkdir()
    exports.qiime2_artifacts(source)
    exports.write(source, "notes.txt", "hello")
    (source / "broken.qza").write_bytes(b"PK\x03\x04")
    found = find_files([source])
    assert {form.name: len(paths) for form, paths in found.by_format.items()} == {"qiime2": 3}
    assert [path.name for path in found.unrecognised] == ["broken.qza", "notes.txt"]
    report = import_files([source], mine)
    assert "Not recognised, so not read: 2 files (broken.qza, notes.txt)." in describe_report(report, "mine")
    with pytest.raises(CohortError, match="a file that no known program writes"):
        import_files([source / "notes.txt"], mine / "other")


# Samples and participants


def test_samples_meet_participants_by_spelling(tmp_path, mine):
    list_people(mine, "sub-001", "sub-002", "sub-003")
    path = tmp_path / "t.biom"
    path.write_bytes(exports.make_biom(samples=("SUB-1", "sub-002", "NEG1")))
    report = import_files([path], mine)
    assert list(read_table(mine / TAXA).index) == ["sub-001", "sub-002"]
    assert report.parts[0].respelled == {"SUB-1": "sub-001"}
    assert LeftOut("samples", 1, "participants.tsv does not list them") in report.parts[0].imported.left_out
    assert "samples left out: NEG1." in describe_report(report, "mine")


def test_spellings_that_could_be_two_people_are_not_guessed():
    renamed = rename_samples(["S1", "s2"], IdRules(), ["s-1", "s-01", "s2"], file="x")
    assert renamed.ids == {"s2": "s2"}
    assert renamed.unlisted == ("S1",)


def test_a_map_or_a_pattern_names_participants(tmp_path, mine):
    table = exports.write(tmp_path, "map.tsv", "sample\tparticipant_id", "s1\tp1", "s3\tp3")
    import_files([exports.qiime2_table(tmp_path)], mine, ids=table)
    assert read_table(mine / TAXA).to_dict("index") == {
        "p1": {"f1": 5, "f2": 1, "f3": 0},
        "p3": {"f1": 2, "f2": 0, "f3": 9},
    }
    path = tmp_path / "t.biom"
    path.write_bytes(exports.make_biom(samples=("A_S1_L001", "B_S2_L001", "C_S13_L001")))
    import_files([path], mine / "other", strip=r"_S\d+_L001$")
    assert list(read_table(mine / "other" / TAXA).index) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["sample\tid", "s1\tp1"], "sample and participant_id"),
        (["sample\tparticipant_id", "s1\tp1", "s1\tp2"], "more than once"),
        (["sample\tparticipant_id", "s1\t../../x", "s2\tp2"], "a path"),
        (["sample\tparticipant_id", "s1\tp1", "s2\tp1"], "become one participant"),
        (["sample\tparticipant_id", "other\tp1"], "of nobody that is known"),
    ],
)
def test_maps_that_cannot_be_are_refused(lines, said, tmp_path, mine):
    table = exports.write(tmp_path, "map.tsv", *lines)
    with pytest.raises(CohortError, match=said):
        import_files([exports.qiime2_table(tmp_path)], mine, ids=table)
    assert not mine.exists()


def test_two_samples_of_one_participant_are_named_with_the_way_out(tmp_path, mine):
    path = tmp_path / "t.biom"
    path.write_bytes(exports.make_biom(samples=("p1.a", "p1.b", "p2.a")))
    with pytest.raises(CohortError, match=r"'p1' \(p1.a, p1.b\)") as caught:
        import_files([path], mine, strip=r"\.[ab]$")
    assert "--visit" in caught.value.problems[0].fix
    assert "--ids" in caught.value.problems[0].fix


def test_a_pattern_that_is_none_is_a_sentence():
    with pytest.raises(CohortError, match="no pattern"):
        read_id_rules(None, "(")


def test_samples_of_nobody_are_refused(tmp_path, mine):
    list_people(mine, "anna", "bert", "carl")
    before = snapshot(mine)
    with pytest.raises(CohortError, match=r"spelled otherwise than in participants\.tsv"):
        import_files([exports.qiime2_table(tmp_path)], mine)
    assert snapshot(mine) == before


# Writing


def test_numbers_are_written_so_that_they_come_back(tmp_path):
    rng = np.random.default_rng(1)
    values = np.concatenate(
        [rng.standard_normal(200) * 10.0 ** rng.integers(-12, 12, 200), [0.1, 1e300, 3.0, np.nan, 2**60]]
    )
    table = pd.DataFrame({"a": values}, index=pd.Index([f"s{n}" for n in range(len(values))], name="participant_id"))
    path = tmp_path / "t.tsv"
    path.write_text(format_table(table))
    pd.testing.assert_frame_equal(read_table(path), table)


def test_existing_files_are_told_together_and_not_touched(tmp_path, mine):
    import_files(exports.qiime2_artifacts(tmp_path), mine)
    before = snapshot(mine)
    with pytest.raises(CohortError, match="nothing was changed") as caught:
        import_files(exports.qiime2_artifacts(tmp_path), mine)
    assert {problem.file for problem in caught.value.problems} == {
        TAXA,
        "microbiome/taxonomy.tsv",
        "microbiome/tree.nwk",
    }
    assert snapshot(mine) == before


@pytest.mark.parametrize("other", ["taxa.biom", "taxa.parquet", "taxa.tsv.gz"])
def test_a_block_in_another_form_counts_as_there(other, tmp_path, mine):
    exports.write(mine, f"microbiome/{other}", "x")
    with pytest.raises(CohortError, match=f"microbiome/{other}"):
        import_files([exports.qiime2_table(tmp_path)], mine)


def test_an_empty_template_says_to_remove_it(tmp_path, mine):
    exports.write(mine, "participants.tsv", "participant_id\tage")
    with pytest.raises(CohortError, match="a header only: remove it"):
        import_files([exports.metadata(tmp_path)], mine)


def test_nothing_stays_when_writing_fails(tmp_path, mine, monkeypatch):
    def fail(folder, lines):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("helpers.importers.into_cohort.append_sources", fail)
    with pytest.raises(OSError, match="No space"):
        import_files(exports.qiime2_artifacts(tmp_path), mine)
    assert not mine.exists()


def test_a_dry_run_writes_nothing(tmp_path, mine):
    report = import_files(exports.qiime2_artifacts(tmp_path), mine, dry_run=True)
    assert str(report.targets[0]) == f"{TAXA} (3 × 3)"
    assert "Would write into mine:" in describe_report(report, "mine")
    assert not mine.exists()


def test_places_outside_the_folder_are_refused():
    table = pd.DataFrame({"a": [1]}, index=pd.Index(["s"], name="participant_id"))
    for file in ("../x.tsv", "/x.tsv", "blocks/../../x.tsv"):
        assert "outside the folder" in check_contents({file: table})[0].found
    wide = pd.DataFrame(np.zeros((1, MOST_COLUMNS + 1)), index=pd.Index(["s"], name="participant_id"))
    assert "200,001 columns" in check_contents({TAXA: wide})[0].found


def test_participants_of_several_programs_are_joined():
    def people(**columns):
        return pd.DataFrame(columns, index=pd.Index(["p1", "p2"], name="participant_id"))

    merged, problems = merge_contents(
        [{"participants.tsv": people(age=[30, 40])}, {"participants.tsv": people(age=[30, 40], sex=["F", "M"])}]
    )
    assert problems == []
    assert merged["participants.tsv"].to_dict("list") == {"age": [30, 40], "sex": ["F", "M"]}
    _, problems = merge_contents(
        [{"participants.tsv": people(age=[30, 40])}, {"participants.tsv": people(age=[30, 41])}]
    )
    assert problems[0].found == "two values of 'age' for 1 participant"
    _, problems = merge_contents([{TAXA: people(a=[1, 2])}, {TAXA: people(b=[1, 2])}])
    assert problems[0].found == "two files that become it"


# Sources


def test_sources_tell_what_came_from_where(tmp_path, mine):
    table = exports.qiime2_table(tmp_path)
    import_files([table], mine, strip="^x")
    import_files([exports.exported_taxonomy(tmp_path)], mine)
    first, second = read_sources(mine)
    assert (first.file, first.source, first.format, first.program) == (TAXA, "table.qza", "qiime2", "QIIME 2")
    assert first.sha256 == hashlib.sha256(table.read_bytes()).hexdigest()
    assert (first.rows, first.columns, first.options) == ("3", "3", "strip=^x")
    assert second.file == "microbiome/taxonomy.tsv"
    import_files(exports.qiime2_artifacts(tmp_path), mine / "all")
    assert [(line.file, line.source) for line in read_sources(mine / "all")] == [
        (TAXA, "table.qza"),
        ("microbiome/taxonomy.tsv", "taxonomy.qza"),
        ("microbiome/tree.nwk", "rooted-tree.qza"),
    ]
    assert str(tmp_path) not in (mine / "sources.tsv").read_text()
    assert not any(problem.file == "sources.tsv" for problem in inspect_cohort(mine)[1])


def test_edited_sources_are_no_trouble(tmp_path):
    (tmp_path / "sources.tsv").write_text("nonsense\n1\n")
    assert read_sources(tmp_path) == []
    (tmp_path / "sources.tsv").write_bytes(b"\xff\xfe\x00")
    assert read_sources(tmp_path) == []


def test_the_page_tells_origins_without_persons(tmp_path, mine):
    list_people(mine, "s1", "s2")
    path = tmp_path / "s1.biom"
    path.write_bytes(exports.make_biom())
    import_files([path], mine)
    page = write_origin(read_sources(mine), ["s1", "s2"])
    assert "## Where the data came from" in page
    assert "`microbiome/taxa.tsv`\n  - 3\n" in page
    assert "s1" not in page
    assert "samples: <5 (participants.tsv does not list them)" in page.replace("\\", "")
    assert write_origin([], []) == ""
    assert page.count("* - ") == 2
    assert len(COLUMNS) == 10


# Commands


def test_import_says_what_it_does(tmp_path, mine):
    done = run_command("import", exports.metaphlan_merged(tmp_path), "--into", mine, "--rank", "phylum", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "MetaPhlAn 3 and 4, a merged table of MetaPhlAn: merged.txt" in done.stdout
    assert "microbiome/taxa.tsv (2 × 2)" in done.stdout
    assert "scale:\n    taxa: percent" in done.stdout
    assert read_table(mine / TAXA).loc["S1"].to_dict() == {"Firmicutes": 50, "Bacteroidota": 30}
    again = run_command("import", exports.metaphlan_merged(tmp_path), "--into", mine, cwd=tmp_path)
    assert again.returncode == 2
    assert "Traceback" not in again.stderr


def test_import_lists_formats_and_asks_for_what_it_needs(tmp_path):
    assert "metaphlan: MetaPhlAn 3 and 4" in run_command("import", "--list").stdout
    assert "Give files and a folder" in run_command("import", "x").stderr
    absent = run_command("import", "x", "--into", tmp_path, "--ids", tmp_path / "no.tsv")
    assert "no such file (no.tsv)" in absent.stderr


def test_new_from_exports_proposes_settings(tmp_path):
    source = tmp_path / "exports"
    source.mkdir()
    exports.qiime2_artifacts(source)
    exports.write(
        source,
        "meta.tsv",
        "#SampleID\tSex\tage\tsite\tarm",
        "s1\tF\t30\ta\tcase",
        "s2\tM\t31\tb\tctl",
        "s3\tF\t32\ta\tctl",
    )
    done = run_command("new", "mine", "--from", "exports", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "mine" / "cohort.yml").read_text()
    assert "# covariates: [sex, age]" in text
    assert "# batch: site" in text
    assert "# outcome: {column: arm, high: [case], low: [ctl]}" in text
    assert yaml.safe_load(text)["kind"] == "real"
    assert "cohort.yml has" in done.stdout
    filled = text.replace("# outcome: {column: arm", "outcome: {column: arm")
    assert yaml.safe_load(filled)["outcome"] == {"column": "arm", "high": ["case"], "low": ["ctl"]}
    assert run_command("new", "mine", "--from", "exports", cwd=tmp_path).returncode == 2


def test_a_cohort_from_exports_passes_the_check(tmp_path, mine):
    rng = np.random.default_rng(3)
    people = [f"p{n:02d}" for n in range(24)]
    sequences = ["".join(rng.choice(list("ACGT"), 120)) for _ in range(12)]
    counts = rng.poisson(400, (24, 12))
    rows = [",".join([name, *map(str, row)]) for name, row in zip(people, counts, strict=True)]
    exports.write(tmp_path, "in/seqtab.csv", ",".join(["", *sequences]), *rows)
    lineages = [f"{s},Bacteria,Bacillota,Clostridia,Oscillospirales,F{n % 3},G{n}" for n, s in enumerate(sequences)]
    exports.write(tmp_path, "in/taxa.csv", ",Kingdom,Phylum,Class,Order,Family,Genus", *lineages)
    about = [f"{name}\t{30 + n}\t{'FM'[n % 2]}\t{('case', 'control')[n // 12]}" for n, name in enumerate(people)]
    exports.write(tmp_path, "in/meta.tsv", "#SampleID\tage\tsex\tarm", *about)
    start_cohort([tmp_path / "in"], mine)
    settings = (mine / "cohort.yml").read_text().replace("# outcome: {column: arm", "outcome: {column: arm")
    (mine / "cohort.yml").write_text(settings.replace("# covariates", "covariates"))
    cohort, problems = inspect_cohort(mine)
    assert [problem for problem in problems if problem.severity == "error"] == []
    assert (cohort.block("taxa").to_numpy() == counts).all()
    assert cohort.features["taxa"]["sequence"].tolist() == sequences
    assert cohort.settings.covariates == ("age", "sex")


def test_a_cohort_without_participants_gets_their_ids(tmp_path, mine):
    start_cohort([exports.metaphlan_merged(tmp_path)], mine)
    assert (mine / "participants.tsv").read_text() == "participant_id\nS1\nS2\n"
    assert yaml.safe_load((mine / "cohort.yml").read_text())["scale"] == {"taxa": "percent"}


def test_check_says_which_program_wrote_a_file(tmp_path, mine):
    list_people(mine, "s1", "s2", "s3")
    exports.qiime2_table(mine)
    (mine / "exports").mkdir()
    exports.mothur_shared(mine / "exports")
    exports.biom_text(mine).rename(mine / "microbiome_taxa")
    (mine / "microbiome").mkdir()
    (mine / "microbiome_taxa").rename(mine / TAXA)
    _, problems = inspect_cohort(mine, recognise=make_recogniser(mine, "mine"))
    told = {problem.file: problem for problem in problems if problem.severity == "warning"}
    assert told["table.qza"].fix == "import it: resilience-book import mine/table.qza --into mine"
    assert told["exports"].found == "a folder with 1 file of mothur"
    assert told["exports"].fix == "import it: resilience-book import mine/exports --into mine"
    hints = hint_at_exports(mine, "mine", problems)
    assert [hint.file for hint in hints] == [TAXA]
    assert hints[0].fix == "move it out of the folder, then: resilience-book import taxa.tsv --into mine"
    said = run_command("check", "mine", cwd=tmp_path)
    assert "resilience-book import mine/table.qza --into mine" in said.stdout


def test_help_loads_no_reader():
    code = "import sys, helpers.cli; print([m for m in sys.modules if m.split('.')[0] in ('biom', 'h5py')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_lists_the_formats_of_the_registry():
    assert PAGE.read_text(encoding="utf-8") == write_page(), "run: make formats"
    assert write_formats().count("\n") == len(list_formats()) + 1
