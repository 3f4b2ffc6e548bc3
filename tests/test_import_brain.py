"""Tables and matrices of brain programs become tables of a cohort folder, every value as it was.

Layouts were compared with public examples; each test names them.
"""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat
from scipy.io.matlab import MatlabObject

from helpers.contract import inspect_cohort
from helpers.importers.hints import hint_at_exports
from helpers.importers.propose import start_cohort
from helpers.problems import CohortError, Problem
from tests.importing import known_to, left, read, write

VOLUMES = (
    "Measure:volume\tLeft-Amygdala\tBrainSegVolNotVent\tEstimatedTotalIntraCranialVol\n"
    "sub-007\t1500.5\t1100000\t1400000.123456\nsub-008\t1600\t1200000\t1500000\n"
)


class TestFreeSurfer:
    """Layout as code and documentation in public repositories quote it: ``lh.aparc.thickness``, ``lh_bankssts_thickness`` …, then
    ``BrainSegVolNotVent`` and ``eTIV``; ``Measure:volume``. A whole table was not found in a public repository."""

    def test_volumes_keep_every_digit_and_the_intracranial_volume_gets_its_name(self, tmp_path):
        path = write(tmp_path / "aseg.tsv", VOLUMES)
        assert known_to(path) == ["freesurfer"]
        volumes = read("freesurfer", path).tables["brain/volumes.tsv"]
        assert volumes.loc["sub-007"].to_dict() == {
            "Left-Amygdala": 1500.5,
            "BrainSegVolNotVent": 1100000,
            "icv": 1400000.123456,
        }
        assert volumes.index.name == "participant_id"

    def test_both_hemispheres_and_aseg_are_joined_by_subject(self, tmp_path):
        left_side = "lh.aparc.volume\tlh_insula_volume\tBrainSegVolNotVent\teTIV\nsub-008\t6100\t1200000\t1500000\nsub-007\t6000\t1100000\t1400000.123456\n"
        right = left_side.replace("lh", "rh").replace("6100", "6300").replace("6000", "6200")
        paths = [
            write(tmp_path / "aseg.tsv", VOLUMES),
            write(tmp_path / "lh.tsv", left_side),
            write(tmp_path / "rh.tsv", right),
        ]
        imported = read("freesurfer", *paths)
        volumes = imported.tables["brain/volumes.tsv"]
        assert volumes.loc["sub-008", ["lh_insula_volume", "rh_insula_volume", "icv"]].tolist() == [6100, 6300, 1500000]
        assert volumes.loc["sub-007", ["lh_insula_volume", "rh_insula_volume"]].tolist() == [6000, 6200]
        assert volumes.columns.is_unique
        assert left(imported) == {"second column BrainSegVolNotVent": 2, "second column icv": 2}

    def test_thickness_and_area_become_blocks_with_units(self, tmp_path):
        thickness = "lh.aparc.thickness,lh_insula_thickness,lh_MeanThickness_thickness,BrainSegVolNotVent,eTIV\nsub-007,2.951,2.5,1100000,1400000\n"
        area = "rh.aparc.area;rh_insula_area;rh_WhiteSurfArea_area\nsub-007;2100;90000\n"
        imported = read("freesurfer", write(tmp_path / "t.csv", thickness), write(tmp_path / "a.csv", area))
        assert imported.tables["blocks/thickness.tsv"].loc["sub-007"].to_dict() == {
            "lh_insula_thickness": 2.951,
            "lh_MeanThickness_thickness": 2.5,
        }
        about = json.loads(imported.texts["blocks/thickness.json"])
        assert (about["unit"], about["modality"], about["transform"]) == ("mm", "brain", "none")
        assert about["groups"]["lh_insula_thickness"] == "left hemisphere"
        assert json.loads(imported.texts["blocks/area.json"])["unit"] == "mm²"
        assert left(imported) == {"columns of the whole head (BrainSegVolNotVent, eTIV)": 2}
        assert set(imported.tables) == {"blocks/thickness.tsv", "blocks/area.tsv"}

    def test_a_column_twice_is_kept_once_and_counted(self, tmp_path):
        text = "Measure:volume\tLeft-Amygdala\tBrainSegVolNotVent\tBrainSegVolNotVent\neTIV\t1\t2\t2\n".replace(
            "eTIV", "s1"
        )
        imported = read("freesurfer", write(tmp_path / "aseg.tsv", text))
        assert imported.tables["brain/volumes.tsv"].loc["s1"].to_dict() == {"Left-Amygdala": 1, "BrainSegVolNotVent": 2}
        assert left(imported) == {"second column BrainSegVolNotVent": 1}
        assert "no intracranial volume" in imported.notes[0]

    def test_a_column_twice_with_other_values_is_refused(self, tmp_path):
        text = "Measure:volume\tBrainSegVolNotVent\tBrainSegVolNotVent\ns1\t2\t3\n"
        with pytest.raises(CohortError, match="different values"):
            read("freesurfer", write(tmp_path / "aseg.tsv", text))

    def test_a_transposed_table_is_turned(self, tmp_path):
        text = "Measure:volume\tsub-1\tsub-2\nLeft-Amygdala\t1500.5\t1600\neTIV\t1400000\t1500000\n"
        volumes = read("freesurfer", write(tmp_path / "aseg.tsv", text)).tables["brain/volumes.tsv"]
        assert volumes.loc["sub-2"].to_dict() == {"Left-Amygdala": 1600, "icv": 1500000}

    def test_sessions_are_chosen(self, tmp_path):
        text = VOLUMES.replace("sub-007", "sub-7_ses-1").replace("sub-008", "sub-7_ses-2")
        path = write(tmp_path / "aseg.tsv", text)
        with pytest.raises(CohortError, match="choose with --visit: '1', '2'"):
            read("freesurfer", path)
        imported = read("freesurfer", path, visit="ses-2")
        assert imported.tables["brain/volumes.tsv"].loc["sub-7", "Left-Amygdala"] == 1600
        assert left(imported) == {"rows of other sessions": 1}

    @pytest.mark.parametrize(
        "text, said",
        [
            ("Measure:mean\tLeft-Amygdala\ns1\t70\n", "--meas volume, thickness or area"),
            ("lh.aparc.meancurv\tlh_insula_meancurv\ns1\t0.1\n", "--meas volume, thickness or area"),
            ("Measure:volume\tLeft-Amygdala\ns1\tbig\n", "expected a number"),
            ("Measure:volume\tLeft-Amygdala\ns1\t1\ns1\t2\n", "'s1' more than once"),
            ("Measure:volume\tLeft-Amygdala\n", "without rows"),
            ("", "an empty file"),
            ("Measure:volume\tLeft-Amygdala\ns1\t1\ns2\t1\t2\n", "3 cells where the header has 2"),
            ("Measure:volume\tLeft-Amygdala\ns1\t1\ns2\n", "1 cell where the header has 2"),
        ],
    )
    def test_damage_is_said_in_a_sentence(self, tmp_path, text, said):
        with pytest.raises(CohortError, match=said):
            read("freesurfer", write(tmp_path / "aseg.tsv", text))

    def test_tables_of_other_subjects_runs_or_atlases_are_refused(self, tmp_path):
        one = write(tmp_path / "aseg.tsv", VOLUMES)
        other = write(tmp_path / "lh.tsv", "lh.aparc.volume\tlh_insula_volume\teTIV\nsub-007\t6000\t1500000\n")
        with pytest.raises(CohortError, match="other values of 'icv'"):
            read("freesurfer", one, other)
        desikan = write(tmp_path / "d.tsv", "lh.aparc.volume\tlh_insula_volume\nsub-007\t6000\n")
        destrieux = write(tmp_path / "a.tsv", "rh.aparc.a2009s.volume\trh_x_volume\nsub-007\t6000\n")
        with pytest.raises(CohortError, match="one parcellation"):
            read("freesurfer", desikan, destrieux)


