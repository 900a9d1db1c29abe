"""Where published files lie: a file, a folder, or a zip or tar archive, which is not unpacked."""

from __future__ import annotations

import contextlib
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO

MOST_BYTES = 16 << 30
"""Of one file; the papers' largest have about one gigabyte."""
MOST_RATIO = 100
"""How much larger than in its archive a file may be; those of the papers are 10 times as large."""
MOST_MEMBERS = 100_000
"""Of an archive; NATS-Bench's of sizes has 32,769."""
MOST_PACKED_MEMBERS = 1_000
"""Of an archive that is packed as a whole: each member is found by unpacking all before it."""
_ANY_RATIO = 1 << 20  # bytes up to which a file may be any times larger
_BLOCK = 4 << 20

FAILURES = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
    RuntimeError,
)  # fmt: skip
"""What reading archives raises where they are damaged."""


@dataclass(frozen=True)
class Source:
    """A file to import.

    Attributes:
        name: Its name without folders.
        where: What messages call it.
        open: Opens it for reading, from its beginning each time.
        folders: Names of the folders that it lies in, the innermost last.
    """

    name: str
    where: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    folders: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The ending of its name, ".csv", in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    def read(self, most: int = MOST_BYTES) -> bytes:
        """Return all that it holds.

        Raises:
            DataError: It cannot be read, or has more than `most` bytes.
        """
        found = io.BytesIO()
        with self.open() as file:
            # Memory for all that a file is asked for is taken before it is read: never ask for all.
            while block := file.read(_BLOCK):
                found.write(block)
                if found.tell() > most:
                    raise DataError(
                        f"{self.where} has more than {most:,} bytes: it is none of these files"
                    )
        return found.getvalue()


def find_sources(
    path: Path, wanted: Callable[[str], object], *, by_folder: bool = False
) -> list[Source]:
    """Return the files that a path stands for, by name.

    Args:
        path: A file; a folder, which is searched with all below it; or an archive (.zip, .tar,
            .tar.gz, .tgz, .tar.bz2, .tar.xz).
        wanted: Whether a file of this name is meant.
        by_folder: Whether files that have the same name in different folders are different ones.

    Raises:
        DataError: There is none, two have the same name and are not different ones, or an archive
            is damaged, or has a member that leads out of it, is a link, or is too large.
    """
    try:
        if path.is_dir():
            files = sorted(each for each in path.rglob("*") if each.is_file())
            found = [plain_source(each) for each in files]
        elif not path.is_file():  # pipes and devices may have no end
            raise DataError(f"{path} is not there: a file, folder or archive expected")
        elif zipfile.is_zipfile(path) and not wanted(path.name):
            found = _zipped(path)
        elif re.search(r"\.(tar(\.\w+)?|tgz)$", path.name):
            found = _tarred(path)
        else:
            found = [plain_source(path)]
    except FAILURES as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    chosen = sorted((each for each in found if wanted(each.name)), key=lambda each: each.where)
    names = [] if by_folder else [each.name for each in chosen]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{path} has several files {twice[0]}: give the path of one")
    return chosen


def find_release(
    path: str | os.PathLike[str],
    wanted: Callable[[str], object],
    files: str,
    *,
    by_folder: bool = False,
) -> list[Source]:
    """Return the files of a published release that a path stands for (`find_sources`).

    Args:
        path: A file, a folder or an archive.
        wanted: Whether a file of this name is one.
        files: The names that they have, for messages.
        by_folder: As for `find_sources`.

    Raises:
        DataError: There is none, or as for `find_sources`.
    """
    place = Path(path).expanduser()
    found = find_sources(place, wanted, by_folder=by_folder)
    if not found:
        raise DataError(f"{place} has none of the files of this release: {files}")
    return found


def given_name(path: str | os.PathLike[str]) -> str:
    """Return what a command calls a path: its last part, without where on this machine it lies."""
    return Path(path).expanduser().resolve().name


