"""Open data: verified files, and folders that say exactly what the originals say."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from helpers.cli import REGISTRY
from helpers.open_data import (
    OpenDataAltered,
    OpenDataError,
    OpenDataUnavailable,
    fetch_dataset,
    fetch_files,
    list_datasets,
    load_registry,
    read_cards,
)
from helpers.open_data.kang import arrange_kang
from helpers.open_data.kim import arrange_kim
from helpers.problems import CohortError

UNREACHABLE = "http://127.0.0.1:9"
SMALL = {
    "owner/rsa/rsa.rda": b"answers\n" * 40,
    "owner/gbm/GBMs.v1.0.txt": b"MGB001\tSerotonin\nK00001,K00002\tCOG0001\nK00003\n///\n",
    "owner/gbm/GBMs.v1.0.names": b"MGB001\tSerotonin\n",
}


def write_registry(folder, contents=SMALL, address=UNREACHABLE):
    """Write a registry of small files; the data set is the second part of each path."""
    rows = [
        {
            "dataset": path.split("/")[1],
            "path": path,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "url": f"{address}/{path}",
            "licence": "MIT",
            "citation": "Nobody (2000)",
        }
        for path, content in contents.items()
    ]
    pd.DataFrame(rows).to_csv(folder / "registry.tsv", sep="\t", index=False)
    return folder / "registry.tsv"


@pytest.fixture
def registry(tmp_path):
    return load_registry(write_registry(tmp_path))


@pytest.fixture
def small_mirror(tmp_path):
    for path, content in SMALL.items():
        target = tmp_path / "mirror" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return tmp_path / "mirror"


@pytest.fixture
def server(small_mirror, monkeypatch):
    """Serve the small mirror over HTTP on this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=small_mirror)) as running:
        threading.Thread(target=running.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(scope="module")
def kim_files(fetch_original):
    return fetch_original("kim_adenomas_2020")


@pytest.fixture(scope="module")
def kim(fetched):
    return fetched("kim_adenomas_2020")


def read_text(path):
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, index_col=0)


def list_contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- the registry ---------------------------------------------------------------------------------


def test_registry_lists_27_files_of_known_data_sets():
    """27 files, 17 MB: the plan of the book, section Open data."""
    table = load_registry(REGISTRY)
    assert len(table) == 27
    assert set(table["dataset"]) == set(read_cards())
    assert round(table["bytes"].sum() / 1e6) == 17
    pinned = table["url"].str.contains(r"/[0-9a-f]{40}/")
    assert pinned.all(), table["url"][~pinned].tolist()
    repository = table["path"].str.split("/").str[:2].str.join("/")
    assert all(part in url for part, url in zip(repository, table["url"], strict=True))


def test_registry_faults_are_told_together_with_their_lines(tmp_path):
    path = write_registry(tmp_path)
    table = pd.read_csv(path, sep="\t", dtype=str)
    table.loc[0, ["path", "sha256"]] = ["../rsa.rda", "abc"]
    table.loc[1, "bytes"] = "-5"
    table.to_csv(path, sep="\t", index=False)
    with pytest.raises(CohortError) as caught:
        load_registry(path)
    assert {(p.line, p.column) for p in caught.value.problems} == {(2, "path"), (2, "sha256"), (3, "bytes")}


def test_registry_without_a_column_is_refused_by_its_name(tmp_path):
    path = write_registry(tmp_path)
    pd.read_csv(path, sep="\t").drop(columns="licence").to_csv(path, sep="\t", index=False)
    with pytest.raises(CohortError, match="no column licence"):
        load_registry(path)


def test_two_files_of_one_name_in_a_data_set_are_refused(tmp_path):
    path = write_registry(tmp_path, {"owner/rsa/a/x.tsv": b"1", "owner/rsa/b/x.tsv": b"2"})
    with pytest.raises(CohortError, match="line 3, column path"):
        load_registry(path)


# --- files ----------------------------------------------------------------------------------------


