"""Which layers must have the same number of channels, so that one changes with all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.search.parent import (
    ADD,
    CONCAT,
    CONVOLUTIONS,
    INPUT,
    MATMUL,
    MUL,
    OUTPUT,
)

if TYPE_CHECKING:
    from nape_bench.search.parent import Parent


class Width(NamedTuple):
    """Layers that put out the same channels.

    Attributes:
        layers: Convolutions and dense layers, ascending.
        channels: How many each puts out.
        multiple: What the number must be a multiple of: groups of what reads or makes them.
        fixed: Why it cannot change; empty where it can.
    """

    layers: list[int]
    channels: int
    multiple: int
    fixed: str


def widths(parent: Parent) -> list[Width]:
    """Find the numbers of channels of a network and what is tied to each.

    A layer with weights makes channels of its own. What keeps channels ties what it puts out to
    what it reads; a sum or product ties all its inputs, unless they are sliced. What a
    concatenation puts out follows from its inputs; tied into a sum it can change no more.
    """
    ties = _Ties(len(parent.nodes))
    makes = []
    for number, node in enumerate(parent.nodes):
        if (node.op in CONVOLUTIONS and not node.is_depthwise) or node.op == MATMUL:
            makes.append(number)
        elif _keeps_channels(parent, number):
            for source in parent.sources[number]:
                ties.tie(source, number)
    layers: dict[int, list[int]] = {}
    for number in makes:
        layers.setdefault(ties.of(number), []).append(number)
    fixed, multiple = _fixed(parent, ties), _multiples(parent, ties)
    return [
        Width(group, parent.nodes[group[0]].c_out, multiple.get(of, 1), fixed.get(of, ""))
        for of, group in layers.items()
    ]


class _Ties:
    """Sets of nodes that are joined two by two (union and find)."""

    def __init__(self, count: int) -> None:
        self._root = list(range(count))

    def of(self, x: int) -> int:
        root = self._root
        while root[x] != x:
            root[x] = root[root[x]]
            x = root[x]
        return x

    def tie(self, x: int, y: int) -> None:
        self._root[self.of(x)] = self.of(y)


def _keeps_channels(parent: Parent, number: int) -> bool:
    """Return whether a node without channels of its own has those of all that it reads."""
    node, cut = parent.nodes[number], parent.cuts.get(number)
    if number in parent.sliced or (cut is not None and cut.channels):
        return False
    one = len(parent.sources[number]) == 1 or node.op in (ADD, MUL)
    return one and node.c_in == node.c_out and node.op != CONCAT


def _fixed(parent: Parent, ties: _Ties) -> dict[int, str]:
    found = {}
    for number, node in enumerate(parent.nodes):
        if node.op in (INPUT, OUTPUT):
            found[ties.of(number)] = node.name.lower()
        elif node.op == CONCAT:
            found.setdefault(ties.of(number), "concatenation")
    return found


def _multiples(parent: Parent, ties: _Ties) -> dict[int, int]:
    """Return what channels are a multiple of, where grouped layers make or read them."""
    found: dict[int, int] = {}
    for number, node in enumerate(parent.nodes):
        if node.groups > 1 and not node.is_depthwise:
            for end in {ties.of(number), *map(ties.of, parent.sources[number])}:
                found[end] = math.lcm(found.get(end, 1), node.groups)
    return found
