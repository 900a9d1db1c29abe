"""Several MLPs on embeddings, softly aggregated by fuzzy memberships."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence


class SoftMLP(nn.Module):
    """One MLP for each cluster; what they say is summed with a graph's memberships as weights.

    Weights are drawn as those of `torch.nn.Linear`. With one cluster it is a plain MLP.

    Args:
        clusters: Number of MLPs.
        widths: Inputs, then units of each hidden layer; the output is one number.
    """

    def __init__(self, clusters: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            ManyLinear(clusters, before, after)
            for before, after in zip(widths, (*widths[1:], 1), strict=True)
        )

    def forward(self, x: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """Predict.

        Args:
            x: float32 [n, inputs].
            shares: Memberships, float32 [n, clusters].

        Returns:
            float32 [n].
        """
        every = x.expand(shares.shape[1], *x.shape)
        for layer in self.layers[:-1]:
            every = torch.relu(layer(every))
        said: torch.Tensor = self.layers[-1](every).squeeze(2)
        return (said * shares.T).sum(dim=0)


class PairMLP(nn.Module):
    """Says of two graphs how far the first is better: the logit of its probability.

    Each cluster's MLP f of one hidden layer reads both embeddings, and f(a, b) - f(b, a) is what
    it says, so that the logit changes sign when the graphs change places. The mean of both graphs'
    memberships are the weights.

    Args:
        clusters: Number of MLPs.
        inputs: Width of an embedding.
        hidden: Hidden units.
    """

    def __init__(self, clusters: int, inputs: int, hidden: int) -> None:
        super().__init__()
        self.first = ManyLinear(clusters, inputs, hidden)
        self.second = ManyLinear(clusters, inputs, hidden)
        bound = 1 / math.sqrt(hidden)
        self.out = nn.Parameter(torch.empty(clusters, hidden).uniform_(-bound, bound))

    def forward(
        self, a: torch.Tensor, of_a: torch.Tensor, b: torch.Tensor, of_b: torch.Tensor
    ) -> torch.Tensor:
        """Compare each graph of `a` with each of `b`.

        Args:
            a: Embeddings, float32 [n, inputs].
            of_a: Their memberships, float32 [n, clusters].
            b: Embeddings, float32 [m, inputs].
            of_b: Their memberships, float32 [m, clusters].

        Returns:
            Logits, float32 [n, m].
        """
        back = self._said(b, a).transpose(1, 2)
        return _aggregated(self._said(a, b) - back, of_a, of_b)

    def among(self, x: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """Compare graphs with each other, as `self(x, shares, x, shares)` in half the time.

        Args:
            x: Embeddings, float32 [n, inputs].
            shares: Their memberships, float32 [n, clusters].

        Returns:
            Logits, float32 [n, n].
        """
        said = self._said(x, x)
        return _aggregated(said - said.transpose(1, 2), shares, shares)

    def _said(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Return f(a, b) of each pair, but for its constant, float32 [clusters, n, m]."""
        hidden = torch.relu(self.first(a)[:, :, None] + self.second(b)[:, None])
        return (hidden @ self.out[:, None, :, None]).squeeze(3)


def _aggregated(said: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor) -> torch.Tensor:
    shares = (of_a.T[:, :, None] + of_b.T[:, None]) / 2
    return (said * shares).sum(dim=0)


class ManyLinear(nn.Module):
    """As many linear layers side by side, each with inputs of its own.

    Args:
        count: Number of layers.
        width_in: Inputs of each.
        width_out: Outputs of each.
    """

    def __init__(self, count: int, width_in: int, width_out: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(width_in)
        self.weight = nn.Parameter(torch.empty(count, width_in, width_out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(count, 1, width_out).uniform_(-bound, bound))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map float32 [count, n, width_in], or [n, width_in] for all, to [count, n, width_out]."""
        return x @ self.weight + self.bias
