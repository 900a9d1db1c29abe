"""Resamples of a test set as counts, drawn exactly and in pieces of bounded memory."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nape_bench.metrics.inputs import BoolArray, FloatArray, IntArray, Kernel

CHUNK = 2**19
"""About how many counts are held at once: some 30 MB with all that is computed from them."""


def item_counts(items: int, draws: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Draw resamples with replacement, each as many items as there are.

    A draw is `items` independent picks, all items equally likely, and what is given is how often
    each was picked: the ordinary bootstrap, not an approximation of it.

    Args:
        items: How many items there are.
        draws: How many resamples are wanted.
        rng: Where the picks come from; the result does not depend on `CHUNK`.

    Yields:
        int32 [some draws, items], `draws` rows in all; each row sums to `items`.
    """
    for picks in item_picks(items, draws, rng):
        yield _counted(picks, np.arange(len(picks))[:, None], (len(picks), items))


def item_picks(items: int, draws: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Draw what `item_counts` counts: int64 [some draws, items], `draws` rows in all."""
    rows = max(1, CHUNK // items)
    for start in range(0, draws, rows):
        yield rng.integers(0, items, size=(min(rows, draws - start), items))


def part_counts(picks: IntArray, part: BoolArray, rng: np.random.Generator) -> IntArray:
    """Count a resample of a part of the items that agrees with one of all items.

    The first picks that lie in the part are taken, as many as it has items; where there are fewer,
    others are drawn. So it is an ordinary bootstrap of the part, and an item that is often in the
    resample of all is so in those of all parts.

    Args:
        picks: [draws, items] of all items.
        part: [items] which are in it, at least one.
        rng: Where what is lacking comes from.

    Returns:
        int32 [draws, items of the part]; each row sums to their number.
    """
    size, place = int(part.sum()), np.cumsum(part) - 1
    inside = part[picks]
    taken = inside & (np.cumsum(inside, axis=1) <= size)
    rows = np.nonzero(taken)[0]
    lacking = size - taken.sum(axis=1)
    rows = np.concatenate([rows, np.repeat(np.arange(len(picks)), lacking)])
    drawn = rng.integers(0, size, size=int(lacking.sum()))
    return _counted(np.concatenate([place[picks[taken]], drawn]), rows, (len(picks), size))


def _counted(picks: IntArray, rows: IntArray, shape: tuple[int, int]) -> IntArray:
    """Count how often each item is picked in each row, int32 of `shape`."""
    counts = np.bincount((picks + rows * shape[1]).ravel(), minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.int32)


def seed_weights(seeds: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Draw resamples of seeds with replacement.

    Args:
        seeds: How many seeds there are.
        draws: How many resamples are wanted.
        rng: Where the picks come from.

    Returns:
        [draws, seeds] share of each seed in each draw; each row sums to 1.
    """
    picks = rng.integers(0, seeds, size=(draws, seeds))
    return _counted(picks, np.arange(draws)[:, None], picks.shape) / seeds


def resampled(
    kernels: Sequence[Sequence[Kernel]],
    items: int,
    draws: int,
    seed: int,
    parts: BoolArray | None = None,
) -> FloatArray:
    """Evaluate metrics on resamples of items and of seeds.

    A draw resamples the items and, independently, the seeds. All seeds of a draw see the same
    items, because they were all scored on the same test set: giving each its own items would
    average away the uncertainty that the choice of test items brings.

    Args:
        kernels: One row for each metric (or entry and metric), with one kernel for each seed;
            rows may be of different length, and rows of equal length draw the same seeds.
        items: How many items there are; each kernel was made for all of them, or for its part.
        draws: How many resamples.
        seed: The same seed gives the same draws of items, whatever the kernels.
        parts: [seeds, items] which items each seed is scored on, where these differ; rows of
            kernels then have as many.

    Returns:
        [rows, draws] mean over the drawn seeds; NaN where a kernel gave NaN.
    """
    root = np.random.SeedSequence(seed)
    item_seed, pick_seed = root.spawn(2)
    lacking = [] if parts is None else [_generator(own) for own in root.spawn(len(parts))]
    values = [np.empty((draws, len(row))) for row in kernels]
    done = 0
    columns = max(len(row) for row in kernels)
    for by_seed in _counts(items, draws, _generator(item_seed), parts, lacking):
        size = 0
        for column, counts in zip(range(columns), by_seed, strict=False):
            size = len(counts)
            for row, out in zip(kernels, values, strict=True):
                if column < len(row):
                    out[done : done + size, column] = row[column](counts)
        done += size
    weights = {len(row): seed_weights(len(row), draws, _generator(pick_seed)) for row in kernels}
    means = [np.einsum("ds,ds->d", out, weights[out.shape[1]]) for out in values]
    return np.stack(means)


def _counts(
    items: int,
    draws: int,
    rng: np.random.Generator,
    parts: BoolArray | None,
    lacking: Sequence[np.random.Generator],
) -> Iterator[Iterator[IntArray]]:
    """Give for some draws at a time the counts of each seed: of all items, or of its part."""
    if parts is None:
        for counts in item_counts(items, draws, rng):
            yield itertools.repeat(counts)
        return
    for picks in item_picks(items, draws, rng):
        yield (part_counts(picks, part, own) for part, own in zip(parts, lacking, strict=True))


def _generator(seed: np.random.SeedSequence) -> np.random.Generator:
    """Give NumPy's fastest generator: drawing the picks is half of the work."""
    return np.random.Generator(np.random.SFC64(seed))
