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

from nape_bench.graph.flat import Flat, pointers, sum_by_graph
from nape_bench.graph.keys import levels
from nape_bench.graph.validate import is_op
from nape_bench.graph.vocabulary import CONVOLUTIONS, UNORDERED

_BEFORE = frozenset({"SpacetoBatchND", "Paddings"})
_BEHIND = frozenset({"BatchtoSpaceND"})
_JUMPS = 40


def normal_form(flat: Flat) -> tuple[Flat, dict[int, str]]:
    """Bring graphs into normal form.

    Args:
        flat: The graphs; nodes and edges may stand in any order.

    Returns:
        The graphs, and graph -> what is wrong, for those that cannot be: what is given for these
        has no meaning.
    """
    wrong: dict[int, str] = {}
    flat = _fold(flat)
    gone = is_op(flat, {"Identity"} | _BEFORE | _BEHIND)
    _note(wrong, flat, gone & (_inputs(flat) != 1), "a node that does nothing has no single input")
    flat = _without(flat, gone, wrong)
    while (gone := is_op(flat, UNORDERED) & (_inputs(flat) == 1)).any():
        flat = _without(flat, gone, wrong)
    return _in_order(flat, wrong), wrong


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
    return flat._replace(columns=columns)


def _without(flat: Flat, gone: np.ndarray, wrong: dict[int, str]) -> Flat:
    """Take nodes out: what reads one reads its input instead. Edges that then are one stay one."""
    stands_for = np.arange(flat.nodes)
    enters = gone[flat.target]
    stands_for[flat.target[enters]] = flat.source[enters]
    for _ in range(_JUMPS):
        further = stands_for[stands_for]
        if np.array_equal(further, stands_for):
            break
        stands_for = further
    source = stands_for[flat.source]
    _note_edges(wrong, flat, gone[source] & ~enters, "nodes that do nothing are on a cycle")
    stay = ~enters & ~gone[source]
    edges = np.sort(flat.target[stay] * flat.nodes + source[stay])
    edges = edges[np.concatenate([[True], edges[1:] != edges[:-1]])[: len(edges)]]
    place = np.cumsum(~gone) - 1
    columns = {name: values[~gone] for name, values in flat.columns.items()}
    node_ptr = pointers(sum_by_graph((~gone).astype(np.int64), flat.node_ptr))
    target, source = place[edges // flat.nodes], place[edges % flat.nodes]
    return Flat(columns, source, target, node_ptr, _edge_ptr(target, node_ptr))


def _in_order(flat: Flat, wrong: dict[int, str]) -> Flat:
    """Put nodes into topological order, and edges into that of their targets."""
    level = np.full(flat.nodes, -1)
    for number, nodes in enumerate(levels(flat)):
        level[nodes] = number
    _note(wrong, flat, level < 0, "it has a cycle")
    order = np.argsort(flat.graph_of_nodes() * (flat.nodes + 1) + level, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    source, target = place[flat.source], place[flat.target]
    edges = np.sort(target * flat.nodes + source)
    columns = {name: values[order] for name, values in flat.columns.items()}
    source, target = edges % flat.nodes, edges // flat.nodes
    return Flat(columns, source, target, flat.node_ptr, _edge_ptr(target, flat.node_ptr))


def _edge_ptr(target: np.ndarray, node_ptr: np.ndarray) -> np.ndarray:
    """Return where the edges of each graph begin; they are ordered by graph."""
    return np.searchsorted(np.sort(target), node_ptr)


def _note(wrong: dict[int, str], flat: Flat, bad: np.ndarray, message: str) -> None:
    """Note what is wrong with the graphs of nodes that are bad, where nothing was noted."""
    nodes = np.flatnonzero(bad)
    for graph in np.unique(np.searchsorted(flat.node_ptr, nodes, side="right") - 1).tolist():
        wrong.setdefault(graph, message)


def _note_edges(wrong: dict[int, str], flat: Flat, bad: np.ndarray, message: str) -> None:
    nodes = np.zeros(flat.nodes, dtype=bool)
    nodes[flat.target[bad]] = True
    _note(wrong, flat, nodes, message)
