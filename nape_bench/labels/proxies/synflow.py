"""The proxy of a network made linear: synflow."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from nape_bench.labels.proxies.passes import weights
from nape_bench.labels.proxies.values import UndefinedError


class _Linear(TorchFunctionMode):
    """Leaves BatchNorm out and runs ReLU6 as ReLU, while it is entered."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is functional.batch_norm:
            return args[0]
        if func is functional.relu6:
            return torch.relu(args[0])
        return func(*args, **(kwargs or {}))


def synflow(net: nn.Module, shape: tuple[int, int, int]) -> float:
    """Return log(sum of |weight times gradient|) (Tanaka et al., SynFlow, 2020, eq. 2).

    The gradient is that of the sum of outputs for one image of ones, in float64; all parameters
    are taken without sign, BatchNorm is left out, and ReLU6, which such numbers would saturate,
    runs as ReLU. Other activations run as they are. The natural logarithm is NASLib's: sums of
    two networks may be a hundred orders of magnitude apart.

    Args:
        net: A network; it stays as it is.
        shape: Channels, height and width of its input.

    Raises:
        UndefinedError: The output depends on no weight.
    """
    linear = copy.deepcopy(net).double().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.abs_()
    by = weights(linear)
    with _Linear():
        output = linear(torch.ones(1, *shape, dtype=torch.float64))
    grads = torch.autograd.grad(output.sum(), by, allow_unused=True, materialize_grads=True)
    total = sum(float((w.detach() * g).abs().sum()) for w, g in zip(by, grads, strict=True))
    if total == 0:
        raise UndefinedError("the output of the network made linear depends on no weight")
    return math.log(total)
