"""Shared by all tests: seeded chance, small cohorts, the open data, the built books."""

from __future__ import annotations

import inspect
import os
import shutil
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from helpers.cli import CACHE, MIRROR_VARIABLE, NO_DATA, REGISTRY
from helpers.open_data import OpenDataUnavailable, fetch_dataset, fetch_files, load_registry
from helpers.plots.style import use_look
from helpers.tables import PROJECT_ROOT
from helpers.wording import set_labels
from tests.extremes import PLOTS, Recorder, draw_at_extremes, find_places
from tests.support import EXAMPLE, FEW, QUICK, QUICK_COHORT, require, run_command

mpl.use("agg")
use_look()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.fixture(autouse=True)
def drawn_at_extremes(request, monkeypatch):
    """Draw what a test hands to ``plot_`` functions again at the ends of what can be in it."""
    recorder = Recorder()
    for place in find_places(request.module):
        for name, one in list(vars(place).items()):
            if inspect.isfunction(one) and one in PLOTS:
                monkeypatch.setattr(place, name, recorder.stand_before(one))
    yield
    monkeypatch.undo()
    draw_at_extremes(recorder)
    set_labels(None)  # what a cohort's style has set
    mpl.rcParams["figure.hooks"] = []


@pytest.fixture(scope="session")
def thin_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example cohort with the edges of twelve nodes, 120 transcripts, 60 metabolites and no maps: read in a fraction of the time."""
    folder = Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("thin") / "cohort"))
    shutil.rmtree(folder / "brain" / "maps")
    nodes = pd.read_csv(folder / "brain" / "nodes.tsv", sep="\t", dtype=str, keep_default_na=False).head(12)
    edges = pd.read_csv(folder / "brain" / "connectivity.tsv", sep="\t", dtype=str, keep_default_na=False)
    known = set(nodes.iloc[:, 0])
    kept = [edge for edge in edges.columns[1:] if set(edge.split("--")) <= known]
    nodes.to_csv(folder / "brain" / "nodes.tsv", sep="\t", index=False)
    edges[["participant_id", *kept]].to_csv(folder / "brain" / "connectivity.tsv", sep="\t", index=False)
    for block, n_columns in {"microbiome/transcripts": 120, "metabolites/metabolites": 60}.items():
        table = pd.read_csv(folder / f"{block}.tsv", sep="\t", dtype=str, keep_default_na=False)
        table.iloc[:, : n_columns + 1].to_csv(folder / f"{block}.tsv", sep="\t", index=False)
    return folder


@pytest.fixture
def example_copy(thin_example: Path, tmp_path: Path) -> Path:
    """A copy of the thin example that a test may damage."""
    return Path(shutil.copytree(thin_example, tmp_path / "cohort"))


@pytest.fixture(scope="session")
def fetch_original():
    """Fetch the original files of an open data set, from the mirror or else the network."""

    def fetch(dataset: str) -> dict[str, Path]:
        mirror = os.environ.get(MIRROR_VARIABLE)
        try:
            return fetch_files(dataset, registry=load_registry(REGISTRY), cache_dir=CACHE, mirror=mirror)
        except OpenDataUnavailable as error:
            require(False, str(error))

    return fetch


@pytest.fixture(scope="session")
def fetched(fetch_original, tmp_path_factory):
    """Fetch an open data set into a folder as the command does, once; where it cannot be had, skip."""
    root, made = tmp_path_factory.mktemp("open"), {}

    def fetch(name: str) -> Path:
        if name not in made:
            fetch_original(name)
            places = {"registry_path": REGISTRY, "cache_dir": CACHE, "mirror": os.environ.get(MIRROR_VARIABLE)}
            made[name] = fetch_dataset(name, root / name, **places)
        return made[name]

    return fetch


def _build(folder: str, *words: str) -> Path:
    """Bring a book up to date; where several workers share the tests, one builds and the others wait for it."""
    (PROJECT_ROOT / "_build").mkdir(exist_ok=True)
    with FileLock(PROJECT_ROOT / "_build" / ".tests.lock"):
        done = run_command("run", folder, *words)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return PROJECT_ROOT / "_build" / Path(folder).name / "html"


@pytest.fixture(scope="session")
def built_book() -> Path:
    """The HTML of the book on the example cohort, brought up to date as `make book` does."""
    return _build("data/example")


@pytest.fixture(scope="session")
def thin_example_with_maps(thin_example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The thin example as far as every chapter has something to show."""
    folder = Path(shutil.copytree(thin_example, tmp_path_factory.mktemp("thin_maps") / "cohort"))
    shutil.copytree(EXAMPLE / "brain" / "maps", folder / "brain" / "maps")
    return folder


@pytest.fixture(scope="session")
def quick_results(thin_example_with_maps: Path) -> Path:
    """The result tables of the chapters that ``QUICK`` shortens, run together on ``QUICK_COHORT``."""
    chapters = {name.split(".")[0] for name in QUICK}
    words = [word for name in ("01_cohort", *sorted(chapters)) for word in ("--only", name)]
    output = PROJECT_ROOT / "_build" / "quick"
    output.mkdir(parents=True, exist_ok=True)
    with FileLock(PROJECT_ROOT / "_build" / ".quick.lock"):
        if not QUICK_COHORT.exists() or list_differences(thin_example_with_maps, QUICK_COHORT):
            shutil.rmtree(QUICK_COHORT, ignore_errors=True)
            shutil.copytree(thin_example_with_maps, QUICK_COHORT)
        done = run_command("run", QUICK_COHORT, "--output", output, "--no-book", *words, *FEW)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return output / "results"


def list_differences(folder: Path, other: Path) -> list[Path]:
    """Return the files that are not alike in both."""
    names = {path.relative_to(root) for root in (folder, other) for path in root.rglob("*") if path.is_file()}
    return [name for name in sorted(names) if _read(folder / name) != _read(other / name)]


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@pytest.fixture(scope="session")
def course_results(built_book: Path) -> Path:
    """The result tables of all chapters and labs of the example; their pages lie beside them."""
    results = built_book.parent / "results"
    lacking = [name for name in ("lab_optima", "lab_prediction") if not list((results / name).glob("*.tsv"))]
    require(not lacking, f"open data cannot be had, which {', '.join(lacking)} needs")
    return results


@pytest.fixture(scope="session")
def kim_book() -> Path:
    """The HTML of the book on the open KIM_ADENOMAS_2020 cohort, with few permutations."""
    fetched = run_command("fetch", "kim_adenomas_2020", "cohorts/kim", "--overwrite")
    require(fetched.returncode != NO_DATA, fetched.stderr)
    assert fetched.returncode == 0, fetched.stderr
    return _build("cohorts/kim", *FEW)
