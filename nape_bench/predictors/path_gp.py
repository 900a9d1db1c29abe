"""A Gaussian process on paths: for few labels of networks that differ in how they are wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors.base import Predictor, SettingError
from nape_bench.predictors.gaussianise import Gaussianised
from nape_bench.predictors.paths.additive_gp import AdditiveGP
from nape_bench.predictors.paths.path_statistics import path_statistics
from nape_bench.predictors.paths.walks import counts, walks
from nape_bench.predictors.registry import register
from nape_bench.predictors.standardise import Standardiser

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

GROUPINGS = ((("sizes",), ("paths",), ("walks",)), (("sizes", "paths"), ("walks",)))
"""Kernels of each process, and the columns that each of them reads."""


@register
class PathGP(Predictor):
    """Two Gaussian processes on three sets of columns, with a Matern 5/2 kernel for each set.

    The sets are the logarithms of FLOPs and parameters; statistics of paths from Input to Output
    (`path_statistics`); and how often each sequence of three layers in a row occurs
    (`walks`, log(1 + n)). One process has a kernel for each, one joins the first two sets in one
    kernel; the prediction is their mean: few labels do not tell which is better. Columns are
    standardised by the training graphs and those that are constant over them left out, so that
    sequences that no training graph has are not seen. Labels are taken by their ranks, on a normal
    scale. Variances, lengths and noise maximise the marginal likelihood times lognormal priors,
    without which 20 labels tell too little of them. Validation graphs are not used.

    Args:
        seed: Seed of the subsample.
        progress: Nothing to show: a fit takes seconds.
        layers: Layers of a sequence.
        rows: Training graphs at most; of more, a seeded subsample of this size is used, since the
            cost grows with its cube.
    """

    name = "path_gp"
    title = "Gaussian process on paths and short sequences of layers"
    source = "nape_bench; path encodings after White et al., BANANAS, AAAI 2021"

    def __init__(
        self, *, seed: int = 0, progress: bool = False, layers: int = 3, rows: int = 1000
    ) -> None:
        super().__init__(seed=seed, progress=progress)
        self.layers = layers
        self.rows = rows
        if layers < 1 or rows < 2:
            raise SettingError("path_gp: layers must be 1 or more, rows 2 or more")

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        if len(graphs) > self.rows:
            chosen = np.random.default_rng(self.seed).choice(len(graphs), self.rows, replace=False)
            graphs, y = graphs[np.sort(chosen)], y[np.sort(chosen)]
        self._names = np.unique(walks(graphs, self.layers).name)
        raw = self._raw(graphs)
        self._standardise = {name: Standardiser(columns) for name, columns in raw.items()}
        self._scale, scores = Gaussianised.of(y)
        self._columns = self._scaled(raw)
        self._processes = []
        if len(self._scale.labels) > 1 and any(c.shape[1] for c in self._columns.values()):
            self._processes = [
                AdditiveGP.fit(blocks, scores) for blocks in _groupings(self._columns)
            ]

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        if not self._processes:
            return np.full(len(graphs), self._scale.labels.mean())
        groupings = _groupings(self._scaled(self._raw(graphs)))
        said = [
            process.predict(blocks)
            for process, blocks in zip(self._processes, groupings, strict=True)
        ]
        return self._scale.labels_of(np.mean(said, axis=0))

    def _raw(self, graphs: GraphTable) -> dict[str, np.ndarray]:
        """Return the columns of each set, float64 [graphs, columns]."""
        sizes = np.stack([graphs.flops(), graphs.params()], axis=1)
        found = counts(walks(graphs, self.layers), self._names, len(graphs))
        return {
            "sizes": np.log1p(sizes.astype(np.float64)),
            "paths": path_statistics(graphs)[0],
            "walks": np.log1p(found),
        }

    def _scaled(self, raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the columns that vary, standardised; a set may have none."""
        return {name: self._standardise[name](columns) for name, columns in raw.items()}

    def _learnt(self) -> dict[str, Any]:
        learnt: dict[str, Any] = {"names": self._names, **self._scale._asdict()}
        for name, standardise in self._standardise.items():
            learnt[f"standardise.{name}"] = standardise.learnt
            learnt[f"columns.{name}"] = self._columns[name]
        for place, process in enumerate(self._processes):
            for part in ("variances", "lengths", "weights"):
                learnt[f"{place}.{part}"] = getattr(process, part)
        return learnt

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._names = learnt["names"]
        self._scale = Gaussianised(learnt["labels"], learnt["scores"])
        sets = ("sizes", "paths", "walks")
        self._standardise = {
            name: Standardiser.of_learnt(learnt[f"standardise.{name}"]) for name in sets
        }
        self._columns = {name: learnt[f"columns.{name}"] for name in sets}
        self._processes = [
            AdditiveGP(
                tuple(blocks),
                *(learnt[f"{place}.{part}"] for part in ("variances", "lengths", "weights")),
            )
            for place, blocks in enumerate(_groupings(self._columns))
            if f"{place}.weights" in learnt
        ]


def _groupings(columns: dict[str, np.ndarray]) -> list[list[np.ndarray]]:
    """Return the blocks of each process; those without a column are left out."""
    groupings = [
        [np.concatenate([columns[name] for name in names], axis=1) for names in kernels]
        for kernels in GROUPINGS
    ]
    return [[block for block in blocks if block.shape[1]] for blocks in groupings]
