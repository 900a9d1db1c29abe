"""Hostile and damaged pickles: our error with the byte, and nothing else happens."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench.data.pickles import machine
from nape_bench.data.pickles.symbols import Symbol
from nape_bench.errors import DataError
from nape_bench.graph import GraphBuilder
from tests.data.caches import dumps, state
from tests.data.pickles.test_reader import entries, obj, values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def tiny() -> dict[str, Any]:
    """Return an entry whose graph has five nodes."""
    b = GraphBuilder(8)
    return {
        "compute graph": state(b.finish(b.dense(b.mean(b.relu(b.input)), 10)), "HiAMLNet0"),
        "acc": 0.5,
    }


TINY = dumps([tiny(), tiny()])
WHERE = r"^x\.pkl, byte [0-9,]+: "


class Runs:
    """Asks to be unpickled by a call."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


class Sets:
    """Asks for a state, and for what would be called with it."""

    def __setstate__(self, state: Any) -> None:
        raise AssertionError("this must not be called")

    def __getstate__(self) -> Any:
        return {"a": 1}


def test_a_pickle_that_runs_a_command(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for function, *arguments in (
        (os.system, f"touch {mark}"),
        (eval, f"open({str(mark)!r}, 'w')"),
        (exec, f"open({str(mark)!r}, 'w')"),
        (getattr, "text", "upper"),
        (open, str(mark), "w"),
        (__import__, "os"),
        (pickle.loads, b"."),
    ):
        for protocol in (3, 4, 5):
            content = pickle.dumps([{"acc": Runs(function, *arguments)}], protocol)
            with pytest.raises(DataError, match=WHERE + r"the name .*\..* is refused") as caught:
                values(content)
            assert function.__name__ in str(caught.value)
    assert not mark.exists()


def test_a_class_that_sets_its_own_state() -> None:
    with pytest.raises(DataError, match=r"'tests.data.pickles.test_hostile'.'Sets' is refused"):
        values(pickle.dumps([{"x": Sets()}]))
    # The authors' own classes get no method from a file either.
    node = {"class": "RegularNode", "str_id": "0|a", "__setstate__": 1, "__reduce__": 2}
    (found,) = values(dumps([{"node": node}]))
    assert found["node"] == {"str_id": "0|a", "__setstate__": 1, "__reduce__": 2}


def pickled(*opcodes: bytes, end: bytes = b".") -> bytes:
    """Return a pickle of protocol 4 of a list with one entry, which the opcodes make."""
    return b"\x80\x04]\x94(" + b"".join(opcodes) + b"e" + end


def text(value: str) -> bytes:
    return b"\x8c%c%b" % (len(value), value.encode())


GRAPHS = "model_src.comp_graph.tf_comp_graph"
NODE = text(GRAPHS) + text("RegularNode") + b"\x93"
RANGE = text("builtins") + text("range") + b"\x93"
DTYPE = text("numpy") + text("dtype") + b"\x93"
ARRAY = text("numpy.core.multiarray") + text("_reconstruct") + b"\x93"
SCALAR = text("numpy.core.multiarray") + text("scalar") + b"\x93"
F8 = DTYPE + text("f8") + b"\x85R"
EMPTY = ARRAY + text("numpy") + text("ndarray") + b"\x93K\x00\x85C\x01b\x87R"


def value(*opcodes: bytes) -> bytes:
    """Return a pickle of one entry with one value."""
    return pickled(b"}", text("x"), *opcodes, b"s")


HOSTILE = {
    "INST": (value(b"(S'id'\nios\nsystem\n"), "opcode STRING is refused"),
    "INST alone": (value(b"(ios\nsystem\n"), "opcode INST is refused"),
    "OBJ": (value(b"(", NODE, b"o"), "opcode OBJ is refused"),
    "EXT1": (value(b"\x82\x01"), "opcode EXT1 is refused"),
    "EXT2": (value(b"\x83\x01\x00"), "opcode EXT2 is refused"),
    "EXT4": (value(b"\x84\x01\x00\x00\x00"), "opcode EXT4 is refused"),
    "persistent id": (value(b"Pmodule\n"), "opcode PERSID is refused"),
    "binary persistent id": (value(b"K\x01Q"), "opcode BINPERSID is refused"),
    "NEWOBJ_EX": (value(NODE, b")}\x92"), "opcode NEWOBJ_EX is refused"),
    "out of band": (value(b"\x97"), "opcode NEXT_BUFFER is refused"),
    "LONG4": (value(b"\x8b\xff\xff\xff\x7f"), "opcode LONG4 is refused"),
    "LONG1": (value(b"\x8a\xff" + b"\x01" * 255), "an integer of 255 bytes is refused"),
    "POP": (value(b"N0"), "opcode POP is refused"),
    "set": (value(b"\x8f"), "opcode EMPTY_SET is refused"),
    "bytearray": (value(b"\x96" + struct.pack("<Q", 1 << 62)), "opcode BYTEARRAY8 is refused"),
    "no opcode": (value(b"\xff"), "opcode 0xff is refused"),
    "huge bytes": (value(b"B\xff\xff\xff\x7f"), "a value of 2,147,483,647 bytes is more than"),
    "huge text": (value(b"X\xff\xff\xff\xff"), "a value of 4,294,967,295 bytes is more than"),
    "huge bytes 8": (value(b"\x8e" + struct.pack("<Q", 1 << 60)), "opcode BINBYTES8 is refused"),
    "bytes that end early": (value(b"B\x00\x00\x10\x00"), "it is cut off"),
    "GLOBAL": (value(b"cos\nsystem\n"), "the name 'os'.'system' is refused"),
    "GLOBAL of a dotted name": (
        value(b"c%b\nComputeGraph.__init__\n" % GRAPHS.encode()), "'ComputeGraph.__init__' is",
    ),
    "GLOBAL without end": (value(b"c" + b"a" * 600), "a name is longer than any"),
    "STACK_GLOBAL of a dotted name": (
        value(text(GRAPHS), text("RegularNode.mro"), b"\x93"), "'RegularNode.mro' is refused",
    ),
    "STACK_GLOBAL of another module": (
        value(text("builtins"), text("range.__class__"), b"\x93"), "'range.__class__' is refused",
    ),
    "STACK_GLOBAL of no text": (value(b"K\x01K\x02\x93"), "the name 1.2 is refused"),
    "a name from a name": (value(NODE, text("mro"), b"\x93"), "is refused"),
    "call of a class": (value(NODE, b")R"), "the call of .*RegularNode with a tuple is refused"),
    "call of a text": (value(text("eval"), b")R"), "the call of 'eval' with a tuple is refused"),
    "call with no tuple": (value(RANGE, b"K\x05R"), "the call of builtins.range with 5 is refused"),
    "huge range": (value(RANGE, b"J\xff\xff\xff\x7f\x85R"), "the call of builtins.range"),
    "range of step 0": (value(RANGE, b"K\x00K\x05K\x00\x87R"), "the call of builtins.range"),
    "object of a range": (value(RANGE, b"K\x05\x85\x81"), "an object of builtins.range made"),
    "object with arguments": (value(NODE, b"K\x05\x85\x81"), "an object of .*RegularNode made of"),
    "state of a number": (value(b"K\x05}b"), "the state a dict of 5 is refused"),
    "state of a list": (value(b"]}b"), "the state a dict of a list is refused"),
    "state of slots": (value(NODE, b")\x81N}\x86b"), "the state a tuple of a Record is refused"),
    "state twice": (
        value(NODE, b")\x81}", text("a"), b"K\x01sb}", text("a"), b"K\x02sb"), "state a dict of a",
    ),
    "object dtype": (value(DTYPE, text("O8"), b"\x85R"), "the dtype 'O8' is refused"),
    "array of objects": (value(DTYPE, text("O"), b"\x85R"), "the dtype 'O' is refused"),
    "array of nothing": (
        value(EMPTY, b"(K\x01J\xff\xff\xff\x7f\x85", F8, b"\x89C\x00tb"), "an array of shape",
    ),
    "array of negative shape": (
        value(EMPTY, b"(K\x01J\xff\xff\xff\xff\x85", F8, b"\x89C\x00tb"), "an array of shape",
    ),
    "array of many lists of none": (
        value(EMPTY, b"(K\x01M\xff\xffM\xff\xffK\x00\x87", F8, b"\x89C\x00tb"), "an array of shape",
    ),
    "array of too few bytes": (
        value(EMPTY, b"(K\x01K\x02\x85", F8, b"\x89C\x08", b"\0" * 8, b"tb"), "in 8 bytes",
    ),
    "number of too many bytes": (value(SCALAR, F8, b"C\x10", b"\0" * 16, b"\x86R"), "in 16 bytes"),
    "number of no type": (value(SCALAR, text("f8"), b"C\x01\0\x86R"), "the call of numpy.core"),
    "key of a list": (pickled(b"}]K\x01s"), "a dictionary has texts for keys"),
    "key without value": (pickled(b"}(", text("a"), b"u"), "and a value for each"),
    "nothing on the stack": (pickled(b"}\x85\x85\x86"), "needs more values than there are"),
    "no mark": (pickled(b"}u"), "needs a mark, and there is none"),
    "append to a dictionary": (pickled(b"}", text("x"), b"}K\x01as"), "a list expected, not dict"),
    "append to edges": (value(b"]\x94(K\x01K\x02\x86\x94eNa"), "a list expected, not Pairs"),
    "unknown number": (value(b"h\x63"), "there is no value of number 99 to refer to"),
    "unknown long number": (value(b"j\xff\xff\xff\x7f"), "no value of number 2147483647"),
    "number given twice": (value(b"Nq\x00"), "a value gets number 0, after one of number 0"),
    "the list in itself": (value(b"h\x00"), "is one of its own entries"),
    "no dictionary": (pickled(b"K\x01"), "the entries of the list are to be dictionaries"),
    "no list": (b"\x80\x04}\x94.", "a list expected, not dict"),
    "nothing": (b"\x80\x04.", "the pickle stops too early"),
    "no pickle": (b"PK\x03\x04", "no pickle of protocol 3 to 5 begins here"),
    "protocol 2": (b"\x80\x02].", "protocol 2: only 3 to 5 are read"),
    "protocol 9": (b"\x80\x09].", "protocol 9: only 3 to 5 are read"),
    "stops in an entry": (b"\x80\x04](}" + text("x") + b".", "the pickle stops too early"),
    "more behind the end": (pickled(b"}", end=b".."), "more follows where the pickle ends"),
    "a second pickle": (pickled(b"}") * 2, "more follows where the pickle ends"),
    "text that is none": (value(b"\x8c\x02\xff\xfe"), "codec can't decode"),
    "list in a list": (
        value(b"]\x94(h\x01e"), "nested deeper than 40, or holds itself",
    ),
    "dictionary in itself": (pickled(b"}\x94", text("x"), b"h\x01s"), "or holds itself"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_refused(name: str) -> None:
    content, message = HOSTILE[name]
    with pytest.raises(DataError, match=WHERE + ".*" + message):
        values(content)


def test_the_well_formed_neighbours_of_what_is_refused() -> None:
    good = {
        "node": value(NODE, b")\x81}", text("a"), b"K\x01sb"),
        "range": value(RANGE, b"K\x00K\x06K\x02\x87R"),
        "number": value(SCALAR, F8, b"C\x08", struct.pack("<d", 2.5), b"\x86R"),
        "array": value(EMPTY, b"(K\x01K\x01\x85", F8, b"\x89C\x08", struct.pack("<d", 2.5), b"tb"),
        "integer": value(b"\x8a\x08" + b"\xff" * 8),
        "again": value(b"N\x94h\x01"[:2]),
        "empty": value(EMPTY, b"(K\x01K\x02K\x00\x86", F8, b"\x89C\x00tb"),
    }
    found = {name: values(content)[0]["x"] for name, content in good.items()}
    assert found == {
        "node": {"a": 1}, "range": range(0, 6, 2), "number": 2.5, "array": [2.5], "integer": -1,
        "again": None, "empty": [[], []],
    }  # fmt: skip


def test_a_name_on_its_own_is_a_token() -> None:
    (found,) = values(value(NODE))
    assert found["x"] == Symbol(f"{GRAPHS}.RegularNode", "record")


def test_the_byte_that_is_named() -> None:
    content = value(b"cos\nsystem\n")
    with pytest.raises(DataError, match=f"byte {content.index(b'cos')}: "):
        values(content)


BOMBS = {
    "every list twice the one before": value(b"]\x94", *[b"](h%ch%ce\x94" % (i, i) for i in
                                             range(1, 39)], b"(" + b"t"),
    "tuples in tuples": value(b")" + b"\x85" * 90_000),
    "lists in lists": value(b"]" * 30_000 + b"a" * 29_999),
    "marks": value(b"(" * 200_000),
    "nothing, many times": value(b"(" + b"N" * 200_000 + b"t"),
    "lists, many times": value(b"(" + b"]" * 2_000_000 + b"t"),
    "numbers of values": value(b"N" + b"\x94" * 200_000),
    "nodes without end": value(NODE, b"\x94", text("str_id"), b"\x94\x86",
                               b"h\x01)\x81\x94}\x94(h\x02\x8c\x00\x94" * 20_000),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_cheap(name: str) -> None:
    tracemalloc.start()
    with pytest.raises(DataError, match=WHERE):
        values(BOMBS[name], opcodes=1_000_000 if name == "lists, many times" else 100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6


def test_values_that_stand_in_many_places_count_in_each() -> None:
    shared = [1] * 1000
    wanted = [{"x": [shared] * 900}]
    assert values(pickle.dumps(wanted)) == wanted
    with pytest.raises(DataError, match=r"it has more than 1,000,000 values"):
        values(pickle.dumps([{"x": [shared] * 1100}]))
    # Ten thousand million values, which nobody may count one by one.
    with pytest.raises(DataError, match=r"it has more than 1,000,000 values"):
        values(pickle.dumps([{"x": [tuple(shared * 100)] * 100_000}]))


def test_a_large_number_of_a_value_costs_nothing() -> None:
    content = b"\x80\x03]q\x00(}r\xff\xff\xff\x7f" + b"X\x01\x00\x00\x00aK\x01sh\x00e."
    with pytest.raises(DataError, match=WHERE):
        values(content)
    assert values(content.replace(b"h\x00", b"")) == [{"a": 1}]


def test_cut_off_anywhere() -> None:
    assert len(values(TINY)) == 2
    for end in range(len(TINY)):
        with pytest.raises(DataError, match=WHERE + "the file ends in the middle of a pickle"):
            entries(TINY[:end])
    whole = dumps(tiny()["compute graph"], 3)
    for end in range(len(whole)):
        with pytest.raises(DataError, match=WHERE):
            obj(whole[:end])


def told(read: Callable[[bytes], Any], content: bytes) -> bool:
    """Return whether a pickle is read, or is refused as it should be."""
    try:
        read(content)
    except DataError as error:
        return str(error).startswith("x.pkl, byte ")
    return True


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TINY) - 1), st.integers(0, 255), st.sampled_from((3, 4)))
def test_any_byte_changed(at: int, byte: int, protocol: int) -> None:
    content = TINY if protocol == 4 else dumps([tiny()], 3)
    at %= len(content)
    assert told(entries, content[:at] + bytes([byte]) + content[at + 1 :])


OPCODES = [bytes([code]) for code in sorted(machine._ACTIONS)]
PIECES = st.sampled_from([*OPCODES, NODE, RANGE, F8, EMPTY, text("a"), b"K\x01", b"h\x01", b"h\x03",
                          b"j\x02\x00\x00\x00", b"."])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_any_opcodes(pieces: list[bytes]) -> None:
    for content in (pickled(b"}\x94", *pieces), b"\x80\x04" + b"".join(pieces)):
        assert told(entries, content)
        assert told(obj, content)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from((b"", b"\x80\x04", b"\x80\x04](}")))
def test_any_bytes(content: bytes, beginning: bytes) -> None:
    assert told(entries, beginning + content)
    assert told(obj, beginning + content)
