"""Graphs as the heads see them: embeddings, memberships in clusters, FLOPs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from nape_bench.predictors.gennape.fuzzy import fuzzy_c_means, memberships
from nape_bench.predictors.gennape.pretrain import embed
from nape_bench.predictors.label_transform import divisor
from nape_bench.predictors.standardise import TINY
from nape_bench.predictors.weights import to_arrays

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gennape.encoder import Encoder


class Embedded(NamedTuple):
    """Graphs.

    Attributes:
        x: Standardised embeddings, float32 [n, width], on the device of the encoder.
        shares: Memberships, float32 [n, clusters], there too.
        divisor: What labels are divided by (`transform.divisor`), standardised, float32 [n, 1].
        flops: Multiply-adds, [n].
    """

    x: torch.Tensor
    shares: torch.Tensor
    divisor: torch.Tensor
    flops: np.ndarray

    def alone(self) -> Embedded:
        """Return the same graphs in one cluster, to which all belong wholly."""
        return self._replace(shares=torch.ones_like(self.shares[:, :1]))

    def take(self, rows: np.ndarray) -> Embedded:
        """Return the graphs of these numbers."""
        index = torch.from_numpy(rows).to(self.x.device)
        x, shares, told = (tensor[index] for tensor in (self.x, self.shares, self.divisor))
        return Embedded(x, shares, told, self.flops[rows])


class Embedder:
    """A trained encoder, with scales and centroids of the training graphs.

    Args:
        encoder: The encoder.
        fuzziness: The exponent of fuzzy C-means.
        learnt: Arrays by name: mean and scale of embeddings with the divisor of labels last
            [width + 1], centroids [clusters, width].
    """

    def __init__(self, encoder: Encoder, fuzziness: float, learnt: dict[str, np.ndarray]) -> None:
        self.encoder = encoder
        self.fuzziness = fuzziness
        self._learnt = learnt

    @classmethod
    def of(
        cls, encoder: Encoder, graphs: GraphTable, clusters: int, fuzziness: float, seed: int
    ) -> Embedder:
        """Return an encoder with what these graphs give: scales, and centroids by fuzzy C-means.

        Args:
            encoder: A trained encoder.
            graphs: The training graphs, n >= 1.
            clusters: Number of centroids at most.
            fuzziness: The exponent.
            seed: Seed of the first centroids.
        """
        values = _read(encoder, graphs)
        deviation = values.std(axis=0)
        scales = {"mean": values.mean(axis=0), "scale": np.where(deviation > TINY, deviation, 1.0)}
        points = (values - scales["mean"]) / scales["scale"]
        centroids = fuzzy_c_means(points[:, :-1], clusters, fuzziness, np.random.default_rng(seed))
        return cls(encoder, fuzziness, {**scales, "centroids": centroids})

    def __call__(self, graphs: GraphTable) -> Embedded:
        """Embed graphs, n >= 1."""
        learnt, device = self._learnt, self.encoder.embedding.shape.weight.device
        values = (_read(self.encoder, graphs) - learnt["mean"]) / learnt["scale"]
        points = values[:, :-1]
        shares = memberships(points, learnt["centroids"], self.fuzziness)
        x, of_x, told = (
            torch.tensor(array, dtype=torch.float32, device=device)
            for array in (points, shares, values[:, -1:])
        )
        return Embedded(x, of_x, told, graphs.flops())

    @property
    def clusters(self) -> int:
        """Number of centroids."""
        return len(self._learnt["centroids"])

    @property
    def learnt(self) -> dict[str, Any]:
        """Arrays by name: weights of the encoder, and what `learnt` of the constructor names."""
        return {**to_arrays(self.encoder, "encoder."), **self._learnt}


def _read(encoder: Encoder, graphs: GraphTable) -> np.ndarray:
    """Return embeddings and, last, what labels are divided by, float64 [n, width + 1]."""
    return np.column_stack([embed(encoder, graphs), divisor(graphs.flops())])
