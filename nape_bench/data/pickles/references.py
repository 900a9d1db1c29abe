"""A first look over a file: which of the values that it numbers it refers back to, and how late.

A pickle numbers nearly everything that it holds, 2,000 values a graph, and could refer to any of
them later. Which it does refer to is found here without interpreting it: every byte that could be
the opcode LONG_BINGET is taken for one. What stands in texts and looks like it does no harm, a
value is then remembered in vain. Numbers below 256, which have a shorter opcode, are always
remembered.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import DataError

if TYPE_CHECKING:
    from typing import BinaryIO

    from nape_bench.data.pickles.limits import Limits

ALWAYS = 256
"""Values with a smaller number are always remembered."""

_OPCODE = 0x6A
_BLOCK = 4 << 20
_FEW = 1 << 16
"""Most references are to the class and field names of the first entry: looked up, not sorted."""


class References:
    """Where each numbered value of a file is referred to for the last time.

    Attributes:
        size: Bytes of the file.
        sha256: Their digest.
    """

    def __init__(self, size: int, sha256: str, numbers: np.ndarray, last: np.ndarray) -> None:
        self.size, self.sha256 = size, sha256
        self._numbers, self._last = numbers, last

    def wanted(self, first: int, end: int, position: int) -> list[int]:
        """Return the numbers from `first` to `end` that are referred to behind a position."""
        low, high = np.searchsorted(self._numbers, (first, end)).tolist()
        found = list(range(first, min(end, ALWAYS)))
        if low < high:
            late = self._last[low:high] > position
            found += [n for n in self._numbers[low:high][late].tolist() if n >= ALWAYS]
        return found


def scan(file: BinaryIO, name: str, limits: Limits) -> References:
    """Look through a file.

    Args:
        file: The file, from its beginning.
        name: What messages call it.
        limits: What it may ask for.

    Raises:
        DataError: It refers back to more values than `limits` allow.
    """
    digest, size = hashlib.sha256(), 0
    few = np.zeros(_FEW, dtype=np.int64)
    many: list[tuple[np.ndarray, int]] = []
    total, tail = 0, b""
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
        numbers = _numbers(tail + block, size)
        few[numbers[numbers < _FEW]] = size
        others = np.unique(numbers[numbers >= _FEW])
        total += len(others)
        if total + np.count_nonzero(few) > limits.references:
            raise DataError(f"{name} refers back to more than {limits.references:,} of its values")
        many.append((others, size))
        tail = (tail + block)[-4:]
    known = np.flatnonzero(few)
    numbers = np.concatenate([known, *[others for others, _ in many]])
    last = np.concatenate([few[known], *[np.full(len(o), end) for o, end in many]])
    # Of a number that stands in several blocks the last one counts.
    unique, place = np.unique(numbers[::-1], return_index=True)
    return References(size, digest.hexdigest(), unique, last[::-1][place])


def _numbers(block: bytes, size: int) -> np.ndarray:
    """Return the numbers that LONG_BINGET, and all that looks like it, has in a block, int64.

    Values are numbered in the order in which they come, and each takes a byte or more: a number
    above the bytes read so far is none.
    """
    content = np.frombuffer(block, dtype=np.uint8)
    at = np.flatnonzero(content[: max(0, len(content) - 4)] == _OPCODE)
    numbers = content[at + 4].astype(np.int64)
    for step in (3, 2, 1):
        numbers = numbers << 8 | content[at + step]
    found: np.ndarray = numbers[numbers < size]
    return found
