"""Locks on files and bytes; the system gives them back when the process that holds them ends.

Where the platform has none (Windows) every lock is granted at once.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[bool]:
    """Lock a file for as long as a `with` block takes.

    Args:
        path: The file; it is made if it is not there.
        wait: Whether to wait for others to give it back.

    Yields:
        Whether it is locked; always, if it may wait.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield lock_file(file, wait=wait)
    finally:
        os.close(file)


def lock_file(file: int, *, shared: bool = False, wait: bool = True) -> bool:
    """Lock an open file.

    Args:
        file: Descriptor of the file; the lock goes with it.
        shared: Whether others may have it too, all of them shared.
        wait: Whether to wait for others to give it back.

    Returns:
        Whether it is locked; always, if it may wait.
    """
    try:
        import fcntl
    except ImportError:
        return True
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(file, how | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def unlock_file(file: int) -> None:
    """Give the lock on an open file back."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(file, fcntl.LOCK_UN)


def lock_byte(file: int, place: int) -> bool:
    """Lock one byte of an open file for this process, without waiting.

    Args:
        file: Descriptor of the file, which can be written to. The process gives back all its
            locks on bytes of a file when it closes any descriptor of that file.
        place: Where the byte is; it need not be there.

    Returns:
        Whether it is locked; False if another process has it.
    """
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except (BlockingIOError, PermissionError):
        return False
    return True


def unlock_byte(file: int, place: int) -> None:
    """Give the lock on a byte of an open file back."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.lockf(file, fcntl.LOCK_UN, 1, place)
