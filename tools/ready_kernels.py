"""Kernels that start with the rooms loaded: forked from one process instead of started anew."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOMS = (
    "helpers.brain", "helpers.calibration", "helpers.integration", "helpers.metabolites", "helpers.microbiome", "helpers.multiverse",
    "helpers.plots.cohort", "helpers.plots.resilience", "helpers.plots.brain", "helpers.plots.microbiome", "helpers.plots.metabolites",
    "helpers.plots.integration", "helpers.plots.verdict", "helpers.resilience", "helpers.table1", "helpers.verdict", "ipykernel.kernelapp",
    "matplotlib.pyplot", "nilearn.plotting",
)  # fmt: skip
ASK = """
import os, signal, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall(b"\\0".join(os.fsencode(x) for x in (sys.argv[2], os.getcwd())) + b"\\n")
pid = int(s.makefile().readline())
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda n, f: os.kill(pid, n))
s.recv(1)
"""


@contextmanager
def offer_ready_kernels() -> Iterator[None]:
    """Let kernels of this process and its children be forked from one that has the rooms loaded (POSIX only)."""
    with tempfile.TemporaryDirectory(prefix="kernels-") as folder:
        address = str(Path(folder) / "s")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen(16)
        mother = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=False)
        mother.start()
        spec = Path(folder) / "kernels" / "python3"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-S", "-E", "-c", ASK, address, "{connection_file}"]
        (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
        before = os.environ.get("JUPYTER_PATH")
        os.environ["JUPYTER_PATH"] = folder
        try:
            yield
        finally:
            os.environ.pop("JUPYTER_PATH")
            if before is not None:
                os.environ["JUPYTER_PATH"] = before
            mother.kill()
            mother.join()


def _serve(listener: socket.socket) -> None:
    """Fork a kernel for each that asks; a child's connection closes when it ends."""
    for room in ROOMS:
        __import__(room)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        connection_file, folder = (os.fsdecode(part) for part in connection.makefile("rb").readline()[:-1].split(b"\0"))
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _become_kernel(connection, connection_file, folder)
        connection.close()


def _become_kernel(connection: socket.socket, connection_file: str, folder: str) -> None:
    from ipykernel.kernelapp import IPKernelApp

    os.chdir(folder)
    connection.sendall(f"{os.getpid()}\n".encode())
    try:
        IPKernelApp.launch_instance(["-f", connection_file, "--IPKernelApp.parent_handle=0"])
    finally:
        os._exit(0)