def confounds(*values):
    rows = "\n".join(f"10.5\t0.1\t{value}\t0.0\t0.9" for value in values)
    return f"csf\twhite_matter\tframewise_displacement\ttrans_x\tglobal_signal\n{rows}\n"


class TestFmriprep:
    """Layout: nilearn/nilearn, nilearn/interfaces/fmriprep/data/test-v21_desc-confounds_timeseries.tsv (first displacement ``n/a``)."""

    def test_the_first_frame_is_left_out_and_runs_are_weighted_by_frames(self, tmp_path):
        one = write(tmp_path / "sub-01_task-rest_run-1_desc-confounds_timeseries.tsv", confounds("n/a", 0.1, 0.3))
        two = write(
            tmp_path / "sub-01_task-rest_run-2_desc-confounds_regressors.tsv", confounds("n/a", 0.5, 0.5, 0.5, 0.5, 0.5)
        )
        other = write(tmp_path / "sub-02_task-rest_desc-confounds_timeseries.tsv", confounds("n/a", 0.25, 0.25))
        assert known_to(one) == known_to(two) == ["fmriprep"]
        imported = read("fmriprep", one, two, other)
        motion = imported.tables["brain/motion.tsv"]["mean_fd_mm"]
        assert motion.to_dict() == pytest.approx({"sub-01": (3 * 0.2 + 6 * 0.5) / 9, "sub-02": 0.25})
        assert left(imported) == {"other columns of confounds": 12}
        assert imported.notes == ["3 runs of 2 participants were averaged."]

    def test_names_of_version_1_0_are_read(self, tmp_path):
        text = "CSF\tFramewiseDisplacement\tX\n1\tn/a\t0\n1\t0.2\t0\n"
        path = write(tmp_path / "sub-1_task-rest_bold_confounds.tsv", text)
        assert known_to(path) == ["fmriprep"]
        assert read("fmriprep", path).tables["brain/motion.tsv"].loc["sub-1", "mean_fd_mm"] == 0.2

    def test_sessions_must_be_chosen_and_tasks_are_told(self, tmp_path):
        one = write(tmp_path / "sub-01_ses-a_task-rest_desc-confounds_timeseries.tsv", confounds("n/a", 0.1))
        two = write(tmp_path / "sub-01_ses-b_task-rest_desc-confounds_timeseries.tsv", confounds("n/a", 0.3))
        three = write(tmp_path / "sub-01_ses-b_task-nback_desc-confounds_timeseries.tsv", confounds("n/a", 0.5))
        with pytest.raises(CohortError, match="2 sessions and none chosen"):
            read("fmriprep", one, two)
        imported = read("fmriprep", one, two, three, visit="b")
        assert imported.tables["brain/motion.tsv"].loc["sub-01", "mean_fd_mm"] == pytest.approx(0.4)
        assert left(imported)["files of other sessions"] == 1
        assert any("2 tasks (nback, rest)" in note for note in imported.notes)

    @pytest.mark.parametrize(
        "name, text, said",
        [
            ("confounds.tsv", confounds("n/a", 0.1), "without sub-"),
            ("sub-1_x.tsv", confounds("n/a"), "no value of framewise_displacement"),
            ("sub-1_x.tsv", confounds("n/a", -1), "below 0"),
            ("sub-1_x.tsv", confounds("n/a", "moved"), "expected a number"),
            ("sub-1_x.tsv", "csf\ttrans_x\n1\t2\n", "no column framewise_displacement"),
        ],
    )
    def test_damage_is_said_in_a_sentence(self, tmp_path, name, text, said):
        with pytest.raises(CohortError, match=said):
            read("fmriprep", write(tmp_path / name, text))

    def test_the_same_run_twice_is_refused(self, tmp_path):
        name = "sub-1_task-rest_desc-confounds_timeseries.tsv"
        one, two = (write(tmp_path / folder / name, confounds("n/a", 0.1)) for folder in "ab")
        with pytest.raises(CohortError, match="two files of this name"):
            read("fmriprep", one, two)


