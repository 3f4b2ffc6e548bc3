"""Where the book's own source can be seen by its readers: the public address of the clone's origin, if it has one."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?/|(?:[^@/]+@)(?P<scp>[^/:]+):/?)(?P<path>[^?#]+?)(?:\.git)?/?"
)
ADDRESS = re.compile(r"\d+(?:\.\d+){3}|.*\.(?:local|localdomain|lan|internal|intranet|corp|home|test|example|invalid)")
BINDER, COLAB = "https://mybinder.org", "https://colab.research.google.com"


@dataclass(frozen=True)
class Repository:
    """A public repository.

    Attributes
    ----------
    url : str
        Its https address.
    branch : str
        That the pages were built from.
    """

    url: str
    branch: str

    @property
    def launch_buttons(self) -> dict[str, str]:
        """Services that open its notebooks, as Jupyter Book's settings name them: Colab knows GitHub alone."""
        services = {"binderhub_url": BINDER} if re.search(r"//(github|gitlab)\.com/", self.url) else {}
        services |= {"colab_url": COLAB} if "//github.com/" in self.url else {}
        return {"notebook_interface": "jupyterlab", **services} if services else {}


def find_repository(root: Path) -> Repository | None:
    """Return the public repository that a clone comes from; None when it has none, or a private one.

    Parameters
    ----------
    root : pathlib.Path
        The clone.
    """
    url = read_public_address(_ask_git(root, "remote", "get-url", "origin"))
    branch = _ask_git(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    branch = branch or _ask_git(root, "branch", "--show-current") or "main"
    return Repository(url, branch) if url else None


def read_public_address(remote: str) -> str | None:
    """Return the https address of a remote on a public host, without user names and passwords; None of any other.

    Parameters
    ----------
    remote : str
        As git has it.

    Examples
    --------
    >>> read_public_address("git@github.com:owner/book.git"), read_public_address("https://user:secret@codeberg.org/o/b")
    ('https://github.com/owner/book', 'https://codeberg.org/o/b')
    >>> [read_public_address(remote) for remote in ("", "../book", "file:///book", "ssh://10.0.0.1/b", "git@server:b/c")]
    [None, None, None, None, None]
    """
    found = REMOTE.fullmatch(remote.strip())
    host = (found["host"] or found["scp"]).lower() if found else ""
    if "." not in host or ADDRESS.fullmatch(host) or found["path"].count("/") < 1:
        return None
    return f"https://{host}/{found['path']}"


def _ask_git(root: Path, *question: str) -> str:
    try:
        done = subprocess.run(["git", *question], cwd=root, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
