"""Parent: a graph that mutants are made of, with what all of them look up."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.graph import vocabulary as vocab
from nape_bench.graph.joints import joints
from nape_bench.search.node import Node, Shape, numbers

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.search.widths import Width

INPUT, OUTPUT = vocab.OP_INDEX["Input"], vocab.OP_INDEX["Output"]
ADD, MUL, CONCAT = vocab.OP_INDEX["Add"], vocab.OP_INDEX["Mul"], vocab.OP_INDEX["Concat"]
BATCH_NORM = vocab.OP_INDEX["BatchNorm"]
ACTIVATIONS = numbers(vocab.ACTIVATIONS)
KEPT = numbers(vocab.POINTWISE)
CONVOLUTIONS = numbers(vocab.CONVOLUTIONS)
POOLS = numbers(vocab.POOLS)
REDUCTIONS = numbers(vocab.REDUCTIONS)
MATMUL = vocab.OP_INDEX["MatMul"]
LEAST_PART = 2
MOST_PART = 40
"""Nodes of a part that another can stand for."""


class Cut(NamedTuple):
    """What a node leaves out of what it reads.

    Attributes:
        rows: Leading rows that are dropped.
        columns: Leading columns that are dropped.
        channels: Leading channels that are kept; 0 where all are.
    """

    rows: int
    columns: int
    channels: int


class Part(NamedTuple):
    """A part of a graph with one entry and one exit.

    Attributes:
        entry: The node that it reads; no part of it.
        exit: Its last node.
        strides: Height and width at the entry over those at the exit.
    """

    entry: int
    exit: int
    strides: tuple[float, float]


class Parent:
    """A graph that mutants are made of.

    Args:
        graph: The graph.

    Attributes:
        graph: The graph.
        nodes: Its nodes.
        sources: What each reads, in slot order.
        readers: What reads each, ascending; twice where it feeds two slots.
        cuts: Nodes that read less than they are given.
        sliced: Sums whose inputs have several numbers of channels, of which they read the smallest.
        normalised: Whether it has BatchNorms, so that what is put in gets some too.
    """

    def __init__(self, graph: ArchGraph) -> None:
        self.graph = graph
        self.nodes = [Node(*row) for row in graph.nodes.tolist()]
        found: list[list[int]] = [[] for _ in self.nodes]
        self.readers: list[list[int]] = [[] for _ in self.nodes]
        for source, target in graph.edges.tolist():
            found[target].append(source)
            self.readers[source].append(target)
        self.sources = [tuple(each) for each in found]
        self.cuts: dict[int, Cut] = {}
        self.sliced: set[int] = set()
        for number, (node, sources) in enumerate(zip(self.nodes, self.sources, strict=True)):
            if sources:
                self._note_cut(number, node, [self.nodes[s].shape for s in sources])
        self.normalised = any(node.op == BATCH_NORM for node in self.nodes)

    def _note_cut(self, number: int, node: Node, given: list[Shape]) -> None:
        seen = (node.h_in, node.w_in, node.c_in)
        whole = natural(node.op, given)
        if node.op == ADD and len({c for _, _, c in given}) > 1:
            self.sliced.add(number)
        if seen != whole:
            channels = 0 if seen[2] == whole[2] else seen[2]
            self.cuts[number] = Cut(whole[0] - seen[0], whole[1] - seen[1], channels)

    @cached_property
    def joints(self) -> list[int]:
        """Nodes on every path (`graph.joints`)."""
        return joints(self.graph)

    @cached_property
    def parts(self) -> list[Part]:
        """Parts between two joints that hold a convolution and more than a pixel at both ends."""
        found = []
        inner = [joint for joint in self.joints if self.nodes[joint].h_out > 1]
        for i, entry in enumerate(inner):
            for leave in inner[i + 1 :]:
                if leave - entry > MOST_PART:
                    break
                inside = self.nodes[entry + 1 : leave + 1]
                if leave - entry >= LEAST_PART and any(n.op in CONVOLUTIONS for n in inside):
                    a, b = self.nodes[entry], self.nodes[leave]
                    found.append(Part(entry, leave, (a.h_out / b.h_out, a.w_out / b.w_out)))
        return found

    @cached_property
    def parts_by_strides(self) -> dict[tuple[float, float], list[Part]]:
        """The same by how much smaller they make maps."""
        found: dict[tuple[float, float], list[Part]] = {}
        for part in self.parts:
            found.setdefault(part.strides, []).append(part)
        return found

    @cached_property
    def widths(self) -> list[Width]:
        """Layers whose channels are tied to each other (`widths.widths`)."""
        from nape_bench.search.widths import widths

        return widths(self)


def natural(op: int, given: list[Shape]) -> Shape:
    """Return what a node reads of these where nothing is cut."""
    if len(given) == 1 or op not in (ADD, MUL):
        return given[0]
    return (min(s[0] for s in given), min(s[1] for s in given), min(s[2] for s in given))
