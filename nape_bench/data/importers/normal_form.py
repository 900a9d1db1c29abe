"""Published graphs in the normal form of ours, many at once with array operations.

- Identity is taken out, and what wraps a dilated convolution (SpacetoBatchND, BatchtoSpaceND) or
  pads before one is folded into it: the convolution reads what the wrapper reads.
- An Add, Mul or Concat that has one distinct input is taken out. The authors' code does so, and
  loses x + x in doing it; to compare graphs, ours lose it too.
- Nodes stand in topological order.

What is left differs from a graph of ours in the order of the inputs of Add, Mul and Concat alone,
which says nothing.
"""

from __future__ import annotations

import numpy as np

from nape_bench.graph.flat import Flat, order_of, pointers, ragged_indices, sum_by_graph
from nape_bench.graph.keys import levels
from nape_bench.graph.rows import NodeRows, distinct_rows
from nape_bench.graph.validate import is_op
from nape_bench.graph.vocabulary import COLUMNS, CONVOLUTIONS, UNORDERED

_BEFORE = frozenset({"SpacetoBatchND", "Paddings"})
_BEHIND = frozenset({"BatchtoSpaceND"})
_JUMPS = 40
_ROW = "row"


def normal_form(flat: Flat) -> tuple[Flat, dict[int, str]]:
    """Bring graphs into normal form.

    Args:
        flat: The graphs; nodes and edges may stand in any order.

    Returns:
        The graphs, of which rows are known and, where none is wrong, levels; and graph -> what is
        wrong, for those that cannot be: what is given for these has no meaning.
    """
    wrong: dict[int, str] = {}
    if is_op(flat, _BEFORE | _BEHIND).any():
        flat = _fold(flat)
    # Nodes move with the number of their row, not with all columns.
    rows, of_node = flat.rows or distinct_rows(flat.columns)
    flat = flat._replace(columns={"op": flat.columns["op"], _ROW: of_node}, rows=None)
    gone = is_op(flat, {"Identity"} | _BEFORE | _BEHIND)
    _note(wrong, flat, gone & (_inputs(flat) != 1), "a node that does nothing has no single input")
    flat = _without(flat, gone, wrong)
    while (gone := is_op(flat, UNORDERED) & (_inputs(flat) == 1)).any():
        flat = _without(flat, gone, wrong)
    flat = _in_order(flat, wrong)
    of_node = flat.columns[_ROW]
    columns = {name: rows[:, i].take(of_node) for i, name in enumerate(COLUMNS)}
    return flat._replace(columns=columns, rows=NodeRows(rows, of_node)), wrong


def _inputs(flat: Flat) -> np.ndarray:
    """Return the number of edges that enter each node."""
    return np.bincount(flat.target, minlength=flat.nodes)


def _fold(flat: Flat) -> Flat:
    """Give convolutions the sizes outside of their wrappers, and the dilation these stand for."""
    columns = {name: values.astype(np.int64) for name, values in flat.columns.items()}
    conv = is_op(flat, CONVOLUTIONS)
    into = conv[flat.target] & is_op(flat, _BEFORE)[flat.source]
    for name in ("h_in", "w_in"):
        columns[name][flat.target[into]] = columns[name][flat.source[into]]
    columns["dilation"][flat.target[into]] *= columns["dilation"][flat.source[into]]
    out = conv[flat.source] & is_op(flat, _BEHIND)[flat.target]
    for name in ("h_out", "w_out"):
        columns[name][flat.source[out]] = columns[name][flat.target[out]]
    return flat._replace(columns=columns, rows=None)


def _without(flat: Flat, gone: np.ndarray, wrong: dict[int, str]) -> Flat:
    """Take nodes out: what reads one reads its input instead. Edges that then are one stay one."""
    enters = gone[flat.target]
    source, target = flat.source, flat.target
    if gone.any():
        stands_for = np.arange(flat.nodes)
        stands_for[target[enters]] = source[enters]
        for _ in range(_JUMPS):
            further = stands_for[stands_for]
            if np.array_equal(further, stands_for):
                break
            stands_for = further
        source = stands_for[source]
        _note_edges(wrong, flat, gone[source] & ~enters, "nodes that do nothing are on a cycle")
        stay = ~enters & ~gone[source]
        source, target = source[stay], target[stay]
    target, source = _sorted(target, source)
    fresh = np.ones(len(target), dtype=bool)
    fresh[1:] = (target[1:] != target[:-1]) | (source[1:] != source[:-1])
    target, source = target[fresh], source[fresh]
    if not gone.any():
        return flat._replace(
            source=source, target=target, edge_ptr=_edge_ptr(target, flat.node_ptr)
        )
    place = np.cumsum(~gone) - 1
    columns = {name: values[~gone] for name, values in flat.columns.items()}
    node_ptr = pointers(sum_by_graph((~gone).astype(np.int64), flat.node_ptr))
    target = place[target]
    return Flat(columns, place[source], target, node_ptr, _edge_ptr(target, node_ptr))


def _sorted(target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return edges in the order of their targets and, of one target, sources."""
    order = order_of(source)
    order = order[order_of(target[order])]
    return target[order], source[order]


def _in_order(flat: Flat, wrong: dict[int, str]) -> Flat:
    """Put nodes into topological order, and edges into that of their targets."""
    level = np.full(flat.nodes, -1)
    for number, nodes in enumerate(levels(flat)):
        level[nodes] = number
    _note(wrong, flat, level < 0, "it has a cycle")
    order = order_of(level + 1)
    order = order[order_of(flat.graph_of_nodes()[order])]
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    ins = _inputs(flat)
    entering = ragged_indices((np.cumsum(ins) - ins)[order], ins[order])
    source = place[flat.source[entering]]
    target = np.repeat(np.arange(flat.nodes), ins[order])
    several = np.flatnonzero((ins[order] > 1)[target])
    source[several] = np.sort(target[several] << 32 | source[several]) & 0xFFFFFFFF
    columns = {name: values[order] for name, values in flat.columns.items()}
    edge_ptr = _edge_ptr(target, flat.node_ptr)
    known = None if (level < 0).any() else level[order]
    return Flat(columns, source, target, flat.node_ptr, edge_ptr, level=known)


def _edge_ptr(target: np.ndarray, node_ptr: np.ndarray) -> np.ndarray:
    """Return where the edges of each graph begin; they are ordered by target."""
    return np.searchsorted(target, node_ptr)


def _note(wrong: dict[int, str], flat: Flat, bad: np.ndarray, message: str) -> None:
    """Note what is wrong with the graphs of nodes that are bad, where nothing was noted."""
    nodes = np.flatnonzero(bad)
    for graph in np.unique(np.searchsorted(flat.node_ptr, nodes, side="right") - 1).tolist():
        wrong.setdefault(graph, message)


def _note_edges(wrong: dict[int, str], flat: Flat, bad: np.ndarray, message: str) -> None:
    nodes = np.zeros(flat.nodes, dtype=bool)
    nodes[flat.target[bad]] = True
    _note(wrong, flat, nodes, message)
