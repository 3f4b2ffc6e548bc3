"""Whatever happened to a file: its reader raises CohortError with a sentence, or reads it; nothing else, and in time."""

import os
import random
import signal
import time

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from scipy.io import savemat

from helpers.importers.apart import read_apart
from helpers.importers.base import Head, Options
from helpers.importers.heads import read_head
from helpers.importers.registry import find_format, list_formats
from helpers.problems import CohortError, Problem
from tests.importing import write
from tests.workbooks import write_workbook

MINE = (
    *("freesurfer", "fmriprep", "mriqc", "xcpd", "conn", "matrices", "mrtrix", "cat12", "enigma", "bids", "redcap"),
    *("qualtrics", "spss", "stata", "metabolon", "metaboanalyst", "mwtab", "plain"),
)
NAMES = {
    "freesurfer": "aseg.tsv",
    "fmriprep": "sub-01_task-rest_desc-confounds_timeseries.tsv",
    "mriqc": "group_bold.tsv",
    "xcpd": "sub-01_task-rest_seg-Own_stat-pearsoncorrelation_relmat.tsv",
    "conn": "resultsROI_Subject001_Condition001.mat",
    "matrices": "sub-01.npy",
    "mrtrix": "sub-01_connectome.csv",
    "cat12": "ROI_catROI_own_Vgm.csv",
    "enigma": "combinedROItable.csv",
    "bids": "participants.tsv",
    "redcap": "export.csv",
    "qualtrics": "survey.csv",
    "spss": "data.sav",
    "stata": "data.dta",
    "metabolon": "client.xlsx",
    "metaboanalyst": "concentrations.csv",
    "mwtab": "ST000001_AN000001.txt",
    "plain": "table.csv",
}
TEXTS = {
    "freesurfer": "Measure:volume\tLeft-Amygdala\teTIV\ns1\t1500.5\t1400000\ns2\t1600\t1500000\n",
    "fmriprep": "csf\tframewise_displacement\n1\tn/a\n1\t0.1\n1\t0.2\n",
    "mriqc": "bids_name\tfd_mean\tsize_t\nsub-01_bold\t0.1\t100\nsub-02_bold\t0.2\t90\n",
    "xcpd": "Node\ta\tb\tc\na\t1\t0.5\t0.1\nb\t0.5\t1\tn/a\nc\t0.1\tn/a\t1\n",
    "mrtrix": "5,12,0\n12,7,33\n0,33,2\n",
    "cat12": "names,lAmygdala,TIV\ns1,0.85,1450\ns2,0.8,1400\n",
    "enigma": "subjectID,Age,ACR,ACR-L,ACR-R\ns1,20,0.4,0.41,0.42\ns2,21,0.5,0.51,0.52\n",
    "bids": "participant_id\tage\tsex\nsub-01\t25\tF\nsub-02\t30\tM\n",
    "redcap": "record_id,redcap_event_name,age,race___1,x_complete\n1,a_arm_1,20,1,2\n2,a_arm_1,30,0,2\n",
    "qualtrics": 'Finished,ResponseId,Q1\nDone,Id,"How, so?"\n"{""ImportId"":""finished""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}"\n1,R_1,2\n1,R_2,3\n',
    "metaboanalyst": "Sample,Label,A,B\nP1,x,1,2\nP2,y,3,4\n",
    "mwtab": "#METABOLOMICS WORKBENCH\nMS_METABOLITE_DATA_START\nSamples\ts1\ts2\nA\t1\t2\nB\t3\t4\nMS_METABOLITE_DATA_END\n",
    "plain": "id,age,e-mail\ns1,25,a@b.org\ns2,30,\n",
}
APART = ("conn", "spss", "stata")
CUTS = (0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)
ROLES = {"plain": "participants", "spss": "participants", "stata": "participants", "matrices": "connectivity-r"}


@pytest.fixture
def whole(tmp_path):
    """Return a maker of one good file per format."""

    def make(name):
        path = tmp_path / NAMES[name]
        if name in TEXTS:
            return write(path, TEXTS[name])
        if name == "conn":
            names = np.array([["a", "b"]], dtype=object)
            savemat(path, {"Z": np.array([[np.nan, 0.5], [0.5, np.nan]]), "names": names, "names2": names})
        elif name == "matrices":
            np.save(path, np.array([[1, 0.5], [0.5, 1]]))
        elif name == "metabolon":
            meta = [["PARENT_SAMPLE_NAME", "CLIENT_SAMPLE_ID"], ["A1", "P1"], ["A2", "P2"]]
            about = [["CHEM_ID", "CHEMICAL_NAME"], [35, "glycine"]]
            data = [["PARENT_SAMPLE_NAME", 35], ["A1", 1.5], ["A2", 2]]
            write_workbook(
                path, {"Chemical Annotation": about, "Sample Meta Data": meta, "Batch-normalized Data": data}
            )
        else:
            frame = pd.DataFrame({"id": ["s1", "s2"], "age": [20.0, 30.5]})
            {"spss": pyreadstat.write_sav, "stata": pyreadstat.write_dta}[name](frame, str(path))
        return path

    return make


