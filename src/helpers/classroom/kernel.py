"""The kernel that a notebook is marked in: it writes answers down instead of checking them, and refuses what no answer needs.

The checker's answers are not in it, so that nothing in here can tell a right answer from a wrong one. Files outside the working folder cannot
be written, programs not started and the network not reached, as far as Python can refuse it; who means harm and knows Python's inside gets past
that, so that a class of strangers is marked on a machine that holds nothing else.
"""

from __future__ import annotations

import os
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

MIME = "application/vnd.resilience-book.answer+json"
LONGEST = 200  # characters of an answer
SPOKEN = 200_000  # characters that a notebook may print
RECORDED = "Written down."
PROGRAMS = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"}
)
CHANGES = frozenset(
    {
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.mkdir",
        "os.link",
        "os.symlink",
        "os.chmod",
        "os.truncate",
        "shutil.rmtree",
    }
)
NAMED = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
CONNECTIONS = NAMED | {"socket.connect", "socket.sendto", "socket.bind"}
HERE = frozenset({"127.0.0.1", "localhost", "::1", "", None})


def limit_memory(megabytes: int) -> None:
    """Limit the memory of this process and the size of the files it writes, on systems that can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, size in ((resource.RLIMIT_AS, megabytes), (resource.RLIMIT_FSIZE, megabytes)):
        resource.setrlimit(what, (size * 2**20, size * 2**20))


def refuse_the_rest(work: Path, hidden: Path | None) -> None:
    """From here on refuse other programs, the network, writing outside a folder and reading the class; this cannot be undone.

    Parameters
    ----------
    work : pathlib.Path
    hidden : pathlib.Path or None
    """
    allowed = tuple(os.path.realpath(place) + os.sep for place in (work, tempfile.gettempdir()))
    closed = (os.path.realpath(hidden) + os.sep,) if hidden else ()

    def lies_in(path: Any, places: tuple[str, ...]) -> bool:
        if isinstance(path, int) or path is None:
            return places is allowed
        return (os.path.realpath(os.fsdecode(path)) + os.sep).startswith(places)

    def is_open_to_change(path: Any) -> bool:
        is_path = isinstance(path, str | bytes | os.PathLike)
        return not is_path or lies_in(path, allowed)

    def look(event: str, arguments: tuple) -> None:
        if event == "os.mkdir" and os.path.isdir(arguments[0]):
            return  # libraries make sure of their folders of settings this way
        if event in PROGRAMS:
            raise PermissionError("Programs cannot be started while a notebook is marked.")
        if event in CONNECTIONS and _find_host(event, arguments) not in HERE:
            raise PermissionError("The network cannot be reached while a notebook is marked.")
        if event == "open":
            path, mode, flags = arguments
            writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (
                mode is None and flags & (os.O_WRONLY | os.O_RDWR)
            )
            if writes and not lies_in(path, allowed) and path != os.devnull:
                raise PermissionError("Files can only be written in the notebook's own folder while it is marked.")
            if closed and lies_in(path, closed):
                raise PermissionError("The class cannot be read while a notebook is marked.")
        if event in CHANGES and not all(map(is_open_to_change, arguments)):
            raise PermissionError("Only the notebook's own folder can be changed while it is marked.")

    sys.addaudithook(look)


def _find_host(event: str, arguments: tuple) -> Any:
    """Return the host that an event of the socket module names; None for sockets of the file system."""
    if event in NAMED:
        return arguments[0]
    return arguments[1][0] if isinstance(arguments[1], tuple) else None


def write_answers_down() -> None:
    """Put functions that write answers down in place of those that check them; the answers' own module stays empty."""
    empty = types.ModuleType("helpers.course.answers")
    empty.ANSWERS, empty.Answer = {}, object
    sys.modules[empty.__name__] = empty
    from helpers import course
    from helpers.course import blind, checking

    def check_answer(exercise_id: str, value: Any) -> checking.Feedback:
        """Write an answer down; nothing is said of it."""
        return _note(exercise_id, value, _read_exercise)

    def answer_claim(claim: str, word: Any) -> checking.Feedback:
        """Write an answer down; nothing is said of it."""
        return _note(claim, word, lambda _, given: blind.read_truth(given))

    for place, function in (
        (checking, check_answer),
        (blind, answer_claim),
        (course, check_answer),
        (course, answer_claim),
    ):
        setattr(place, function.__name__, function)


def _read_exercise(exercise_id: str, value: Any) -> Any:
    from helpers.course import read_exercises
    from helpers.course.values import read_letter, read_names, read_number

    readers = {"number": read_number, "letter": read_letter, "names": lambda given: sorted(read_names(given))}
    return readers[read_exercises()[exercise_id].form](value)


def _note(name: str, value: Any, read: Any) -> Any:
    from IPython.display import publish_display_data

    from helpers.course.checking import Feedback
    from helpers.course.values import Unreadable

    if value is not ... and value is not None:
        noted = {"id": str(name)[:LONGEST]}
        try:
            noted["value"] = read(name, value)
        except (Unreadable, KeyError) as error:
            noted["unreadable"] = str(error)[:LONGEST]
        publish_display_data({MIME: noted, "text/plain": RECORDED})
    return Feedback(str(name), False, "", RECORDED)


class Quietened:
    """A stream that stops speaking after so many characters, so that no notebook fills the memory of the one who marks."""

    def __init__(self, stream: Any, most: int = SPOKEN):
        """Stand before a stream."""
        self.stream, self.left = stream, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write what there is room for."""
        shown = text[: max(self.left, 0)]
        self.left -= len(shown)
        if shown:
            self.stream.write(shown)
        return len(text)


def main(megabytes: str, hidden: str, *arguments: str) -> None:
    """Start the kernel in this process, and stay until it ends."""
    limit_memory(int(megabytes))
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(list(arguments))
    write_answers_down()
    sys.stdout, sys.stderr = Quietened(sys.stdout), Quietened(sys.stderr)
    refuse_the_rest(Path.cwd(), None if hidden == "-" else Path(hidden))
    app.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
