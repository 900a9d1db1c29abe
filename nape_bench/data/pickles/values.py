"""What a pickle's values are here: plain Python ones, and three inert kinds beside them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

_NOTHING: Mapping[str, Any] = {}


class Record:
    """An object of one of the authors' classes: the class's name and what was stored of it.

    Attributes:
        kind: Name of the class.
        label: The first field, name and value: of a node, its id. None where nothing was stored.
        rest: The other fields.
    """

    __slots__ = ("kind", "label", "rest")

    def __init__(
        self,
        kind: str,
        label: tuple[str, Any] | None = None,
        rest: Mapping[str, Any] = _NOTHING,
    ) -> None:
        self.kind = kind
        self.label = label
        self.rest = rest

    @property
    def fields(self) -> dict[str, Any]:
        """All fields by name; none where nothing was stored."""
        return dict([self.label] if self.label else [], **self.rest)


class Alike(NamedTuple):
    """What records share that were written alike but for the value of their first field.

    Attributes:
        kind: Name of the class.
        key: Name of the first field.
        rest: The other fields, which are not to be changed.
        numbered: The values that the file numbers among them.
    """

    kind: str
    key: str
    rest: Mapping[str, Any]
    numbered: tuple[Any, ...]


class Twin(tuple[str, Alike]):
    """A record of which all but the value of the first field is shared: (value, what is shared)."""

    __slots__ = ()

    @property
    def fields(self) -> dict[str, Any]:
        """All fields by name."""
        return {self[1].key: self[0], **self[1].rest}


class Pairs(list[tuple[int, int]]):
    """A list of pairs of integers, which does not change any more: edges.

    Attributes:
        ends: The pairs, int64 [pairs, 2].
    """

    __slots__ = ("ends",)

    def __init__(self, pairs: Iterable[tuple[int, int]], ends: np.ndarray) -> None:
        super().__init__(pairs)
        self.ends = ends


class Dtype:
    """A plain numpy dtype: bool, integer or float, of known size and byte order.

    Attributes:
        kind: b, i, u or f.
        size: Bytes of an item.
        order: < or > (little or big end first), | where that has no meaning.
    """

    __slots__ = ("kind", "order", "size")

    def __init__(self, kind: str, size: int) -> None:
        self.kind, self.size, self.order = kind, size, "<"

    @property
    def text(self) -> str:
        """The dtype as numpy writes it, "<f8"."""
        return f"{self.order}{self.kind}{self.size}"


class Array:
    """A numpy array, as nested lists.

    Attributes:
        values: Its items, None until they were read.
    """

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: list[Any] | None = None


def measure(value: Any, depth: int, objects: int) -> int:
    """Count the values in a value, those that stand in several places counted in each.

    Args:
        value: What was read.
        depth: How deep it may be nested.
        objects: How many values it may have.

    Raises:
        ValueError: It is nested deeper, holds itself, or has more values; the message says which.
    """
    return _Measure(depth, objects).measure(value, 0)[0]


class _Measure:
    """Counts values, each container once: where it stands again its count is added."""

    def __init__(self, depth: int, objects: int) -> None:
        self.depth, self.objects = depth, objects
        self._known: dict[int, tuple[int, int]] = {}

    def measure(self, value: Any, depth: int) -> tuple[int, int]:
        """Return how many values there are, and how deep they are nested."""
        parts = _parts(value)
        if parts is None:
            return 1, 0
        known = self._known.get(id(value))
        if known is None:
            if depth >= self.depth:
                raise ValueError(f"it is nested deeper than {self.depth}, or holds itself")
            known = self._known[id(value)] = self._sum(parts, depth)
        if known[0] > self.objects:
            raise ValueError(f"it has more than {self.objects:,} values")
        if depth + known[1] > self.depth:
            raise ValueError(f"it is nested deeper than {self.depth}")
        return known

    def _sum(self, parts: Sequence[Any], depth: int) -> tuple[int, int]:
        if type(parts) is Pairs:
            return 1 + 3 * len(parts), 2
        kinds = set(map(type, parts))
        if kinds <= LEAVES:
            return 1 + len(parts), 1
        # Edges, matrices and nodes: long lists of what is known to be small.
        if kinds in ({tuple}, {list}):
            leaves = sum(map(len, parts))  # first, for one long list may stand in many places
            few = leaves <= self.objects
            if few and LEAVES.issuperset(map(type, chain.from_iterable(parts))):
                return 1 + len(parts) + leaves, 2
        if kinds == {Twin}:
            return 1 + len(parts), 2
        size, height = 1, 0
        for part in parts:
            inside, levels = (1, 0) if type(part) in _SMALL else self.measure(part, depth + 1)
            size, height = size + inside, max(height, levels)
            if size > self.objects:
                break
        return size, height + 1


LEAVES = frozenset({str, int, float, bool, type(None), bytes})
"""Types of values that hold no others."""

SEQUENCES = frozenset({list, tuple, Pairs})
"""Types of values that hold others in a row."""

_SMALL = LEAVES | {Twin}


def _parts(value: Any) -> Sequence[Any] | None:
    """Return what a container holds, None for any other value."""
    if type(value) in SEQUENCES:
        return value  # type: ignore[no-any-return]
    if type(value) is dict:
        return [*value, *value.values()]
    if type(value) is Record:
        return [value.label[1], *value.rest.values()] if value.label else []
    return None
