"""A chapter whose loops are jobs of SLURM: the script of the page *On a cluster*, on a SLURM of one node."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import FEW, PROJECT_ROOT, QUICK_COHORT

pytestmark = pytest.mark.book
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "sinfo")
LACKING = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
SCRIPT = re.compile(r"```python\n(import subprocess\n.*?)```", re.DOTALL)
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
MpiDefault=none
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=5000 State=UNKNOWN
PartitionName=normal Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture
def slurm(tmp_path_factory, monkeypatch):
    """A SLURM of one node with two processors; ends with the test, as do its jobs."""
    if LACKING:
        pytest.skip(f"{', '.join(LACKING)} are not installed (Debian: apt install slurm-wlm munge)")
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin:/sbin")
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key, conf = folder / "munge.key", folder / "slurm.conf"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    host = socket.gethostname().split(".")[0]
    conf.write_text(CONF.format(host=host, user=getpass.getuser(), folder=folder, ports=find_ports(2)))
    monkeypatch.setenv("SLURM_CONF", str(conf))
    files = {"key-file": key} | {f"{name}-file": folder / f"munge.{name}" for name in ("log", "pid", "seed")}
    munge = ["munged", "--force", "--foreground", f"--socket={folder / 'munge.socket'}"]
    started = [
        subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for command in (
            [*munge, *(f"--{name}={path}" for name, path in files.items())],
            ["slurmctld", "-D", "-c", "-f", str(conf)],
            ["slurmd", "-D", "-f", str(conf)],
        )
    ]
    try:
        wait_for(lambda: "idle" in subprocess.run(["sinfo"], capture_output=True, text=True).stdout)
        yield folder
    finally:
        subprocess.run(["scancel", f"--user={getpass.getuser()}"], check=False)
        time.sleep(1)
        for process in reversed(started):
            process.terminate()
            process.wait()


def find_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(is_there, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_there():
        assert time.monotonic() < end
        time.sleep(0.5)


def test_a_chapter_whose_loops_are_jobs_of_slurm_writes_the_same_tables(slurm, quick_results):
    page = (PROJECT_ROOT / "book" / "on_a_cluster.md").read_text(encoding="utf-8")
    script, out = slurm / "on_slurm.py", slurm / "out"
    script.write_text(SCRIPT.search(page)[1].replace("N_WORKERS = 20", "N_WORKERS = 2"))
    only = [word for name in ("01_cohort", "03_brain") for word in ("--only", name)]
    command = [sys.executable, script, QUICK_COHORT, "--no-book", "--output", out, *only, *FEW]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=slurm)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert re.search(r"Long loops are computed by \d worker|has no worker yet", done.stdout)
    tables = sorted((out / "results" / "03_brain").glob("*.tsv"))
    assert tables
    for table in tables:
        assert table.read_bytes() == (quick_results / table.relative_to(out / "results")).read_bytes(), table
    assert "Allocate JobId" in Path(slurm / "slurmctld.log").read_text()
    wait_for(lambda: not subprocess.run(["squeue", "--noheader"], capture_output=True, text=True).stdout.strip())