class TestMriqc:
    """Layout from MRIQC's documentation of its group table (``bids_name``, ``aor``, ``fd_mean``, ``size_t`` …); scripts in public
    repositories read these names, a whole table was not found."""

    def test_runs_are_weighted_by_their_frames(self, tmp_path):
        path = write(
            tmp_path / "group_bold.tsv",
            "bids_name\taor\tfd_mean\tsize_t\nsub-01_task-rest_run-1_bold\t0.1\t0.1\t100\n"
            "sub-01_task-rest_run-2_bold\t0.1\t0.4\t200\nsub-02_task-rest_bold\t0.1\tn/a\t200\nsub-03_task-rest_bold\t0\t0.2\t5\n",
        )
        assert known_to(path) == ["mriqc"]
        imported = read("mriqc", path)
        assert imported.tables["brain/motion.tsv"]["mean_fd_mm"].to_dict() == pytest.approx(
            {"sub-01": 0.3, "sub-03": 0.2}
        )
        assert left(imported) == {"runs without displacement": 1, "other columns of quality": 2}

    def test_a_run_twice_is_refused(self, tmp_path):
        path = write(tmp_path / "group_bold.tsv", "bids_name\tfd_mean\nsub-01_bold\t0.1\nsub-01_bold\t0.1\n")
        with pytest.raises(CohortError, match="more than once"):
            read("mriqc", path)


