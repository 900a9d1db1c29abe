"""Reading one large JSON object key by key, without holding all of it."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any

from nape_bench.data.jsontext import once
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_BLOCK = 4 << 20
_LONGEST = 16 << 20  # characters of one value
_SPACE = re.compile(r"[ \t\n\r]*")


def read_json_entries(file: BinaryIO, name: str) -> Iterator[tuple[str, Any, int]]:
    """Go through a JSON object.

    Args:
        file: The file, from its beginning.
        name: What messages call it.

    Yields:
        (key, value, where it begins in the file, in characters).

    Raises:
        DataError: It is no JSON object, is cut off, has a key twice, or a value of more than 16
            million characters; the message says at which character.
    """
    text = _Text(file, name)
    seen: set[str] = set()
    text.expect("{")
    while text.peek() != "}":
        if seen:
            text.expect(",")
            text.peek()
        position = text.position
        key = text.value()
        if not isinstance(key, str) or key in seen:
            raise text.error("a text that is no earlier key expected")
        seen.add(key)
        text.expect(":")
        yield key, text.value(), position
    text.expect("}")
    if text.peek():
        raise text.error("more follows where the object ends")


class _Text:
    """A window over the characters of a file."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self._bytes = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder(object_pairs_hook=once, parse_constant=_refuse)
        self._text, self._at, self._before = "", 0, 0

    @property
    def position(self) -> int:
        """Characters before the place in the file."""
        return self._before + self._at

    def peek(self) -> str:
        """Return the next character that is no white space, "" at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def expect(self, sign: str) -> None:
        """Pass over a character, which must come next."""
        found = self.peek()
        if found != sign:
            raise self.error(f"{sign!r} expected, not {found or 'the end of the file'!r}")
        self._at += 1

    def value(self) -> Any:
        """Read the next value."""
        self.peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                raise self.error("values are nested too deeply") from None
            except ValueError as error:
                # What is cut off by the end of the window reads like what is wrong.
                long = len(self._text) - self._at > _LONGEST
                if long or not self._more():
                    raise self.error(f"no JSON value of at most {_LONGEST:,}: {error}") from None
                continue
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def error(self, message: str) -> DataError:
        return DataError(f"{self._name}, character {self.position:,}: {message}")

    def _more(self) -> bool:
        """Read on, forgetting what is before the place; return whether there was more."""
        block = self._file.read(_BLOCK)
        try:
            added = self._bytes.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise self.error(f"no UTF-8 text follows: {error}") from None
        self._text = self._text[self._at :] + added
        self._before, self._at = self._before + self._at, 0
        return bool(block)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")
