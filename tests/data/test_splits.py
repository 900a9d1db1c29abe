"""Splits follow from groups alone."""

from __future__ import annotations

import numpy as np

from nape_bench.data.splits import SPLITS, assign_splits, split_of
from tests.data import tables


def test_shares() -> None:
    groups = [f"{i:032x}" for i in range(20_000)]
    rows = assign_splits(groups)
    shares = [len(rows[split]) / len(groups) for split in SPLITS]
    assert np.allclose(shares, [0.6, 0.1, 0.3], atol=0.01)
    assert np.array_equal(np.sort(np.concatenate(list(rows.values()))), np.arange(len(groups)))


def test_rows_keep_their_order_and_groups_stay_together() -> None:
    groups = [f"{i % 50:032x}" for i in range(500)]
    rows = assign_splits(groups)
    for split, numbers in rows.items():
        assert np.all(np.diff(numbers) > 0)
        assert {split_of(groups[row]) for row in numbers} <= {split}


def test_other_rows_and_their_order_do_not_matter() -> None:
    groups = tables.rows().texts["group"].to_pylist()
    alone = {group: split_of(group) for group in groups}
    for some in (groups, groups[::-1], groups[10:]):
        assert {some[i]: s for s, rows in assign_splits(some).items() for i in rows} == {
            group: alone[group] for group in some
        }


def test_a_split_never_changes() -> None:
    """A pin: published datasets rest on it."""
    found = " ".join(split_of(f"{i:032x}")[:2] for i in range(16))
    assert found == "tr tr tr tr tr te te te tr tr tr va tr te tr tr"


def test_no_groups() -> None:
    assert {split: len(rows) for split, rows in assign_splits([]).items()} == dict.fromkeys(
        SPLITS, 0
    )
