"""Boxes: nodes that follow one another without a branch are drawn as one stack of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nape_bench.graph.drawing.repeats import Part, parts

if TYPE_CHECKING:
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
    """

    boxes: list[Box]
    edges: dict[tuple[int, int], int]
    parts: list[Part]


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
    for node, part in part_of.items():
        above = box_of.get(reads[node][0]) if len(reads[node]) == 1 else None
        if (
            above is not None
            and readers[reads[node][0]] == 1
            and boxes[above].part == part
            and len(boxes[above].nodes) < MOST_ROWS
            and ops[node] != "Output"
            and ops[reads[node][0]] != "Input"
        ):
            boxes[above].nodes.append(node)
            box_of[node] = above
        else:
            box_of[node] = len(boxes)
            boxes.append(Box([node], part))
    edges: dict[tuple[int, int], int] = {}
    for node, sources in reads.items():
        for source in sources:
            pair = (box_of[source], box_of[node])
            if pair[0] != pair[1]:
                edges[pair] = edges.get(pair, 0) + 1
    return Boxes(boxes, edges, drawn)


def _stand_ins(graph: ArchGraph, drawn: list[Part]) -> list[int]:
    """Return which node is drawn for each: in a copy, the one at the same place."""
    result = list(range(len(graph)))
    for part in drawn:
        size = part.end - part.first
        for node in range(part.end, part.first + size * part.times):
            result[node] = node - size * ((node - part.first) // size)
    return result