def relmat(values, names=("LH_Vis_1", "LH_Vis_2", "RH_Lim_1"), corner="Node"):
    table = pd.DataFrame(values, index=list(names), columns=list(names)).rename_axis(corner)
    return table.to_csv(sep="\t", na_rep="n/a")


R = [[1, 0.25, -0.1], [0.25, 1, 0.333333333333], [-0.1, 0.333333333333, 1]]
STEM = "task-rest_space-MNI152NLin2009cAsym_seg-4S156Parcels"


class TestXcpd:
    """Layout from PennLINC/xcp_d's documentation of outputs; atlas table: PennLINC/xcp_d, xcp_d/data/atlases/atlas-Gordon_dseg.tsv.
    No matrix of XCP-D was found in a public repository, code that reads one was (first column ``Node``)."""

    def test_a_matrix_is_kept_value_by_value(self, tmp_path):
        values = np.array(R)
        values[2, :] = values[:, 2] = np.nan
        for n, name in enumerate(["stat", "measure"]):
            path = write(tmp_path / f"sub-0{n}_{STEM}_{name}-pearsoncorrelation_relmat.tsv", relmat(values))
            assert known_to(path) == ["xcpd"]
            imported = read("xcpd", path)
            matrix = imported.tables[f"brain/connectivity/sub-0{n}.tsv"]
            np.testing.assert_array_equal(matrix.to_numpy(), values)
            assert list(matrix.index) == list(matrix.columns) == ["LH_Vis_1", "LH_Vis_2", "RH_Lim_1"]
            assert any("nodes.tsv" in note for note in imported.notes)

    def test_runs_are_averaged_on_fisher_z(self, tmp_path):
        other = np.where(np.eye(3, dtype=bool), 1, 0.5)
        other[0, 2] = other[2, 0] = np.nan
        name = f"sub-01_{STEM.replace('task-rest', 'task-rest_run-RUN')}_stat-pearsoncorrelation_relmat.tsv"
        paths = [write(tmp_path / name.replace("RUN", str(n)), relmat(v)) for n, v in enumerate([R, other], start=1)]
        matrix = read("xcpd", *paths).tables["brain/connectivity/sub-01.tsv"].to_numpy()
        assert matrix[0, 1] == pytest.approx(np.tanh((np.arctanh(0.25) + np.arctanh(0.5)) / 2))
        assert matrix[0, 2] == pytest.approx(-0.1)
        assert np.diag(matrix).tolist() == [1, 1, 1]
        whole = write(tmp_path / f"sub-01_{STEM}_stat-pearsoncorrelation_relmat.tsv", relmat(R))
        imported = read("xcpd", *paths, whole)
        np.testing.assert_array_equal(imported.tables["brain/connectivity/sub-01.tsv"].to_numpy(), R)
        assert left(imported) == {"matrices of single runs": 2}

    def test_time_series_become_pearsons_r_where_no_matrix_is(self, tmp_path):
        series = pd.DataFrame({"a": [1.0, 2, 3, 5], "b": [2.0, 1, 4, 4], "c": [np.nan] * 4})
        text = series.to_csv(sep="\t", index=False, na_rep="n/a")
        paths = [write(tmp_path / f"sub-0{n}_{STEM}_timeseries.tsv", text) for n in (1, 2)]
        matrix = write(tmp_path / f"sub-02_{STEM}_stat-pearsoncorrelation_relmat.tsv", relmat(R, "abc"))
        assert known_to(paths[0]) == ["xcpd"]
        imported = read("xcpd", *paths, matrix)
        made = imported.tables["brain/connectivity/sub-01.tsv"]
        assert made.loc["a", "b"] == pytest.approx(np.corrcoef(series["a"], series["b"])[0, 1])
        assert made.loc["c"].isna().all()
        np.testing.assert_array_equal(imported.tables["brain/connectivity/sub-02.tsv"].to_numpy(), R)
        assert left(imported) == {"files of time series": 1}

    def test_motion_and_an_atlas_with_coordinates(self, tmp_path):
        text = "trans_x\ttrans_y\trmsd\tframewise_displacement\n0\t0\t0\t0.0\n0\t0\t0\t0.2\n0\t0\t0\t0.4\n"
        motion = write(tmp_path / "sub-01_task-rest_motion.tsv", text)
        atlas = write(
            tmp_path / "atlas-Own_dseg.tsv", "index\tlabel\tnetwork_label\tx\ty\tz\n1\tL_Vis\tVisual\t-10.5\t-90\t3\n"
        )
        assert known_to(motion) == known_to(atlas) == ["xcpd"]
        imported = read("xcpd", motion, atlas)
        assert imported.tables["brain/motion.tsv"].loc["sub-01", "mean_fd_mm"] == pytest.approx(0.3)
        assert imported.tables["brain/nodes.tsv"].loc["L_Vis"].tolist() == ["Visual", -10.5, -90, 3]

    def test_an_atlas_without_coordinates_is_told(self, tmp_path):
        text = "index\tlabel\tcifti_label\tnetwork_label\n1\tL_Default_1\tParcel_1\tDefault\n2\tL_SMhand_1\tParcel_2\tSMhand\n"
        imported = read("xcpd", write(tmp_path / "atlas-Gordon_dseg.tsv", text))
        assert not imported.tables
        assert list(left(imported).values()) == [2]
        assert "network_label can serve as network" in imported.notes[0]

    @pytest.mark.parametrize(
        "change, said",
        [
            (lambda text: text.replace("0.25", "1.25"), "Fisher's z"),
            (lambda text: text.replace("0.25", "0.35", 1), "halves"),
            (lambda text: text.replace("\nLH_Vis_2", "\nLH_Vis_9"), "same nodes"),
            (lambda text: text.replace("0.25", "high"), "expected a number"),
        ],
    )
    def test_damaged_matrices_are_refused(self, tmp_path, change, said):
        path = write(tmp_path / f"sub-01_{STEM}_stat-pearsoncorrelation_relmat.tsv", change(relmat(R)))
        with pytest.raises(CohortError, match=said):
            read("xcpd", path)

    def test_two_atlases_or_another_statistic_are_refused(self, tmp_path):
        one = write(tmp_path / f"sub-01_{STEM}_stat-pearsoncorrelation_relmat.tsv", relmat(R))
        two = write(
            tmp_path / f"sub-01_{STEM.replace('4S156Parcels', 'Gordon')}_stat-pearsoncorrelation_relmat.tsv", relmat(R)
        )
        with pytest.raises(CohortError, match=r"2 kinds of seg- \(4S156Parcels, Gordon\)"):
            read("xcpd", one, two)
        with pytest.raises(CohortError, match="stat-pearsoncorrelation"):
            read("xcpd", write(tmp_path / f"sub-01_{STEM}_stat-partial_relmat.tsv", relmat(R)))
        odd = write(tmp_path / f"sub-02_{STEM}_stat-pearsoncorrelation_relmat.tsv", relmat(R, "abc"))
        with pytest.raises(CohortError, match="other nodes than in the first file"):
            read("xcpd", one, odd)


