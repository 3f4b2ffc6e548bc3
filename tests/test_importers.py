"""Tables of other programs become tables of a cohort folder, by id."""

import biom
import numpy as np
import pandas as pd
import pytest

from helpers.importers import import_freesurfer, import_qiime2, split_lineage
from helpers.problems import CohortError
from helpers.tables import read_table


@pytest.fixture
def export(tmp_path):
    counts = np.array([[5, 0, 2], [1, 7, 0]])
    table = biom.Table(counts, ["f1", "f2"], ["s1", "s2", "s3"])
    (tmp_path / "feature-table.biom").write_text(table.to_json("test"))
    (tmp_path / "taxonomy.tsv").write_text(
        "Feature ID\tTaxon\tConfidence\nf2\td__Bacteria; p__Bacillota; c__Clostridia; o__; f__; g__\t0.9\n"
        "f1\tk__Bacteria; p__Bacteroidota; c__B; o__O; f__F; g__Prevotella; s__x\t0.8\n"
    )
    return tmp_path / "feature-table.biom", tmp_path / "taxonomy.tsv"


def test_qiime2_counts_and_ranks_meet_by_feature(export, tmp_path):
    imported = import_qiime2(*export, ids={"s1": "sub-1", "s3": "sub-3"})
    imported.write(tmp_path / "mine")
    taxa, taxonomy = (
        read_table(tmp_path / "mine" / file) for file in ("microbiome/taxa.tsv", "microbiome/taxonomy.tsv")
    )
    assert taxa.to_dict("index") == {"sub-1": {"f1": 5, "f2": 1}, "sub-3": {"f1": 2, "f2": 0}}
    assert taxonomy.loc["f1", ["domain", "genus"]].tolist() == ["Bacteria", "Prevotella"]
    assert taxonomy.loc["f2", "class"] == "Clostridia"
    assert pd.isna(taxonomy.loc["f2", "genus"])


def test_existing_files_are_not_touched(export, tmp_path):
    imported = import_qiime2(*export)
    first = imported.write(tmp_path / "mine")
    before = first[0].read_bytes()
    with pytest.raises(CohortError, match="nothing was changed"):
        imported.write(tmp_path / "mine")
    assert first[0].read_bytes() == before


def test_two_samples_of_one_person_are_refused(export):
    with pytest.raises(CohortError, match="one sample per participant"):
        import_qiime2(*export, ids={"s1": "sub-1", "s2": "sub-1"})


def test_features_without_taxonomy_are_counted(export):
    export[1].write_text("Feature ID\tTaxon\nf1\td__Bacteria\n")
    with pytest.raises(CohortError, match="no line for 1 features"):
        import_qiime2(*export)


@pytest.mark.parametrize("broken", [0, 1])
def test_unreadable_exports_are_sentences(export, broken):
    export[broken].write_bytes(b"\x00\x01")
    with pytest.raises(CohortError, match="found"):
        import_qiime2(*export)


def test_freesurfer_volumes_get_their_names(tmp_path):
    path = tmp_path / "aseg.tsv"
    path.write_text(
        "Measure:volume\tLeft-Amygdala\tEstimatedTotalIntraCranialVol\n007\t1500.5\t1400000\n008\t1600\t1500000\n"
    )
    volumes = import_freesurfer(path, ids={"007": "sub-007"}).tables["brain/volumes.tsv"]
    assert volumes.loc["sub-007"].to_dict() == {"Left-Amygdala": 1500.5, "icv": 1400000}
    assert len(volumes) == 1


def test_freesurfer_thickness_is_refused(tmp_path):
    path = tmp_path / "aparc.tsv"
    path.write_text("lh.aparc.thickness\tlh_insula_thickness\ns1\t2.5\n")
    with pytest.raises(CohortError, match="--meas volume"):
        import_freesurfer(path)


def test_lineage_without_prefixes_is_blank():
    assert set(split_lineage("Unassigned").values()) == {None}
