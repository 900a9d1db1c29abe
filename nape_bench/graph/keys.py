"""The two keys of a graph, both independent of the order of its nodes.

`hash` names the graph: all columns and edges go in, the inputs of Add, Mul and Concat as a
multiset, those of other nodes in order. `group` names the function: it is the same hash after
every Add that feeds an Add is flattened into it with multiplicity, so that (a + b) + c and
a + (b + c) are one; splits keep a group together.

Both are colour refinement (Weisfeiler-Leman) on the directed graph. A node's forward colour says
what is computed up to it, its full colour also what becomes of it. Where nodes of one graph share
a full colour, how many nodes they stem from and lead to is mixed in and colours are worked out
again: twins that share their inputs are thus told from twins that do not. Graphs that even this
cannot tell apart share a hash: they need four or more equal operations on one input, wired in two
ways of the same degrees and reach, such as sums over a ring of four and over two doubled pairs.

Colours are two independent 64-bit lanes; the arithmetic is that of multiset hashing, sums of
well-mixed values modulo 2**64.

All graphs of a `Flat` advance together, level by level, so that the cost of a graph in a table
is far below that of one on its own.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from nape_bench.graph import vocabulary as vocab
from nape_bench.graph.flat import Flat, pointers, ragged_indices, sum_by_graph
from nape_bench.graph.reach import reach_counts
from nape_bench.graph.rows import distinct_rows
from nape_bench.graph.validate import is_op

HASH_VERSION = 1
"""Version of the algorithm; it goes into every hash."""

LANES = 2
"""Independent colours of a node, 16 digits of a hash each."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_CHUNK_NODES = 2_000_000


def graph_keys(flat: Flat) -> tuple[np.ndarray, np.ndarray]:
    """Return the `hash` and the `group` key of each graph.

    Returns:
        Two arrays of 32 hexadecimal digits, str [graphs]. Where no Add feeds an Add the two keys
        of a graph are the same.
    """
    if flat.graphs == 0:
        return np.zeros(0, dtype="<U32"), np.zeros(0, dtype="<U32")
    hashes, groups = zip(*[_keys(part) for part in _parts(flat)], strict=True)
    return np.concatenate(hashes), np.concatenate(groups)


def graph_hashes(flat: Flat, lanes: int = LANES) -> np.ndarray:
    """Return the `hash` key of each graph alone, str [graphs]: less work than both keys.

    Args:
        flat: The graphs.
        lanes: 1 gives the first 16 of its 32 digits, at about half the cost.
    """
    found = [_digests(part, _plan(part), _bases(part, lanes)) for part in _parts(flat)]
    return np.concatenate([np.zeros(0, dtype="<U32"), *found])


def _parts(flat: Flat) -> list[Flat]:
    """Cut graphs into parts, to bound memory."""
    cuts = np.searchsorted(flat.node_ptr, np.arange(0, flat.nodes, _CHUNK_NODES))
    bounds = [*dict.fromkeys(cuts.tolist()), flat.graphs]
    return [flat.part(first, end) for first, end in itertools.pairwise(bounds)]


def _mix(x: np.ndarray) -> np.ndarray:
    """Scramble uint64 values so that sums of them collide only by chance (splitmix64)."""
    x = x + _GOLDEN
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


class _Plan(NamedTuple):
    """In what order colours are worked out, and what is flattened.

    Attributes:
        forward: For each level above 0: (targets, edges of those grouped by target, run starts).
        backward: For each level, deepest first: (sources, edges grouped by source, run starts).
        slot: What an edge's slot adds to its colour: 0 into unordered nodes, uint64 [edges].
        folded: Edges from an Add into an Add that are flattened, bool [edges].
        alive: Nodes that remain after flattening, bool [nodes].
    """

    forward: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    backward: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    slot: np.ndarray
    folded: np.ndarray
    alive: np.ndarray


