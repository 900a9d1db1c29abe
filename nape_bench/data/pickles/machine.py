"""The stack machine of pickles, for data alone (protocols 3 to 5).

It knows the opcodes with which Python writes plain values, lists, tuples, dictionaries, and the
objects that `symbols` allows. It has none that would fetch from a registry of extensions, ask
somebody else for an object, or call anything real. Whatever it does not know it refuses.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from nape_bench.data.pickles import symbols
from nape_bench.data.pickles.repeats import Pending, Repeats
from nape_bench.data.pickles.symbols import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nape_bench.data.pickles.limits import Limits
    from nape_bench.data.pickles.memo import Memo

PROTO, FRAME, STOP, MARK = 0x80, 0x95, ord("."), ord("(")
EMPTY_DICT, EMPTY_LIST, APPEND, APPENDS = ord("}"), ord("]"), ord("a"), ord("e")
SET_ITEM, SET_ITEMS = ord("s"), ord("u")
MEMOIZE, BINPUT, LONG_BINPUT = 0x94, ord("q"), ord("r")

_LAST_PROTOCOL = 5
_SMALL = frozenset({b"K", b"M"})
"""BININT1 and BININT2."""
_OPCODES_A_NODE = 40


class ShortError(Exception):
    """The buffer ends before the opcode does."""


class Machine:
    """Interprets opcodes in a buffer, one after the other.

    Args:
        memo: The numbered values.
        limits: What a file may ask for.

    Attributes:
        buffer: What is interpreted.
        at: Where the next opcode stands in it.
        opcode_at: Where the present one stands.
        stack: The values.
        marks: Heights of the stack at which a MARK stands.
        steps: Opcodes interpreted since somebody set it to 0.
        floor: How many values at the bottom of the stack are not to be taken from it.
    """

    def __init__(self, memo: Memo, limits: Limits) -> None:
        self.memo, self.limits = memo, limits
        self.buffer = b""
        self.at = self.opcode_at = self.steps = self.floor = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self._repeats = Repeats()
        self._pending: Pending | None = None

    def peek(self) -> int:
        """Return the next opcode.

        Raises:
            ShortError: The buffer ends before it.
        """
        if self.at >= len(self.buffer):
            raise ShortError
        return self.buffer[self.at]

    def step(self) -> None:
        """Interpret the next opcode.

        Raises:
            ShortError: The buffer ends before it does.
            ValueError: It is refused; the message says why.
        """
        at = self.at
        if at >= len(self.buffer):
            raise ShortError
        code = self.buffer[at]
        self.opcode_at = at
        self.at = at + 1
        self.steps += 1
        if self.steps > self.limits.opcodes:
            raise ValueError(f"more than {self.limits.opcodes:,} opcodes are refused")
        action = _ACTIONS.get(code)
        if action is None:
            refused = f"the opcode {_name(code)} is refused: these files need none of it"
            raise ValueError("the pickle stops too early" if code == STOP else refused)
        action(self)

    def run(self, ends: Collection[int], height: int) -> None:
        """Interpret opcodes until one of `ends` follows, at `height` values and no mark.

        Raises:
            ShortError: The buffer ends before.
            ValueError: An opcode is refused.
        """
        buffer, stack, marks = self.buffer, self.stack, self.marks
        size, most, known = len(buffer), self.limits.opcodes, _ACTIONS.get
        # What `step` does, without a call for each opcode.
        while True:
            at = self.at
            if at >= size:
                raise ShortError
            code = buffer[at]
            if code in ends and len(stack) == height and not marks:
                return
            action = known(code)
            if action is None or self.steps >= most:
                self.step()
                continue
            self.opcode_at = at
            self.at = at + 1
            self.steps += 1
            action(self)

    def clear(self, height: int, marks: int) -> None:
        """Forget what stands above `height` values and `marks` marks."""
        del self.stack[height:]
        del self.marks[marks:]
        self._pending = None

    def take(self, count: int) -> bytes:
        """Return the next bytes of the buffer."""
        if count > self.limits.entry_bytes:
            raise ValueError(f"a value of {count:,} bytes is more than these files hold")
        end = self.at + count
        if end > len(self.buffer):
            raise ShortError
        found = self.buffer[self.at : end]
        self.at = end
        return found

    def number(self, size: int) -> int:
        """Return the next bytes as an unsigned integer, least byte first."""
        return int.from_bytes(self.take(size), "little")

    def byte(self) -> int:
        """Return the next byte."""
        at = self.at
        if at >= len(self.buffer):
            raise ShortError
        self.at = at + 1
        return self.buffer[at]

    def pop(self) -> Any:
        """Take the topmost value from the stack."""
        self._topmost()
        return self.stack.pop()

    def pop_to_mark(self) -> list[Any]:
        """Take all values above the last mark, and the mark."""
        if not self.marks:
            raise ValueError("an opcode needs a mark, and there is none")
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    def top(self, kind: type) -> Any:
        """Return the topmost value, which stays, and must be of a type."""
        value = self._topmost()
        if type(value) is not kind:
            raise ValueError(f"a {kind.__name__} expected, not {type(value).__name__}")
        return value

    # Framing and marks.

    def _proto(self) -> None:
        protocol = self.byte()
        if not self.limits.least_protocol <= protocol <= _LAST_PROTOCOL:
            least = self.limits.least_protocol
            raise ValueError(f"protocol {protocol}: only {least} to {_LAST_PROTOCOL} are read")

    def _frame(self) -> None:
        self.number(8)  # frames only say how much to read at once
        self._pending = None

    def _mark(self) -> None:
        self.marks.append(len(self.stack))
        if self.buffer[self.at : self.at + 1] not in _SMALL:
            return
        found, end = self._repeats.pairs(self.buffer, self.at, self.memo)
        if not found:
            found, end = self._repeats.small_integers(self.buffer, self.at)
        self.at = end
        self.stack += found
        self.steps += len(found)

    # Plain values.

    def _none(self) -> None:
        self.stack.append(None)

    def _true(self) -> None:
        self.stack.append(True)

    def _false(self) -> None:
        self.stack.append(False)

    def _int1(self) -> None:
        self.stack.append(self.byte())

    def _int2(self) -> None:
        self.stack.append(self.number(2))

    def _int4(self) -> None:
        self.stack.append(int.from_bytes(self.take(4), "little", signed=True))

    def _long1(self) -> None:
        size = self.byte()
        if size > self.limits.integer_bytes:
            raise ValueError(f"an integer of {size} bytes is refused")
        self.stack.append(int.from_bytes(self.take(size), "little", signed=True))

    def _float(self) -> None:
        self.stack.append(struct.unpack(">d", self.take(8))[0])

    def _text1(self) -> None:
        self.stack.append(str(self.take(self.byte()), "utf-8"))

    def _text4(self) -> None:
        self.stack.append(str(self.take(self.number(4)), "utf-8"))

    def _bytes1(self) -> None:
        self.stack.append(self.take(self.byte()))

    def _bytes4(self) -> None:
        self.stack.append(self.take(self.number(4)))

    # Tuples, lists, dictionaries.

    def _tuple0(self) -> None:
        self.stack.append(())

    def _tuple1(self) -> None:
        self.stack.append((self.pop(),))

    def _tuple2(self) -> None:
        second, first = self.pop(), self.pop()
        self.stack.append((first, second))

    def _tuple3(self) -> None:
        third, second, first = self.pop(), self.pop(), self.pop()
        self.stack.append((first, second, third))

    def _tuple(self) -> None:
        self.stack.append(tuple(self.pop_to_mark()))

    def _list(self) -> None:
        # The list of entries, which nothing stands below, is opened before they are read.
        found: list[Any] = []
        end = self.at
        if self.stack:
            found, end = self._repeats.integers(self.buffer, self.at)
        if found:
            self.at = end
            self.steps += 3 + len(found)
            self.memo.add(found)
        elif self.stack:
            edges, self.at = self._repeats.edges(self.buffer, self.at, self.memo)
            if edges is not None:
                self.steps += 3 + len(edges)
                found = edges
        self.stack.append(found)

    def _append(self) -> None:
        value = self.pop()
        self.top(list).append(value)

    def _appends(self) -> None:
        values = self.pop_to_mark()
        self.top(list).extend(values)

    def _dict(self) -> None:
        self.stack.append({})

    def _set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self._set([key, value])

    def _set_items(self) -> None:
        self._set(self.pop_to_mark())

    def _set(self, items: list[Any]) -> None:
        target, keys = self.top(dict), items[::2]
        good = _is_plain_key if self.limits.plain_values else _is_text
        if len(items) % 2 or not all(map(good, keys)):
            raise ValueError("a dictionary has texts for keys, and a value for each")
        target.update(zip(keys, items[1::2], strict=True))

    # Names and objects.

    def _global(self) -> None:
        end = -1
        for _ in range(2):
            end = self.buffer.find(b"\n", max(self.at, end + 1), self.at + 512)
            if end < 0:
                if len(self.buffer) - self.at < 512:
                    raise ShortError
                raise ValueError("a name is longer than any that these files need")
        module, name = str(self.take(end + 1 - self.at), "utf-8").split("\n")[:2]
        self.stack.append(symbols.find(module, name, plain_values=self.limits.plain_values))

    def _stack_global(self) -> None:
        name, module = self.pop(), self.pop()
        self.stack.append(symbols.find(module, name, plain_values=self.limits.plain_values))

    def _new(self) -> None:
        arguments, symbol = self.pop(), self.pop()
        self.stack.append(symbols.make(symbol, arguments))

    def _call(self) -> None:
        arguments, symbol = self.pop(), self.pop()
        self.stack.append(symbols.call(symbol, arguments, self.limits.array_items))

    def _build(self) -> None:
        state = self.pop()
        value = self._topmost()
        symbols.build(value, state, self.limits.array_items)
        pending, self._pending = self._pending, None
        here = (len(self.stack) - 1, len(self.marks))
        if pending is not None and here == (pending.height, pending.marks):
            self._repeats.learn(pending, value, self.buffer, self.at, self.memo)

    # Numbered values.

    def _memoize(self) -> None:
        self.memo.add(self._topmost())

    def _put1(self) -> None:
        self.memo.add_at(self.byte(), self._topmost())

    def _put4(self) -> None:
        self.memo.add_at(self.number(4), self._topmost())

    def _get1(self) -> None:
        self._get(self.byte())

    def _get4(self) -> None:
        self._get(self.number(4))

    def _get(self, number: int) -> None:
        value = self.memo.get(number)
        if type(value) is str:  # mostly
            self.stack.append(value)
            return
        if self.floor and value is self.stack[0]:
            raise ValueError("what is read entry by entry is one of its own entries")
        if isinstance(value, Symbol) and value.use == "record":
            found, end, self._pending = self._repeats.nodes(
                self.buffer, self.opcode_at, self.memo, len(self.stack), len(self.marks)
            )
            if found:
                self.at = end
                self.stack += found
                self.steps += _OPCODES_A_NODE * len(found)
                return
        self.stack.append(value)

    def _topmost(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else self.floor):
            raise ValueError("an opcode needs more values than there are")
        return self.stack[-1]


_ACTIONS: dict[int, Callable[[Machine], None]] = {
    PROTO: Machine._proto,
    FRAME: Machine._frame,
    MARK: Machine._mark,
    ord("N"): Machine._none,
    0x88: Machine._true,
    0x89: Machine._false,
    ord("K"): Machine._int1,
    ord("M"): Machine._int2,
    ord("J"): Machine._int4,
    0x8A: Machine._long1,
    ord("G"): Machine._float,
    0x8C: Machine._text1,
    ord("X"): Machine._text4,
    ord("C"): Machine._bytes1,
    ord("B"): Machine._bytes4,
    ord(")"): Machine._tuple0,
    0x85: Machine._tuple1,
    0x86: Machine._tuple2,
    0x87: Machine._tuple3,
    ord("t"): Machine._tuple,
    EMPTY_LIST: Machine._list,
    APPEND: Machine._append,
    APPENDS: Machine._appends,
    EMPTY_DICT: Machine._dict,
    SET_ITEM: Machine._set_item,
    SET_ITEMS: Machine._set_items,
    ord("c"): Machine._global,
    0x93: Machine._stack_global,
    0x81: Machine._new,
    ord("R"): Machine._call,
    ord("b"): Machine._build,
    MEMOIZE: Machine._memoize,
    BINPUT: Machine._put1,
    LONG_BINPUT: Machine._put4,
    ord("h"): Machine._get1,
    ord("j"): Machine._get4,
}
"""What each opcode does. STOP is for whoever drives the machine."""


def _is_text(key: Any) -> bool:
    return type(key) is str


def _is_plain_key(key: Any) -> bool:
    """Return whether this is a text, a number, or a pair of them."""
    if type(key) is tuple:
        return len(key) == 2 and all(type(part) in {str, int} for part in key)
    return type(key) in {str, int}


def _name(code: int) -> str:
    """Return an opcode as Python's own documentation calls it."""
    import pickletools

    names = {opcode.code: opcode.name for opcode in pickletools.opcodes}
    return names.get(chr(code), f"0x{code:02x}")
