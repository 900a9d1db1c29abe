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
from nape_bench.graph.flat import Flat, order_of, pointers, ragged_indices, sum_by_graph
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
    bounds = dict.fromkeys([*cuts.tolist(), flat.graphs])
    return [flat.part(first, end) for first, end in itertools.pairwise(bounds)]


def mix(x: np.ndarray) -> np.ndarray:
    """Scramble uint64 values so that sums of them collide only by chance (splitmix64)."""
    return _mix_in_place(x.copy())


def _mix_in_place(x: np.ndarray) -> np.ndarray:
    x += _GOLDEN
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


class _Steps(NamedTuple):
    """What is worked out one level after the other, in one direction.

    Attributes:
        edges: All edges, grouped by the node that is worked out, int64 [edges].
        ends: Place of the other end of each, int64 [edges].
        slices: For each level: its places, its edges, and where among these those of each place
            begin.
    """

    edges: np.ndarray
    ends: np.ndarray
    slices: list[tuple[slice, slice, np.ndarray]]


class _Plan(NamedTuple):
    """In what order colours are worked out, and what is flattened.

    Nodes have places: level after level; in a level those that nothing reads come first. So a
    level is a slice, and numpy copies nothing but the ends of edges.

    Attributes:
        order: The node at each place, int64 [nodes].
        forward: Levels above 0, and the edges into their nodes.
        backward: Levels, the deepest first, and the edges out of their nodes.
        slot: What an edge's slot adds to its colour: 0 into unordered nodes, uint64 [edges].
        folded: Edges from an Add into an Add that are flattened, bool [edges].
        alive: Nodes that remain after flattening, bool [nodes].
    """

    order: np.ndarray
    forward: _Steps
    backward: _Steps
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
    # Where nothing is flattened the two are the same.
    edges = np.flatnonzero(folded)
    graphs = np.unique(np.searchsorted(flat.edge_ptr, edges, side="right") - 1)
    if len(graphs) == flat.graphs:
        return hashes, _digests(flat, flattened, base)
    nodes, part, part_plan = _part(flat, flattened, graphs)
    groups = hashes.copy()
    groups[graphs] = _digests(part, part_plan, base[:, nodes])
    return hashes, groups


def _digests(flat: Flat, plan: _Plan, base: np.ndarray) -> np.ndarray:
    full = _refine(plan, base)
    unsure = _graphs_with_twins(flat, full[0], plan.alive)
    if len(unsure):
        above, below = reach_counts(flat, unsure, plan.folded, plan.alive)
        extra = mix(above.astype(np.uint64)) + mix(mix(below.astype(np.uint64)))
        nodes, _, part_plan = _part(flat, plan, unsure)
        full[:, nodes] = _refine(part_plan, mix(base[:, nodes] ^ extra[nodes]))
    count = sum_by_graph(plan.alive.astype(np.uint64), flat.node_ptr)
    digits = []
    for lane, colour in enumerate(mix(full), start=1):
        total = sum_by_graph(np.where(plan.alive, colour, np.uint64(0)), flat.node_ptr)
        version = np.uint64(lane * 1000 + HASH_VERSION)
        digits.append(mix(mix(total + version) ^ count).tolist())
    return np.array(["".join(map("{:016x}".format, lanes)) for lanes in zip(*digits, strict=True)])


def _bases(flat: Flat, lanes: int = LANES) -> np.ndarray:
    """Return what the columns make of each node, uint64 [lanes, nodes]."""
    rows, of_node = flat.rows or distinct_rows(flat.columns)
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
        colour = mix(colour ^ values)
    return colour


def _plan(flat: Flat) -> _Plan:
    """Return the plan under which nothing is flattened."""
    unordered = is_op(flat, vocab.UNORDERED)[flat.target]
    slot = np.where(unordered, 0, flat.slots() + 1).astype(np.uint64)
    ins = np.bincount(flat.target, minlength=flat.nodes)
    outs = np.bincount(flat.source, minlength=flat.nodes)
    leaving = order_of(flat.source)
    if flat.level is None:
        by_level = _levels(flat, ins, outs, leaving)
        # What is on a cycle, or behind one, has no level: it comes last, and its colour stays.
        count = len(by_level)
        level = np.full(flat.nodes, count)
        for number, nodes in enumerate(by_level):
            level[nodes] = number
    else:
        level = flat.level
        count = int(level.max(initial=-1)) + 1
    read = outs > 0
    order = order_of(2 * level + read)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    ends = np.cumsum(np.bincount(level, minlength=count + 1))[:-1]
    starts = np.concatenate([[0], ends[:-1]])
    unread = np.bincount(level[~read], minlength=count + 1)[:-1]
    # Edges that enter a node stand side by side already; those that leave one are sorted so.
    entering = ragged_indices((np.cumsum(ins) - ins)[order], ins[order])
    leaving = leaving[ragged_indices((np.cumsum(outs) - outs)[order], outs[order])]
    into, out_of = pointers(ins[order]), pointers(outs[order])
    up = list(zip(starts.tolist(), ends.tolist(), strict=True))[1:]
    down = [*zip((starts + unread).tolist(), ends.tolist(), strict=True)][::-1]
    return _Plan(
        order,
        _Steps(entering, place[flat.source[entering]], _slices(up, into)),
        _Steps(leaving, place[flat.target[leaving]], _slices(down, out_of)),
        slot,
        np.zeros(len(flat.source), dtype=bool),
        np.ones(flat.nodes, dtype=bool),
    )


