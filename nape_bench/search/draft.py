"""Draft: a mutant that is being made of a parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.graph import ArchGraph, GraphTable
from nape_bench.graph.flat import pointers
from nape_bench.graph.vocabulary import COLUMNS
from nape_bench.search.parent import ADD, CONCAT, MUL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.search.node import Node
    from nape_bench.search.parent import Parent


class Rejected(Exception):  # noqa: N818 (no error: most of a search's proposals end so)
    """A change that this graph cannot have; the reason is a word that rejections are counted by."""


class Draft:
    """A mutant that is being made: nodes keep the numbers that they have in the parent.

    Args:
        parent: What it is made of; it is not changed.

    Attributes:
        parent: The parent.
        nodes: Nodes by number, new ones after the parent's.
        sources: What each reads, by number, in slot order.
        order: The numbers in topological order; those that are not in it are no part any more.
        touched: Nodes whose shapes are to be worked out anew (`shapes.settle`).
    """

    def __init__(self, parent: Parent) -> None:
        self.parent = parent
        self.nodes = parent.nodes.copy()
        self.sources = parent.sources.copy()
        self.order = list(range(len(parent.nodes)))
        self.touched: set[int] = set()
        self._loose = False

    def put_in(self, node: Node, sources: tuple[int, ...], place: int) -> int:
        """Add a node at a place of the order; returns its number."""
        number = len(self.nodes)
        self.nodes.append(node)
        self.sources.append(sources)
        self.order.insert(place, number)
        self.touched.add(number)
        return number

    def read(self, reader: int, sources: tuple[int, ...]) -> None:
        """Let a node read these."""
        self.sources[reader] = sources
        self.touched.add(reader)
        self._loose = True

    def reread(self, old: int, new: int) -> None:
        """Let what reads `old` read `new`.

        A sum or concatenation that has `new` already loses a slot: x + x would have come of it.

        Raises:
            Rejected: A product reads it, which is a gate.
        """
        for reader in self.order:
            sources = self.sources[reader]
            if old not in sources or reader == new:
                continue
            op = self.nodes[reader].op
            if op == MUL:
                raise Rejected("gate")
            if op in (ADD, CONCAT) and new in sources:
                self.drop(reader, old)
            else:
                self.read(reader, tuple([new if s == old else s for s in sources]))

    def drop(self, reader: int, source: int) -> None:
        """Take an input from a sum or concatenation; with one input left it is no node any more."""
        left = tuple([s for s in self.sources[reader] if s != source])
        if not left:
            raise Rejected("nothing left")
        if len(left) > 1:
            self.read(reader, left)
        else:
            self.reread(reader, left[0])
            self._loose = True

    def tidy(self) -> None:
        """Take out nodes that lead nowhere.

        Raises:
            Rejected: The Input leads nowhere.
        """
        if not self._loose:
            return
        alive = {self.order[-1]}
        kept = []
        for number in reversed(self.order):
            if number in alive:
                alive.update(self.sources[number])
                kept.append(number)
        if kept[-1] != 0:
            raise Rejected("nothing left")
        self.order = kept[::-1]

    def graph(self) -> ArchGraph:
        """Return the mutant, checked.

        Raises:
            GraphError: It is no graph in normal form.
        """
        place = {number: i for i, number in enumerate(self.order)}
        edges = [
            (place[source], place[number])
            for number in self.order
            for source in self.sources[number]
        ]
        return ArchGraph([self.nodes[number] for number in self.order], edges)


def pack(drafts: Sequence[Draft]) -> GraphTable:
    """Return drafts as a table, unchecked: many at once cost a tenth of what they do one by one."""
    known: dict[Node, int] = {}
    rows: list[int] = []
    source: list[int] = []
    target: list[int] = []
    node_counts, edge_counts = [], []
    for draft in drafts:
        nodes, sources, order = draft.nodes, draft.sources, draft.order
        rows += [known.setdefault(nodes[number], len(known)) for number in order]
        place = [0] * len(nodes)
        for i, number in enumerate(order):
            place[number] = i
        before = len(source)
        for i, number in enumerate(order):
            for each in sources[number]:
                source.append(place[each])
                target.append(i)
        node_counts.append(len(order))
        edge_counts.append(len(source) - before)
    distinct = np.array(list(known), dtype=np.int32).reshape(-1, len(COLUMNS))
    nodes_of_all = distinct[np.array(rows, dtype=np.intp)]
    return GraphTable(
        {name: nodes_of_all[:, i] for i, name in enumerate(COLUMNS)},
        np.array(source, dtype=np.int32),
        np.array(target, dtype=np.int32),
        pointers(np.array(node_counts, dtype=np.int64)),
        pointers(np.array(edge_counts, dtype=np.int64)),
    )
