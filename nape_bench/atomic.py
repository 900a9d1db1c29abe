"""Files and folders that appear under their final name whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = ".tmp"
_STALE_SECONDS = 24 * 3600


@contextlib.contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Give an empty folder that takes its final name when the block ends without an error.

    It lies beside `final`, hidden, so that the last step is one rename. Whatever ends the block
    early, a full disk included, removes it; what a killed process leaves behind has a hidden
    temporary name, is never read, and is removed by a later call.

    Raises:
        FileExistsError: `final` is there already.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(final.parent)
    temporary = _beside(final)
    temporary.mkdir()
    try:
        yield temporary
        for folder, _, _ in os.walk(temporary):
            sync_folder(Path(folder))
        if final.exists():
            raise FileExistsError(f"{final} is there already")
        temporary.rename(final)
        sync_folder(final.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Give an empty, hidden folder that is removed when the block ends.

    What a killed process leaves behind is removed by a later call, as for `new_folder`.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(parent)
    folder = _beside(parent / "scratch")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


def _remove_stale(parent: Path) -> None:
    """Remove temporary folders that a killed process left behind a day ago or longer."""
    for left in parent.glob(f".*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            if left.is_dir() and time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, where the platform can."""
    if os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
