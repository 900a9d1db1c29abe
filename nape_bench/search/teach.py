"""The predictor of a search: fitted to the labels of a protocol, at the scale of the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.errors import ProtocolError
from nape_bench.evaluation.protocols import protocol
from nape_bench.evaluation.task import open_task
from nape_bench.search.scales import FULL, rebuilt

if TYPE_CHECKING:
    from nape_bench.evaluation.task import DatasetFacts, Rows
    from nape_bench.graph import GraphTable
    from nape_bench.predictors import Predictor


class Lesson(NamedTuple):
    """What a predictor is fitted to.

    Attributes:
        ids: Ids of the training networks.
        graphs: Training networks at the scale of the search.
        y: Their labels, float64 [n].
        validation: Further networks and labels; None where the protocol has none.
        dataset: Which labels they are.
    """

    ids: list[str]
    graphs: GraphTable
    y: np.ndarray
    validation: tuple[GraphTable, np.ndarray] | None
    dataset: DatasetFacts

    def best(self) -> str:
        """Return the training network of the best label, as its space writes it."""
        sign = 1 if self.dataset.higher_is_better else -1
        return self.ids[int(np.argmax(sign * self.y))].partition(":")[2]

    @property
    def seen(self) -> int:
        """The number of labels."""
        return len(self.y) + (0 if self.validation is None else len(self.validation[1]))


def lesson(name: str, scale: str, seed: int = 0) -> Lesson:
    """Open the labelled parts of a protocol; its test is never looked at.

    Args:
        name: A protocol, as in "in-family/hiaml".
        scale: `scales.FULL` or `scales.MICRO`.
        seed: Which sample, where the protocol draws a few labels for each seed.

    Raises:
        UnknownNameError, ProtocolError, DataError: As for `open_task`; or it gives no labels.
    """
    task = open_task(protocol(name))
    rows = task.train or task.sample(seed)
    if rows is None:
        raise ProtocolError(f"{name}: gives no labels, and a search needs a predictor that is fit")
    held_out = None
    if task.train is not None and task.validation is not None:
        held_out = _at(task.validation, scale), task.validation.y
    return Lesson(rows.ids, _at(rows, scale), rows.y, held_out, task.source or task.dataset)


def taught(predictor: Predictor, given: Lesson) -> Predictor:
    """Fit a predictor and return it; what learns from no labels is left as it is."""
    if predictor.needs_training:
        predictor.fit(given.graphs, given.y, validation=given.validation)
    return predictor


def _at(rows: Rows, scale: str) -> GraphTable:
    return rows.graphs if scale == FULL else rebuilt(rows.ids, scale)