def _keys(flat: Flat) -> tuple[np.ndarray, np.ndarray]:
    plan = _plan(flat)
    base = _bases(flat)
    hashes = _digests(flat, plan, base)
    add = is_op(flat, {"Add"})
    folded = add[flat.source] & add[flat.target]
    if not folded.any():
        return hashes, hashes
    read = np.bincount(flat.source[~folded], minlength=flat.nodes) > 0
    flattened = plan._replace(folded=folded, alive=read | is_op(flat, {"Output"}))
    return hashes, _digests(flat, flattened, base)


def _digests(flat: Flat, plan: _Plan, base: np.ndarray) -> np.ndarray:
    full = _refine(flat, plan, base)
    unsure = _graphs_with_twins(flat, full[0], plan.alive)
    if len(unsure):
        above, below = reach_counts(flat, unsure, plan.folded, plan.alive)
        extra = _mix(above.astype(np.uint64)) + _mix(_mix(below.astype(np.uint64)))
        nodes, part, part_plan = _part(flat, plan, unsure)
        full[:, nodes] = _refine(part, part_plan, _mix(base[:, nodes] ^ extra[nodes]))
    count = sum_by_graph(plan.alive.astype(np.uint64), flat.node_ptr)
    digits = []
    for lane, colour in enumerate(_mix(full), start=1):
        total = sum_by_graph(np.where(plan.alive, colour, np.uint64(0)), flat.node_ptr)
        version = np.uint64(lane * 1000 + HASH_VERSION)
        digits.append(_mix(_mix(total + version) ^ count).tolist())
    return np.array(["".join(map("{:016x}".format, lanes)) for lanes in zip(*digits, strict=True)])


def _bases(flat: Flat, lanes: int = LANES) -> np.ndarray:
    """Return what the columns make of each node, uint64 [lanes, nodes]."""
    rows, of_node = distinct_rows(flat.columns)
    return np.stack([_row_base(rows, lane) for lane in range(1, lanes + 1)])[:, of_node]


def _row_base(rows: np.ndarray, lane: int) -> np.ndarray:
    """Return what rows of columns make of the nodes that have them, uint64 [rows]."""
    # What Concat reads first follows from its inputs, which are a multiset: it must not count.
    concat = rows[:, 0] == vocab.OP_INDEX["Concat"]
    colour = np.full(len(rows), lane, dtype=np.uint64)
    for name, column in zip(vocab.COLUMNS, rows.T, strict=True):
        values = column.astype(np.uint64)
        if name in {"h_in", "w_in", "c_in"}:
            values = np.where(concat, np.uint64(0), values)
        colour = _mix(colour ^ values)
    return colour


def _plan(flat: Flat) -> _Plan:
    """Return the plan under which nothing is flattened."""
    unordered = is_op(flat, vocab.UNORDERED)[flat.target]
    slot = np.where(unordered, 0, flat.slots() + 1).astype(np.uint64)
    # Edges leaving a node, grouped by it; edges entering one already stand that way.
    leaving = np.argsort(flat.source, kind="stable")
    entering = np.arange(len(flat.target))
    by_level = levels(flat)
    outs = np.bincount(flat.source, minlength=flat.nodes)
    readers = [nodes[outs[nodes] > 0] for nodes in reversed(by_level)]
    return _Plan(
        _grouped(by_level[1:], np.bincount(flat.target, minlength=flat.nodes), entering),
        _grouped([nodes for nodes in readers if len(nodes)], outs, leaving),
        slot,
        np.zeros(len(flat.source), dtype=bool),
        np.ones(flat.nodes, dtype=bool),
    )


