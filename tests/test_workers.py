"""Long loops on the workers of a scheduler: the same bytes, data sent once, deaths survived, other code refused."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import permutation
from helpers.cli import FAILED, _code_of
from helpers.integration import BlockSPLSDA, cross_validate
from helpers.problems import CohortError
from helpers.run import engine, execution, run_book
from helpers.run.chapters import Chapter
from helpers.workers import SchedulerGone, WorkerDiffers, run_tasks, scheduler, use_scheduler
from helpers.workers.identity import read_identity
from tests.passes import die_once, fail, run_inside, tell_place
from tests.support import PROJECT_ROOT
from tests.test_run import cohort, write_notebook  # noqa: F401  (a fixture)

pytest.importorskip("distributed")
NO_DASHBOARD = ("--no-dashboard",)
START_S = 60


class ByHand:
    """A scheduler and two single-threaded workers, each a process of its own without a guard that starts it again."""

    def __init__(self, folder: Path):
        self.file = folder / "scheduler.json"
        self.processes = [self._start("scheduler", "--host", "127.0.0.1", "--port", "0", *NO_DASHBOARD)]
        self.add_worker()
        self.add_worker()

    def _start(self, *words: str) -> subprocess.Popen:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT_ROOT / "src"), str(PROJECT_ROOT)])}
        command = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(self.file)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, cwd=self.file.parent)

    def add_worker(self) -> None:
        words = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--death-timeout", "60")
        self.processes.append(self._start("worker", *words, *NO_DASHBOARD))

    def wait(self, n_workers: int = 2) -> None:
        end = time.monotonic() + START_S
        while not self.file.is_file() and time.monotonic() < end:
            time.sleep(0.05)
        address = json.loads(self.file.read_text())["address"]
        scheduler.open_scheduler(address).client.wait_for_workers(n_workers, timeout=START_S)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    made = ByHand(tmp_path_factory.mktemp("cluster"))
    yield made
    made.end()


@pytest.fixture
def two_workers(by_hand):
    by_hand.wait()
    with use_scheduler(str(by_hand.file), lambda said: None):
        yield


def permute() -> list[str]:
    """A permutation test, as text with all digits."""
    rng = np.random.default_rng(3)
    ids = pd.Index([f"sub-{i:02d}" for i in range(40)], name="participant_id")
    design, values = pd.DataFrame({"group": np.arange(40) % 2}, ids), pd.DataFrame(rng.normal(size=(40, 12)), ids)
    found = permutation.test_max_t(values, design, n_permutations=300, rng=np.random.default_rng(1), step_down=True)
    return [table.to_csv() for table in (found.table, found.null_max_t)]


def validate() -> list[str]:
    """A cross-validation of the integration, as text with all digits."""
    rng = np.random.default_rng(3)
    ids = pd.Index([f"sub-{i:02d}" for i in range(40)], name="participant_id")
    blocks = {name: pd.DataFrame(rng.normal(size=(40, 12)), ids).add_prefix(name) for name in ("brain", "gut")}
    groups = pd.Series(np.repeat(["high", "low"], 20), ids)
    model = BlockSPLSDA(1, keep={name: [3] for name in blocks})
    validated = cross_validate(
        blocks,
        groups,
        model=model,
        rng=np.random.default_rng(2),
        n_folds=5,
        n_repeats=11,
        baselines=(),
        calibrate=False,
    )
    return [table.to_csv() for table in (validated.performance, validated.repeats)]


@pytest.fixture(scope="module")
def alone():
    assert scheduler.VARIABLE not in os.environ
    return [permute(), validate()]


def test_two_worker_processes_change_no_byte(alone, two_workers):
    assert [permute(), validate()] == alone


@pytest.mark.parametrize("n", [1, 4])
def test_workers_started_here_change_no_byte(alone, n):
    said = []
    with use_scheduler(f"local:{n}", said.append):
        assert permute() == alone[0]
    assert f"{n} worker" in said[0]
    assert read_identity().code in said[0]
    assert scheduler.VARIABLE not in os.environ


def test_data_are_sent_once_per_worker_and_results_come_in_order(two_workers):
    found = list(run_tasks(tell_place, range(40), shared=[np.ones(1000)]))
    assert [item for item, _, _ in found] == list(range(40))
    places = {(process, data) for _, process, data in found}
    assert len(places) == len({process for _, process, _ in found}) == 2
    assert os.getpid() not in {process for process, _ in places}


def test_a_loop_inside_a_pass_stays_where_it_is(two_workers):
    inner = list(run_tasks(run_inside, range(4)))
    assert [len(set(processes)) for processes in inner] == [1] * 4


def test_what_a_killed_worker_had_is_computed_by_another(by_hand, two_workers, tmp_path):
    marker = tmp_path / "marker"
    assert list(run_tasks(die_once, range(30), shared=[marker])) == [item**2 for item in range(30)]
    assert marker.exists()
    by_hand.add_worker()


def test_an_error_of_a_pass_is_the_error_of_the_loop(two_workers):
    with pytest.raises(ValueError, match="pass 0 is wrong"):
        list(run_tasks(fail, range(3)))


def test_workers_with_other_code_are_refused(by_hand, monkeypatch):
    by_hand.wait()
    mine = read_identity()._replace(version="9.9.9", code="0" * 16)
    monkeypatch.setattr(scheduler, "read_identity", lambda: mine)
    monkeypatch.setattr(scheduler.Scheduler, "list_workers", lambda self: {"tcp://node7:1": read_identity()})
    said = r"The worker tcp://node7:1 has version .* \(here 9\.9\.9\), code "
    with pytest.raises(WorkerDiffers, match=said), use_scheduler(str(by_hand.file), lambda said: None):
        pass
    monkeypatch.setattr(scheduler.Scheduler, "list_workers", lambda self: {})
    with use_scheduler(str(by_hand.file), lambda said: None), pytest.raises(WorkerDiffers, match="same files"):
        list(run_tasks(pow, range(3), shared=[2]))


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("nowhere", "neither a file nor an address"),
        ("local:0", "no worker"),
        (str(PROJECT_ROOT / "README.md"), "a file without an address"),
    ],
)
def test_a_misspelt_scheduler_is_a_sentence(chosen, found):
    with pytest.raises(CohortError, match=found), use_scheduler(chosen, lambda said: None):
        pass


def test_without_dask_the_option_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(CohortError, match=r"pip install \"resilience-book\[cluster\]\""),
        use_scheduler("local:2", print),
    ):
        pass


def test_errors_of_schedulers_have_an_exit_code_and_travel(monkeypatch):
    monkeypatch.setattr(scheduler, "WAIT_S", 0.5)
    said = r"No scheduler answers at tcp://127\.0\.0\.1:9 "
    with pytest.raises(SchedulerGone, match=said) as caught, use_scheduler("127.0.0.1:9", lambda said: None):
        pass
    assert _code_of(caught.value) == _code_of(WorkerDiffers("x")) == FAILED
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


LOOP = (
    "import os, signal, pandas as pd\nfrom tests.passes import square_or_end\n"
    "from helpers.tables import write_result\nfrom helpers.workers import run_tasks\n"
    "found = list(run_tasks(square_or_end, range(8), shared=[{ends}]))\n"
    'write_result(pd.DataFrame({{"x": found}}, pd.Index(list("abcdefgh"), name="id")), results_dir, "01_first", "numbers");'
)


def test_a_scheduler_that_ends_is_told_and_the_next_run_goes_on(cohort, tmp_path, monkeypatch):  # noqa: F811
    """In chapters: their kernels find the scheduler by themselves."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT_ROOT / "src"), str(PROJECT_ROOT)]))  # of the kernel
    folder, out = tmp_path / "notebooks", tmp_path / "out"
    folder.mkdir()
    chapters = (Chapter("01_first", "First", reads=()),)
    monkeypatch.setattr(execution, "NOTEBOOKS_DIR", folder)
    for room in (engine, execution):
        monkeypatch.setattr(room, "CHAPTERS", chapters)
    monkeypatch.setattr(execution.check_parameters, "__defaults__", (chapters,))
    cluster = ByHand(tmp_path)
    try:
        cluster.wait()
        with use_scheduler(str(cluster.file), lambda said: None):
            write_notebook(folder, "01_first", LOOP.format(ends=cluster.processes[0].pid))
            (failed,) = run_book(cohort, out, with_book=False).outcomes
        assert failed.state == "failed"
        assert "SchedulerGone: The scheduler at tcp://127.0.0.1:" in failed.reason
        assert "Run the same command again" in failed.reason
    finally:
        cluster.end()
    write_notebook(folder, "01_first", LOOP.format(ends=0))
    assert [one.state for one in run_book(cohort, out, with_book=False).outcomes] == ["run"]
    table = (out / "results" / "01_first" / "numbers.tsv").read_text()
    assert table.splitlines()[1:] == [f"{letter}\t{number**2}" for number, letter in enumerate("abcdefgh")]
