"""read_torch: plain values that `torch.save` wrote, without torch and without running anything.

Such a file is a zip archive whose member `<name>/data.pkl` is a pickle, or, before torch 1.6, five
pickles one after the other, of which the fourth is what was saved. Tensors are refused: what
benchmarks publish so are dictionaries, lists, texts and numbers.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from nape_bench.data.importers.sources import FAILURES, check_size
from nape_bench.data.pickles import Limits, read_objects
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from nape_bench.data.importers.sources import Source

PLAIN = Limits(
    entry_bytes=1 << 30,
    opcodes=100_000_000,
    objects=50_000_000,
    integer_bytes=16,
    least_protocol=2,
    plain_values=True,
)
"""What a file of plain values may ask for: TransNAS-Bench-101's has some ten million of them."""

_MAGIC = 0x1950A86A20F9469CFC6C
_BEFORE = 3  # pickles before the one that was saved: a number, a version, what machine it was
_ZIP = b"PK\x03\x04"


def read_torch(source: Source, limits: Limits = PLAIN) -> Any:
    """Return what a file of `torch.save` holds, of plain values alone.

    Raises:
        DataError: It is no such file, is cut off or damaged, or holds tensors or objects; the
            message says at which byte of the pickle.
    """
    content = source.read(limits.entry_bytes)
    if not content.startswith(_ZIP):
        (magic, *_), saved = _split(read_objects(content, source.where, limits, _BEFORE + 1))
        if magic != _MAGIC:
            raise DataError(f"{source.where} is no file of torch.save: it has another beginning")
        return saved
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(names) != 1:
                raise DataError(f"{source.where} is no file of torch.save: it has no data.pkl")
            member = archive.getinfo(names[0])
            check_size(f"{source.where}, {names[0]}", member.file_size, member.compress_size)
            if member.file_size > limits.entry_bytes:
                raise DataError(f"{source.where}, {names[0]} is larger than any of these files")
            pickled = archive.read(names[0])
    # ValueError: a place before the beginning of the file.
    except DataError:
        raise
    except (*FAILURES, ValueError) as error:
        raise DataError(f"{source.where} cannot be read: {error}") from None
    return read_objects(pickled, f"{source.where}, {names[0]}", limits, 1)[0]


def _split(values: list[Any]) -> tuple[list[Any], Any]:
    return values[:-1], values[-1]