def _slices(
    places: list[tuple[int, int]], ptr: np.ndarray
) -> list[tuple[slice, slice, np.ndarray]]:
    """Return slices of places, where there are some, their edges, and where runs of these start."""
    found = []
    for first, end in places:
        if first < end:
            edges = slice(int(ptr[first]), int(ptr[end]))
            found.append((slice(first, end), edges, ptr[first:end] - edges.start))
    return found


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
    ins = np.bincount(flat.target, minlength=flat.nodes)
    outs = np.bincount(flat.source, minlength=flat.nodes)
    return _levels(flat, ins, outs, order_of(flat.source))


def _levels(flat: Flat, ins: np.ndarray, outs: np.ndarray, leaving: np.ndarray) -> list[np.ndarray]:
    """Return levels, from the edges of each node: how many enter and leave, and which leave."""
    missing = ins.copy()
    starts = np.cumsum(outs) - outs
    targets = flat.target[leaving]
    mark = np.empty(flat.nodes, dtype=np.int64)
    level = np.flatnonzero(missing == 0)
    found = []
    while len(level):
        found.append(level)
        reached = targets[ragged_indices(starts[level], outs[level])]
        np.subtract.at(missing, reached, 1)
        level = reached[missing[reached] == 0]
        # A node that was reached by several edges counts once: by the last.
        number = np.arange(len(level))
        mark[level] = number
        level = np.sort(level[mark[level] == number])
    return found


def _refine(plan: _Plan, base: np.ndarray) -> np.ndarray:
    """Return full colours, uint64 [lanes, nodes], from what the columns make of nodes.

    A folded edge hands on the sum over the inner Add's own inputs in place of its colour; on the
    way back, what reads the outer Add's inputs is handed on in the same way.
    """
    nothing = np.uint64(0)
    slot = mix(plan.slot)
    folds = bool(plan.folded.any())  # mostly not, which saves half of the work
    # From here on by place.
    base = base.take(plan.order, axis=1)
    inputs = np.zeros_like(base)
    forward = base.copy()
    slots, folded = slot[plan.forward.edges], plan.folded[plan.forward.edges]
    for places, edges, starts in plan.forward.slices:
        source = plan.forward.ends[edges]
        term = forward.take(source, axis=1)
        term ^= slots[edges]
        _mix_in_place(term)
        if folds:
            term = np.where(folded[edges], inputs[:, source], term)
        read = np.add.reduceat(term, starts, axis=1)
        if folds:
            inputs[:, places] = read
        _mix_in_place(read)
        read ^= base[:, places]
        forward[:, places] = _mix_in_place(read)
    beyond = np.zeros_like(base)
    full = forward.copy()
    slots, folded = slot[plan.backward.edges], plan.folded[plan.backward.edges]
    alive = plan.alive[plan.order]
    for places, edges, starts in plan.backward.slices:
        target = plan.backward.ends[edges]
        term = full.take(target, axis=1)
        term ^= slots[edges]
        _mix_in_place(term)
        if folds:
            term = np.where(alive[target], term, nothing) + beyond[:, target]
            inner = folded[edges]
            beyond[:, places] = np.add.reduceat(np.where(inner, term, nothing), starts, axis=1)
            term = np.where(inner, nothing, term)
        readers = np.add.reduceat(term, starts, axis=1)
        _mix_in_place(readers)
        readers ^= forward[:, places]
        full[:, places] = _mix_in_place(readers)
    by_node = np.empty_like(full)
    by_node[:, plan.order] = full
    return by_node


def _graphs_with_twins(flat: Flat, colour: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Return the graphs in which two nodes that remain share a colour, int64 [n]."""
    graph = flat.graph_of_nodes()[alive]
    colour = colour[alive]
    # The number of the graph in place of as many bits: what is the same then may be, few are.
    bits = np.uint64(max(1, flat.graphs).bit_length())
    short = np.sort(colour >> bits | graph.astype(np.uint64) << np.uint64(64) - bits)
    maybe = np.zeros(flat.graphs, dtype=bool)
    maybe[(short[1:] >> np.uint64(64) - bits)[short[1:] == short[:-1]].astype(np.int64)] = True
    chosen = maybe[graph]
    graph, colour = graph[chosen], colour[chosen]
    order = np.lexsort((colour, graph))
    graph, colour = graph[order], colour[order]
    twins = (graph[1:] == graph[:-1]) & (colour[1:] == colour[:-1])
    return np.unique(graph[1:][twins])
