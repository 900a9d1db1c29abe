"""A Gaussian process on paths: for few labels of networks that differ in how they are wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nape_bench.predictors.base import Predictor, SettingError
from nape_bench.predictors.gaussianise import Gaussianised
from nape_bench.predictors.paths.additive_gp import AdditiveGP
from nape_bench.predictors.paths.columns import LAYERS, Wiring
from nape_bench.predictors.registry import register
from nape_bench.predictors.standardise import Standardiser
from nape_bench.predictors.subsample import subsample

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

SETS = ("sizes", "paths", "walks", "tasks")
GROUPINGS = (
    (("sizes",), ("paths",), ("walks",), ("tasks",)),
    (("sizes", "paths"), ("walks",), ("tasks",)),
)
"""Kernels of each process, and the sets of columns that each of them reads."""


@register
class PathGP(Predictor):
    """Two Gaussian processes on a few sets of columns, with a Matern 5/2 kernel for each set.

    The sets are the logarithms of FLOPs and parameters; statistics of paths from Input to Output
    (`path_statistics`); and how often each sequence of three layers in a row occurs
    (`walks`, log(1 + n)). One process has a kernel for each, one joins the first two sets in one
    kernel; the prediction is their mean: few labels do not tell which is better. Columns are
    standardised by the training graphs and those that are constant over them left out, so that
    sequences that no training graph has are not seen. Labels are taken by their ranks, on a normal
    scale. Variances, lengths and noise maximise the marginal likelihood times lognormal priors,
    without which 20 labels tell too little of them. Validation graphs are not used.

    Labels of other tasks (`learn_auxiliary`), and those that `fit` had where `fine_tune` follows,
    make a fourth set: each task is learnt by a process like these, and what it says of a graph is
    a column.

    Args:
        seed: Seed of the subsamples.
        progress: Nothing to show: a fit takes seconds.
        layers: Layers of a sequence.
        rows: Training graphs at most; of more, a seeded subsample of this size is used, since the
            cost grows with its cube.
        task_rows: The same for each other task.
    """

    name = "path_gp"
    title = "Gaussian process on paths and short sequences of layers"
    source = "nape_bench; path encodings after White et al., BANANAS, AAAI 2021"

    def __init__(
        self,
        *,
        seed: int = 0,
        progress: bool = False,
        layers: int = LAYERS,
        rows: int = 1000,
        task_rows: int = 300,
    ) -> None:
        super().__init__(seed=seed, progress=progress)
        self.layers = layers
        self.rows = rows
        self.task_rows = task_rows
        self._auxiliary: list[_Learnt] = []
        self._tasks: list[_Learnt] = []
        if layers < 1 or rows < 2 or task_rows < 2:
            raise SettingError("path_gp: layers must be 1 or more, rows and task_rows 2 or more")

    def _learn_auxiliary(self, tasks: dict[str, tuple[GraphTable, np.ndarray]]) -> None:
        self._tasks = []
        self._auxiliary = [self._learn(*task, self.task_rows) for task in tasks.values()]

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        self._tasks = list(self._auxiliary)
        self._now = self._learn(graphs, y, self.rows)

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        self._tasks.append(self._now)
        self._now = self._learn(graphs, y, self.rows)

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        told = Wiring.of(graphs, self.layers)
        return self._now.scale.labels_of(self._now.scores(told, self._said(told)))

    def _learn(self, graphs: GraphTable, y: np.ndarray, rows: int) -> _Learnt:
        graphs, y = subsample(graphs, y, rows, self.seed)
        told = Wiring.of(graphs, self.layers)
        return _Learnt.of(told, self._said(told), y)

    def _said(self, told: Wiring) -> np.ndarray:
        """Return what the other tasks' processes say of graphs, float64 [graphs, tasks]."""
        said = np.zeros((len(told.sizes), 0))
        for task in self._tasks:
            # A task that was fitted after others reads these.
            column = task.scores(told, said[:, : task.reads])
            said = np.append(said, column[:, None], axis=1)
        return said

    def _learnt(self) -> dict[str, Any]:
        learnt: dict[str, Any] = {"tasks": len(self._tasks)}
        for place, each in enumerate([*self._tasks, self._now]):
            learnt |= {f"{place}.{name}": value for name, value in each.plain().items()}
        return learnt

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        every = [
            _Learnt.of_plain(
                {
                    name.removeprefix(f"{place}."): value
                    for name, value in learnt.items()
                    if name.startswith(f"{place}.")
                }
            )
            for place in range(learnt["tasks"] + 1)
        ]
        *self._tasks, self._now = every


