"""Resamples of a test set as counts, drawn exactly and in pieces of bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nape_bench.metrics.inputs import FloatArray, IntArray, Kernel

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
    rows = max(1, CHUNK // items)
    for start in range(0, draws, rows):
        size = min(rows, draws - start)
        picks = rng.integers(0, items, size=(size, items))
        picks += np.arange(size)[:, None] * items
        counts = np.bincount(picks.ravel(), minlength=size * items)
        yield counts.reshape(size, items).astype(np.int32)


def seed_weights(seeds: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Draw resamples of seeds with replacement.

    Args:
        seeds: How many seeds there are.
        draws: How many resamples are wanted.
        rng: Where the picks come from.

    Returns:
        [draws, seeds] share of each seed in each draw; each row sums to 1.
    """
    picks = rng.integers(0, seeds, size=(draws, seeds)) + np.arange(draws)[:, None] * seeds
    counts = np.bincount(picks.ravel(), minlength=draws * seeds).reshape(draws, seeds)
    return counts / seeds


def resampled(kernels: Sequence[Sequence[Kernel]], items: int, draws: int, seed: int) -> FloatArray:
    """Evaluate metrics on resamples of items and of seeds.

    A draw resamples the items and, independently, the seeds. All seeds of a draw see the same
    items, because they were all scored on the same test set: giving each its own items would
    average away the uncertainty that the choice of test items brings.

    Args:
        kernels: One row for each metric (or entry and metric), with one kernel for each seed;
            rows may be of different length, and rows of equal length draw the same seeds.
        items: How many items each kernel was made for.
        draws: How many resamples.
        seed: The same seed gives the same draws of items, whatever the kernels.

    Returns:
        [rows, draws] mean over the drawn seeds; NaN where a kernel gave NaN.
    """
    item_seed, pick_seed = np.random.SeedSequence(seed).spawn(2)
    values = [np.empty((draws, len(row))) for row in kernels]
    done = 0
    for counts in item_counts(items, draws, _generator(item_seed)):
        here = slice(done, done + len(counts))
        for row, out in zip(kernels, values, strict=True):
            for column, kernel in enumerate(row):
                out[here, column] = kernel(counts)
        done += len(counts)
    weights = {len(row): seed_weights(len(row), draws, _generator(pick_seed)) for row in kernels}
    means = [np.einsum("ds,ds->d", out, weights[out.shape[1]]) for out in values]
    return np.stack(means)


def _generator(seed: np.random.SeedSequence) -> np.random.Generator:
    """Give NumPy's fastest generator: drawing the picks is half of the work."""
    return np.random.Generator(np.random.SFC64(seed))
