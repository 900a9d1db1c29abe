"""Files and folders that appear under their final name whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX, _LOCK_SUFFIX = ".tmp", ".lock"
_STALE_SECONDS = 24 * 3600


@contextlib.contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Give an empty folder that takes its final name when the block ends without an error.

    It lies beside `final`, hidden, so that the last step is one rename. Whatever ends the block
    early, a full disk included, removes it; what a killed process leaves behind has a hidden
    temporary name, is never read, and is removed by the next call (`_remove_left`).

    Raises:
        FileExistsError: `final` is there already.
    """
    with _temporary_folder(final) as temporary:
        yield temporary
        for folder, _, _ in os.walk(temporary):
            sync_folder(Path(folder))
        if final.exists():
            raise FileExistsError(f"{final} is there already")
        temporary.rename(final)
        sync_folder(final.parent)


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Give an empty, hidden folder that is removed when the block ends.

    What a killed process leaves behind is removed by the next call, as for `new_folder`.
    """
    with _temporary_folder(parent / "scratch") as folder:
        yield folder


@contextlib.contextmanager
def new_file(final: Path) -> Iterator[Path]:
    """Give a path to write to; it replaces `final` when the block ends without an error.

    The block flushes what it writes to the disk where it must outlive a power cut.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(final)
    try:
        yield temporary
        temporary.replace(final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a small text file, flushed to the disk."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _beside(final: Path) -> Path:
    return final.with_name(f".{final.name}.{uuid.uuid4().hex}{_SUFFIX}")


@contextlib.contextmanager
def _temporary_folder(final: Path) -> Iterator[Path]:
    """Give an empty folder beside `final`; if it still lies there when the block ends, remove it.

    A file beside it is locked meanwhile: the system lets the lock go when the process ends, however
    it does.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    _remove_left(final.parent)
    folder = _beside(final)
    # The lock comes first: a folder whose lock is free is nobody's.
    with _held(folder.with_suffix(_LOCK_SUFFIX)):
        try:
            folder.mkdir()
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold a new lock file; there is none where the system, or a network disk, locks nothing."""
    if fcntl is None:
        yield
        return
    with lock.open("wb") as file:
        try:
            if not _locks(file.fileno()):
                lock.unlink()
            yield
        finally:
            lock.unlink(missing_ok=True)


def _locks(file: int) -> bool:
    """Return whether an open file could be locked."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_left(parent: Path) -> None:
    """Remove temporary folders that killed processes left behind.

    Those whose lock is free at once; those without a lock when they are a day old.
    """
    for left in parent.glob(f".*{_SUFFIX}"):
        lock = left.with_suffix(_LOCK_SUFFIX)
        with contextlib.suppress(OSError):
            gone = _is_free(lock) if lock.exists() else _is_old(left)
            if gone and left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
                lock.unlink(missing_ok=True)


def _is_free(lock: Path) -> bool:
    with lock.open("rb") as file:
        return fcntl is not None and _locks(file.fileno())


def _is_old(left: Path) -> bool:
    return time.time() - left.stat().st_mtime > _STALE_SECONDS


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, where the platform can."""
    if os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
