"""Columns that tell how a network is wired: sizes, statistics of paths, sequences of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nape_bench.predictors.paths.path_statistics import path_statistics
from nape_bench.predictors.paths.walks import Walks, counts, walks

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

LAYERS = 3
"""Layers of a sequence, where nothing else is said."""


class Wiring(NamedTuple):
    """What is read of graphs.

    Attributes:
        sizes: Logarithms of FLOPs and parameters, float64 [graphs, 2].
        paths: `path_statistics`, float64 [graphs, 61].
        walks: Sequences of layers, by name.
    """

    sizes: np.ndarray
    paths: np.ndarray
    walks: Walks

    @classmethod
    def of(cls, graphs: GraphTable, layers: int = LAYERS) -> Wiring:
        """Read graphs, with sequences of so many layers."""
        sizes = np.stack([graphs.flops(), graphs.params()], axis=1).astype(np.float64)
        return cls(np.log1p(sizes), path_statistics(graphs)[0], walks(graphs, layers))

    @property
    def names(self) -> np.ndarray:
        """The sequences that occur, ascending, uint64."""
        return np.unique(self.walks.name)

    def columns(self, names: np.ndarray) -> dict[str, np.ndarray]:
        """Return "sizes", "paths" and "walks", each float64 [graphs, columns].

        Args:
            names: Sequences that have a column, log(1 + how often they occur), as `names`.
        """
        found = counts(self.walks, names, len(self.sizes))
        return {"sizes": self.sizes, "paths": self.paths, "walks": np.log1p(found)}


class OnPaths:
    """Gives a regressor that reads columns (`_take_columns`, `_columns`) those of paths."""

    _names: np.ndarray

    def _take_columns(self, graphs: GraphTable) -> np.ndarray:
        wiring = Wiring.of(graphs)
        self._names = wiring.names
        return self._joined(wiring)

    def _columns(self, graphs: GraphTable) -> np.ndarray:
        return self._joined(Wiring.of(graphs))

    def _joined(self, wiring: Wiring) -> np.ndarray:
        return np.concatenate(list(wiring.columns(self._names).values()), axis=1)

    def _learnt(self) -> dict[str, Any]:
        learnt: dict[str, Any] = super()._learnt()  # type: ignore[misc]
        return {**learnt, "names": self._names}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._names = learnt["names"]
        super()._set_learnt(learnt)  # type: ignore[misc]
