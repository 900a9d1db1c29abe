"""What the reader makes of pickles that Python wrote: the same values, entry by entry."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench.data.pickles import Entry, Limits, read_entries, read_object, reader
from nape_bench.data.pickles.plain import plain
from nape_bench.data.pickles.references import References, scan
from nape_bench.data.pickles.repeats import Repeats
from nape_bench.data.pickles.values import Pairs, Record, Twin
from nape_bench.errors import DataError
from nape_bench.spaces import space
from tests.data.caches import DARTS, Genotype, dumps, entry, sampled, state

if TYPE_CHECKING:
    from collections.abc import Callable

PROTOCOLS = (3, 4, 5)


def opened(content: bytes, limits: Limits) -> tuple[io.BytesIO, str, References, Limits]:
    references = scan(io.BytesIO(content), "x.pkl", limits)
    return io.BytesIO(content), "x.pkl", references, limits


def entries(content: bytes, **limits: int) -> list[Entry]:
    return list(read_entries(*opened(content, Limits(**limits))))


def values(content: bytes, **limits: int) -> list[Any]:
    return [plain(each.value) for each in entries(content, **limits)]


def obj(content: bytes, **limits: int) -> Any:
    return read_object(*opened(content, Limits(**limits)))


def unclassed(value: Any) -> Any:
    """Return what `caches.state` makes, without the names of classes."""
    if isinstance(value, Genotype):
        return {key: unclassed(part) for key, part in value._asdict().items()}
    if isinstance(value, dict):
        return {key: unclassed(part) for key, part in value.items() if key != "class"}
    if isinstance(value, (list, tuple)):
        return type(value)([unclassed(part) for part in value])
    return value


CACHES = {
    family: [entry(family, spec, i) for i, spec in enumerate(sampled(family, 3))]
    for family in ("nb101", "nb201", "nb301", "ofa_resnet")
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("family", CACHES)
def test_caches_of_every_protocol(family: str, protocol: int) -> None:
    content = dumps(CACHES[family], protocol)
    assert values(content) == unclassed(CACHES[family])


def test_where_entries_begin() -> None:
    content = dumps(CACHES["nb101"])
    found = entries(content)
    assert all(content[each.position : each.position + 1] == b"}" for each in found)
    assert [each.position for each in found] == sorted({each.position for each in found})


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000, 1001, 1002, 2001])
def test_lists_of_any_length(count: int) -> None:
    wanted = [{"number": i, "square": i * i} for i in range(count)]
    for protocol in PROTOCOLS:
        assert values(pickle.dumps(wanted, protocol)) == wanted


@pytest.mark.parametrize("block", [1, 2, 5, 64, 1000])
def test_whatever_the_window_ends_in(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = dumps([entry("hiaml", spec, i) for i, spec in enumerate(sampled("hiaml", 2))])
    if block < 5:
        content = dumps([{"a": [(1, 300), (i, 2)], "b": {"c": "text"}} for i in range(3)])
    wanted = values(content)
    monkeypatch.setattr(reader, "_BLOCK", block)
    assert values(content) == wanted


def test_what_is_read_fast_is_what_is_read_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    content = dumps([entry("nb201", spec, i) for i, spec in enumerate(sampled("nb201", 4))])
    fast = entries(content)
    nodes = fast[-1].value["compute graph"].fields["regular_nodes"]
    assert sum(isinstance(node, Twin) for node in nodes) > 0.9 * len(nodes)
    monkeypatch.setattr(Repeats, "pairs", lambda self, buffer, at, memo: ([], at))
    monkeypatch.setattr(Repeats, "small_integers", lambda self, buffer, at: ([], at))
    monkeypatch.setattr(Repeats, "integers", lambda self, buffer, at: ([], at))
    monkeypatch.setattr(Repeats, "edges", lambda self, buffer, at, memo: (None, at))
    monkeypatch.setattr(Repeats, "nodes", lambda self, buffer, at, *rest: ([], at, None))
    slow = entries(content)
    assert all(
        isinstance(node, Record)
        for each in slow
        for node in each.value["compute graph"].fields["regular_nodes"]
    )
    assert [plain(each.value) for each in fast] == [plain(each.value) for each in slow]


def test_pairs_of_integers_of_any_size() -> None:
    sizes = (0, 1, 255, 256, 65535, 65536)
    wanted = [{"pairs": [(a, b) for a in sizes for b in sizes] * (i + 1)} for i in range(3)]
    assert values(pickle.dumps(wanted)) == wanted


@pytest.mark.parametrize("count", [1, 2, 999, 1000, 1001])
def test_edges_are_an_array_as_well(count: int) -> None:
    pairs = [(i % 256, 7 * i % 256) for i in range(count)]
    wanted = [{"pairs": pairs, "again": pairs, "one": pairs[-1], "last": i} for i in range(3)]
    for protocol in PROTOCOLS:
        assert values(pickle.dumps(wanted, protocol)) == wanted
    found = entries(pickle.dumps(wanted))[-1].value["pairs"]
    assert found == pairs
    assert isinstance(found, Pairs) == (2 <= count <= 1000)
    if isinstance(found, Pairs):
        assert found.ends.tolist() == [list(pair) for pair in pairs]
        assert found.ends.dtype == np.int64


def test_lists_of_small_integers() -> None:
    row = [0, 1, 255]
    wanted = [{"rows": [row, [1], [256, 1], row, []], "again": row, "i": i} for i in range(3)]
    for protocol in PROTOCOLS:
        assert values(pickle.dumps(wanted, protocol)) == wanted
    assert obj(pickle.dumps(row)) == row
    with pytest.raises(DataError, match="entries of the list are to be dictionaries"):
        values(pickle.dumps(row))


def test_ids_of_any_text() -> None:
    ids = ["a", "", "two\nlines", "ub", "h\x05)h\x06", "\u0094\u20ac", "x" * 255, "y" * 300, "z"]
    node = {"class": "RegularNode", "label": "conv", "op_type_idx": 3, "strides": (1, 2, 2, 1)}
    one = [{"class": "RegularNode", "str_id": name, **node} for name in ids]
    graphs = [{"nodes": one * (i + 1)} for i in range(30)]
    content = dumps(graphs)
    assert values(content) == unclassed(graphs)
    # The last of them, which is read with many others at once.
    with pytest.raises(DataError, match=r"byte [\d,]+: .*utf-8"):
        values(content[::-1].replace(b"z\x01\x8c", b"\xff\x01\x8c", 1)[::-1])


def test_what_stands_in_several_entries() -> None:
    cell, pair = ["conv"] * 3, (7, 8)
    wanted = [{"first": i, "cell": cell, "pairs": [pair, (i, 9)]} for i in range(3000)]
    content = pickle.dumps(wanted)
    assert values(content) == wanted
    node = {"class": "RegularNode", "str_id": "0|a", "label": cell, "op_type_idx": 1}
    graphs = [{"nodes": [node, {**node, "str_id": f"{i}|b"}], "again": node} for i in range(50)]
    assert values(dumps(graphs)) == unclassed(graphs)


def test_what_nothing_refers_to_is_forgotten() -> None:
    kept = [{"number": i, "list": [i, i + 1000]} for i in range(2000)]
    assert values(pickle.dumps(kept), remembered=2000) == kept
    late = [*kept, *[{"again": each["list"]} for each in kept]]
    assert values(pickle.dumps(late)) == late
    with pytest.raises(DataError, match="more than 2,000 values are referred to later"):
        values(pickle.dumps(late), remembered=2000)
    with pytest.raises(DataError, match="refers back to more than 100 of its values"):
        values(pickle.dumps(late), references=100)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_object(protocol: int) -> None:
    graph = state(space("hiaml").build(sampled("hiaml", 1)[0]), "HiAMLNet0")
    found = obj(dumps(graph, protocol))
    assert found.kind == "ComputeGraph"
    assert plain(found) == unclassed(graph)


@pytest.mark.parametrize(
    "make", [np.float64, np.float32, np.int64, np.uint8, np.bool_], ids=lambda make: make.__name__
)
def test_numpy_numbers_and_arrays(make: Callable[[Any], Any]) -> None:
    array = np.array([[0, 1, 1], [1, 0, 1]], dtype=make)
    for protocol in (3, 4, 5):
        # Protocol 5 hands arrays out of the stream only where somebody asks for it.
        content = pickle.dumps([{"acc": make(1), "matrix": array}], min(protocol, 4))
        assert values(content) == [{"acc": make(1).item(), "matrix": array.tolist()}]
        renamed = content.replace(b"numpy._core", b"numpy.core").replace(b"\x8c\x16n", b"\x8c\x15n")
        assert renamed == content or values(_unframed(renamed)) == values(content)


def _unframed(content: bytes) -> bytes:
    """Drop the frame of a small pickle: its length is not right any more."""
    return content[:2] + content[11:] if content[2:3] == b"\x95" else content


@pytest.mark.parametrize(
    "value",
    [
        np.array([None], dtype=object),
        np.zeros(2, dtype=[("a", "f8"), ("b", "i4")]),
        np.array(["text"]),
        np.datetime64("2020-01-01"),
        np.zeros(1, dtype=np.complex128),
        np.asfortranarray(np.eye(3)[:, :2]),
    ],
    ids=["object", "structured", "text", "date", "complex", "by columns"],
)
def test_other_numpy_values_are_refused(value: Any) -> None:
    with pytest.raises(DataError, match=r"byte [0-9,]+: .* is refused"):
        values(pickle.dumps([{"x": value}], 4))


def test_genotypes_keep_their_ranges() -> None:
    (found,) = entries(dumps([{"config": Genotype([("a", 0)], range(2, 6), [], range(0, 8, 2))}]))
    assert plain(found.value["config"]) == {
        "normal": [("a", 0)], "normal_concat": range(2, 6), "reduce": [],
        "reduce_concat": range(0, 8, 2),
    }  # fmt: skip
    assert DARTS == "model_src.darts.model_darts"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=5) | st.tuples(inner, inner, inner)
    | st.lists(st.tuples(st.integers(0, 2**17), st.integers(0, 300)), max_size=20)
    | st.tuples(inner) | st.tuples(inner, inner) | st.lists(inner, max_size=5).map(tuple)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), inner,
                      max_size=4),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from("abcd"), PLAIN, max_size=4), max_size=6),
    st.sampled_from((3, 4, 5)),
)
def test_any_plain_values(wanted: list[dict[str, Any]], protocol: int) -> None:
    assert values(pickle.dumps(wanted, protocol)) == wanted
