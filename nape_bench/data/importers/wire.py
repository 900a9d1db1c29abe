"""read_fields: the fields of a protobuf message, without protobuf and without its classes.

The encoding is that of protobuf.dev/programming-guides/encoding: a field is a number with the way
in which it is written, and a value. Fields that nobody asked for are passed over; groups, which
nothing here uses, are refused.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INTEGER, DOUBLE, BYTES = 0, 1, 2
"""How a field is written: a signed integer in steps of 7 bits, 8 bytes, a length and as many."""

_FIXED32 = 5
_DOUBLE = struct.Struct("<d")
_VARINT_BYTES = 10
_VARINT_MOST = 1 << 64


def read_fields(content: bytes, kinds: Mapping[int, int]) -> Iterator[tuple[int, Any]]:
    """Go through the fields of a message in their order.

    Args:
        content: The message.
        kinds: Number of each field that is wanted -> how it is written.

    Yields:
        (number, value): an int, a float or bytes.

    Raises:
        DataError: It is no message, is cut off, or has a field written in another way; the message
            says at which byte of it.
    """
    at = 0
    while at < len(content):
        start = at
        key, at = _integer(content, at)
        number, way = key >> 3, key & 7
        value: Any
        if way == INTEGER:
            value, at = _integer(content, at)
            value -= _VARINT_MOST * (value >= _VARINT_MOST // 2)
        elif way == DOUBLE:
            value, at = _take(content, at, _DOUBLE.size)
        elif way == BYTES:
            length, at = _integer(content, at)
            value, at = _take(content, at, length)
        elif way == _FIXED32:
            value, at = _take(content, at, 4)
        else:
            raise DataError(f"byte {start} of the message: a field of wire type {way}")
        if number == 0:
            raise DataError(f"byte {start} of the message: a field of number 0")
        wanted = kinds.get(number)
        if wanted is None:
            continue
        if wanted != way:
            raise DataError(
                f"byte {start} of the message: field {number} is of wire type {way}, not {wanted}"
            )
        yield number, _DOUBLE.unpack(value)[0] if way == DOUBLE else value


def _take(content: bytes, at: int, count: int) -> tuple[bytes, int]:
    """Return bytes, and where they end."""
    end = at + count
    if end > len(content):
        raise DataError(f"byte {at} of the message: {count} bytes expected, it is cut off")
    return content[at:end], end


def _integer(content: bytes, at: int) -> tuple[int, int]:
    """Return an integer of up to 64 bits, without its sign, and where it ends."""
    value = 0
    for place, byte in enumerate(content[at : at + _VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if value >= _VARINT_MOST:
                break
            return value, at + place + 1
    raise DataError(f"byte {at} of the message: an integer is cut off or has more than 64 bits")
