"""Writing caches in the format of GENNAPE's authors: what `bench_gennape.py` reads.

Python's pickler, as the authors used it, keeps every value that it has numbered until the end,
tens of gigabytes for 100,000 graphs. This one writes the same opcodes (protocol 4) and remembers
names alone, which are all that such a file refers back to.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Any

from nape_bench.graph import COLUMNS, OPS
from nape_bench.graph.vocabulary import CONVOLUTIONS, POOLS, WEIGHTED

if TYPE_CHECKING:
    from typing import BinaryIO

    from nape_bench.graph import ArchGraph

MODULE = "model_src.comp_graph.tf_comp_graph"
FRAME = 64 << 10
BATCH = 1000
LABELS = {"BatchNorm": "fusedbatchnormv3", "Conv": "conv2d", "Concat": "concat", "Add": "addn"}


class Name(str):
    """A text that is written once and referred to from then on: a class, a field, a constant."""

    __slots__ = ()


class Edges(list[tuple[int, int]]):
    """Pairs of node numbers."""


class Node(dict[str, Any]):
    """The state of an object of one of the authors' classes."""

    def __init__(self, kind: str, state: dict[str, Any]) -> None:
        super().__init__(state)
        self.kind = kind


class Writer:
    """Writes a list of entries.

    Args:
        file: Where to.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._names, self._next = file, {}, 0
        self._parts: list[bytes] = []
        self._size = 0
        self._nodes: dict[tuple[int, tuple[int, ...]], tuple[bytes, int]] = {}
        file.write(b"\x80\x04")
        self._add(b"]\x94")
        self._next += 1
        self._count = 0

    def entry(self, graph: ArchGraph, name: str, fields: dict[str, Any]) -> None:
        """Write one entry: a graph of ours as the authors' classes hold it, and other fields."""
        if self._count % BATCH == 0:
            self._add(b"e(" if self._count else b"(")
        self._count += 1
        self._value({Name("compute graph"): self._graph(graph, name), **fields})

    def end(self) -> None:
        """End the list and the file."""
        self._add(b"e.")
        self._flush()

    def _graph(self, graph: ArchGraph, name: str) -> Node:
        rows, ops = graph.nodes.tolist(), graph.ops
        order = sorted(range(len(ops)), key=lambda i: (ops[i] not in WEIGHTED, i))
        place = {node: number for number, node in enumerate(order)}
        edges = Edges(sorted((place[a], place[b]) for a, b in graph.edges.tolist()))
        weighted = sum(op in WEIGHTED for op in ops)
        nodes = [("node", i, tuple(rows[i])) for i in order]
        size = rows[0][1]
        return Node(
            "ComputeGraph",
            {
                "name": name,
                "input_shape": (1, size, size, 3),
                "edge_pairs": edges,
                "regular_nodes": nodes[weighted:],
                "weighted_nodes": nodes[:weighted],
                "n_regular_nodes": len(nodes) - weighted,
                "n_weighted_nodes": weighted,
                "max_hidden_size": 512,
                "max_kernel_size": 7,
                "max_derived_H": 256,
                "max_derived_W": 256,
            },
        )

    def _edges(self, edges: list[tuple[int, int]]) -> None:
        self._add(b"]\x94")
        for start in range(0, len(edges), BATCH):
            part = edges[start : start + BATCH]
            self._add(b"(" + b"".join([_pair(*pair) for pair in part]))
            self._add(b"e")
        self._next += 1 + len(edges)

    def _value(self, value: Any) -> None:  # noqa: C901
        add = self._add
        if isinstance(value, Name):
            self._name(value)
        elif isinstance(value, str):
            self._text(value)
        elif value is None or value is True:
            add(b"N" if value is None else b"\x88")
        elif isinstance(value, int):
            add(_integer(value))
        elif isinstance(value, float):
            add(b"G" + struct.pack(">d", value))
        elif isinstance(value, Node):
            self._object(value.kind)
            self._items({Name(key): part for key, part in value.items()})
            add(b"b")
        elif isinstance(value, dict):
            add(b"}\x94")
            self._next += 1
            self._items(value)
        elif isinstance(value, Edges):
            self._edges(value)
        elif isinstance(value, list):
            self._list(value)
        elif value[:1] == ("node",):
            self._node(*value[1:])
        else:
            add(b"(" * (len(value) > 3))
            for part in value:
                self._value(part)
            add({1: b"\x85\x94", 2: b"\x86\x94", 3: b"\x87\x94"}.get(len(value), b"t\x94"))
            self._next += 1

    def _node(self, number: int, row: tuple[int, ...]) -> None:
        """Write a node; what it becomes is kept, since graphs have most nodes in common."""
        if self._size >= FRAME:
            self._flush()
        if (number, row) in self._nodes:
            content, count = self._nodes[number, row]
            self._add(content)
            self._next += count
            return
        start, known = self._next, len(self._names)
        kept, self._parts = self._parts, []
        op = OPS[row[0]]
        text = LABELS.get(op, op.lower())
        self._object("WeightedNode" if op in WEIGHTED else "RegularNode")
        self._add(b"(")
        self._name(Name("str_id"))
        self._text(f"{13 * number}|stack{number % 3}/module{number % 9}/vertex_{number % 5}/{text}")
        for key, part in _state(op, text, dict(zip(COLUMNS, row, strict=True))).items():
            self._name(Name(key))
            self._value(part)
        self._add(b"ub")
        content, self._parts = b"".join(self._parts), kept
        self._parts.append(content)
        if len(self._names) == known:
            self._nodes[number, row] = (content, self._next - start)

    def _object(self, kind: str) -> None:
        if kind in self._names:
            self._name(Name(kind))
        else:
            self._name(Name(MODULE))
            self._text(kind)
            self._add(b"\x93\x94")
            self._names[kind] = self._next
            self._next += 1
        self._add(b")\x81\x94}\x94")
        self._next += 2

    def _items(self, items: dict[str, Any]) -> None:
        self._add(b"(" * (len(items) > 1))
        for key, part in items.items():
            self._name(Name(key))
            self._value(part)
        self._add(b"u" if len(items) > 1 else b"s")

    def _list(self, values: list[Any]) -> None:
        self._add(b"]\x94")
        self._next += 1
        for start in range(0, len(values), BATCH):
            self._add(b"(")
            for part in values[start : start + BATCH]:
                self._value(part)
            self._add(b"e")

    def _name(self, name: Name) -> None:
        number = self._names.get(name)
        if number is None:
            self._names[str(name)] = self._next
            self._text(name)
        else:
            self._add(b"h%c" % number if number < 256 else b"j" + struct.pack("<I", number))

    def _text(self, text: str) -> None:
        content = text.encode()
        self._add(b"\x8c%c%b\x94" % (len(content), content))
        self._next += 1

    def _add(self, content: bytes) -> None:
        self._parts.append(content)
        self._size += len(content)

    def _flush(self) -> None:
        content = b"".join(self._parts)
        self._file.write(b"\x95" + struct.pack("<Q", len(content)) + content)
        self._parts, self._size = [], 0


