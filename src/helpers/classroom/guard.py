"""Stand between a notebook that is marked and the machine: end it in time, and hide the class from it where the system can.

Run as ``python -m helpers.classroom.guard SECONDS MEGABYTES HIDDEN CONNECTION``: starts the kernel, waits, ends it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

KERNEL = "helpers.classroom.kernel"
NOTHING = "-"  # in place of a folder to hide
LATE = "late"  # file in the working folder that says the time was up


@cache
def find_walls(hidden: Path) -> tuple[str, ...]:
    """Return the command that starts another one without a network and with its own mounts; empty where the system has none.

    Parameters
    ----------
    hidden : pathlib.Path
        A folder, to try whether it can be hidden.
    """
    if shutil.which("unshare") is None:
        return ()
    walls = ("unshare", "--user", "--map-root-user", "--net", "--mount")
    probe = 'mount -t tmpfs none "$1" && unshare --user true'
    try:
        tried = subprocess.run([*walls, "sh", "-c", probe, "-", str(hidden)], capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ()
    return walls if tried.returncode == 0 else ()


def write_command(seconds: float, megabytes: int, hidden: Path) -> list[str]:
    """Return the command of a kernel for marking, as a kernel's specification wants it.

    Parameters
    ----------
    seconds : float
        How long the notebook may take, from start to end.
    megabytes : int
        Memory it may use, where the system can limit it.
    hidden : pathlib.Path
        The class: hidden by an empty folder on top of it, where the system can.
    """
    walls = find_walls(hidden)
    place = str(hidden) if walls else NOTHING
    return [*walls, sys.executable, "-m", __name__, str(seconds), str(megabytes), place, "{connection_file}"]


def _guard(seconds: float, megabytes: str, hidden: str, connection: str) -> int:
    """Start the kernel and wait; end it and all it started when the time is up."""
    command = [sys.executable, "-m", KERNEL, megabytes, hidden, "-f", connection]
    if hidden != NOTHING:
        subprocess.run(["mount", "-t", "tmpfs", "none", hidden], check=True)
        command = ["unshare", "--user", *command]  # one more wall: what is mounted now cannot be taken away inside
    kernel = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: _end(kernel))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return kernel.wait(seconds)
    except subprocess.TimeoutExpired:
        Path(LATE).touch()
        return 1
    finally:
        _end(kernel)


def _end(kernel: subprocess.Popen) -> None:
    if os.name == "posix":
        try:
            os.killpg(kernel.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        kernel.kill()


if __name__ == "__main__":
    sys.exit(_guard(float(sys.argv[1]), *sys.argv[2:]))
