"""How long and in how much memory a large cohort is checked: 10,000 people with 5,000 taxa, in every table format.

Not part of `make test`: run it with ``pytest tests/benchmarks/test_contract_speed.py -s`` (some minutes, 3 GB of memory).
"""

import gzip
import json
import subprocess
import sys

import biom
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from biom.util import biom_open
from scipy.sparse import csr_matrix

from helpers.tables import PROJECT_ROOT

N_PEOPLE, N_TAXA, ZEROS = 10_000, 5_000, 0.7
MOST_SECONDS, MOST_BYTES = 60, 4e9
MEASURE = """
import json, resource, sys, time
start = time.perf_counter()
from helpers.contract import inspect_cohort
cohort, problems = inspect_cohort(sys.argv[1])
print(json.dumps({
    "seconds": time.perf_counter() - start,
    "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    "usable": cohort is not None,
    "problems": [f"{p.file} {p}" for p in problems],
}))
"""


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(1)
    shape = (N_PEOPLE, N_TAXA)
    drawn = np.exp(rng.normal(3, 1.5, shape).astype(np.float32)).astype(np.int32)
    drawn[rng.random(shape, dtype=np.float32) < ZEROS] = 0
    return drawn


@pytest.fixture
def folder(tmp_path):
    """A cohort of these people without its counts."""
    ids, taxa = _names()
    tables = {
        "participants.tsv": {"participant_id": ids, "diagnosis": np.resize(["HC", "MDD"], N_PEOPLE)},
        "microbiome/taxonomy.tsv": {"taxon": taxa, "genus": taxa},
    }
    (tmp_path / "microbiome").mkdir()
    for file, columns in tables.items():
        pd.DataFrame(columns).to_csv(tmp_path / file, sep="\t", index=False)
    (tmp_path / "cohort.yml").write_text(
        "name: large\nkind: simulated\noutcome: {column: diagnosis, high: [HC], low: [MDD]}\n"
    )
    return tmp_path


def _names():
    return [f"sub-{i:05d}" for i in range(N_PEOPLE)], [f"taxon_{i:04d}" for i in range(N_TAXA)]


def write_counts(folder, counts, ending):
    """Write the counts in one of the formats of the contract."""
    ids, taxa = _names()
    target = folder / f"microbiome/taxa{ending}"
    if ending == ".biom":
        table = biom.Table(csr_matrix(counts.T.astype(float)), taxa, ids)
        with biom_open(str(target), "w") as file:
            table.to_hdf5(file, "benchmark")
        return
    table = pa.table({"participant_id": ids} | {taxon: counts[:, i] for i, taxon in enumerate(taxa)})
    if ending == ".parquet":
        pa.parquet.write_table(table, target)
        return
    with gzip.open(target, "wb", 1) if ending.endswith(".gz") else target.open("wb") as file:
        pa.csv.write_csv(table, file, pa.csv.WriteOptions(delimiter="\t", quoting_style="none"))


def check(folder):
    """Check a folder in a process of its own, as the command does."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder)], capture_output=True, text=True, cwd=PROJECT_ROOT, check=True
    )
    measured = json.loads(done.stdout)
    print(f"\n{measured['seconds']:.1f} s, {measured['bytes'] / 1e9:.2f} GB, {len(measured['problems'])} problems")
    return measured


@pytest.mark.parametrize("ending", [".tsv", ".tsv.gz", ".parquet", ".biom"])
def test_large_cohort_is_checked_in_a_minute_and_4_gb(folder, counts, ending):
    write_counts(folder, counts, ending)
    measured = check(folder)
    assert measured["usable"], measured["problems"]
    assert measured["problems"] == []
    assert measured["seconds"] <= MOST_SECONDS
    assert measured["bytes"] <= MOST_BYTES


@pytest.mark.parametrize("damage", ["relative", "one cell negative", "a text per column"])
def test_damage_does_not_make_it_slow(folder, counts, damage):
    damaged = counts
    if damage == "relative":
        damaged = (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)
    elif damage == "one cell negative":
        damaged = counts.copy()
        damaged[N_PEOPLE // 2, 17] = -3
    write_counts(folder, damaged, ".tsv")
    if damage == "a text per column":
        path = folder / "microbiome/taxa.tsv"
        head, first, *rest = path.read_text().splitlines()
        broken = "\t".join([first.split("\t")[0], *["many"] * N_TAXA])
        path.write_text("\n".join([head, broken, *rest]) + "\n")
    measured = check(folder)
    assert not measured["usable"]
    assert measured["seconds"] <= MOST_SECONDS
    assert measured["bytes"] <= MOST_BYTES
