"""GENNAPE's ComputeGraph objects, from pickles or JSON, as rows of node columns and edges.

The columns are those of our graphs (`graph.vocabulary`); operations have the same indices. Edges
count the weighted nodes first, then the regular ones. What is no node in our normal form (Identity,
the Space/Batch wrappers of a dilated convolution) is still there: `normal_form` takes it out.
"""

from __future__ import annotations

from array import array
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nape_bench.data.pickles import Pairs, Record, Twin
from nape_bench.errors import DataError
from nape_bench.graph.order import outside
from nape_bench.graph.vocabulary import (
    COLUMN_LIMITS,
    COLUMNS,
    CONVOLUTIONS,
    OP_INDEX,
    OPS,
    POOLS,
    SIZES,
    WEIGHTED,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.data.pickles.values import Alike

_THEIR_OPS = 32
"""Operations that the authors' vocabulary has, of which ours has the same first ones."""

_ROWS = 1_000_000
_RESOLUTION = ("h_in", "h_out", "w_in", "w_out", "c_in", "c_out")
_SPLITS = "SpacetoBatchND"


class PublishedGraph(NamedTuple):
    """A graph as it was published.

    Attributes:
        name: What its authors call it.
        rows: For each node, the number of its row in `NodeRows`, int64 [nodes].
        edges: (source, target), int64 [edges, 2].
    """

    name: str
    rows: np.ndarray
    edges: np.ndarray


class NodeRows:
    """The distinct rows of node columns of many graphs, numbered."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, ...], int] = {}
        self._ends: dict[int, set[int]] = {OP_INDEX["Input"]: set(), OP_INDEX["Output"]: set()}
        # By identity of what records that were written alike share, which is kept beside it.
        self._shared: dict[int, int] = {}
        self._alike: list[Alike] = []

    def numbers(self, nodes: Sequence[Any]) -> list[int]:
        """Return the numbers of the rows of nodes.

        Raises:
            DataError: One is no node; it is named.
        """
        if set(map(type, nodes)) == {Twin}:
            try:
                return list(map(self._shared.__getitem__, map(id, map(itemgetter(1), nodes))))
            except KeyError:  # one is new
                pass
        return [self._number(node) for node in nodes]

    def _number(self, node: Any) -> int:
        known = self._shared.get(id(node[1])) if isinstance(node, Twin) else None
        if known is not None:
            return known
        row = _row(node.fields if isinstance(node, (Record, Twin)) else node)
        known_rows = len(self._numbers)
        number = self._numbers.setdefault(row, known_rows)
        if number == known_rows:
            if row[0] in self._ends:
                self._ends[row[0]].add(number)
            if number == _ROWS:
                raise DataError(f"more than {_ROWS:,} different nodes: these are no networks")
        if isinstance(node, Twin):
            self._shared[id(node[1])] = number
            self._alike.append(node[1])
        return number

    def has_ends(self, numbers: Sequence[int]) -> bool:
        """Return whether an Input and an Output are among some rows."""
        return not any(ends.isdisjoint(numbers) for ends in self._ends.values())

    def table(self) -> np.ndarray:
        """Return all rows, int64 [rows, columns]."""
        return np.array(list(self._numbers), dtype=np.int64).reshape(-1, len(COLUMNS))


def read_graph(value: Any, rows: NodeRows) -> PublishedGraph:
    """Read a ComputeGraph: the record of a pickle, or its state in JSON.

    Args:
        value: The graph.
        rows: Where the rows of its nodes are numbered.

    Raises:
        DataError: It is none; the message says what was expected.
    """
    if isinstance(value, Record) and value.kind == "ComputeGraph":
        value = value.fields
    if not isinstance(value, dict):
        raise DataError(f"a ComputeGraph expected, not {short(value)}")
    missing = {"weighted_nodes", "regular_nodes", "edge_pairs"} - set(value)
    if missing:
        raise DataError(f"the ComputeGraph has no {', '.join(sorted(missing))}")
    for key in ("weighted_nodes", "regular_nodes", "edge_pairs"):
        if not isinstance(value[key], list):
            raise DataError(f"{key} of a ComputeGraph is a list, not {short(value[key])}")
    nodes = [*value["weighted_nodes"], *value["regular_nodes"]]
    numbers = rows.numbers(nodes)
    if not rows.has_ends(numbers):
        raise DataError("a ComputeGraph has an input and an output node")
    edges = _edges(value["edge_pairs"], len(nodes))
    name = "".join(filter(str.isprintable, str(value.get("name", ""))[:80]))
    return PublishedGraph(name, np.array(numbers, dtype=np.int64), edges)


def short(value: Any) -> str:
    """Say what a value is, in few words: it comes from a file and may be anything."""
    if isinstance(value, (str, int, float)) or value is None:
        return repr(value)[:80]
    if isinstance(value, (list, tuple)) and len(value) <= 8:
        parts = [short(v) if isinstance(v, (str, int, float)) else "..." for v in value]
        return f"({', '.join(parts)})"
    return f"a {value.kind if isinstance(value, Record) else type(value).__name__}"


def _edges(pairs: Sequence[Any], nodes: int) -> np.ndarray:
    edges = _integer_pairs(pairs)
    if edges is None:
        raise DataError("edge_pairs are pairs of node numbers (source, target)")
    wrong = outside(edges, nodes)
    if wrong:
        raise DataError(wrong)
    return edges


def _integer_pairs(pairs: Sequence[Any]) -> np.ndarray | None:
    """Return pairs of integers, int64 [pairs, 2]; None where they are none.

    Numbers are laid end to end first: numpy takes ten times as long to look into pairs.
    """
    if isinstance(pairs, Pairs):
        return pairs.ends
    if not pairs or not set(map(type, pairs)) <= {tuple, list} or set(map(len, pairs)) != {2}:
        return None
    numbers = list(chain.from_iterable(pairs))
    if set(map(type, numbers)) != {int}:
        return None
    try:
        return np.frombuffer(array("q", numbers), dtype=np.int64).reshape(-1, 2)
    except OverflowError:
        return None


def _row(fields: Any) -> tuple[int, ...]:
    """Return the columns of a node."""
    if not isinstance(fields, dict) or not fields:
        raise DataError(f"a node expected, not {short(fields)}")
    op_number = fields.get("op_type_idx")
    if type(op_number) is not int or not 0 <= op_number < _THEIR_OPS:
        raise _error(fields, "op_type_idx", op_number, f"0 to {_THEIR_OPS - 1}")
    op = OPS[op_number]
    row = dict.fromkeys(COLUMNS, 0)
    row.update(op=op_number, stride_h=1, stride_w=1, dilation=1, groups=1)
    row.update(zip(_RESOLUTION, _integers(fields, "resolution", 6), strict=True))
    metadata = fields.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise _error(fields, "metadata", metadata, "a dictionary")
    if op in CONVOLUTIONS | POOLS:
        row.update(_window(op, fields, metadata))
    elif op == _SPLITS:
        row["dilation"] = _split(fields, row, metadata)
    if op == "Depthwise":
        row["groups"] = row["c_in"]
    if op in WEIGHTED:
        row["bias"] = int(metadata.get("use_bias") is True)
    for column, number in row.items():
        least = 1 if column in SIZES else 0
        if not least <= number <= COLUMN_LIMITS[column]:
            raise _error(fields, column, number, f"{least} to {COLUMN_LIMITS[column]}")
    return tuple(row.values())


def _window(op: str, fields: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, int]:
    """Return kernel, stride and dilation of a convolution or a pool."""
    _, down, right, _ = _integers(fields, "strides", 4)
    window = {"stride_h": down, "stride_w": right}
    if op in POOLS:
        _, high, wide, _ = _integers(metadata, "ksize", 4, of=fields)
        return {**window, "kernel_h": high, "kernel_w": wide}
    high, wide = _integers(fields, "shape", 4, skip=2)
    window.update(kernel_h=high, kernel_w=wide)
    if metadata.get("dilations") is not None:
        _, window["dilation"], across, _ = _integers(metadata, "dilations", 4, of=fields)
        if across != window["dilation"]:
            raise _error(
                fields, "dilations", metadata["dilations"], "the same along height and width"
            )
    return window


def _split(fields: Mapping[str, Any], row: Mapping[str, int], metadata: Mapping[str, Any]) -> int:
    """Return into how many parts a SpacetoBatchND splits what it pads: the dilation."""
    pads = metadata.get("pad_h", (0, 0))
    if not isinstance(pads, (list, tuple)) or not all(type(pad) is int for pad in pads):
        raise _error(fields, "pad_h", pads, "two integers")
    parts, left = divmod(row["h_in"] + sum(pads), max(1, row["h_out"]))
    if left or parts < 1:
        raise _error(fields, "resolution", fields["resolution"], "rows that divide what is padded")
    return parts


def _integers(
    values: Mapping[str, Any], name: str, count: int, *, skip: int = 0, of: Any = None
) -> list[int]:
    """Return a field of `count` integers, of which the first `skip` are not looked at."""
    found = values.get(name)
    right = isinstance(found, (list, tuple)) and len(found) == count
    numbers = list(found)[skip:] if right and found is not None else []
    if not numbers or any(type(number) is not int for number in numbers):
        raise _error(of or values, name, found, f"{count} integers")
    return numbers


def _error(fields: Mapping[str, Any], name: str, found: Any, expected: str) -> DataError:
    return DataError(
        f"node {short(fields.get('str_id'))}: {name} is {short(found)}, where {expected} expected"
    )
