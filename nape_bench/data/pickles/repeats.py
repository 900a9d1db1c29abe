"""What stands in these files over and over: bytes that were interpreted once mean the same again.

A cache of 50,000 graphs has millions of edges and nodes, written with a few thousand different
byte sequences. Interpreting them opcode by opcode takes more than a millisecond a graph.

- An edge is two small integers made a pair: `K a K b TUPLE2 MEMOIZE`. Shapes and matrices are many
  small integers.
- A node is a new record whose state begins with its id, the only thing in which equal nodes
  differ. From behind the id to the end, equal bytes are the same opcodes with the same arguments;
  what they do depends on nothing before them but the values that they refer to by number, and a
  number always stands for the same value.

So bytes are looked up that the machine has interpreted before; where they are not known, or
anything is unusual, it goes on opcode by opcode.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.data.pickles.memo import UNREAD
from nape_bench.data.pickles.values import Alike, Twin, measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.data.pickles.memo import Memo

_SMALL = rb"(?:K.|M..)"
_PAIR = re.compile(rb"%b%b\x86\x94" % (_SMALL, _SMALL), re.DOTALL)
_PAIRS = re.compile(rb"(?:(?:K.M..|M..%b)\x86\x94)+" % _SMALL, re.DOTALL)
"""BININT1 or BININT2 twice, TUPLE2, MEMOIZE; one of the integers or both in two bytes."""

_BYTE_PAIRS = re.compile(rb"(?:K.K.\x86\x94)+", re.DOTALL)
"""The same, both integers in one byte."""

_BYTES = re.compile(rb"(?:K.)+", re.DOTALL)
"""BININT1, several times."""

_HEAD = re.compile(rb"(?:h.|j.{4})\)\x81\x94\}\x94\((?:h.|j.{4})\x8c", re.DOTALL)
"""Class by number, EMPTY_TUPLE, NEWOBJ, MEMOIZE, EMPTY_DICT, MEMOIZE, MARK, key by number,
SHORT_BINUNICODE: what begins a node, up to the length of its id."""

_END = b"ub"  # SETITEMS, BUILD
_LONGEST = 4096
_WINDOW = 8192  # bytes that are looked at at once: some 60 nodes
_MOST = 1 << 16
_NOTHING: Mapping[bytes, Alike] = {}
_NUMBERED = attrgetter("numbered")
_SMALL_STATE = 200  # values; a node has about 30


class Pending(NamedTuple):
    """A node whose bytes are not known yet: where it begins on the stack, and its rest in the file.

    Attributes:
        height: Values on the stack below it.
        marks: Marks below it.
        head: Its bytes up to its id.
        start: Where in the buffer what follows its id begins, MEMOIZE.
        number: The number that it gets.
    """

    height: int
    marks: int
    head: bytes
    start: int
    number: int


class Repeats:
    """Edges and nodes that were met so far."""

    def __init__(self) -> None:
        self._pairs: dict[bytes, tuple[int, int]] = {}
        self._heads: dict[bytes, dict[bytes, Alike]] = {}
        self._learned = 0

    def small_integers(self, buffer: bytes, at: int) -> tuple[Sequence[int], int]:
        """Read as many integers below 256 as stand at `at`.

        Returns:
            The integers, and where they end.
        """
        run = _BYTES.match(buffer, at)
        return (buffer[at + 1 : run.end() : 2], run.end()) if run else ((), at)

    def pairs(self, buffer: bytes, at: int, memo: Memo) -> tuple[Sequence[Any], int]:
        """Read as many pairs of small integers as stand at `at`.

        Returns:
            The pairs, and where they end.
        """
        found: list[tuple[int, int]] = []
        end = at
        while True:
            if run := _BYTE_PAIRS.match(buffer, end):
                firsts, seconds = slice(end + 1, run.end(), 6), slice(end + 3, run.end(), 6)
                found += zip(buffer[firsts], buffer[seconds], strict=True)
            elif run := _PAIRS.match(buffer, end):
                found += map(self._pair, _PAIR.findall(buffer, end, run.end()))
            else:
                break
            end = run.end()
        if found:
            memo.add_run(lambda: found, len(found))
        return found, end

    def _pair(self, content: bytes) -> tuple[int, int]:
        pair = self._pairs.get(content)
        if pair is None:
            pair = _read_pair(content)
            if len(self._pairs) < _MOST:
                self._pairs[content] = pair
        return pair

    def nodes(
        self, buffer: bytes, at: int, memo: Memo, height: int, marks: int
    ) -> tuple[list[Twin], int, Pending | None]:
        """Read as many records as stand at `at` in bytes that are known.

        Args:
            buffer: What is interpreted.
            at: Where in it an opcode refers to a record's class.
            memo: The numbered values.
            height: Values on the stack.
            marks: Marks on it.

        Returns:
            The records, where they end, and, where there are none but one could be learned, what
            `learn` takes.
        """
        match = _HEAD.match(buffer, at)
        if match is None:
            return [], at, None
        head, first = match[0], match.end()
        known = self._heads.get(head, _NOTHING)
        texts: list[bytes] = []
        shared: list[Alike] = []
        while buffer.startswith(head, at):
            run, alike, end = _run(buffer, at, head, known)
            if not run:
                break
            texts += run
            shared += alike
            at = end
        if not texts:
            start = first + 1 + buffer[first] if first < len(buffer) else first
            return [], at, Pending(height, marks, head, start, memo.next)
        found = list(map(Twin, zip(_decoded(texts), shared, strict=True)))
        count = 3 * len(found) + sum(map(len, map(_NUMBERED, shared)))
        memo.add_run(lambda: _numbered(found), count)
        return found, at, None

    def learn(self, pending: Pending, record: Any, buffer: bytes, end: int, memo: Memo) -> None:
        """Note what the bytes of a record mean, which was just built, behind its id.

        What is learned is shared from now on, and so must be small.
        """
        content = buffer[pending.start : end]
        # The record, its state and its id have a number each; then comes what is learned.
        numbered = memo.since(pending.number + 3)
        if (
            self._learned >= _MOST
            or memo.numbered
            or numbered is None
            or memo.get(pending.number) is not record
            or content[:1] != b"\x94"
            or content.find(_END) != len(content) - len(_END)
            or len(content) > _LONGEST
            or not _is_small(record.rest)
        ):
            return
        alike = Alike(record.kind, record.label[0], record.rest, numbered)
        self._heads.setdefault(pending.head, {})[content[: -len(_END)]] = alike
        self._learned += 1


def _run(
    buffer: bytes, at: int, head: bytes, known: Mapping[bytes, Alike]
) -> tuple[list[bytes], list[Alike], int]:
    """Read records of one beginning that follow each other, as far as a window shows them.

    What stands between two beginnings is a record's only if it is the length of an id, so many
    bytes, and then exactly what is known: wherever the two stand in a text, it is not.

    Returns:
        Their ids, what they share with others, and where they end.
    """
    between = _END + head
    pieces = buffer[at + len(head) : at + _WINDOW].split(between)
    pieces.pop()  # it is cut off, or something else follows
    shared: list[Alike] = []
    try:
        # The list grows by what comes before one that is not known.
        shared.extend(known[piece[piece[0] + 1 :]] for piece in pieces)
    except (KeyError, IndexError):
        del pieces[len(shared) :]
    texts = [piece[1 : piece[0] + 1] for piece in pieces]
    at += sum(map(len, pieces)) + len(pieces) * len(between)
    text = at + len(head) + 1
    if text <= len(buffer):
        start = text + buffer[text - 1]
        end = buffer.find(_END, start, start + _LONGEST)
        alike = known.get(buffer[start:end]) if end > start else None
        if alike:
            return [*texts, buffer[text:start]], [*shared, alike], end + len(_END)
    return texts, shared, at


def _decoded(texts: list[bytes]) -> list[str]:
    """Return texts in UTF-8 as such.

    Raises:
        UnicodeDecodeError: One is none.
    """
    found = str(b"\n".join(texts), "utf-8").split("\n")
    return found if len(found) == len(texts) else [str(text, "utf-8") for text in texts]


def _is_small(fields: Mapping[str, Any]) -> bool:
    try:
        return measure(dict(fields), depth=4, objects=_SMALL_STATE) > 0
    except ValueError:
        return False


def _numbered(records: list[Twin]) -> list[Any]:
    """Return the values that a file numbers in records, in its order."""
    found: list[Any] = []
    for record in records:
        found += [record, UNREAD, record[0], *record[1].numbered]
    return found


def _number(reference: bytes) -> int:
    return int.from_bytes(reference[1:], "little")


def _read_pair(content: bytes) -> tuple[int, int]:
    first = 2 if content[:1] == b"K" else 3
    return _number(content[:first]), _number(content[first:-2])
