"""Reading a pickle from a file: a list entry by entry, or one object."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nape_bench.data.pickles.limits import Limits
from nape_bench.data.pickles.machine import (
    APPEND,
    APPENDS,
    BINPUT,
    EMPTY_DICT,
    FRAME,
    LONG_BINPUT,
    MARK,
    MEMOIZE,
    PROTO,
    SET_ITEM,
    SET_ITEMS,
    STOP,
    Machine,
    ShortError,
)
from nape_bench.data.pickles.memo import Memo
from nape_bench.data.pickles.references import References
from nape_bench.data.pickles.values import measure
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO


_BLOCK = 4 << 20
_NUMBERED = frozenset({MEMOIZE, BINPUT, LONG_BINPUT})
_ENDS = frozenset({EMPTY_DICT, APPEND, APPENDS})
"""What follows an entry: the next one, which is a dictionary too, or the end of the list."""


_INTEGERS = frozenset({ord("K"), ord("M"), ord("J"), 0x8A})
"""What a key of a dictionary of items is written with."""
_ITEM_ENDS = _INTEGERS | {SET_ITEM, SET_ITEMS}
"""What follows an item: the key of the next one, or the end of a batch."""


class Entry(NamedTuple):
    """One entry of a list, or one item of a dictionary, as a pair.

    Attributes:
        value: What it is.
        position: Where it begins in the file, in bytes.
    """

    value: Any
    position: int


def read_entries(
    file: BinaryIO, name: str, references: References, limits: Limits | None = None
) -> Iterator[Entry]:
    """Read a pickled list of dictionaries, holding one of them at a time.

    Args:
        file: The file, from its beginning.
        name: What messages call it.
        references: What `references.scan` found in it.
        limits: What it may ask for.

    Raises:
        DataError: It is no such pickle, is cut off, names or does what is refused, or asks for
            more than the limits; the message says at which byte.
    """
    reader = _Reader(file, name, references, limits or Limits())
    reader.whole(reader.open_list)
    while (entry := reader.whole(reader.entry)) is not None:
        yield entry
    reader.check_end()


def read_object(
    file: BinaryIO, name: str, references: References, limits: Limits | None = None
) -> Any:
    """Read a pickle of one object; arguments and errors as for `read_entries`."""
    reader = _Reader(file, name, references, limits or Limits())
    value = reader.whole(reader.object)
    reader.check_end()
    return value


def read_objects(content: bytes, name: str, limits: Limits, count: int) -> list[Any]:
    """Read the first pickles of several that follow each other.

    Args:
        content: The file.
        name: What messages call it.
        limits: What each pickle may ask for.
        count: How many to read.

    Raises:
        DataError: As for `read_entries`.
    """
    nothing = References(0, "", np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    reader = _Reader(io.BytesIO(content), name, nothing, limits)
    found = []
    for _ in range(count):
        found.append(reader.whole(reader.object))
        reader.forget()
    return found


def read_items(
    file: BinaryIO,
    name: str,
    references: References,
    key: str,
    limits: Limits | None = None,
    *,
    before: int = 0,
) -> Iterator[Entry]:
    """Read the items of a dictionary in a pickled dictionary, holding one of them at a time.

    Their keys are integers, their values dictionaries. What follows them is not read.

    Args:
        file: The file, from its beginning.
        name: What messages call it.
        references: What `references.scan` found in it.
        key: What the dictionary stands under in the one that was pickled.
        limits: What it may ask for.
        before: Pickles that stand before this one.

    Raises:
        DataError: As for `read_entries`.
    """
    reader = _Reader(file, name, references, limits or Limits())
    for _ in range(before):
        reader.whole(reader.object)
        reader.forget()
    reader.whole(partial(reader.open_items, key))
    while (entry := reader.whole(reader.item)) is not None:
        yield entry


class _Reader:
    """Drives a machine over a file, of which it holds a window."""

    def __init__(self, file: BinaryIO, name: str, references: References, limits: Limits) -> None:
        self._file, self._name, self._limits = file, name, limits
        self._references = references
        self._memo = Memo(references, limits)
        self._machine = Machine(self._memo, limits)
        self._base = 0  # where in the file the buffer begins
        self._open = False

    def whole(self, action: Callable[[], Any]) -> Any:
        """Do something that may need more of the file, from its start again each time it does."""
        machine = self._machine
        start = machine.at
        state = (len(machine.stack), len(machine.marks), self._memo.next, self._open)
        while True:
            machine.steps = 0
            try:
                return action()
            except ShortError:
                pass  # read on, and do it again
            except (ValueError, RecursionError) as error:
                raise self._error(machine.opcode_at, str(error)) from None
            machine.clear(state[0], state[1])
            self._memo.undo(state[2])
            self._open = state[3]
            machine.at = start
            self._refill()
            start = 0

    def open_list(self) -> None:
        """Read up to the first entry: the list, still empty."""
        self._check_start()
        machine = self._machine
        while not machine.stack or machine.peek() in _NUMBERED:
            machine.step()
        machine.top(list)
        machine.floor = 1

    def entry(self) -> Entry | None:
        """Read the next entry, None where the list ends."""
        machine = self._machine
        while (code := machine.peek()) != EMPTY_DICT:
            machine.opcode_at = machine.at
            if code == STOP and not self._open:
                machine.at += 1
                return None
            if code == (APPENDS if self._open else MARK):
                self._open = not self._open
                machine.at += 1
            elif code == FRAME:
                machine.step()
            else:
                raise ValueError("the entries of the list are to be dictionaries")
        start = machine.at
        machine.step()
        machine.run(_ENDS, 2)
        value = machine.stack.pop()
        if not isinstance(value, dict):
            raise ValueError("the entries of the list are to be dictionaries")
        if not self._open:
            if machine.peek() != APPEND:
                raise ValueError("an entry is not put into the list")
            machine.at += 1
        self._finish(value)
        return Entry(value, self._base + start)

    def open_items(self, key: str) -> None:
        """Read up to the first item of the dictionary under a key; what came before is let go."""
        self._check_start()
        machine = self._machine
        stack = machine.stack
        while not (
            len(stack) > 2 and stack[-1] == {} and stack[-2] == key
            and type(stack[0]) is dict and machine.marks in ([], [1]) and len(stack) % 2
        ):  # fmt: skip
            if machine.peek() == STOP and not machine.marks:
                machine.opcode_at = machine.at
                raise ValueError(f"no dictionary {key} of items stands in what was pickled")
            machine.step()
        while machine.peek() in _NUMBERED:
            machine.step()
        del stack[:-1]
        machine.marks.clear()
        machine.floor = 1
        self._memo.settle(self._base + machine.at)

    def item(self) -> Entry | None:
        """Read the next item of the dictionary, None where it ends."""
        machine = self._machine
        while (code := machine.peek()) not in _INTEGERS:
            machine.opcode_at = machine.at
            if code == (SET_ITEMS if self._open else MARK):
                self._open = not self._open
                machine.at += 1
            elif code == FRAME:
                machine.step()
            elif self._open:
                raise ValueError("the keys of the dictionary are to be integers")
            else:
                return None
        start = machine.at
        machine.step()
        machine.run(_ITEM_ENDS, 3)
        value, number = machine.stack.pop(), machine.stack.pop()
        if not isinstance(value, dict):
            raise ValueError("the values of the dictionary are to be dictionaries")
        if not self._open:
            if machine.peek() != SET_ITEM:
                raise ValueError("an item is not put into the dictionary")
            machine.at += 1
        self._finish(value)
        return Entry((number, value), self._base + start)

    def object(self) -> Any:
        """Read the one object of a pickle."""
        self._check_start()
        machine = self._machine
        machine.run({STOP}, 1)
        machine.at += 1
        value = machine.stack.pop()
        measure(value, self._limits.depth, self._limits.objects)
        return value

    def forget(self) -> None:
        """Forget all numbered values: another pickle follows."""
        self._memo = self._machine.memo = Memo(self._references, self._limits)

    def _check_start(self) -> None:
        if self._machine.peek() != PROTO:
            least = self._limits.least_protocol
            raise ValueError(f"no pickle of protocol {least} to 5 begins here")

    def check_end(self) -> None:
        """Check that nothing follows."""
        if self._machine.at < len(self._machine.buffer) or self._file.read(1):
            raise self._error(self._machine.at, "more follows where the pickle ends")

    def _finish(self, value: Any) -> None:
        measure(value, self._limits.depth, self._limits.objects)
        self._memo.settle(self._base + self._machine.at)

    def _refill(self) -> None:
        """Read on: what is before the machine's place is forgotten."""
        machine = self._machine
        if len(machine.buffer) - machine.at > self._limits.entry_bytes:
            most = f"{self._limits.entry_bytes:,}"
            raise self._error(machine.at, f"what begins here has more than {most} bytes")
        # What began is read again from its start: twice as much each time keeps that linear.
        block = self._file.read(max(_BLOCK, len(machine.buffer) - machine.at))
        if not block:
            message = "the file ends in the middle of a pickle: it is cut off"
            raise self._error(len(machine.buffer), message)
        self._base += machine.at
        machine.buffer = machine.buffer[machine.at :] + block
        machine.at = machine.opcode_at = 0

    def _error(self, at: int, message: str) -> DataError:
        return DataError(f"{self._name}, byte {self._base + at:,}: {message}")
