"""The proxy of how much feature maps change with the input: zen."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn

from nape_bench.labels.proxies.passes import Watch, weights
from nape_bench.labels.proxies.values import UndefinedError

STEP = 0.01
"""How much of a second image is added to the first."""

MEANS = (torch.Tensor.mean, torch.mean)


def zen(net: nn.Module, shape: tuple[int, int, int], *, batch: int, seed: int) -> float:
    """Return the Zen-score (Lin et al., Zen-NAS, 2021, algorithm 1), as its authors' code has it.

    All weights are drawn from a standard normal distribution. With x and e such images, it is
    log(mean over images of sum of |f(x) - f(x + 0.01 e)|), f being the feature maps that the last
    mean over pixels reads (the output, if there is none), plus for each BatchNorm log sqrt(mean
    over channels of its running variance), which takes back what it divided by. Variances start
    at 1 and are those after both passes, with momentum 0.1.

    Args:
        net: A network; it stays as it is.
        shape: Channels, height and width of its input.
        batch: Number of images.
        seed: What weights and images are drawn from.

    Raises:
        UndefinedError: Features do not change.
    """
    drawn = copy.deepcopy(net).train()
    generator = torch.Generator().manual_seed(seed)
    for weight in weights(drawn):
        nn.init.normal_(weight, generator=generator)
    norms = [each for each in drawn.modules() if isinstance(each, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = 0.1
    x, e = (torch.randn(batch, *shape, generator=generator) for _ in range(2))
    before, after = (_features(drawn, images) for images in (x, x + STEP * e))
    change = float((before - after).abs().flatten(1).sum(1, dtype=torch.float64).mean())
    if change == 0:
        raise UndefinedError("features do not change with the input")
    variances = [float(norm.running_var.mean()) for norm in norms if norm.running_var is not None]
    return math.log(change) + sum(math.log(variance) for variance in variances) / 2


def _features(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return what the last mean over pixels reads, else the output."""
    read: list[torch.Tensor] = []

    def keep(x: torch.Tensor) -> None:
        read[:] = [x]

    with torch.no_grad(), Watch(MEANS, keep):
        output: torch.Tensor = net(images.contiguous(memory_format=torch.channels_last))
    return read[0] if read else output