def write_conn(path, z, names, targets=None, **more):
    cells = lambda texts: np.array([[text] for text in texts], dtype=object).T  # noqa: E731
    savemat(path, {"Z": z, "names": cells(names), "names2": cells(targets or names), "xyz": np.zeros((1, 2)), **more})
    return path


class TestConn:
    """Layout as code in public repositories reads it (``Z``, ``names``, ``names2``, ``xyz``; ``Z`` is Fisher's z with extra target columns);
    no such file was found in a public repository."""

    Z = np.array([[np.nan, 0.5, -0.2, 0.9], [0.5, np.nan, 1.2, 0.8], [-0.2, 1.2, np.nan, 0.7]])

    def test_z_becomes_r_and_extra_columns_are_left_out(self, tmp_path):
        path = write_conn(
            tmp_path / "resultsROI_Subject001_Condition001.mat", self.Z, ["a", "b (L)", "c"], ["a", "b (L)", "c", "d"]
        )
        assert known_to(path) == ["conn"]
        imported = read("conn", path)
        matrix = imported.tables["brain/connectivity/Subject001.tsv"]
        assert list(matrix.index) == ["a", "b (L)", "c"]
        np.testing.assert_allclose(matrix.to_numpy()[[0, 0, 1], [1, 2, 2]], np.tanh([0.5, -0.2, 1.2]), rtol=1e-15)
        assert np.diag(matrix).tolist() == [1, 1, 1]
        assert left(imported) == {"target columns that are no sources": 1}

    def test_a_condition_is_chosen(self, tmp_path):
        paths = [
            write_conn(tmp_path / f"resultsROI_Subject001_Condition00{n}.mat", self.Z[:, :3] * n, list("abc"))
            for n in (1, 2)
        ]
        with pytest.raises(CohortError, match="2 conditions and none chosen"):
            read("conn", *paths)
        imported = read("conn", *paths, visit="002")
        assert imported.tables["brain/connectivity/Subject001.tsv"].iloc[0, 1] == pytest.approx(np.tanh(1.0))
        assert left(imported) == {"files of other conditions": 1}

    def test_damaged_and_hostile_files_are_refused(self, tmp_path):
        path = write_conn(tmp_path / "resultsROI_Subject001_Condition001.mat", self.Z[:, :3], list("abc"))
        whole = path.read_bytes()
        for cut in (130, 200, len(whole) - 40):
            path.write_bytes(whole[:cut])
            with pytest.raises(CohortError):
                read("conn", path)
        savemat(path, {"Z": {"field": 1}, "names": "abc"})
        with pytest.raises(CohortError):
            read("conn", path)
        savemat(path, {"Z": MatlabObject(np.zeros((1, 1), dtype=[("a", object)]), b"inline"), "names": "abc"})
        with pytest.raises(CohortError, match="objects in Z"):
            read("conn", path)
        write_conn(path, np.eye(2), list("abc"))
        with pytest.raises(CohortError, match="sources by targets"):
            read("conn", path)


