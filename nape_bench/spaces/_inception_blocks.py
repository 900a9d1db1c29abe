"""Which blocks Inception has: how wide their paths may be, counting, drawing and changing them.

A block is what its specification has under "paths": a list of dictionaries of `ops`, `op_types`,
`C_internal` and `C_out`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench.spaces._paths import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

Block = list[dict[str, Any]]

MOST_OPS = {1: 4, 2: 8, 3: 12, 4: 16}
"""Most operations of a block, by its number of paths: the caps of the released data set.

The released code has {1: 3, 2: 4, 3: 8, 4: 10} in their place, with at least 2 operations a path
where there are 3 or 4 paths; all of these blocks are in the space too.
"""
UNIT = 16
"""Fewest channels of a path; all channel counts of the space are multiples of it."""
HALVE, KEEP = 0.3, 0.6
"""Chances that a path has half or all of its channels inside; else it has twice as many."""

WORDS = Vocabulary(
    "inception",
    conv={
        "conv3x3": "c3",
        "inception_s3x3": "s3",
        "inception_p3x3": "p3",
        "depthwise3x3": "dw3",
        "conv5x5": "c5",
        "depthwise5x5": "dw5",
        "inception_s5x5": "s5",
        "inception_p5x5": "p5",
    },
    supp={"conv1x1": "c1", "avgpool3x3": "avg3", "maxpool3x3": "max3", "double1x1": "cc1"},
)
POOLS = frozenset({"avgpool3x3", "maxpool3x3"})
"""The operations that cannot change the number of channels."""


def ends(ops: Sequence[str]) -> tuple[int, int]:
    """Return the positions of the first and the last operation that can change channels."""
    capable = [i for i, name in enumerate(ops) if name not in POOLS]
    return capable[0], capable[-1]


def internal_channels(ops: Sequence[str], c_out: int) -> list[int]:
    """Return the numbers of channels that a path may have inside, ascending.

    Half, all or twice its output's, 16 at least, where the first operation that can change them
    is not also the last one.
    """
    first, last = ends(ops)
    return [c_out] if first == last else _inside(c_out)


def path_channels(paths: int, c: int, wide: int = 0) -> list[int]:
    """Return the output channels of each path of a block.

    They are equal shares, 16 at least; one of three paths has a half and the others a quarter.

    Args:
        paths: Number of paths.
        c: Output channels of the block.
        wide: Which of three paths has the half.
    """
    if paths != 3:
        return [max(UNIT, c // paths)] * paths
    return [max(UNIT, c // (2 if i == wide else 4)) for i in range(paths)]


def layouts(paths: int, c: int) -> list[list[int]]:
    """Return every order in which paths can share out the channels of a block of `c`."""
    found: list[list[int]] = []
    for wide in range(paths):
        layout = path_channels(paths, c, wide)
        if layout not in found:
            found.append(layout)
    return found


def path_of(ops: list[str], internal: int, c_out: int) -> dict[str, Any]:
    """Return a path as specifications have it."""
    return {"ops": ops, "op_types": WORDS.types(ops), "C_internal": internal, "C_out": c_out}


def count_blocks(c: int) -> int:
    """Return the number of blocks of `c` output channels, paths counted in order."""
    total = 0
    for paths, most in MOST_OPS.items():
        for layout in layouts(paths, c):
            ways = [1] + [0] * most  # ways[n]: the paths so far have n operations
            for c_out in layout:
                ways = [
                    sum([ways[n - m] * _count_paths(m, c_out) for m in range(1, n + 1)])
                    for n in range(most + 1)
                ]
            total += sum(ways)
    return total


def draw_block(c: int, rng: np.random.Generator) -> Block:
    """Draw a block of `c` output channels as the authors do.

    The number of paths is uniform, that of a path's operations uniform over what earlier paths
    leave when each later one has an operation; channels inside as `HALVE` and `KEEP` say.
    """
    paths = int(rng.integers(1, len(MOST_OPS) + 1))
    shares = path_channels(paths, c, int(rng.integers(paths)))
    left = MOST_OPS[paths] - paths
    block = []
    for c_out in shares:
        length = int(rng.integers(1, left + 2))
        left -= length - 1
        block.append(_draw_path(length, c_out, rng))
    return block


def change_block(block: Block, c: int, rng: np.random.Generator) -> Block:
    """Return a block of `c` output channels that differs from `block` by one change.

    An operation of a path is replaced, inserted or left out, its channels inside change, a path
    comes or goes, or another of three paths becomes the wide one.
    """
    changed = [
        new
        for change in (_change_operation, _change_internal, _change_paths, _change_layout)
        if (new := change(block, c, rng)) is not None
    ]
    return changed[rng.integers(len(changed))]


def _inside(c_out: int) -> list[int]:
    return sorted({max(UNIT, c_out // 2), c_out, 2 * c_out})


def _count_paths(length: int, c_out: int) -> int:
    conv = len(WORDS.conv)
    # One operation that can change channels: a convolution alone, or beside a pool.
    single = {1: conv, 2: 2 * conv * len(POOLS)}.get(length, 0)
    return single + (WORDS.sequences(length) - single) * len(_inside(c_out))


def _draw_path(length: int, c_out: int, rng: np.random.Generator) -> dict[str, Any]:
    ops = WORDS.draw(length, rng)
    first, last = ends(ops)
    internal, chance = c_out, rng.random()
    if first != last and chance >= KEEP:
        internal = max(UNIT, c_out // 2) if chance < KEEP + HALVE else 2 * c_out
    return path_of(ops, internal, c_out)


def _refit(path: dict[str, Any], ops: list[str], c_out: int) -> dict[str, Any]:
    """Return a path with other operations or output channels, its channels inside kept if possible.

    They are kept in relation to the output's.
    """
    internal = path["C_internal"] * c_out // path["C_out"]
    return path_of(ops, internal if internal in internal_channels(ops, c_out) else c_out, c_out)


def _used(block: Block) -> int:
    return sum([len(path["ops"]) for path in block])


def _change_operation(block: Block, c: int, rng: np.random.Generator) -> Block | None:  # noqa: ARG001
    at = int(rng.integers(len(block)))
    path = block[at]
    room = MOST_OPS[len(block)] - _used(block)
    ops = WORDS.edit(path["ops"], len(path["ops"]) + room, rng)
    return [*block[:at], _refit(path, ops, path["C_out"]), *block[at + 1 :]]


def _change_internal(block: Block, c: int, rng: np.random.Generator) -> Block | None:  # noqa: ARG001
    others = [
        (at, internal)
        for at, path in enumerate(block)
        for internal in internal_channels(path["ops"], path["C_out"])
        if internal != path["C_internal"]
    ]
    if not others:
        return None
    at, internal = others[rng.integers(len(others))]
    path = path_of(block[at]["ops"], internal, block[at]["C_out"])
    return [*block[:at], path, *block[at + 1 :]]


def _change_paths(block: Block, c: int, rng: np.random.Generator) -> Block | None:
    """Add a path of one or two operations, or leave one out if the others fit the lower cap."""
    fewer = len(block) - 1
    candidates = [
        [*block[:i], *block[i + 1 :]]
        for i in range(len(block))
        if fewer and _used(block) - len(block[i]["ops"]) <= MOST_OPS[fewer]
    ]
    if len(block) < len(MOST_OPS):
        candidates.append([*block, _draw_path(int(rng.integers(1, 3)), c, rng)])
    if not candidates:
        return None
    paths = candidates[rng.integers(len(candidates))]
    shares = path_channels(len(paths), c, int(rng.integers(len(paths))))
    return [_refit(p, p["ops"], share) for p, share in zip(paths, shares, strict=True)]


def _change_layout(block: Block, c: int, rng: np.random.Generator) -> Block | None:
    now = [path["C_out"] for path in block]
    others = [layout for layout in layouts(len(block), c) if layout != now]
    if not others:
        return None
    shares = others[rng.integers(len(others))]
    return [_refit(p, p["ops"], share) for p, share in zip(block, shares, strict=True)]