class _Learnt(NamedTuple):
    """What was learnt of one task.

    Attributes:
        names: Sequences of layers that are read, ascending, uint64.
        scale: Of its labels.
        standardise: Of each set of columns.
        columns: The standardised columns of its graphs, by set.
        processes: One for each of `GROUPINGS`; none where its labels or graphs are all the same.
    """

    names: np.ndarray
    scale: Gaussianised
    standardise: dict[str, Standardiser]
    columns: dict[str, np.ndarray]
    processes: list[AdditiveGP]

    @classmethod
    def of(cls, told: Wiring, said: np.ndarray, y: np.ndarray) -> _Learnt:
        """Learn labels, float64 [graphs], from what is told of graphs and what others say."""
        names = told.names
        raw = {**told.columns(names), "tasks": said}
        standardise = {name: Standardiser(columns) for name, columns in raw.items()}
        scale, scores = Gaussianised.of(y)
        columns = {name: standardise[name](raw[name]) for name in SETS}
        processes = []
        if len(scale.labels) > 1 and any(each.shape[1] for each in columns.values()):
            processes = [AdditiveGP.fit(blocks, scores) for blocks in _groupings(columns)]
        return cls(names, scale, standardise, columns, processes)

    @property
    def reads(self) -> int:
        """How many other tasks it reads."""
        return len(self.standardise["tasks"].varies)

    def scores(self, told: Wiring, said: np.ndarray) -> np.ndarray:
        """Return predictions on the normal scale, float64 [graphs]."""
        if not self.processes:
            return np.zeros(len(told.sizes))
        raw = {**told.columns(self.names), "tasks": said}
        groupings = _groupings({name: self.standardise[name](raw[name]) for name in SETS})
        each = [
            process.predict(blocks)
            for process, blocks in zip(self.processes, groupings, strict=True)
        ]
        scores: np.ndarray = np.mean(each, axis=0)
        return scores

    def plain(self) -> dict[str, Any]:
        """Return it as arrays by name."""
        plain: dict[str, Any] = {"names": self.names, **self.scale._asdict()}
        for name in SETS:
            plain[f"standardise.{name}"] = self.standardise[name].learnt
            plain[f"columns.{name}"] = self.columns[name]
        for place, process in enumerate(self.processes):
            for part in _PARTS:
                plain[f"process{place}.{part}"] = getattr(process, part)
        return plain

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> _Learnt:
        """Return what `plain` was made of."""
        columns = {name: plain[f"columns.{name}"] for name in SETS}
        processes = [
            AdditiveGP(tuple(blocks), *(plain[f"process{place}.{part}"] for part in _PARTS))
            for place, blocks in enumerate(_groupings(columns))
            if f"process{place}.weights" in plain
        ]
        standardise = {name: Standardiser.of_learnt(plain[f"standardise.{name}"]) for name in SETS}
        scale = Gaussianised(plain["labels"], plain["scores"])
        return cls(plain["names"], scale, standardise, columns, processes)


_PARTS = ("variances", "lengths", "weights")


def _groupings(columns: dict[str, np.ndarray]) -> list[list[np.ndarray]]:
    """Return the blocks of each process; those without a column are left out."""
    groupings = [
        [np.concatenate([columns[name] for name in names], axis=1) for names in kernels]
        for kernels in GROUPINGS
    ]
    return [[block for block in blocks if block.shape[1]] for blocks in groupings]