def test_mirror_gives_the_same_bytes_and_stays_untouched(registry, small_mirror, tmp_path, capfd):
    before = list_contents(small_mirror)
    files = fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache", mirror=small_mirror)
    assert list(files) == ["rsa.rda"]
    assert files["rsa.rda"].read_bytes() == SMALL["owner/rsa/rsa.rda"]
    assert files["rsa.rda"].is_relative_to(tmp_path / "cache")
    assert list_contents(small_mirror) == before
    assert capfd.readouterr() == ("", "")


def test_address_gives_the_same_bytes_when_no_mirror_is_named(server, tmp_path):
    table = load_registry(write_registry(tmp_path, address=server))
    files = fetch_files("gbm", registry=table, cache_dir=tmp_path / "cache")
    assert files["GBMs.v1.0.txt"].read_bytes() == SMALL["owner/gbm/GBMs.v1.0.txt"]


def test_address_is_asked_when_the_mirror_lacks_the_file(server, tmp_path):
    (tmp_path / "empty").mkdir()
    table = load_registry(write_registry(tmp_path, address=server))
    files = fetch_files("rsa", registry=table, cache_dir=tmp_path / "cache", mirror=tmp_path / "empty")
    assert files["rsa.rda"].read_bytes() == SMALL["owner/rsa/rsa.rda"]


def test_cached_files_need_neither_mirror_nor_network(registry, small_mirror, tmp_path):
    first = fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache", mirror=small_mirror)
    again = fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache")
    assert again == first


@pytest.mark.parametrize(
    ("content", "said"),
    [(SMALL["owner/rsa/rsa.rda"][:100], "100 bytes, expected 320"), (b"x" * 320, "its SHA-256 differs")],
    ids=["cut short", "altered"],
)
def test_wrong_file_in_the_mirror_is_refused_by_name(registry, small_mirror, tmp_path, content, said):
    (small_mirror / "owner/rsa/rsa.rda").write_bytes(content)
    with pytest.raises(OpenDataAltered, match=r"rsa\.rda") as caught:
        fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache", mirror=small_mirror)
    assert said in str(caught.value)
    assert list_contents(tmp_path / "cache") == {}


def test_wrong_file_from_the_address_is_refused_by_name(server, small_mirror, tmp_path):
    table = load_registry(write_registry(tmp_path, address=server))
    (small_mirror / "owner/rsa/rsa.rda").write_bytes(b"<html>moved</html>")
    with pytest.raises(OpenDataAltered, match=r"rsa\.rda from http.* has 18 bytes, expected 320"):
        fetch_files("rsa", registry=table, cache_dir=tmp_path / "cache")
    assert list_contents(tmp_path / "cache") == {}


def test_bad_cached_copy_is_replaced(registry, small_mirror, tmp_path):
    cached = fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache", mirror=small_mirror)["rsa.rda"]
    cached.write_bytes(b"x" * 320)
    fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache", mirror=small_mirror)
    assert cached.read_bytes() == SMALL["owner/rsa/rsa.rda"]


def test_bad_cached_copy_is_removed_even_when_no_better_one_can_be_had(registry, small_mirror, tmp_path):
    cached = fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache", mirror=small_mirror)["rsa.rda"]
    cached.write_bytes(b"cut")
    with pytest.raises(OpenDataUnavailable):
        fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache")
    assert not cached.exists()


def test_no_mirror_and_no_network_is_one_clear_sentence(registry, tmp_path):
    with pytest.raises(OpenDataUnavailable) as caught:
        fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache")
    said = str(caught.value)
    assert said.startswith("owner/rsa/rsa.rda of rsa cannot be had: it is not in the cache, no mirror folder")
    assert said.endswith("(RESILIENCE_BOOK_MIRROR).")
    assert said.count(". ") == 0


def test_address_that_answers_not_found_is_unavailable(server, small_mirror, tmp_path):
    table = load_registry(write_registry(tmp_path, address=server))
    (small_mirror / "owner/rsa/rsa.rda").unlink()
    with pytest.raises(OpenDataUnavailable, match="HTTPError"):
        fetch_files("rsa", registry=table, cache_dir=tmp_path / "cache")


def test_mirror_that_does_not_exist_is_named(registry, tmp_path):
    with pytest.raises(OpenDataUnavailable, match="nowhere does not exist"):
        fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache", mirror=tmp_path / "nowhere")


