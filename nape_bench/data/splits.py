"""Which split an architecture is in: a function of its `group` key alone.

Architectures that compute the same function share a group, so that no two splits share one, and
an architecture is in the same split in every config and every version of every dataset.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

SPLITS: tuple[str, ...] = ("train", "validation", "test")
"""All splits, in the order in which datasets list them."""

SCHEME = "nape-split-1"
"""Name of the rule that splits are drawn by, which is also its salt."""

_UPPER = {"train": 0.6, "validation": 0.7, "test": 1.0}


def split_of(group: str) -> str:
    """Return the split of a group: 60 % of all groups train, 10 % validation, 30 % test.

    The group is hashed with a fixed salt (SHA-256) to a number in [0, 1), and the number compared
    with .6 and .7.
    """
    digest = hashlib.sha256(f"{SCHEME}/{group}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2.0**64
    return next(split for split, upper in _UPPER.items() if place < upper or split == "test")


def assign_splits(groups: Iterable[str]) -> dict[str, np.ndarray]:
    """Return the rows of each split, in their order.

    Args:
        groups: The group of each row.

    Returns:
        Split -> row numbers, int64; every split is there, even where no row falls into it.
    """
    known: dict[str, str] = {}
    rows: dict[str, list[int]] = {split: [] for split in SPLITS}
    for row, group in enumerate(groups):
        split = known.get(group)
        if split is None:
            split = known[group] = split_of(group)
        rows[split].append(row)
    return {split: np.array(numbers, dtype=np.int64) for split, numbers in rows.items()}
