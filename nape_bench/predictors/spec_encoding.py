"""What a specification says, as columns: for networks whose graph leaves out a part of it.

An operation that leads nowhere is in no graph, and is run all the same where somebody timed the
network as it was specified (NAS-Bench-201's latencies in HELP).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nape_bench.graph import GraphTable

Leaf = tuple[str, str, str]
"""The list that a value is in, its place there, and the value, each as text."""


class SpecEncoding:
    """Counts of each value of a specification, and which value stands at which place.

    Read are values in lists, also in lists of lists: operations, kernel sizes, entries of a
    matrix. Columns are those that the first table has; a value that is not in it has none.

    Args:
        columns: As `columns` gives them; `of` makes them from a table.

    Attributes:
        columns: Names of columns: (list, "", value) is a count, (list, place, value) is 0 or 1.
    """

    def __init__(self, columns: Sequence[Sequence[str]]) -> None:
        self.columns: list[Leaf] = [(where, place, value) for where, place, value in columns]

    @classmethod
    def of(cls, graphs: GraphTable) -> SpecEncoding:
        """Return the encoding for the values in a table: none if it has no ids."""
        found: set[Leaf] = set()
        for leaves in _tables(graphs):
            for where, place, value in leaves:
                found |= {(where, "", value), (where, place, value)}
        return cls(sorted(found))

    @property
    def counts(self) -> np.ndarray:
        """Which columns are counts, bool [columns]."""
        return np.array([place == "" for _, place, _ in self.columns], dtype=bool)

    def __call__(self, graphs: GraphTable) -> np.ndarray:
        """Return the columns, float64 [graphs, columns]; all 0 where a graph has no id."""
        number = {column: i for i, column in enumerate(self.columns)}
        values = np.zeros((len(graphs), len(self.columns)))
        for row, leaves in enumerate(_tables(graphs) if number else ()):
            for where, place, value in leaves:
                for column in ((where, "", value), (where, place, value)):
                    if column in number:
                        values[row, number[column]] += 1
        return values


def _tables(graphs: GraphTable) -> Iterator[tuple[Leaf, ...]]:
    for name in () if graphs.ids is None else graphs.ids.tolist():
        yield _leaves_of(str(name))


@lru_cache(maxsize=2**16)
def _leaves_of(name: str) -> tuple[Leaf, ...]:
    family, _, text = name.partition(":")
    return tuple(_leaves(space(family).parse(text), ""))


def _leaves(part: Any, where: str) -> Iterator[Leaf]:
    """Go through the values that are in lists; texts and numbers by themselves are none."""
    if isinstance(part, dict):
        for key in sorted(part):
            yield from _leaves(part[key], f"{where}/{key}")
    elif isinstance(part, (list, tuple)):
        for place, value in enumerate(part):
            if isinstance(value, (dict, list, tuple)):
                yield from _leaves(value, f"{where}/{place}")
            else:
                yield where, str(place), str(value)
