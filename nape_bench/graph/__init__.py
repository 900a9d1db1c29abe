"""Architectures as graphs: one (`ArchGraph`), many (`GraphTable`), and how to build them."""

from nape_bench.graph.arch_graph import ArchGraph
from nape_bench.graph.builder import GraphBuilder
from nape_bench.graph.table import GraphTable
from nape_bench.graph.vocabulary import COLUMNS, OPS

__all__ = ["COLUMNS", "OPS", "ArchGraph", "GraphBuilder", "GraphTable"]
