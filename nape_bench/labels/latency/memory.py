"""Memory that the process keeps between runs, so that times do not depend on what ran before.

torch allocates every tensor anew. The C library of Linux (glibc) takes a block of more than 32 MiB
from the system each time and gives it back when it is freed, and the system fills each of its pages
with zeros at first touch. Networks whose maps are that large then take up to three times as long
(OFA-MobileNetV3 with 16 images of 224 pixels), by how much depends on the state of the system's
memory, and a smaller network is faster where a larger one ran before it. Allocators that people use
for inference keep what is freed, and so does glibc if it is told to.
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# malloc.h of glibc; its manual, section 3.2.3.7.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
NEVER = -1
MMAP_MAX, MMAP_THRESHOLD, TRIM_THRESHOLD = 65536, 32 * 2**20, 64 * 2**20
"""Where glibc begins, and the highest that it raises its thresholds to by itself."""


def memory_can_be_kept() -> bool:
    """Return whether the C library of this process is glibc, which can be told to keep memory."""
    return platform.libc_ver()[0] == "glibc"


@contextlib.contextmanager
def kept_memory() -> Iterator[None]:
    """Let the process keep what is freed within the block, and give it back at the end.

    It holds for what the main thread allocates. Without glibc nothing is changed. Afterwards large
    blocks are taken from the system and given back again, with fixed thresholds, which are those
    that glibc itself comes to after it has seen some.
    """
    if not memory_can_be_kept():
        yield
        return
    libc = ctypes.CDLL(None)
    _set(libc, {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: NEVER})
    try:
        yield
    finally:
        usual = {
            M_MMAP_MAX: MMAP_MAX,
            M_MMAP_THRESHOLD: MMAP_THRESHOLD,
            M_TRIM_THRESHOLD: TRIM_THRESHOLD,
        }
        _set(libc, usual)
        libc.malloc_trim(0)


def _set(libc: ctypes.CDLL, parameters: dict[int, int]) -> None:
    for parameter, value in parameters.items():
        libc.mallopt(parameter, value)