def _part(flat: Flat, plan: _Plan, graphs: np.ndarray) -> tuple[np.ndarray, Flat, _Plan]:
    """Return the nodes of some graphs, these graphs on their own, and their part of the plan."""
    node_counts, edge_counts = (np.diff(ptr)[graphs] for ptr in (flat.node_ptr, flat.edge_ptr))
    nodes = ragged_indices(flat.node_ptr[graphs], node_counts)
    edges = ragged_indices(flat.edge_ptr[graphs], edge_counts)
    node_ptr, edge_ptr = pointers(node_counts), pointers(edge_counts)
    moved = np.repeat(node_ptr[:-1] - flat.node_ptr[graphs], edge_counts)
    ends = (flat.source[edges] + moved, flat.target[edges] + moved)
    part = Flat({"op": flat.columns["op"][nodes]}, *ends, node_ptr, edge_ptr)
    part_plan = _plan(part)._replace(folded=plan.folded[edges], alive=plan.alive[nodes])
    return nodes, part, part_plan


def levels(flat: Flat) -> list[np.ndarray]:
    """Return the nodes of each level, all graphs together; a node's level is its longest path.

    Level 0 holds the Inputs; every source of a node lies on a lower level.
    """
    missing = np.bincount(flat.target, minlength=flat.nodes)
    leaving = np.argsort(flat.source, kind="stable")
    outs = np.bincount(flat.source, minlength=flat.nodes)
    starts = np.cumsum(outs) - outs
    targets = flat.target[leaving]
    level = np.flatnonzero(missing == 0)
    found = []
    while len(level):
        found.append(level)
        reached = targets[ragged_indices(starts[level], outs[level])]
        unique, count = np.unique(reached, return_counts=True)
        missing[unique] -= count
        level = unique[missing[unique] == 0]
    return found


def _grouped(
    steps: list[np.ndarray], degree: np.ndarray, edges: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return for each step its nodes, their edges end to end, and where each run starts."""
    first = np.cumsum(degree) - degree
    grouped = []
    for nodes in steps:
        runs = degree[nodes]
        grouped.append((nodes, edges[ragged_indices(first[nodes], runs)], np.cumsum(runs) - runs))
    return grouped


def _refine(flat: Flat, plan: _Plan, base: np.ndarray) -> np.ndarray:
    """Return full colours, uint64 [lanes, nodes], from what the columns make of nodes.

    A folded edge hands on the sum over the inner Add's own inputs in place of its colour; on the
    way back, what reads the outer Add's inputs is handed on in the same way.
    """
    nothing = np.uint64(0)
    slot = _mix(plan.slot)
    folds = bool(plan.folded.any())  # mostly not, which saves half of the work
    inputs = np.zeros_like(base)
    forward = base.copy()
    for nodes, edges, starts in plan.forward:
        source = flat.source[edges]
        term = _mix(forward.take(source, axis=1) ^ slot[edges])
        if folds:
            term = np.where(plan.folded[edges], inputs[:, source], term)
        read = np.add.reduceat(term, starts, axis=1)
        if folds:
            inputs[:, nodes] = read
        forward[:, nodes] = _mix(base.take(nodes, axis=1) ^ _mix(read))
    beyond = np.zeros_like(base)
    full = forward.copy()
    for nodes, edges, starts in plan.backward:
        target = flat.target[edges]
        term = _mix(full.take(target, axis=1) ^ slot[edges])
        if folds:
            folded = plan.folded[edges]
            term = np.where(plan.alive[target], term, nothing) + beyond[:, target]
            beyond[:, nodes] = np.add.reduceat(np.where(folded, term, nothing), starts, axis=1)
            term = np.where(folded, nothing, term)
        readers = np.add.reduceat(term, starts, axis=1)
        full[:, nodes] = _mix(forward.take(nodes, axis=1) ^ _mix(readers))
    return full


def _graphs_with_twins(flat: Flat, colour: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Return the graphs in which two nodes that remain share a colour, int64 [n]."""
    graph = flat.graph_of_nodes()[alive]
    order = np.lexsort((colour[alive], graph))
    graph, colour = graph[order], colour[alive][order]
    twins = (graph[1:] == graph[:-1]) & (colour[1:] == colour[:-1])
    return np.unique(graph[1:][twins])