def try_to_read(name, path):
    """Return whether a file was read; anything but CohortError is a failure."""
    try:
        find_format(name).read([path], Options(role=ROLES.get(name)))
    except CohortError as error:
        assert error.problems
        assert all(p.found and p.expected and p.fix for p in error.problems)
        assert "Traceback" not in str(error)
        return False
    return True


def die(path):
    """End the process as a library written in C may, where the file says so."""
    if path.read_text() == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.read_text() == "raise":
        raise CohortError([Problem(path.name, None, None, "raise", "x", "y")])
    return path.read_text()


def test_a_file_that_ends_its_process_is_one_problem_among_others(tmp_path):
    paths = [write(tmp_path / f"{n}.txt", text) for n, text in enumerate(["a", "die", "b", "raise", "c"])]
    assert read_apart(die, [paths[0], paths[2], paths[4]]) == ["a", "b", "c"]
    with pytest.raises(CohortError) as caught:
        read_apart(die, paths)
    assert [problem.file for problem in caught.value.problems] == ["1.txt", "3.txt"]


def test_every_reader_is_tried():
    others = {"qiime2", "dada2", "mothur", "metaphlan", "kraken", "humann", "picrust2"}
    listed = {form.name for form in list_formats()}
    assert set(MINE) <= listed
    assert set(MINE).isdisjoint(others)


@pytest.mark.parametrize("name", MINE)
def test_a_good_file_is_known_to_its_own_format_alone(name, whole):
    path = whole(name)
    known = [form.name for form in list_formats() if form.detect(read_head(path))]
    assert known == ([] if name == "plain" else [name])
    assert try_to_read(name, path)


@pytest.mark.parametrize("name", MINE)
def test_cut_flipped_or_strange_bytes(name, whole):
    path = whole(name)
    content, rng = path.read_bytes(), random.Random(7)
    is_apart = name in APART  # every try starts a process
    damaged = [content[: int(len(content) * part)] for part in ((0, 0.5) if is_apart else CUTS)]
    for _ in range(4 if is_apart else 25):
        flipped = bytearray(content)
        for _ in range(rng.choice([1, 3, 20])):
            flipped[rng.randrange(len(flipped))] = rng.randrange(256)
        damaged.append(bytes(flipped))
    damaged += [rng.randbytes(5_000), b"\0" * 1_000, content + content][: 3 if is_apart else 0]
    damaged += (
        []
        if is_apart
        else [
            rng.randbytes(5_000),
            b"\0" * 1_000,
            b"\n" * 100,
            b"\t,;" * 100,
            b'"' * 999,
            content.replace(b"1", b"inf"),
            content.replace(b"1", "ä".encode("cp1252")),
            "\n".join(["a,b", "1,2"]).encode("utf-16"),
            b"\x1f\x8b" + content,
            b"PK\x03\x04" + content,
            content[: len(content) // 2] + b"x" * 200_000 + content[len(content) // 2 :],
            b"a" * 300_000 + b"\n1\n",
            content.split(b"\n")[0] * 3 + b"\n" + content,
            content + content,
        ]
    )
    n_refused = 0
    for one in damaged:
        path.write_bytes(one)
        try:
            head = read_head(path)
        except CohortError:
            head = Head(path, one[:64_000])
        for form in list_formats():
            assert form.detect(head) in (True, False)
        n_refused += not try_to_read(name, path)
    assert n_refused >= (3 if is_apart else 10)


@pytest.mark.parametrize("name", [name for name in MINE if name in TEXTS])
def test_a_million_columns_end_in_time(name, whole):
    path, start = whole(name), time.monotonic()
    first, _, rest = TEXTS[name].partition("\n")
    sign = "\t" if "\t" in first else ","
    wide = sign + sign.join(f"c{i}" for i in range(1_000_000))
    path.write_text(TEXTS[name].replace("\ts2", wide) if name == "mwtab" else f"{first}{wide}\n{rest}")
    assert not try_to_read(name, path)
    assert time.monotonic() - start < 60
