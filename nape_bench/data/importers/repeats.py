"""Architectures that stand in a table more than once."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ERROR, MEAN, FIRST = "error", "mean", "first"
ON_DUPLICATE: tuple[str, ...] = (ERROR, MEAN, FIRST)
"""What to do where an architecture stands in several rows that have different labels."""


class Repeats:
    """Gathers the labels of architectures that may come more than once.

    Rows of one architecture with the same labels are one: they say nothing new. Where labels
    differ, `on_duplicate` says what becomes of them: "error" stops, "mean" takes the mean over the
    rows that have a value, "first" keeps those of the first row.

    Args:
        labels: Names of the labels.
        on_duplicate: One of `ON_DUPLICATE`.

    Attributes:
        same: Number of rows that repeated an architecture with the same labels.
        differing: Number of rows that repeated one with other labels.
    """

    def __init__(self, labels: Iterable[str], on_duplicate: str) -> None:
        if on_duplicate not in ON_DUPLICATE:
            raise DataError(
                f"on_duplicate is one of {', '.join(ON_DUPLICATE)}, not {on_duplicate!r}"
            )
        self._labels = list(labels)
        self._policy = on_duplicate
        self._index: dict[str, int] = {}
        self._where: list[str] = []
        # Of each architecture: the labels of its first row, end to end; of few, those of others.
        self._first = array("d")
        self._others: dict[int, list[np.ndarray]] = {}
        self.same = 0
        self.differing = 0

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._index

    def place(self, row_id: str) -> int:
        """Return the number of an architecture, counted from 0 in the order in which they came."""
        return self._index[row_id]

    def add(self, row_id: str, where: str, values: Sequence[float]) -> None:
        """Add a row.

        Args:
            row_id: The id of its architecture.
            where: What to call the row.
            values: Its labels.

        Raises:
            DataError: The architecture has come with other labels, which is to be an error.
        """
        if row_id not in self._index:
            self._index[row_id] = len(self._where)
            self._where.append(where)
            self._first.extend(values)
            return
        index = self._index[row_id]
        row = np.array(values, dtype=np.float64)
        if np.array_equal(self._row(index), row, equal_nan=True):
            self.same += 1
        elif self._policy == ERROR:
            raise DataError(self._differ(row_id, index, row))
        else:
            self.differing += 1
        if self._policy == MEAN:
            self._others.setdefault(index, []).append(row)

    def labels(self) -> dict[str, np.ndarray]:
        """Return label -> one value an architecture, float64, in the order in which they came."""
        table = np.array(self._first).reshape(-1, len(self._labels))
        for index, rows in self._others.items():
            table[index] = _mean([table[index], *rows])
        return {name: table[:, i] for i, name in enumerate(self._labels)}

    def _row(self, index: int) -> np.ndarray:
        """Return the labels of the first row of an architecture."""
        start = index * len(self._labels)
        return np.array(self._first[start : start + len(self._labels)])

    def _differ(self, row_id: str, index: int, row: np.ndarray) -> str:
        first = self._row(index)
        differ = ~((first == row) | (np.isnan(first) & np.isnan(row)))
        label = int(np.argmax(differ))
        return (
            f"{row_id} stood in {self._where[index]} already, with {self._labels[label]} "
            f"{first[label]:g} where this row has {row[label]:g}: choose by on_duplicate "
            "(--on-duplicate), mean or first"
        )


def _mean(rows: list[np.ndarray]) -> np.ndarray:
    """Return the mean over rows, leaving missing values out, NaN where all are missing."""
    table = np.stack(rows)
    count = np.sum(~np.isnan(table), axis=0)
    total = np.nansum(table, axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
