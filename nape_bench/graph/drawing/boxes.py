"""Boxes: nodes that follow one another without a branch are drawn as one stack of rows.

So are the two nodes of an h-swish, Mul(x, ReLU6(x)), below x: the one that multiplies
says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nape_bench.graph.drawing.repeats import Part, parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph.arch_graph import ArchGraph

MOST_ROWS = 12
"""Rows of a box: longer chains are several boxes."""


class Box(NamedTuple):
    """A stack of nodes.

    Attributes:
        nodes: Their numbers, in order.
        part: Number of the part that they are in.
    """

    nodes: list[int]
    part: int


class Boxes(NamedTuple):
    """What is drawn.

    Attributes:
        boxes: Stacks, in topological order.
        edges: (from box, to box) -> number of edges of the graph.
        parts: Parts of the graph, some of which repeat themselves.
        swishes: The nodes that end an h-swish which is in one box whole.
    """

    boxes: list[Box]
    edges: dict[tuple[int, int], int]
    parts: list[Part]
    swishes: set[int]


def boxes_of(graph: ArchGraph, *, folded: bool) -> Boxes:
    """Put the nodes of a graph into boxes.

    Args:
        graph: The graph.
        folded: Whether what repeats itself is left out.
    """
    drawn = parts(graph) if folded else [Part(0, len(graph), 1)]
    stands_for = _stand_ins(graph, drawn)
    part_of = {node: i for i, part in enumerate(drawn) for node in range(part.first, part.end)}
    reads: dict[int, list[int]] = {node: [] for node in part_of}
    readers = dict.fromkeys(part_of, 0)
    for source, target in graph.edges.tolist():
        if target in part_of:
            reads[target].append(stands_for[source])
            readers[stands_for[source]] += 1
    ops = graph.ops
    boxes: list[Box] = []
    box_of: dict[int, int] = {}
    swishes = _swishes(ops, reads, readers)
    gates = {gate for _, gate in swishes.values()}
    for node, part in part_of.items():
        below = reads[node][0] if len(reads[node]) == 1 else None
        if below is not None and readers[below] > 1 and node not in gates:
            below = None
        if node in swishes:
            x, gate = swishes[node]
            below = gate if box_of[gate] == box_of[x] else None
        box = box_of.get(below) if below is not None else None
        if (
            box is not None
            and boxes[box].part == part
            # An h-swish is not torn apart.
            and len(boxes[box].nodes) + (node in gates) - (node in swishes) < MOST_ROWS
            and ops[node] != "Output"
            and ops[boxes[box].nodes[0]] != "Input"
        ):
            boxes[box].nodes.append(node)
            box_of[node] = box
        else:
            box_of[node] = len(boxes)
            boxes.append(Box([node], part))
    edges: dict[tuple[int, int], int] = {}
    for node, sources in reads.items():
        for source in sources:
            pair = (box_of[source], box_of[node])
            if pair[0] != pair[1]:
                edges[pair] = edges.get(pair, 0) + 1
    inside = {node for node, pair in swishes.items() if {box_of[n] for n in pair} == {box_of[node]}}
    return Boxes(boxes, edges, drawn, inside)


def _swishes(
    ops: Sequence[str], reads: dict[int, list[int]], readers: dict[int, int]
) -> dict[int, tuple[int, int]]:
    """Return each Mul(x, ReLU6(x)) whose x nothing else reads: Mul -> (x, its ReLU6)."""
    found = {}
    for node, sources in reads.items():
        if ops[node] != "Mul" or len(sources) != 2:
            continue
        for x, gate in (sources, sources[::-1]):
            alone = readers[gate] == 1 and readers[x] == 2
            if ops[gate] == "ReLU6" and reads[gate] == [x] and alone:
                found[node] = (x, gate)
    return found


def _stand_ins(graph: ArchGraph, drawn: list[Part]) -> list[int]:
    """Return which node is drawn for each: in a copy, the one at the same place."""
    result = list(range(len(graph)))
    for part in drawn:
        size = part.end - part.first
        for node in range(part.end, part.first + size * part.times):
            result[node] = node - size * ((node - part.first) // size)
    return result
