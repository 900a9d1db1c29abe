"""Proxies from gradients of the loss by weights: grad_norm, snip, plain, fisher, grasp.

Sums are over all convolutions and dense layers. Gradients are those of the mean cross-entropy of
one batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.func import functional_call

from nape_bench.labels.proxies.passes import gradients, layers, weights

if TYPE_CHECKING:
    from torch import nn

    from nape_bench.labels.proxies.batch import Batch
    from nape_bench.labels.proxies.pieces import Pieces

STEP = 0.03
"""By what part weights are made larger and smaller for `grasp`."""


def grad_norm(grads: list[torch.Tensor]) -> float:
    """Return the sum over layers of the gradient's Euclidean norm (Abdelfattah et al., 2021)."""
    return sum(float(grad.norm()) for grad in grads)


def snip(net: nn.Module, grads: list[torch.Tensor]) -> float:
    """Return the sum of |weight times gradient| (Lee et al., SNIP, 2019, eq. 5, not divided)."""
    return sum(float((w * g).abs().sum()) for w, g in zip(_values(net), grads, strict=True))


def plain(net: nn.Module, grads: list[torch.Tensor]) -> float:
    """Return the sum of weight times gradient (NASLib).

    A convolution before BatchNorm adds nothing: its scale does not change the loss.
    """
    return dot(_values(net), grads)


def fisher(net: nn.Module, information: list[torch.Tensor]) -> float:
    """Return the sum over channels of Fisher information times weights of the channel.

    zero-cost-nas and NASLib give each weight its output channel's information and sum over weights.

    Args:
        net: The network.
        information: For each layer, float32 [output channels] (`passes.fisher_at`).
    """
    pairs = zip(_values(net), information, strict=True)
    return sum(float(found.sum()) * (w.numel() // len(w)) for w, found in pairs)


def grasp(net: nn.Module, batch: Batch, grads: list[torch.Tensor], pieces: Pieces) -> float:
    """Return minus the sum of weight times (Hessian times gradient).

    It is the score of Wang et al. (GraSP, 2020, eq. 8) with zero-cost-nas's sign. Where w are the
    weights and g their gradient, -w H g is minus the slope at t = 1 of the inner product of g and
    the gradient at t w, here between t = 1 - `STEP` and 1 + `STEP`. Every ReLU stays on its side
    meanwhile, as differentiating the gradient has it: the few units that would change sides change
    the gradient by far more than the slope is. That is less work than a second differentiation,
    and torch has none of h-sigmoid.

    Args:
        net: The network in train mode, as it was when `grads` were taken.
        batch: The batch that they were taken of.
        grads: Gradients by `passes.weights`.
        pieces: Those of the pass that they were taken from.
    """
    larger, smaller = (
        dot(grads, _gradients_at(net, batch, 1 + step, pieces)) for step in (STEP, -STEP)
    )
    return -(larger - smaller) / (2 * STEP)


def dot(these: list[torch.Tensor], others: list[torch.Tensor]) -> float:
    """Return the inner product of two lists of tensors, summed up in float64."""
    pairs = zip(these, others, strict=True)
    return sum(float((a * b).sum(dtype=torch.float64)) for a, b in pairs)


def _gradients_at(net: nn.Module, batch: Batch, scale: float, pieces: Pieces) -> list[torch.Tensor]:
    """Return the gradients where all weights are `scale` times what they are."""
    scaled = [(w * scale).requires_grad_() for w in _values(net)]
    names = [f"{name}.weight" for name in layers(net)]
    with pieces:
        logits = functional_call(net, dict(zip(names, scaled, strict=True)), batch.images)
    return gradients(logits, batch, scaled)


def _values(net: nn.Module) -> list[torch.Tensor]:
    return [weight.detach() for weight in weights(net)]
