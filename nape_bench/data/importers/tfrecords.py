"""read_tfrecords: the records of a TFRecord file, without TensorFlow.

A record is its length in 8 bytes, a checksum of these, the content, and a checksum of the content.
Numbers begin with their least byte; a checksum is the CRC-32C, turned by 15 bits and with a
constant added (TensorFlow, tensorflow/core/lib/io/record_writer.h and hash/crc32c.h).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

MOST_BYTES = 1 << 14
"""Of a record; those of NAS-Bench-101 have some 400."""

_POLYNOMIAL = 0x82F63B78  # of CRC-32C, its bits turned round
_ONES = 0xFFFFFFFF
_MASK = 0xA282EAD8
_HEAD, _TAIL = struct.Struct("<QI"), struct.Struct("<I")
_LENGTH_BYTES = 8
_LEAST = _HEAD.size + _TAIL.size
_BLOCK = 1 << 18


class TfRecord(NamedTuple):
    """A record.

    Attributes:
        position: Where it begins in the file, in bytes.
        content: What it holds.
    """

    position: int
    content: bytes


def read_tfrecords(file: BinaryIO, name: str) -> Iterator[TfRecord]:
    """Go through the records of a file; both checksums of each are checked.

    Args:
        file: The file, from its beginning.
        name: What messages call it.

    Raises:
        DataError: A record is damaged, has more than `MOST_BYTES`, or is cut off; the message says
            at which byte it begins.
    """
    rest, start = b"", 0
    while block := file.read(_BLOCK):
        rest += block
        framed = _split(rest)
        good = framed.good()
        for at, content in zip(framed.places[:good], framed.contents, strict=False):
            yield TfRecord(start + at, content)
        wrong = framed.wrong(good)
        if wrong:
            at = [*framed.places, framed.end][good]
            raise DataError(f"{name}, byte {start + at:,}: {wrong}")
        rest, start = rest[framed.end :], start + framed.end
    if rest:
        raise DataError(f"{name}, byte {start:,}: the file ends in the middle of a record")


def crc32c(contents: Sequence[bytes]) -> np.ndarray:
    """Return the CRC-32C of each of several byte strings, uint32 [contents].

    A checksum is the exclusive or of what each byte gives at its distance from the end, and of what
    as many zeros would give: so all bytes are looked up at once.
    """
    lengths = np.array([len(content) for content in contents], dtype=np.int64)
    tables, zeros = _tables(1 << max(int(lengths.max(initial=1)) - 1, 63).bit_length())
    found = zeros[lengths]
    filled = lengths > 0
    if not filled.any():
        return found
    ends = np.cumsum(lengths)
    distances = np.repeat(ends, lengths) - np.arange(1, ends[-1] + 1)
    # One index into a flat table: numpy is several times slower with two into a square one.
    given = tables.take((distances << 8) | np.frombuffer(b"".join(contents), dtype=np.uint8))
    found[filled] ^= np.bitwise_xor.reduceat(given, (ends - lengths)[filled])
    return found


def masked(checksums: np.ndarray) -> np.ndarray:
    """Return CRC-32C checksums as such files store them, uint32 [checksums]."""
    return ((checksums >> 15) | (checksums << 17)) + np.uint32(_MASK)


@cache
def _tables(most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what each byte gives at each distance from the end of up to `most` bytes, and zeros.

    Returns:
        uint32 [most * 256], distance by distance; the checksum of 0 to `most` zeros, uint32
        [most + 1].
    """
    first: np.ndarray = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = np.where(first & 1, (first >> 1) ^ np.uint32(_POLYNOMIAL), first >> 1)
    tables = np.empty((most, 256), dtype=np.uint32)
    tables[0] = first
    for distance in range(1, most):
        tables[distance] = first[tables[distance - 1] & 0xFF] ^ (tables[distance - 1] >> 8)
    states = [_ONES]
    for _ in range(most):
        states.append(int(first[states[-1] & 0xFF]) ^ states[-1] >> 8)
    return tables.ravel(), np.array(states, dtype=np.uint32) ^ np.uint32(_ONES)


@dataclass
class _Framed:
    """The records that a block has whole, from its beginning.

    Attributes:
        places: Where each begins.
        heads: The bytes of each one's length.
        contents: What each holds.
        told: The checksums of lengths and contents, one after the other, as they stand there.
        end: Where the last one ends.
        too_long: The length of the record that follows, and its checksum, where it is longer than
            any may be.
    """

    places: list[int] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    end: int = 0
    too_long: tuple[int, bool] | None = None

    def good(self) -> int:
        """Return how many records come before the first that is damaged."""
        wrong = np.flatnonzero(~self._same().all(axis=1))
        return int(wrong[0]) if len(wrong) else len(self.places)

    def wrong(self, number: int) -> str:
        """Say what is wrong with a record, or with what follows the last one; "" for nothing."""
        if number < len(self.places):
            return _damaged("content" if self._same()[number, 0] else "length")
        if self.too_long is None:
            return ""
        length, right = self.too_long
        if not right:
            return _damaged("length")
        return f"a record of {length:,} bytes, where at most {MOST_BYTES:,} are read"

    def _same(self) -> np.ndarray:
        """Return whether each checksum is right, bool [records, 2]."""
        found = np.stack([masked(crc32c(self.heads)), masked(crc32c(self.contents))], axis=1)
        same: np.ndarray = found == np.array(self.told, dtype=np.uint32).reshape(-1, 2)
        return same


def _split(content: bytes) -> _Framed:
    """Find the records that a block has whole."""
    framed = _Framed()
    at, size = 0, len(content)
    places, heads, contents, told = framed.places, framed.heads, framed.contents, framed.told
    while size - at >= _LEAST:
        length, checksum = _HEAD.unpack_from(content, at)
        begin, head = at + _HEAD.size, content[at : at + _LENGTH_BYTES]
        end = begin + length
        if length > MOST_BYTES:
            framed.too_long = (length, int(masked(crc32c([head]))[0]) == checksum)
            break
        if end + _TAIL.size > size:
            break
        places.append(at)
        heads.append(head)
        contents.append(content[begin:end])
        told += (checksum, _TAIL.unpack_from(content, end)[0])
        at = end + _TAIL.size
    framed.end = at
    return framed


def _damaged(part: str) -> str:
    return (
        f"the {part} of the record is not what its checksum says: the file is damaged, or no "
        "TFRecord file"
    )