def test_cache_inside_the_mirror_is_refused(registry, small_mirror):
    with pytest.raises(OpenDataError, match="only read"):
        fetch_files("rsa", registry=registry, cache_dir=small_mirror / "cache", mirror=small_mirror)


def test_cache_that_cannot_be_a_folder_is_named(registry, small_mirror, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OpenDataUnavailable, match="cannot be copied into the cache"):
        fetch_files("rsa", registry=registry, cache_dir=tmp_path / "cache", mirror=small_mirror)


def test_unknown_data_set_is_answered_with_the_nearest_name(registry, tmp_path):
    with pytest.raises(OpenDataError, match=r"'rsaa'\. Did you mean rsa\? Known: gbm, rsa"):
        fetch_files("rsaa", registry=registry, cache_dir=tmp_path)
    with pytest.raises(OpenDataError, match="Did you mean kim_adenomas_2020"):
        fetch_dataset("KIM", tmp_path / "kim", registry_path=REGISTRY, cache_dir=tmp_path)


# --- folders --------------------------------------------------------------------------------------


def fetch_gbm(folder, small_mirror, **choices):
    places = {
        "registry_path": small_mirror.parent / "registry.tsv",
        "cache_dir": small_mirror.parent / "cache",
    }
    return fetch_dataset("gbm", folder, **places, mirror=small_mirror, **choices)


def test_folder_has_its_tables_and_its_card(registry, small_mirror, tmp_path):
    contents = list_contents(fetch_gbm(tmp_path / "gbm", small_mirror))
    assert set(contents) == {"README.md", "modules.tsv"}
    readme = contents["README.md"].decode()
    rows = registry[registry["dataset"] == "gbm"]
    assert all(text in readme for text in ["MIT", "Nobody (2000)", *rows["url"], "## Traps", "## Privacy"])


