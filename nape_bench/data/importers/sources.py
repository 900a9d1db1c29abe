"""Where published files lie: a file, a folder, or a zip or tar archive, which is not unpacked."""

from __future__ import annotations

import contextlib
import re
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO

MOST_BYTES = 16 << 30
"""Of one file; the papers' largest have about one gigabyte."""
MOST_RATIO = 100
"""How much larger than in its archive a file may be; those of the papers are 10 times as large."""
MOST_MEMBERS = 10_000
_ANY_RATIO = 1 << 20  # bytes up to which a file may be any times larger

_FAILURES = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, RuntimeError)


@dataclass(frozen=True)
class Source:
    """A file to import.

    Attributes:
        name: Its name without folders.
        where: What messages call it.
        open: Opens it for reading, from its beginning each time.
    """

    name: str
    where: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


def find_sources(path: Path, wanted: Callable[[str], bool]) -> list[Source]:
    """Return the files that a path stands for, by name.

    Args:
        path: A file; a folder, which is searched with all below it; or an archive (.zip, .tar,
            .tar.gz, .tgz, .tar.bz2, .tar.xz).
        wanted: Whether a file of this name is meant.

    Raises:
        DataError: There is none, two have the same name, or an archive is damaged, or has a member
            that leads out of it, is a link, or is too large.
    """
    try:
        if path.is_dir():
            files = sorted(each for each in path.rglob("*") if each.is_file())
            found = [_plain(each) for each in files]
        elif zipfile.is_zipfile(path) and not wanted(path.name):
            found = _zipped(path)
        elif re.search(r"\.(tar(\.\w+)?|tgz)$", path.name):
            found = _tarred(path)
        else:
            found = [_plain(path)]
            if not path.is_file():
                raise DataError(f"{path} is not there: a file, folder or archive expected")
    except _FAILURES as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    chosen = sorted((each for each in found if wanted(each.name)), key=lambda each: each.where)
    names = [each.name for each in chosen]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"{path} has several files {twice[0]}: give the path of one")
    return chosen


class _Guarded:
    """A file whose failures are ours."""

    def __init__(self, file: Any, where: str) -> None:
        self._file, self._where = file, where

    def read(self, size: int = -1) -> bytes:
        """Read bytes, as files do."""
        try:
            return bytes(self._file.read(size))
        except _FAILURES as error:
            raise DataError(f"{self._where} cannot be read: {error}") from None


@contextlib.contextmanager
def _opened(where: str, *steps: Callable[[Any], Any]) -> Iterator[Any]:
    """Open what each step gives of what the step before gave; all are closed at the end."""
    with contextlib.ExitStack() as stack:
        file: Any = None
        try:
            for step in steps:
                file = stack.enter_context(step(file))
        except (*_FAILURES, KeyError) as error:
            raise DataError(f"{where} cannot be read: {error}") from None
        yield _Guarded(file, where)


def _plain(path: Path) -> Source:
    return Source(path.name, str(path), lambda: _opened(str(path), lambda _: path.open("rb")))


def _zipped(path: Path) -> list[Source]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    found = []
    _check_count(path, len(members))
    for member in members:
        where = f"{path}, {member.filename}"
        _check_name(path, member.filename)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataError(f"{where} is a link: only files are read from archives")
        if member.is_dir():
            continue
        if member.flag_bits & 1:
            raise DataError(f"{where} is encrypted: unpack it first")
        _check_size(where, member.file_size, member.compress_size)
        found.append(_member(where, member.filename, path, zipfile.ZipFile, "open"))
    return found


def _tarred(path: Path) -> list[Source]:
    found: list[Source] = []
    total = 0
    with tarfile.open(path) as archive:
        # One header after the other: what follows a member that is too large is not looked at.
        while (member := archive.next()) is not None:
            where = f"{path}, {member.name}"
            _check_count(path, len(found) + 1)
            _check_name(path, member.name)
            if member.isdir():
                continue
            if not member.isreg():
                raise DataError(f"{where} is a link or a device: only files are read from archives")
            total += member.size
            _check_size(where, total, path.stat().st_size)
            found.append(_member(where, member.name, path, tarfile.open, "extractfile"))
    return found


def _member(
    where: str, name: str, path: Path, opener: Callable[[Path], Any], method: str
) -> Source:
    def take(archive: Any) -> Any:
        return getattr(archive, method)(name)

    def open_member() -> AbstractContextManager[BinaryIO]:
        return _opened(where, lambda _: opener(path), take)

    return Source(PurePosixPath(name).name, where, open_member)


def _check_count(path: Path, members: int) -> None:
    if members > MOST_MEMBERS:
        raise DataError(f"{path} has more than {MOST_MEMBERS:,} members: it is none of the papers'")


def _check_name(path: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or re.search(r"[\\:\0]", name):
        raise DataError(f"{path} has a member {name!r}, which leads out of the archive")


def _check_size(where: str, size: int, packed: int) -> None:
    if size > MOST_BYTES or size > max(_ANY_RATIO, MOST_RATIO * packed):
        raise DataError(
            f"{where} has {size:,} bytes, {packed:,} packed: more than {MOST_BYTES:,} in all, or "
            f"than {MOST_RATIO} times what is packed, is refused"
        )
