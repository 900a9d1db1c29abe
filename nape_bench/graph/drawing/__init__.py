"""Pictures of graphs, as SVG that stands on its own."""

from nape_bench.graph.drawing.pictures import draw

__all__ = ["draw"]