def test_folder_in_use_is_left_alone(registry, small_mirror, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(OpenDataError, match="left alone"):
            fetch_gbm(tmp_path / "mine", small_mirror, overwrite=overwrite)
    assert list_contents(tmp_path / "mine") == {"thesis.docx": b"years of work"}


def test_folder_made_earlier_is_replaced_only_when_asked(registry, small_mirror, tmp_path):
    folder = fetch_gbm(tmp_path / "gbm", small_mirror)
    fresh = list_contents(folder)
    (folder / "modules.tsv").write_text("edited")
    with pytest.raises(OpenDataError, match="already holds gbm"):
        fetch_gbm(folder, small_mirror)
    fetch_gbm(folder, small_mirror, overwrite=True)
    assert list_contents(folder) == fresh


def test_nothing_is_left_behind_when_a_file_is_refused(registry, small_mirror, tmp_path):
    (small_mirror / "owner/gbm/GBMs.v1.0.txt").write_bytes(b"cut")
    with pytest.raises(OpenDataAltered, match=r"GBMs\.v1\.0\.txt"):
        fetch_gbm(tmp_path / "out" / "gbm", small_mirror)
    assert not (tmp_path / "out").exists()


def test_list_says_what_is_at_hand(registry, small_mirror, tmp_path):
    shown = list_datasets(registry_path=tmp_path / "registry.tsv", cache_dir=tmp_path / "cache", mirror=small_mirror)
    assert list(shown.index) == list(read_cards())
    assert shown.index[shown["present"]].tolist() == ["rsa", "gbm"]
    assert shown.loc["rsa", "bytes"] == 320
    (small_mirror / "owner/rsa/rsa.rda").write_bytes(b"x" * 320)
    again = list_datasets(registry_path=tmp_path / "registry.tsv", cache_dir=tmp_path / "cache", mirror=small_mirror)
    assert not again.loc["rsa", "present"]


def test_list_of_the_real_registry_counts_people_as_published(tmp_path):
    """People per study: the papers cited in the registry; mice and modules are no people."""
    shown = list_datasets(registry_path=REGISTRY, cache_dir=tmp_path)
    expected = {"kim_adenomas_2020": 240, "mars_ibs_2020": 75, "rsa": 675, "tengeler": 0, "gbm": 0}
    assert shown["people"].reindex(list(expected)).to_dict() == expected
    assert shown.loc["kim_adenomas_2020", ["licence", "becomes"]].tolist() == ["MIT", "cohort"]
    assert shown.loc["rsa", "becomes"] == "tables"
    assert not shown["present"].any()


# --- Kim et al. 2020 ------------------------------------------------------------------------------


def write_small_kim(folder, count="5", value="-0.5", sample="H002"):
    """Write tables shaped like Kim's: two people, in different orders, three genera, two metabolites."""
    tables = {
        "metadata.tsv": "Sample\tStudy.Group\tAge\tGender\tRace\tChem ID / Smoking history\n"
        "H002\tControl\t70+\tMale\tWhite\tMissing\nA001\tAdenoma\t60-69\tFemale\tBlack\tSmoke\n",
        "genera.counts.tsv": "Sample\td__Bacteria;p__Firm;c__Clos;o__Lach;f__Lachno;g__Blautia\t"
        f"d__Bacteria;p__Firm;c__Clos;o__Lach;f__;g__\tUnclassified\n{sample}\t{count}\t0\t1\nA001\t7\t2\t0\n",
        "mtb.tsv": f"Sample\talanine\tserine*\nA001\t0.25\t1\nH002\t{value}\t0\n",
        "mtb.map.tsv": "Compound\tSuperpathway\tSubpathway\tChem.ID\tHMDB\tKEGG\n"
        "serine*\tAmino Acid\tGlycine\tSERINE\tNA\tNA\n"
        "alanine\tAmino Acid\tAlanine\tX_ALA-1\tHMDB0000161\tC00041\n",
    }
    for name, text in tables.items():
        (folder / name).write_text(text)
    return {name: folder / name for name in tables}


def test_people_and_values_meet_by_id_not_by_position(tmp_path):
    tables = arrange_kim(write_small_kim(tmp_path))
    people = tables["participants.tsv"]
    assert people.index.tolist() == ["sub-A001", "sub-H002"]
    assert people.loc["sub-H002"].tolist() == ["Control", "M", "70+", "White", "n/a"]
    assert tables["microbiome/taxa.tsv"].loc["sub-H002"].tolist() == ["5", "0", "1"]
    metabolites = tables["metabolites/metabolites.tsv"]
    assert metabolites.loc["sub-H002", ["x_ala_1", "serine"]].tolist() == ["-0.5", "0"]
    features = tables["metabolites/features.tsv"]
    assert features.loc["serine"].tolist() == ["serine*", "n/a", "n/a", "Amino Acid", "Glycine", "log"]


def test_blank_ranks_become_missing_and_unclassified_is_kept(tmp_path):
    taxonomy = arrange_kim(write_small_kim(tmp_path))["microbiome/taxonomy.tsv"]
    assert taxonomy.loc["genus_1"].tolist() == ["Bacteria", "Firm", "Clos", "Lach", "Lachno", "Blautia"]
    assert taxonomy.loc["genus_2", ["order", "family", "genus"]].tolist() == ["Lach", "n/a", "n/a"]
    assert set(taxonomy.loc["genus_3"]) == {"n/a"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"count": "5.5"}, r"not whole numbers in 1 column \(d__Bacteria"),
        ({"value": "low"}, "mtb.tsv holds values that are not finite numbers"),
        ({"value": ""}, "mtb.tsv holds values that are not finite numbers"),
        ({"sample": "H003"}, "genera.counts.tsv and metadata.tsv do not list the same samples"),
    ],
)
def test_tables_that_do_not_fit_are_refused(tmp_path, changes, said):
    with pytest.raises(OpenDataError, match=said):
        arrange_kim(write_small_kim(tmp_path, **changes))


def test_missing_table_is_named(tmp_path):
    files = write_small_kim(tmp_path)
    del files["mtb.map.tsv"]
    with pytest.raises(OpenDataError, match=r"missing: mtb\.map\.tsv"):
        arrange_kim(files)