class _Window(contextlib.nullcontext[None]):
    """A part of an open file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        file.seek(start)
        self._file, self._left = file, size

    def __enter__(self) -> Any:
        return self

    def read(self, size: int = -1) -> bytes:
        """Read bytes, as files do."""
        found = self._file.read(self._left if size < 0 else min(size, self._left))
        if not found and size and self._left:
            raise EOFError("the archive is cut off")
        self._left -= len(found)
        return found


class _Guarded:
    """A file whose failures are ours."""

    def __init__(self, file: Any, where: str) -> None:
        self._file, self._where = file, where

    def read(self, size: int = -1) -> bytes:
        """Read bytes, as files do."""
        try:
            return bytes(self._file.read(size))
        except FAILURES as error:
            raise DataError(f"{self._where} cannot be read: {error}") from None


@contextlib.contextmanager
def _opened(where: str, *steps: Callable[[Any], Any]) -> Iterator[Any]:
    """Open what each step gives of what the step before gave; all are closed at the end."""
    with contextlib.ExitStack() as stack:
        file: Any = None
        try:
            for step in steps:
                file = stack.enter_context(step(file))
        except (*FAILURES, KeyError) as error:
            raise DataError(f"{where} cannot be read: {error}") from None
        yield _Guarded(file, where)


def plain_source(path: Path) -> Source:
    """Return a file that is no member of an archive."""
    where = str(path)
    opened = partial(_opened, where, lambda _: path.open("rb"))
    return Source(path.name, where, opened, path.resolve().parent.parts)


def _zipped(path: Path) -> list[Source]:
    # It stays open for as long as its files are known: its list of members is read once.
    archive = zipfile.ZipFile(path)
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
        check_size(where, member.file_size, member.compress_size)
        found.append(_unzipped(where, archive, member))
    return found


def _unzipped(where: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Source:
    """Return a member of a zip file."""
    name = PurePosixPath(member.filename)
    opened = partial(_opened, where, lambda _: archive.open(member))
    return Source(name.name, where, opened, name.parent.parts)


def _tarred(path: Path) -> list[Source]:
    found: list[Source] = []
    total = 0
    with tarfile.open(path) as archive:
        packed = not isinstance(archive.fileobj, io.BufferedReader)
        # One header after the other: what follows a member that is too large is not looked at.
        while (member := archive.next()) is not None:
            where = f"{path}, {member.name}"
            _check_count(path, len(found) + 1)
            _check_name(path, member.name)
            if member.isdir():
                continue
            if not member.isreg():
                raise DataError(f"{where} is a link or a device: only files are read from archives")
            if packed and len(found) == MOST_PACKED_MEMBERS:
                raise DataError(
                    f"{path} has more than {MOST_PACKED_MEMBERS:,} files and is packed as a whole, "
                    "so that each takes long to find: unpack it first"
                )
            total += member.size
            check_size(where, total, path.stat().st_size)
            if packed or member.sparse is not None:
                found.append(_packed(where, member.name, path))
            else:
                found.append(_part(where, member.name, path, member.offset_data, member.size))
    return found


def _part(where: str, name: str, path: Path, start: int, size: int) -> Source:
    """Return a member of a tar file that is not compressed, which stands there as it is.

    To look for it by name would be to read the headers of all before it, for each member.
    """
    opened = partial(
        _opened, where, lambda _: path.open("rb"), lambda file: _Window(file, start, size)
    )
    return Source(PurePosixPath(name).name, where, opened, PurePosixPath(name).parent.parts)


def _packed(where: str, name: str, path: Path) -> Source:
    """Return a member of a tar file that is packed as a whole."""

    def open_member() -> AbstractContextManager[BinaryIO]:
        return _opened(where, lambda _: tarfile.open(path), lambda file: file.extractfile(name))

    return Source(PurePosixPath(name).name, where, open_member, PurePosixPath(name).parent.parts)


def _check_count(path: Path, members: int) -> None:
    if members > MOST_MEMBERS:
        raise DataError(f"{path} has more than {MOST_MEMBERS:,} members: it is none of the papers'")


def _check_name(path: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or re.search(r"[\\:\0]", name):
        raise DataError(f"{path} has a member {name!r}, which leads out of the archive")


def check_size(where: str, size: int, packed: int) -> None:
    """Check how large what is packed says that it is.

    Raises:
        DataError: It is larger than any of the papers' files, or so much larger than what is packed
            that it is a bomb.
    """
    if size > MOST_BYTES or size > max(_ANY_RATIO, MOST_RATIO * packed):
        raise DataError(
            f"{where} has {size:,} bytes, {packed:,} packed: more than {MOST_BYTES:,} in all, or "
            f"than {MOST_RATIO} times what is packed, is refused"
        )
