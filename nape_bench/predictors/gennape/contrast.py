"""The contrastive loss with weights from spectra (GENNAPE)."""

from __future__ import annotations

import torch


def pair_weights(spectra: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return how much each view should be like each other one.

    Row i is the softmax over j, i itself left out, of minus the Euclidean distance between the
    spectra of both graphs over the temperature. So the other view of the same graph, at distance
    0, weighs most, and graphs of a like topology next.

    Args:
        spectra: One row for each view, [views, eigenvalues].
        temperature: Above 0; the smaller, the more weight on the nearest.

    Returns:
        [views, views], rows sum to 1, the diagonal is 0.
    """
    distances = torch.cdist(spectra, spectra, compute_mode="donot_use_mm_for_euclid_dist")
    distances.fill_diagonal_(torch.inf)
    return torch.softmax(-distances / temperature, dim=1)


def contrastive_loss(
    views: torch.Tensor, weights: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Return the weighted contrastive loss of a batch.

    The mean over views i of - sum_j w_ij log(exp(z_i z_j / t) / sum_{k != i} exp(z_i z_k / t)).
    With all weight on the other view of the same graph it is SimCLR's.

    Args:
        views: Points z on the unit sphere, [views, width].
        weights: `pair_weights` of the views, [views, views].
        temperature: t, above 0.
    """
    likeness = views @ views.T / temperature
    # Not infinity, of which 0 times is not a number.
    least = torch.finfo(likeness.dtype).min
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    log_shares = torch.log_softmax(likeness.masked_fill(itself, least), dim=1)
    return -(weights * log_shares).sum(dim=1).mean()
