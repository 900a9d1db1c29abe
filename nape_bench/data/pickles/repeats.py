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
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nape_bench.data.pickles.memo import UNREAD
from nape_bench.data.pickles.values import Alike, Pairs, Twin, measure

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

_INTEGERS = re.compile(rb"\x94\((?:K.)+e", re.DOTALL)
"""MEMOIZE, MARK, BININT1 several times, APPENDS: what follows EMPTY_LIST in a row of a matrix."""

_EDGES = re.compile(rb"\x94\((?:K.K.\x86\x94)+e(?=[^(])", re.DOTALL)
"""MEMOIZE, MARK, pairs of one byte each, APPENDS, and no MARK: what follows EMPTY_LIST in edges
that come in one batch."""

_HEAD = re.compile(rb"(?:h.|j.{4})\)\x81\x94\}\x94\((?:h.|j.{4})\x8c", re.DOTALL)
"""Class by number, EMPTY_TUPLE, NEWOBJ, MEMOIZE, EMPTY_DICT, MEMOIZE, MARK, key by number,
SHORT_BINUNICODE: what begins a node, up to the length of its id."""

_END = b"ub"  # SETITEMS, BUILD
_LONGEST = 4096
_WINDOW = 8192  # bytes that are looked at at once: some 60 nodes
_MOST = 1 << 16
_HEADS = 8  # there is one for each class of nodes
_SHORT = 256
_MOST_WHOLE = 1 << 14
_SHARED, _NUMBERED = itemgetter(1), attrgetter("numbered")
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
        self._heads: dict[bytes, _Known] = {}
        self._learned = 0

    def small_integers(self, buffer: bytes, at: int) -> tuple[Sequence[int], int]:
        """Read as many integers below 256 as stand at `at`.

        Returns:
            The integers, and where they end.
        """
        run = _BYTES.match(buffer, at)
        return (buffer[at + 1 : run.end() : 2], run.end()) if run else ((), at)

    def integers(self, buffer: bytes, at: int) -> tuple[list[int], int]:
        """Read a numbered list of integers below 256, of which all but its first opcode is at `at`.

        Returns:
            The list, which is empty where there is none such, and where it ends.
        """
        run = _INTEGERS.match(buffer, at)
        return (list(buffer[at + 3 : run.end() - 1 : 2]), run.end()) if run else ([], at)

    def edges(self, buffer: bytes, at: int, memo: Memo) -> tuple[Pairs | None, int]:
        """Read a list of pairs of integers below 256, of which all but its first opcode is at `at`.

        Returns:
            The list, None where there is none such, and where it ends.
        """
        run = _EDGES.match(buffer, at)
        if run is None:
            return None, at
        content = buffer[at + 2 : run.end() - 1]
        ends = np.frombuffer(content, np.uint8).reshape(-1, 6)[:, 1:4:2].astype(np.int64)
        found = Pairs(zip(content[1::6], content[3::6], strict=True), ends)
        memo.add(found)
        memo.add_run(lambda: found, len(found))
        return found, run.end()

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
        known = self._heads.get(head)
        found: list[Twin] = []
        while known is not None and buffer.startswith(head, at):
            run, end = known.run(buffer, at)
            if not run:
                break
            found += run
            at = end
        if not found:
            start = first + 1 + buffer[first] if first < len(buffer) else first
            return [], at, Pending(height, marks, head, start, memo.next)
        count = 3 * len(found) + sum(map(len, map(_NUMBERED, map(_SHARED, found))))
        memo.add_run(lambda: _numbered(found), count)
        return found, at, None

    def learn(self, pending: Pending, record: Any, buffer: bytes, end: int, memo: Memo) -> None:
        """Note what the bytes of a record mean, which was just built, behind its id.

        What is learned is shared from now on, and so must be small.
        """
        content, head = buffer[pending.start : end], pending.head
        # The record, its state and its id have a number each; then comes what is learned.
        numbered = memo.since(pending.number + 3)
        if (
            self._learned >= _MOST
            or (len(self._heads) >= _HEADS and head not in self._heads)
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
        if head not in self._heads:
            self._heads[head] = _Known(head)
        self._heads[head].rests[content[: -len(_END)]] = alike
        self._learned += 1


class _Known:
    """Records of one beginning that were met so far.

    Args:
        head: Their bytes up to the length of the id.

    Attributes:
        rests: Bytes behind an id, without the end -> what records share that have these.
    """

    def __init__(self, head: bytes) -> None:
        self.rests: dict[bytes, Alike] = {}
        self._head = head
        self._twins = _Twins(self.rests)

    def run(self, buffer: bytes, at: int) -> tuple[list[Twin], int]:
        """Read records that follow each other, as far as a window shows them.

        What stands between two beginnings is a record's only if it is the length of an id, so
        many bytes, and then exactly what is known: wherever the two stand in a text, it is not.

        Returns:
            The records, and where they end.
        """
        between = _END + self._head
        window = buffer[at + len(self._head) : at + _WINDOW]
        pieces = window.split(between)
        rest = pieces.pop()  # it is cut off, or something else follows
        try:
            found = list(map(self._twins.__getitem__, pieces))
            at += len(window) - len(rest)
        except KeyError:
            found = []
            for twin in map(self._twins.find, pieces):
                if twin is None:
                    break
                found.append(twin)
            del pieces[len(found) :]
            at += sum(map(len, pieces)) + len(pieces) * len(between)
        first = at + len(self._head)
        if first < len(buffer):
            start = first + 1 + buffer[first]
            end = buffer.find(_END, start, start + _LONGEST)
            last = self._twins.find(buffer[first:end]) if end >= 0 else None
            if last is not None:
                return [*found, last], end + len(_END)
        return found, at


class _Twins(dict[bytes, Twin]):
    """All bytes between the beginning and the end of a record -> the record.

    Ids are mostly the same in all graphs, so that most are here; others are made when asked for.

    Args:
        rests: Bytes behind an id -> what records share that have these.
    """

    def __init__(self, rests: Mapping[bytes, Alike]) -> None:
        super().__init__()
        self._rests = rests

    def __missing__(self, content: bytes) -> Twin:
        """Return the record that has these bytes.

        Raises:
            KeyError: It is unknown.
            UnicodeDecodeError: The id is no text.
        """
        start = content[0] + 1 if content else 0
        alike = self._rests[content[start:]]  # first, for what is unknown may be anything
        twin = Twin((str(content[1:start], "utf-8"), alike))
        if len(content) <= _SHORT and len(self) < _MOST_WHOLE:
            self[content] = twin
        return twin

    def find(self, content: bytes) -> Twin | None:
        """Return the record that has these bytes, None if it is unknown."""
        try:
            return self[content]
        except KeyError:
            return None


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
