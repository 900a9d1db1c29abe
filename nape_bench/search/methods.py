"""Ways to search: which members are mutated, and which are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nape_bench.registry import Registry
from nape_bench.search.member import rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.search.member import Member


class Method(Protocol):
    """A way to search."""

    def parents(
        self, pool: Sequence[Member], count: int, rng: np.random.Generator, *, higher: bool
    ) -> list[int]:
        """Return the numbers of the members that are mutated, one for each mutant."""

    def survivors(
        self, pool: Sequence[Member], children: Sequence[Member], size: int, *, higher: bool
    ) -> list[Member]:
        """Return the pool of the next step."""


class LocalSearch:
    """Mutates all members alike and keeps the best of old and new (GENNAPE's and AutoGO's way)."""

    def parents(
        self, pool: Sequence[Member], count: int, rng: np.random.Generator, *, higher: bool
    ) -> list[int]:
        """Return every member as often as the others."""
        del rng, higher
        return [number % len(pool) for number in range(count)]

    def survivors(
        self, pool: Sequence[Member], children: Sequence[Member], size: int, *, higher: bool
    ) -> list[Member]:
        """Return the best of all."""
        every = sorted([*pool, *children], key=lambda m: rank(m.facts, higher_is_better=higher))
        return every[:size]


class Evolution:
    """Regularised evolution (Real et al., AAAI 2019): the oldest die, whatever they are worth."""

    SAMPLE = 0.25
    """Part of the pool that takes part in a tournament."""

    def parents(
        self, pool: Sequence[Member], count: int, rng: np.random.Generator, *, higher: bool
    ) -> list[int]:
        """Return the winner of a tournament for each mutant."""
        size = max(2, round(self.SAMPLE * len(pool)))
        found = []
        for _ in range(count):
            drawn = rng.integers(len(pool), size=size).tolist()
            best = min(drawn, key=lambda n: rank(pool[n].facts, higher_is_better=higher))
            found.append(int(best))
        return found

    def survivors(
        self, pool: Sequence[Member], children: Sequence[Member], size: int, *, higher: bool
    ) -> list[Member]:
        """Return the youngest."""
        del higher
        return [*pool, *children][-size:]


METHODS: Registry[Method] = Registry("search method")
METHODS.add("local", LocalSearch())
METHODS.add("evolution", Evolution())