def test_kim_has_the_published_numbers_of_people(kim):
    """Kim et al. 2020 (doi:10.1128/mBio.03186-19): 102 controls, 102 adenomas, 36 carcinomas."""
    people = read_text(kim / "participants.tsv")
    assert people["study_group"].value_counts().to_dict() == {"Control": 102, "Adenoma": 102, "Carcinoma": 36}
    assert people["sex"].value_counts().to_dict() == {"M": 144, "F": 96}
    assert set(people["age_band"]) == {"50-59", "60-69", "70+"}
    assert people["smoking"].eq("n/a").sum() == 1
    assert people.index.is_unique and people.index.str.startswith("sub-").all()


def test_kim_has_its_genera_and_metabolites_once_each(kim):
    """Kim et al. 2020: 462 metabolites, among them the two that An et al. 2024 name."""
    taxa, taxonomy = read_text(kim / "microbiome/taxa.tsv"), read_text(kim / "microbiome/taxonomy.tsv")
    metabolites, features = (
        read_text(kim / "metabolites/metabolites.tsv"),
        read_text(kim / "metabolites/features.tsv"),
    )
    assert (taxa.shape, metabolites.shape) == ((240, 499), (240, 462))
    assert taxonomy.index.tolist() == taxa.columns.tolist()
    assert features.index.tolist() == metabolites.columns.tolist()
    assert taxonomy.index.is_unique and features.index.is_unique
    assert features.index.str.fullmatch("[a-z0-9_]+").all()
    assert taxonomy.eq("n/a").all(axis=1).sum() == 1
    assert not taxonomy.apply(lambda rank: rank.str.contains("__")).to_numpy().any()
    named = features.set_index("name")["hmdb"]
    assert named["N-acetylglutamate"] == "HMDB0001138"
    assert named["dimethylglycine"] == "HMDB0000092"
    assert set(features["scale"]) == {"log"}


def test_kim_values_stand_as_in_the_originals(kim, kim_files):
    """Nothing is logged, scaled or rounded again: the text of every cell is the original's."""
    features = read_text(kim / "metabolites/features.tsv")
    ours = read_text(kim / "metabolites/metabolites.tsv").set_axis(features["name"], axis=1)
    originals = read_text(kim_files["mtb.tsv"]).rename(columns=str.strip)
    pd.testing.assert_frame_equal(ours, originals.set_axis("sub-" + originals.index).loc[ours.index], check_names=False)
    assert ours.loc["sub-H001", ["(R)-salsolinol", "1,3-dimethylurate"]].tolist() == ["-0.117", "-0.791"]
    assert ours.astype(float).lt(0).to_numpy().mean() == pytest.approx(0.52, abs=0.005)
    counts = read_text(kim_files["genera.counts.tsv"])
    taxa = read_text(kim / "microbiome/taxa.tsv")
    assert taxa.loc["sub-A001"].tolist() == counts.loc["A001"].tolist()
    assert taxa.loc["sub-H001"].tolist() == counts.loc["H001"].tolist()


@pytest.mark.parametrize("arrange", [arrange_kim, arrange_kang])
def test_order_of_lines_in_the_originals_changes_nothing(arrange, fetch_original, tmp_path):
    files = fetch_original({arrange_kim: "kim_adenomas_2020", arrange_kang: "kang_autism_2017"}[arrange])
    shuffled = {name: tmp_path / name for name in files}
    for name, path in files.items():
        head, *lines = path.read_text().splitlines()
        shuffled[name].write_text("\n".join([head, *reversed(lines)]) + "\n")
    tables, again = arrange(files), arrange(shuffled)
    frames = [name for name, table in tables.items() if isinstance(table, pd.DataFrame)]
    assert len(frames) > 4
    for name in frames:
        pd.testing.assert_frame_equal(again[name], tables[name])


@pytest.mark.parametrize("name", read_cards())
def test_every_registered_file_can_be_had_as_registered(name, fetch_original):
    registry = load_registry(REGISTRY)
    rows = registry[registry["dataset"] == name]
    wanted = {Path(row.path).name: row.sha256 for row in rows.itertuples()}
    assert {
        file: hashlib.sha256(path.read_bytes()).hexdigest() for file, path in fetch_original(name).items()
    } == wanted
