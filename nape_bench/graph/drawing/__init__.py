"""Pictures of graphs, as SVG that stands on its own."""

from nape_bench.graph.drawing.pictures import MOST_NODES, draw, drawn_nodes

__all__ = ["MOST_NODES", "draw", "drawn_nodes"]
