"""Open files of strangers safely: what is packed is unpacked within limits, names inside are looked at before use."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from helpers.importers.base import HEAD_BYTES, Head, refuse
from helpers.problems import CohortError, quote

MOST_BYTES = 2_000_000_000  # unpacked, of one file
MOST_RATIO = 500  # unpacked by packed, where more than FREE_BYTES come out
FREE_BYTES = 50_000_000
MOST_MEMBERS = 20_000
MOST_COLUMNS = 200_000
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
CHUNK = 1 << 20
AGAIN = "copy or export it again."


def read_head(path: Path) -> Head:
    """Read the beginning of a file, enough to tell which program wrote it.

    Parameters
    ----------
    path : pathlib.Path
        Any file, of any size; what is gzipped is unpacked as far as the head needs.

    Returns
    -------
    Head

    Raises
    ------
    CohortError
        When it is no file, is empty, cannot be read, or is an archive with unsafe names.
    """
    start = _read_start(path)
    if start[:2] == GZIP:
        try:
            with gzip.open(path) as file:
                return Head(path, file.read(HEAD_BYTES))
        except (OSError, EOFError, zlib.error) as error:
            raise refuse(path, f"a gzip file that is cut off or damaged ({error})", "a whole one", AGAIN) from error
    return Head(path, start, list_members(path) if start[:4] == ZIP else ())


def _read_start(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise refuse(path, "a folder", "a file", "name the files, or give the folder to the command itself.")
        if not path.exists():
            raise refuse(path, "no such file", "a file", "correct the path.")
        if not path.is_file():
            raise refuse(path, "no regular file (a pipe or a device)", "a file", "copy its content into a file.")
        with path.open("rb") as file:
            start = file.read(HEAD_BYTES)
    except OSError as error:
        raise refuse(path, f"a file that cannot be read ({error.strerror})", "a readable file", AGAIN) from error
    if not start:
        raise refuse(path, "an empty file", "a table", AGAIN)
    return start


def list_members(path: Path) -> tuple[str, ...]:
    """Return the names inside a zip; refuse one that would write outside its folder or unpacks to too much.

    Parameters
    ----------
    path : pathlib.Path
        A zip, whatever its name: ``.qza``, ``.xlsx``.

    Raises
    ------
    CohortError
    """
    with _open_zip(path) as archive:
        return tuple(info.filename for info in archive.infolist())


def read_member(path: Path, name: str, *, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the bytes of one file inside a zip.

    Parameters
    ----------
    path : pathlib.Path
    name : str
        As in :func:`list_members`.
    most_bytes : int, optional
        What is longer is refused.

    Raises
    ------
    CohortError
        When the archive is unsafe or damaged, or has no such file.
    """
    with _open_zip(path) as archive:
        try:
            with archive.open(name) as file:
                return _read_limited(file, path, archive.getinfo(name).compress_size, most_bytes)
        except KeyError as error:
            raise refuse(path, f"no {name} inside", "a whole archive", AGAIN) from error
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise refuse(path, f"an archive that is damaged or locked ({error})", "a whole archive", AGAIN) from error


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise refuse(path, f"a zip that is cut off or damaged ({error})", "a whole archive", AGAIN) from error
    try:
        _check_members(path, archive.infolist())
    except CohortError:
        archive.close()
        raise
    return archive


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise refuse(
            path, f"an archive of {len(members):,} files", f"at most {MOST_MEMBERS:,}", "give the files one by one."
        )
    for info in members:
        place = PurePosixPath(info.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in (place.parts or ("",))[0]:
            found = f"an archive with a path that leads out of it ({quote(info.filename)})"
            raise refuse(path, found, "names inside the archive", "do not open it; ask for the file again.")
    total, packed = sum(info.file_size for info in members), sum(info.compress_size for info in members)
    _check_size(path, total, packed)


def _check_size(path: Path, unpacked: int, packed: int, most_bytes: int = MOST_BYTES) -> None:
    if unpacked > most_bytes:
        found = f"a file that unpacks to more than {most_bytes / 1e6:,.0f} MB"
        raise refuse(
            path, found, "a table that fits into memory", "give a smaller table, for instance without rare features."
        )
    if unpacked > FREE_BYTES and unpacked > MOST_RATIO * max(packed, 1):
        found = f"a file that unpacks to more than {MOST_RATIO:,} times its size"
        raise refuse(path, found, "a table", "unpack it yourself, look whether it is what you expect, and give that.")


def _read_limited(file: io.BufferedIOBase, path: Path, packed: int, most_bytes: int = MOST_BYTES) -> bytes:
    """Read all, counting what comes out rather than trusting what the file says of itself."""
    parts, size = [], 0
    while part := file.read(CHUNK):
        size += len(part)
        _check_size(path, size, packed, most_bytes)
        parts.append(part)
    return b"".join(parts)


def read_bytes(path: Path) -> bytes:
    """Return a whole file, unpacked where it is gzipped.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    CohortError
        When it is no file, empty, damaged, cut off, or unpacks to too much.
    """
    is_gzip = _read_start(path)[:2] == GZIP
    try:
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            return _read_limited(file, path, path.stat().st_size)
    except (OSError, EOFError, zlib.error) as error:
        raise refuse(path, f"a file that is cut off or damaged ({error})", "a whole file", AGAIN) from error


def decode(content: bytes, path: Path) -> str:
    """Return bytes as text, line ends as ``\\n``.

    Parameters
    ----------
    content : bytes
        UTF-8 with or without a byte order mark, or UTF-16 with one.
    path : pathlib.Path
        Named in the error.

    Raises
    ------
    CohortError
        When it is no text, or text in another encoding; says in which line.
    """
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        is_binary = b"\x00" in content[:HEAD_BYTES]
        found = "no text (binary data)" if is_binary else "text that is not UTF-8"
        fix = AGAIN if is_binary else "open it in the program it was saved with and save it as UTF-8."
        raise refuse(path, found, "text in UTF-8", fix, line=None if is_binary else line) from error
    if "\x00" in text:
        raise refuse(path, "no text (binary data)", "text in UTF-8", AGAIN)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(path: Path) -> str:
    """Return a whole file as text: see :func:`read_bytes` and :func:`decode`.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    CohortError
    """
    return decode(read_bytes(path), path)