@cache
def _integer(value: int) -> bytes:
    if value < 256:
        return b"K%c" % value
    return struct.pack("<BH", ord("M"), value) if value < 65536 else struct.pack("<Bi", 74, value)


@cache
def _pair(first: int, second: int) -> bytes:
    return _integer(first) + _integer(second) + b"\x86\x94"


def _state(op: str, text: str, row: dict[str, int]) -> dict[str, Any]:
    """Return what the authors' classes hold of a node beside its id."""
    strides = (1, row["stride_h"], row["stride_w"], 1)
    kernel = (row["kernel_h"], row["kernel_w"])
    metadata: dict[str, Any] | None = None
    if op in CONVOLUTIONS:
        dilations = (1, row["dilation"], row["dilation"], 1)
        metadata = {"data_format": "NHWC", "dilations": dilations, "padding": "same"}
    elif op in POOLS:
        metadata = {"data_format": "NHWC", "padding": "same", "ksize": (1, *kernel, 1)}
    elif op == "BatchNorm":
        metadata = {"data_format": "NHWC"}
    elif op == "MatMul":
        metadata = {}
    if row["bias"] and metadata is not None:
        metadata["use_bias"] = True
    sizes = ("h_in", "h_out", "w_in", "w_out", "c_in", "c_out")
    state: dict[str, Any] = {
        "type_idx": int(op in WEIGHTED),
        "label": text,
        "resolution": tuple(row[size] for size in sizes),
        "strides": strides if op in CONVOLUTIONS | POOLS else None,
        "metadata": metadata,
        "op_type_idx": row["op"],
    }
    if op in WEIGHTED:
        state["shape"] = [row["c_in"], 1 if op == "Depthwise" else row["c_out"], *kernel]
    return state
