"""All cells of NAS-Bench-201 in one file, NATS-Bench's or NAS-Bench-201's own, one at a time.

`NATS-tss-v1_0-3ffb9.pickle.pbz2` is a bzip2 of a pickle, `NAS-Bench-201-v1_1-096897.pth` a file of
torch.save: before torch 1.6 pickles one after the other, of which the fourth is what was saved;
where it was loaded and saved again since then, a zip file that has the pickle first, as it is. The
pickle is a dictionary, whose `arch2infos` has each cell by its number: results by epochs, "12" and
"200" (NATS-Bench) or "less" and "full" (NAS-Bench-201), else as in the files of one cell (`nats`).
Python's own reader takes 28 GB for it; here one cell is held at a time, and nothing in the file is
run.
"""

from __future__ import annotations

import bz2
import re
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nape_bench.data.importers.sources import MOST_BYTES, MOST_RATIO
from nape_bench.data.pickles import Limits, read_items
from nape_bench.data.pickles.references import scan
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nape_bench.data.importers.sources import Source

NATS = re.compile(r"NATS-tss-v\w+-\w+\.pickle\.pbz2")
NASBENCH201 = re.compile(r"NAS-Bench-201-v\w+-\w+\.pth")

CELLS = "arch2infos"
BY_EPOCHS = {"less": "12", "full": "200"}
"""What NAS-Bench-201's file calls a budget -> its epochs."""

_LIMITS = Limits(
    entry_bytes=64 << 20,
    opcodes=20_000_000,
    objects=10_000_000,
    remembered=50_000_000,
    references=64_000_000,
    integer_bytes=16,
    least_protocol=2,
    plain_values=True,
)
"""What a cell may ask for: it has about 300 KB, twelve trainings of up to 200 epochs."""
_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The pickled number that torch.save wrote first."""
_ZIP = b"PK\x03\x04"
_ZIP_HEADER = struct.Struct("<4s4xH16xHH")
"""What a member of a zip file begins with: how it is packed, lengths of its name and of more."""
_BEFORE = 3  # pickles before what was saved: that number, a version, what machine it was
_ANY = 1 << 20  # bytes that may come of any number of packed ones
_BLOCK = 1 << 20


def is_whole(name: str) -> bool:
    """Return whether a file of this name holds all cells."""
    return bool(NATS.fullmatch(name) or NASBENCH201.fullmatch(name))


def read_cells(source: Source) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Go through the cells of a file.

    Yields:
        Where a cell stands, its number, and its results by epochs.

    Raises:
        DataError: The file is none of these, is cut off, damaged or larger than any of them, or
            names what is refused; the message says at which byte of the pickle.
    """
    with _opened(source) as (file, _):
        references = scan(file, source.where, _LIMITS)
    with _opened(source) as (file, before):
        for (number, results), position in read_items(
            file, source.where, references, CELLS, _LIMITS, before=before
        ):
            told = {BY_EPOCHS.get(epochs, epochs): value for epochs, value in results.items()}
            yield f"cell {number} (byte {position:,})", number, told


@contextmanager
def _opened(source: Source) -> Iterator[tuple[Any, int]]:
    """Open the pickle in a file, and tell how many stand before the one that is meant."""
    with source.open() as file:
        if NATS.fullmatch(source.name):
            yield _Unpacked(source.where, file), 0
            return
        start = file.read(_ZIP_HEADER.size)
        if start.startswith(_TORCH):
            yield _Rejoined(start, file), _BEFORE
        elif _begins_with_pickle(start, file):
            yield file, 0
        else:
            raise DataError(f"{source.where} is no file of torch.save: it begins otherwise")


def _begins_with_pickle(start: bytes, file: Any) -> bool:
    """Return whether a zip file begins with the pickle of torch.save, and go to where that begins.

    Args:
        start: The first `_ZIP_HEADER.size` bytes, or what there is.
        file: What follows.
    """
    if len(start) < _ZIP_HEADER.size:
        return False
    signature, method, name, extra = _ZIP_HEADER.unpack(start)
    told = file.read(name + extra)[:name]
    return (signature, method) == (_ZIP, 0) and told.endswith(b"/data.pkl")


class _Rejoined:
    """A file from its beginning, of which the first bytes were read already."""

    def __init__(self, start: bytes, file: Any) -> None:
        self._start, self._file = start, file

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        start, self._start = self._start, b""
        return start + bytes(self._file.read(size))


class _Unpacked:
    """What a bzip2 file holds, unpacked up to a size that none of these has."""

    def __init__(self, where: str, file: Any) -> None:
        self._where, self._file = where, file
        self._unpacker = bz2.BZ2Decompressor()
        self._packed = self._size = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        unpacker = self._unpacker
        while not unpacker.eof:
            block = self._file.read(_BLOCK) if unpacker.needs_input else b""
            if unpacker.needs_input and not block:
                raise DataError(f"{self._where} is cut off")
            self._packed += len(block)
            try:
                found = unpacker.decompress(block, size)
            except OSError as error:
                raise DataError(f"{self._where} is no bzip2 file: {error}") from None
            if found:
                self._size += len(found)
                _check_size(self._where, self._size, self._packed)
                return found
        return b""


def _check_size(where: str, size: int, packed: int) -> None:
    if size > MOST_BYTES or size > max(_ANY, MOST_RATIO * packed):
        raise DataError(
            f"{where} has more than {MOST_BYTES:,} bytes unpacked, or than {MOST_RATIO} times what "
            "is packed: it is none of these files"
        )
