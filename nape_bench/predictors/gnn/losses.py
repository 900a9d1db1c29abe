"""Losses of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    import torch


def squared_and_pairs(said: torch.Tensor, wanted: torch.Tensor, weight: float) -> torch.Tensor:
    """Return the squared error, plus a weighted logistic loss of pairs (RankNet; ICML 2005).

    Of each two graphs with different labels, the one with the higher label should be said to be
    higher: log(1 + exp(-d)), d how far it is.

    Args:
        said: Predictions, float32 [batch].
        wanted: Standardised labels, float32 [batch].
        weight: Of the second loss; 0 leaves it out.
    """
    squared = functional.mse_loss(said, wanted)
    higher = (wanted[:, None] > wanted).float()
    pairs = functional.softplus(said - said[:, None]) * higher
    return squared + weight * pairs.sum() / higher.sum().clamp(min=1.0)
