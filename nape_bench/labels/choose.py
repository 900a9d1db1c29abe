"""Which architectures a labelling run measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import NapeError
from nape_bench.graph import GraphTable
from nape_bench.registry import unknown_name
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nape_bench.spaces import Space, Spec

DRAWN_AT_ONCE = 256
VAIN_DRAWS = 1000
"""After so many draws in a row of what was drawn before, a space is taken to be exhausted."""
WHOLE = "all"
DRAWN_FROM = {
    "nb201": "no-none",
    **dict.fromkeys(("ofa_pn", "ofa_mbv3", "ofa_resnet"), "full-resolution"),
}
"""The subset of a space that is drawn from where none is named; other spaces are whole.

Micro training has a resolution of its own: another one in a specification would change its graph
and its FLOPs, but not its label.
"""


def draw(
    space: str,
    n: int,
    seed: int = 0,
    *,
    subset: str | None = None,
    among: Iterable[Spec] | None = None,
    exclude: Iterable[Spec] = (),
    wanted: Callable[[str], bool] | None = None,
) -> list[Spec]:
    """Draw architectures from a space, no two of which compute the same function.

    Args:
        space: Name of a space.
        n: Number of architectures; fewer are the first of more.
        seed: What they are drawn from.
        subset: Name of a part of the space (`Space.subsets`), or "all"; where it is not said,
            `DRAWN_FROM` decides: nb201 without the operation `none`, once-for-all families at
            full resolution, other spaces whole.
        among: Architectures to draw from, instead of the whole space: those that have published
            labels, for instance.
        exclude: Architectures that are left out, with all that compute the same function.
        wanted: Says of a `group` key whether its architectures are drawn; those left out by it
            stay in their places, so that draws of different groups are parts of one draw.

    Returns:
        Specifications that differ in the key `group` of their default build.

    Raises:
        UnknownNameError: No such space or subset.
        SpecError: Something to draw from or to exclude is no architecture of the space.
        NapeError: The space does not seem to have so many, or what is drawn from has not.
    """
    if n < 1:
        raise NapeError(f"n is at least 1, not {n}")
    if seed < 0:
        raise NapeError(f"the seed that is drawn from (--draw-seed) is at least 0, not {seed}")
    family = space_of(space)
    if n > family.size:
        raise NapeError(f"{space} has {family.size:,} architectures, not {n:,}")
    belongs = _belongs(family, drawn_from(space, subset))
    known = set(groups(family, exclude))
    found: list[Spec] = []
    vain = 0
    for drawn in _drawn(family, seed, among):
        specs = [spec for spec in drawn if belongs(spec)]
        if not specs:
            vain += len(drawn)
        for group, spec in zip(groups(family, specs), specs, strict=True):
            if group in known or not (wanted is None or wanted(group)):
                vain += 1
                continue
            vain = 0
            known.add(group)
            found.append(spec)
            if len(found) == n:
                return found
        if vain >= VAIN_DRAWS and among is None:
            break
    source = space if among is None else f"the part of {space} that is drawn from"
    raise NapeError(
        f"{source} has no {n:,} different architectures to draw from: {len(found):,} were found"
    )


def _drawn(family: Space, seed: int, among: Iterable[Spec] | None) -> Iterator[list[Spec]]:
    """Yield draws, many at once, since keys are worked out for many several times faster.

    From a whole space there is no end of them; given architectures come once each.
    """
    rng = np.random.default_rng(seed)
    if among is None:
        while True:
            yield [family.sample(rng) for _ in range(DRAWN_AT_ONCE)]
    given = [family.normalise(spec) for spec in among]
    order = rng.permutation(len(given)).tolist()
    for start in range(0, len(order), DRAWN_AT_ONCE):
        yield [given[place] for place in order[start : start + DRAWN_AT_ONCE]]


def drawn_from(space: str, subset: str | None = None) -> str:
    """Return the part of a space that is drawn from, given the one that was asked for."""
    return subset or DRAWN_FROM.get(space, WHOLE)


def groups(family: Space, specs: Iterable[Spec]) -> list[str]:
    """Return the keys `group` of architectures, of their default builds."""
    graphs = [family.build(spec) for spec in specs]
    found: list[str] = GraphTable.from_graphs(graphs).groups.tolist() if graphs else []
    return found


def _belongs(family: Space, subset: str) -> Callable[[Spec], bool]:
    """Return what says of a spec whether it is in a subset."""
    subsets = {WHOLE: lambda _: True, **family.subsets()}
    if subset not in subsets:
        raise unknown_name(f"subset of {family.name}", subset, subsets)
    return subsets[subset]
