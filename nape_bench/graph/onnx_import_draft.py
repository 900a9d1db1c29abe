"""Draft: the nodes of a graph while an ONNX model is being read, not in normal form yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.graph.vocabulary import OP_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable

Shape = tuple[int, int, int]
"""(height, width, channels) of a tensor, the batch left out."""


@dataclass
class Node:
    """A node: columns as `vocabulary.COLUMNS` has them, and where it comes from.

    Attributes:
        op: A name of the vocabulary, or one that only folding knows (`onnx_import_fold`): Bias,
            Scale, Shift, Erf, Softmax.
        shape_in: What it reads, after slicing.
        shape_out: What it puts out.
        label: The ONNX node that it was, for messages.
        reads: Numbers of its sources, in slot order.
        number: What Scale multiplies by, or Shift adds.
        hard: How far a ReLU6 has turned out to be an h-sigmoid: "" not at all, "shifted" by +3,
            "whole" when also divided by 6.
        told: The operation that this package's own writer gave it, or "".
    """

    op: str
    shape_in: Shape
    shape_out: Shape
    label: str
    reads: list[int]
    kernel: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (1, 1)
    dilation: int = 1
    groups: int = 1
    bias: bool = False
    number: float = 0.0
    hard: str = ""
    told: str = ""

    def row(self) -> list[int]:
        """Return it as a row of `ArchGraph.nodes`."""
        (h, w, c), (h_out, w_out, c_out) = self.shape_in, self.shape_out
        sizes = (h, h_out, w, w_out, c, c_out)
        where = (*self.kernel, *self.stride, self.dilation, self.groups)
        return [OP_INDEX[self.op], *sizes, *where, int(self.bias)]


@dataclass
class Draft:
    """Nodes by number, sources before their readers, and who reads whom."""

    nodes: dict[int, Node] = field(default_factory=dict)
    _readers: dict[int, list[int]] = field(default_factory=dict)

    def add(self, node: Node) -> int:
        """Add a node and return its number."""
        number = len(self._readers)
        self.nodes[number] = node
        self._readers[number] = []
        for source in node.reads:
            self._readers[source].append(number)
        return number

    def readers(self, number: int) -> list[int]:
        """Return the nodes that read a node, one entry for each slot."""
        return self._readers[number]

    def only_reader(self, number: int) -> int | None:
        """Return the node that reads a node in one slot, or None where there are more slots."""
        readers = self._readers[number]
        return readers[0] if len(readers) == 1 else None

    def of(self, op: str) -> list[int]:
        """Return the numbers of the nodes of an operation."""
        return [number for number, node in self.nodes.items() if node.op == op]

    def reread(self, number: int, reads: Iterable[int]) -> None:
        """Let a node read other sources; what nothing reads any more goes."""
        node = self.nodes[number]
        before, node.reads = node.reads, list(reads)
        for source in node.reads:
            self._readers[source].append(number)
        for source in before:
            self._readers[source].remove(number)
        for source in set(before):
            self.drop_if_unread(source)

    def skip(self, number: int) -> None:
        """Take a node with one input out: its readers read its source."""
        source = self.nodes[number].reads[0]
        for reader in dict.fromkeys(self._readers[number]):
            reads = self.nodes[reader].reads
            self.reread(reader, [source if read == number else read for read in reads])
        self.drop_if_unread(number)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Return nodes int64 [nodes, 14], edges int64 [edges, 2], and the nodes' labels."""
        place = {number: i for i, number in enumerate(self.nodes)}
        rows = [node.row() for node in self.nodes.values()]
        edges = [
            (place[source], place[number])
            for number, node in self.nodes.items()
            for source in node.reads
        ]
        labels = [node.label for node in self.nodes.values()]
        pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
        return np.array(rows, dtype=np.int64), pairs, labels

    def drop_if_unread(self, number: int) -> None:
        """Take a node out if nothing reads it, and what only it read."""
        waiting = [number]
        while waiting:
            current = waiting.pop()
            node = self.nodes.get(current)
            if node is None or self._readers[current] or node.op in ("Input", "Output"):
                continue
            del self.nodes[current]
            for source in node.reads:
                self._readers[source].remove(current)
                waiting.append(source)
