"""Tables in and out; blocks that meet by id."""

import numpy as np
import pandas as pd
import pytest

from helpers.problems import MissingResult
from helpers.tables import align_blocks, read_result, read_table, write_atomically, write_result


def frame(ids, name="x"):
    return pd.DataFrame({name: range(len(ids))}, index=pd.Index(ids, name="participant_id"))


def test_result_comes_back_as_written(tmp_path):
    table = pd.DataFrame({"d": [0.123456789, np.nan], "name": ["a", "b"]}, index=pd.Index(["01", "02"], name="feature"))
    write_result(table, tmp_path, "03_brain", "edges")
    pd.testing.assert_frame_equal(read_result(tmp_path, "03_brain", "edges"), table, check_dtype=False)


def test_missing_result_names_the_chapter_to_run(tmp_path):
    with pytest.raises(MissingResult, match=r"chapter 01_cohort is not in .*--only 01_cohort"):
        read_result(tmp_path, "01_cohort", "groups")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "table.tsv"
    target.write_text("old")
    with pytest.raises(TypeError):
        write_atomically(target, 3)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["t.tsv", "t.tsv.gz", "t.parquet"])
def test_formats_read_alike(tmp_path, name):
    table = frame(["sub-01", "sub-02"])
    if name.endswith("parquet"):
        table.to_parquet(tmp_path / name)
    else:
        table.to_csv(tmp_path / name, sep="\t")
    pd.testing.assert_frame_equal(read_table(tmp_path / name), table, check_dtype=False, check_index_type=False)


def test_blocks_meet_by_id_whatever_their_order():
    a, b = frame(["s1", "s2", "s3"]), frame(["s3", "s1", "s9"])
    aligned = align_blocks({"a": a, "b": b}, at_least=2)
    assert list(aligned.ids) == ["s1", "s3"]
    assert aligned.blocks["b"]["x"].tolist() == [1, 0]
    assert aligned.absent.loc["s9"].tolist() == [True, False]


def test_too_few_shared_people_are_refused_with_sizes():
    with pytest.raises(ValueError, match=r"Only 0 participants in every block \(a: 2, b: 2\); at least 10 are needed"):
        align_blocks({"a": frame(["s1", "s2"]), "b": frame(["t1", "t2"])})


def test_an_id_twice_is_named():
    with pytest.raises(ValueError, match="Block a lists 1 participant more than once: s1"):
        align_blocks({"a": frame(["s1", "s1"]), "b": frame(["s1"])}, at_least=1)
