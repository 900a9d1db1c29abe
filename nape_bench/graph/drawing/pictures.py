"""`draw`: an ArchGraph as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nape_bench.errors import GraphError
from nape_bench.graph.cost import flops_by_node, params_by_node
from nape_bench.graph.drawing.boxes import boxes_of
from nape_bench.graph.drawing.dot import DotError, dot_layout
from nape_bench.graph.drawing.layered import Layout, Point, layered
from nape_bench.graph.drawing.svg import Row, picture
from nape_bench.graph.drawing.words import hover_text, kind_of, row_text, rows_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from nape_bench.graph.arch_graph import ArchGraph
    from nape_bench.picture import Picture

MOST_NODES = 5_000
"""Nodes of a graph that is drawn: beyond, nobody finds anything in the picture."""

ROW_HEIGHT, CHARACTER, MARGIN = 18.0, 6.4, 16.0
"""Pixels of a row's height, of a character of its text, and around the text."""


def drawn_nodes(graph: ArchGraph) -> int:
    """Return how many nodes the picture of a graph shows, what repeats itself once."""
    return sum(len(box.nodes) for box in boxes_of(graph, folded=True).boxes)


def draw(
    graph: ArchGraph,
    *,
    title: str | None = None,
    fold: bool = True,
    layout: Literal["auto", "dot", "own"] = "auto",
    marked: Collection[int] = (),
) -> Picture:
    """Draw a graph; see `ArchGraph.draw`, which this is."""
    if len(graph) > MOST_NODES:
        raise GraphError(f"{len(graph):,} nodes, and at most {MOST_NODES:,} are drawn")
    if layout not in ("auto", "dot", "own"):
        raise GraphError(f"layout is auto, dot or own, not {layout!r}")
    drawn = boxes_of(graph, folded=fold)
    flat = graph.flat()
    flops, params = flops_by_node(flat).tolist(), params_by_node(flat).tolist()
    ops, columns = graph.ops, rows_of(graph)
    content = [
        [
            Row(
                row_text(columns[n]) + (" (h-swish)" if n in drawn.swishes else ""),
                hover_text(n, columns[n], flops[n], params[n]),
                kind_of(ops[n]),
                n in marked,
            )
            for n in box.nodes
        ]
        for box in drawn.boxes
    ]
    sizes = [
        (max(len(row.text) for row in rows) * CHARACTER + MARGIN, len(rows) * ROW_HEIGHT)
        for rows in content
    ]
    edges = list(drawn.edges)
    in_parts = [box.part for box in drawn.boxes]
    placed = _placed(sizes, edges, in_parts, layout)
    frames = [
        ([i for i, box in enumerate(drawn.boxes) if box.part == number], part.times)
        for number, part in enumerate(drawn.parts)
        if part.times > 1
    ]
    told = (
        f"{len(graph):,} nodes, {graph.flops():,} multiply-adds, {graph.params():,} parameters; "
        f"{columns[0]['h_out']} × {columns[0]['w_out']} × {columns[0]['c_out']} → "
        f"{columns[-1]['h_out']} × {columns[-1]['w_out']} × {columns[-1]['c_out']}"
    )
    return picture(
        content, sizes, placed, drawn.edges, frames,
        name=f"g{graph.hash[:10]}", title=title or repr(graph), description=told,
    )  # fmt: skip


def _placed(
    sizes: list[Point], edges: list[tuple[int, int]], in_parts: list[int], layout: str
) -> Layout:
    if layout != "own":
        try:
            return dot_layout(sizes, edges, in_parts)
        except DotError as error:
            if layout == "dot":
                told = f"graphviz's dot gave no layout: {error}"
                raise GraphError(f"{told}; layout='own' needs nothing installed") from None
    return layered(sizes, edges, in_parts)