class TestMatrices:
    """numpy's own files. MRtrix: layout from its documentation of tck2connectome (numbers only, blanks in versions before 3,
    commas since; the upper half alone before the option ``-symmetric``); no example was found in a public repository."""

    R3 = np.array([[1, 0.25, -0.5], [0.25, 1, 0.125], [-0.5, 0.125, 1]])

    @pytest.mark.parametrize("kind", ["npy", "npz", "csv", "named"])
    def test_a_matrix_is_kept_value_by_value(self, tmp_path, kind):
        path = tmp_path / f"sub-01_task-rest.{kind[:3] if kind != 'named' else 'csv'}"
        nodes = ["node_001", "node_002", "node_003"]
        if kind == "npy":
            np.save(path, self.R3)
        elif kind == "npz":
            np.savez(path, matrix=self.R3)
        elif kind == "csv":
            pd.DataFrame(self.R3).to_csv(path, header=False, index=False)
        else:
            nodes = ["amygdala", "insula", "vmPFC"]
            pd.DataFrame(self.R3, index=nodes, columns=nodes).to_csv(path)
        assert known_to(path) == (["matrices"] if kind != "named" else [])
        with pytest.raises(CohortError, match="--role connectivity-r"):
            read("matrices", path)
        matrix = read("matrices", path, role="connectivity-r").tables["brain/connectivity/sub-01.tsv"]
        np.testing.assert_array_equal(matrix.to_numpy(), self.R3)
        assert list(matrix.index) == nodes

    def test_z_becomes_r(self, tmp_path):
        z = np.array([[np.inf, 1.5], [1.5, np.inf]])
        np.save(tmp_path / "P7.npy", z)
        with pytest.raises(CohortError, match="Fisher's z"):
            read("matrices", tmp_path / "P7.npy", role="connectivity-r")
        matrix = read("matrices", tmp_path / "P7.npy", role="connectivity-z").tables["brain/connectivity/P7.tsv"]
        assert matrix.iloc[0, 1] == np.tanh(1.5)

    def test_a_connectome_becomes_a_block(self, tmp_path):
        upper = "5 12 0\n0 7 33\n0 0 2\n"
        full = "5,12,0\n12,7,33\n0,33,2\n"
        paths = [write(tmp_path / "sub-01_connectome.csv", upper), write(tmp_path / "sub-02_connectome.csv", full)]
        assert [known_to(path) for path in paths] == [["mrtrix"]] * 2
        imported = read("mrtrix", *paths)
        table = imported.tables["blocks/structural_connectome.tsv"]
        assert table.loc["sub-01"].to_dict() == {
            "node_001--node_002": 12,
            "node_001--node_003": 0,
            "node_002--node_003": 33,
        }
        assert table.loc["sub-02"].tolist() == [12, 0, 33]
        assert left(imported) == {"cells of the diagonal": 6}
        assert json.loads(imported.texts["blocks/structural_connectome.json"])["zero"] == "no streamline was found"

    def test_damaged_and_hostile_files_are_refused(self, tmp_path):
        path = tmp_path / "sub-01.npy"
        np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        with pytest.raises(CohortError, match="Python objects"):
            read("matrices", path, role="connectivity-r")
        np.save(path, self.R3)
        whole = path.read_bytes()
        for cut in (8, 100, len(whole) - 8):
            path.write_bytes(whole[:cut])
            with pytest.raises(CohortError):
                read("matrices", path, role="connectivity-r")
        np.savez(tmp_path / "sub-01.npz", a=self.R3, b=self.R3)
        with pytest.raises(CohortError, match="2 arrays"):
            read("matrices", tmp_path / "sub-01.npz", role="connectivity-r")
        with zipfile.ZipFile(tmp_path / "sub-02.npz", "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("a.npy", b"\x93NUMPY" + b"\0" * 100_000_000)
        with pytest.raises(CohortError, match="more than a matrix"):
            read("matrices", tmp_path / "sub-02.npz", role="connectivity-r")
        for text, said in (
            ("1,0.5\n0.4,1\n", "halves"),
            ("1,0.5,0\n0.5,1,0\n", "square matrix"),
            ("1,a\na,1\n", "nodes|a number|names"),
        ):
            with pytest.raises(CohortError, match=said):
                read("matrices", write(tmp_path / "sub-03.csv", text), role="connectivity-r")


class TestCat12:
    """Layout as scripts in public repositories read it (``ROI_catROI_neuromorphometrics_Vgm.csv``, the scan's name first);
    no table of CAT12 was found in a public repository."""

    def test_millilitres_become_cubic_millimetres(self, tmp_path):
        path = write(
            tmp_path / "ROI_catROI_neuromorphometrics_Vgm.csv",
            "names,lAmygdala,rAmygdala,TIV,lNone\ncatROI_sub-01_T1w.xml,0.85,0.9,1450.5,\n/d/sub-02_T1w.nii,0.8,NaN,1500,\n",
        )
        assert known_to(path) == ["cat12"]
        imported = read("cat12", path)
        volumes = imported.tables["brain/volumes.tsv"]
        assert volumes.loc["sub-01_T1w"].to_dict() == {"lAmygdala": 850, "rAmygdala": 900, "icv": 1450500}
        assert pd.isna(volumes.loc["sub-02_T1w", "rAmygdala"])
        assert left(imported) == {"regions without a value (lNone)": 1}

    def test_thickness_becomes_a_block(self, tmp_path):
        path = write(tmp_path / "ROIs_catROIs_aparc_a2009s_thickness.csv", "names,lG_cuneus\nsub-01,2.25\n")
        imported = read("cat12", path)
        assert imported.tables["blocks/thickness.tsv"].loc["sub-01", "lG_cuneus"] == 2.25
        assert json.loads(imported.texts["blocks/thickness.json"])["unit"] == "mm"
        with pytest.raises(CohortError, match="keep CAT12's name"):
            read("cat12", write(tmp_path / "a.csv", "names,b\nc,1\n"))


class TestEnigma:
    """Layout: ENIGMA-git/ENIGMA-DTI-TBSS-Protocol, ROIextraction_info/combinedROItable.csv (``ACR-L``, covariates in between, line ends of
    an old Macintosh); ``ACR_L_FA`` as in tables of ADNI."""

    def test_fa_becomes_tracts(self, tmp_path):
        text = "subjectID,Age,Sex,ACR,ACR-L,AverageFA,FX/ST-L\rSubject1,25.09,2,0.405791,0.390218,0.387441,0.452769\rSubject7,22.38,2,0.464279,NA,0.400082,0.452807"
        path = tmp_path / "combinedROItable.csv"
        path.write_bytes(text.encode())
        assert known_to(path) == ["enigma"]
        imported = read("enigma", path)
        tracts = imported.tables["brain/tracts.tsv"]
        assert tracts.loc["Subject1"].to_dict() == {
            "ACR": 0.405791,
            "ACR_L": 0.390218,
            "AverageFA": 0.387441,
            "FX_ST_L": 0.452769,
        }
        assert pd.isna(tracts.loc["Subject7", "ACR_L"])
        assert left(imported) == {"covariates (Age, Sex)": 2}

    def test_diffusivities_become_blocks(self, tmp_path):
        text = "subjectID,ACR_L_FA,ACR_R_FA,ACR_L_MD,ACR_R_MD\ns1,0.4,0.5,0.0007,0.0008\n"
        imported = read("enigma", write(tmp_path / "t.csv", text))
        assert imported.tables["brain/tracts.tsv"].loc["s1"].to_dict() == {"ACR_L": 0.4, "ACR_R": 0.5}
        assert imported.tables["blocks/tracts_md.tsv"].loc["s1"].to_dict() == {"ACR_L": 0.0007, "ACR_R": 0.0008}
        md = "subjectID,ACR,ACR-L,ACR-R\ns1,0.0007,0.0007,0.0008\n"
        assert list(read("enigma", write(tmp_path / "combinedROItable_MD.csv", md)).tables) == ["blocks/tracts_md.tsv"]
        with pytest.raises(CohortError, match="name the measure in the file's name"):
            read("enigma", write(tmp_path / "t.csv", md))
        with pytest.raises(CohortError, match="FA outside 0 to 1"):
            read("enigma", write(tmp_path / "t_FA.csv", md.replace("0.0007", "405")))


def test_a_cohort_made_of_exports_passes_the_check(tmp_path):
    """People, volumes, motion and matrices of 24 participants are imported at once; the check finds nothing wrong with them."""
    rng = np.random.default_rng(3)
    people = [f"sub-{n:02d}" for n in range(1, 25)]
    rows = [f"{name}\t{20 + n}\t{'FM'[n % 2]}\t{('HC', 'MDD')[n // 12]}" for n, name in enumerate(people)]
    write(tmp_path / "in" / "participants.tsv", "\n".join(["participant_id\tAge\tsex\tdiagnosis", *rows]) + "\n")
    rows = [f"{name}\t{1500 + 10 * n + rng.normal():.3f}\t{1400000 + 1000 * n}" for n, name in enumerate(people)]
    write(tmp_path / "in" / "aseg.tsv", "\n".join(["Measure:volume\tLeft-Amygdala\teTIV", *rows]) + "\n")
    for name in people:
        values = np.corrcoef(rng.normal(size=(3, 50)))
        write(
            tmp_path / "in" / f"{name}_{STEM}_stat-pearsoncorrelation_relmat.tsv",
            relmat(values, ("L_Vis", "R_Vis", "L_Lim")),
        )
        text = confounds("n/a", *rng.uniform(0.05, 0.3, 5).round(4))
        write(tmp_path / "in" / f"{name}_task-rest_desc-confounds_timeseries.tsv", text)
    write(
        tmp_path / "in" / "atlas-Own_dseg.tsv",
        "index\tlabel\tnetwork_label\tx\ty\tz\n1\tL_Vis\tVisual\t-10\t-90\t3\n2\tR_Vis\tVisual\t10\t-90\t3\n3\tL_Lim\tLimbic\t-8\t40\t-20\n",
    )
    folder = tmp_path / "mine"
    start_cohort([tmp_path / "in"], folder)
    settings = (folder / "cohort.yml").read_text()
    chosen = "outcome: {column: diagnosis, high: [HC], low: [MDD]}\n"
    (folder / "cohort.yml").write_text(settings.replace("\nsmall_cell", f"\n{chosen}small_cell"))
    cohort, problems = inspect_cohort(folder)
    assert cohort is not None, [str(problem) for problem in problems]
    assert set(cohort.blocks) == {"volumes", "motion", "connectivity"}
    assert cohort.blocks["volumes"].loc["sub-03", "icv"] == 1402000
    assert [problem for problem in problems if problem.severity == "error"] == []
    assert hint_at_exports(folder, "mine", [Problem("participants.tsv", None, None, "a", "b", "c")]) == []
