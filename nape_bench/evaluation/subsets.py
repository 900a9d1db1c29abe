"""Parts of a test that papers report on: cells without `none`, families of a model zoo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nape_bench.data import Dataset, Split

MIN_SUBSET = 20
"""A subset of a space with fewer test rows than this is not reported on."""
MIN_FAMILY = 3
"""A family of real networks with fewer than this is not: AIO-P's have three to ten."""
RECIPE, STANDARD = "recipe", 1
"""Label that tells weights of one network apart, and its value for the standard ones."""


def find_subsets(
    dataset: Dataset, splits: Sequence[Split], ids: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return subsets of a test, bool [ids] by name.

    They are those of the space that all architectures come from (`Space.subsets`); or, where rows
    are of several families, the rows of each, with the standard weights alone.

    Args:
        dataset: The dataset.
        splits: The splits that the test is of.
        ids: Ids of the test's rows.
    """
    from nape_bench.spaces import spaces

    if dataset.family in spaces():
        return _of_space(spaces()[dataset.family].subsets(), splits, ids)
    return _of_families(splits, ids)


def _of_space(
    members: Mapping[str, Callable[[Any], bool]], splits: Sequence[Split], ids: Sequence[str]
) -> dict[str, np.ndarray]:
    if not members:
        return {}
    specs: dict[str, Any] = {}
    for split in splits:
        specs.update(zip(split.ids, split.specs[:], strict=True))
    made = {}
    for name, is_member in members.items():
        mask = np.fromiter((is_member(specs[i]) for i in ids), dtype=bool, count=len(ids))
        if MIN_SUBSET <= mask.sum() < len(mask):
            made[name] = mask
    return made


def _of_families(splits: Sequence[Split], ids: Sequence[str]) -> dict[str, np.ndarray]:
    family: dict[str, str] = {}
    standard: dict[str, bool] = {}
    for split in splits:
        family.update(zip(split.ids, split.families, strict=True))
        if RECIPE in split.labels:
            told = (split.labels[RECIPE] == STANDARD).tolist()
            standard.update(zip(split.ids, told, strict=True))
    of_rows = np.array([family[each] for each in ids])
    usual = np.array([standard.get(each, True) for each in ids], dtype=bool)
    masks = {name: (of_rows == name) & usual for name in sorted(set(of_rows.tolist()))}
    return {name: mask for name, mask in masks.items() if MIN_FAMILY <= mask.sum() < len(mask)}
