"""The registry of mutations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from nape_bench.registry import Registry, import_modules
from nape_bench.search.draft import Draft
from nape_bench.search.parent import Parent

Change = Callable[[Draft, np.random.Generator, Sequence[Parent]], str]
"""Changes a draft and says what was done; the parents are what parts may be taken from."""


class Mutation(NamedTuple):
    """A kind of change.

    Attributes:
        name: What it is called.
        help: What it does, in one line.
        change: Does it; raises `Rejected` where the graph cannot have it.
    """

    name: str
    help: str
    change: Change


_MUTATIONS: Registry[Mutation] = Registry("mutation")


def register(name: str, told: str) -> Callable[[Change], Change]:
    """Decorate a function: make it known as a mutation."""

    def known(change: Change) -> Change:
        _MUTATIONS.add(name, Mutation(name, told, change))
        return change

    return known


@cache
def mutations() -> Registry[Mutation]:
    """Return all mutations by name."""
    import_modules("nape_bench.search.mutations")
    return _MUTATIONS


def pick(values: Sequence[int], rng: np.random.Generator) -> int:
    """Draw one of some numbers."""
    return values[int(rng.integers(len(values)))]
