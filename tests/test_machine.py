"""What a machine does to a run: no space, no rights, no home, a clock set back. One sentence each, and the next run goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.book.rendering import is_from_the_future
from tests.support import run_command

CHAPTER = ["--only", "01_cohort", "--workers", "1"]


@contextmanager
def mount_small_disk(place: Path, size: str) -> Iterator[None]:
    """Mount a disk of a size; where that is not allowed, the injected faults of ``test_run`` stand alone."""
    place.mkdir(exist_ok=True)
    mount = shutil.which("mount")
    done = mount and subprocess.run([mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True)
    if not done or done.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


@pytest.mark.parametrize("size", ["4k", "100k", "200k"])
def test_a_full_disk_is_a_sentence_and_the_next_run_goes_on(thin_example, tmp_path, size):
    """Full at once, under the engine's own files, and under the chapter."""
    disk = tmp_path / "disk"
    with mount_small_disk(disk, size):
        done = run_command("run", thin_example, *CHAPTER, "--output", disk / "out")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert "The disk is full" in done.stderr and "Free some space" in done.stderr
        remount(disk, "size=100m")
        again = run_command("run", thin_example, *CHAPTER, "--output", disk / "out")
        assert again.returncode == 0, again.stderr
        assert list((disk / "out" / "results" / "01_cohort").iterdir())


def test_a_disk_that_may_only_be_read_is_a_sentence(thin_example, tmp_path):
    disk = tmp_path / "disk"
    with mount_small_disk(disk, "10m"):
        remount(disk, "ro")
        done = run_command("run", thin_example, *CHAPTER, "--output", disk / "out")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert "may only be read" in done.stderr and "Choose a folder" in done.stderr


def test_a_home_without_space_stops_nothing(thin_example, tmp_path):
    home = tmp_path / "home"
    with mount_small_disk(home, "4k"):
        (home / "full").write_bytes(b"0" * 4096)
        done = run_command(
            "run", thin_example, *CHAPTER, "--output", tmp_path / "out", env=os.environ | {"HOME": str(home)}
        )
        assert done.returncode == 0, done.stderr


def test_an_output_that_is_a_file_is_a_sentence(thin_example, tmp_path):
    (tmp_path / "file").write_text("mine")
    for place in ("file", "file/below"):
        done = run_command("run", thin_example, *CHAPTER, "--output", tmp_path / place)
        assert (done.returncode, "a file, expected a folder" in done.stderr) == (2, True), done.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_pages_kept_from_a_later_time_are_not_trusted(tmp_path):
    """After a clock was set back, what was rendered before looks newer than the page that changed."""
    kept = tmp_path / "kept"
    kept.mkdir()
    assert not is_from_the_future(kept)
    (kept / "page.doctree").touch()
    assert not is_from_the_future(kept)
    later = time.time() + 3600
    os.utime(kept / "page.doctree", (later, later))
    assert is_from_the_future(kept)
