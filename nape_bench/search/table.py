"""A table of real labels as what a search asks: how many questions until it knows the best?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import DataError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from nape_bench.data import Dataset
    from nape_bench.graph import GraphTable
    from nape_bench.spaces import Space

TRIES = 200
"""Mutants that are drawn until one is in the table and was not asked for."""
AIMS = (("top 1 %", 0.01), ("top 0.1 %", 0.001), ("best", 0.0))
"""What is to be reached, and the part of all functions that counts as reached: at least one."""


@dataclass(frozen=True)
class Table:
    """The functions of a dataset and their labels: architectures of one `group` are one entry.

    Attributes:
        space: Where they come from.
        texts: One architecture of each function, as its space writes it, [n].
        graphs: Its graph, [n].
        y: The mean label of all its architectures, float64 [n]; higher is better.
        entry_of: Text of every architecture -> number of its function.
    """

    space: Space
    texts: list[str]
    graphs: GraphTable
    y: np.ndarray
    entry_of: dict[str, int]

    def __len__(self) -> int:
        return len(self.y)

    def aims(self) -> dict[str, float]:
        """Return the label from which on each aim is reached."""
        best = np.sort(self.y)[::-1]
        return {name: float(best[max(1, int(part * len(best))) - 1]) for name, part in AIMS}

    def mutant(self, entry: int, asked: np.ndarray, rng: np.random.Generator) -> int | None:
        """Return a function one change away that is in the table and was not asked for.

        Args:
            entry: What is changed.
            asked: bool [n].
            rng: What changes are drawn from.

        Returns:
            Its number; None where none was drawn in `TRIES`.
        """
        spec = self.space.parse(self.texts[entry])
        for _ in range(TRIES):
            found = self.entry_of.get(self.space.format(self.space.mutate(spec, rng)))
            if found is not None and not asked[found]:
                return found
        return None


def table_of(dataset: Dataset, target: str | None = None) -> Table:
    """Make a table of all splits of a dataset.

    Args:
        dataset: Its architectures are of one space.
        target: The label; the dataset's own if it is not said.

    Raises:
        UnknownNameError: No such label, or the architectures are of no space.
        DataError: No row has the label.
    """
    label = target or dataset.target
    from nape_bench.graph import GraphTable

    splits = [dataset[name] for name in dataset]
    if label not in dataset.labels_info:
        from nape_bench.registry import unknown_name

        raise unknown_name(f"label of {dataset.name}", label, dataset.labels_info)
    y = np.concatenate([split.labels[label] for split in splits])
    ids = [row for split in splits for row in split.ids]
    groups = np.concatenate([split.groups for split in splits])
    graphs = GraphTable.concatenate([split.graphs for split in splits])
    rows = np.flatnonzero(np.isfinite(y))
    if len(rows) == 0:
        raise DataError(f"{dataset.name} ({dataset.config}): no row has the label {label}")
    _, first, entry = np.unique(groups[rows], return_index=True, return_inverse=True)
    sums = np.bincount(entry, weights=y[rows]) / np.bincount(entry)
    texts = [ids[row].partition(":")[2] for row in rows.tolist()]
    sign = 1.0 if dataset.labels_info[label].higher_is_better else -1.0
    return Table(
        space_of(dataset.family),
        [texts[number] for number in first.tolist()],
        graphs[rows[first]],
        sign * sums,
        dict(zip(texts, entry.tolist(), strict=True)),
    )
