"""The passes over a batch that proxies share: one forward pass, and backward passes from it.

Proxies look at the weights of convolutions and dense layers, as zero-cost-nas and NASLib do;
BatchNorm's scales and all biases are left out. BatchNorm is in train mode, on the batch's own
statistics.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from nape_bench.labels.proxies.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nape_bench.labels.proxies.batch import Batch

RELUS = frozenset({torch.relu, functional.relu, functional.relu6})


class Needs(NamedTuple):
    """What is wanted of the passes; what is not wanted costs nothing.

    Attributes:
        gradients: Gradients of the loss by the weights.
        fisher: Fisher information of channels; it takes the pass of the gradients.
        jacobian: Gradients of the sum of outputs by the images.
        same: Units that two images have on the same side of their ReLU.
        pieces: On which piece of functions that are smooth in pieces numbers are.
    """

    gradients: bool = False
    fisher: bool = False
    jacobian: bool = False
    same: bool = False
    pieces: bool = False


@dataclass
class Seen:
    """What the passes gave; what was not asked for is empty.

    Attributes:
        gradients: Of the loss, one tensor in the shape of its weight for each of `weights`.
        fisher: For each of `weights`, float32 [output channels].
        jacobian: float32 [batch, channels, height, width].
        same: float64 [batch, batch], numbers of units; zeros if there is no ReLU.
        pieces: To be entered for the same batch once more.
    """

    gradients: list[torch.Tensor]
    fisher: list[torch.Tensor]
    jacobian: torch.Tensor
    same: torch.Tensor
    pieces: Pieces


class Watch(TorchFunctionMode):
    """Shows what some torch functions read, while it is entered.

    A graph's network calls activations and means as functions: there are no modules for hooks.
    """

    def __init__(self, functions: Iterable[Any], visit: Callable[[torch.Tensor], None]) -> None:
        super().__init__()
        self.functions = frozenset(functions)
        self.visit = visit

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a torch function as it was to be called, once its input was shown."""
        if func in self.functions:
            self.visit(args[0])
        return func(*args, **(kwargs or {}))


def layers(net: nn.Module) -> dict[str, nn.Conv2d | nn.Linear]:
    """Return the convolutions and dense layers of a network by name."""
    return {n: m for n, m in net.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))}


def weights(net: nn.Module) -> list[torch.Tensor]:
    """Return the weights that proxies look at."""
    return [layer.weight for layer in layers(net).values()]


def run(net: nn.Module, batch: Batch, needs: Needs) -> Seen:
    """Do one forward pass, and none, one or two backward passes, as is needed.

    Args:
        net: A network in train mode; gradients need class scores [batch, classes] and weights.
        batch: Images and classes.
        needs: What is wanted.
    """
    images = batch.images.detach().requires_grad_(needs.jacobian)
    same = torch.zeros(len(images), len(images), dtype=torch.float64)
    seen = Seen([], [], torch.empty(0, 0), same, Pieces())
    if not any(needs):
        return seen
    outputs: list[torch.Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda _layer, _reads, output: outputs.append(output))
        for layer in layers(net).values()
        if needs.fisher
    ]
    watch = Watch(RELUS if needs.same else (), lambda x: add_same(seen.same, x))
    with seen.pieces if needs.pieces else nullcontext(), watch:
        logits = net(images)
    for hook in hooks:
        hook.remove()
    if needs.jacobian:
        (seen.jacobian,) = torch.autograd.grad(
            logits.sum(), images, retain_graph=needs.gradients, materialize_grads=True
        )
    if needs.gradients:
        # From here on only: the pass for the Jacobian goes through the same outputs.
        seen.fisher = [fisher_at(output) for output in outputs]
        seen.gradients = gradients(logits, batch, weights(net))
    return seen


def gradients(logits: torch.Tensor, batch: Batch, by: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Return the gradients of the mean cross-entropy, zeros where it does not depend on one."""
    loss = functional.cross_entropy(logits, batch.classes)
    return list(torch.autograd.grad(loss, list(by), allow_unused=True, materialize_grads=True))


def add_same(same: torch.Tensor, x: torch.Tensor) -> None:
    """Count the units of a ReLU that read a positive number for both of two images, or for neither.

    Args:
        same: float64 [batch, batch]; the counts are added to it.
        x: [batch, ...], what the ReLU reads.
    """
    if x.ndim == 4:
        x = x.movedim(1, -1)  # as it lies in memory; the order of units does not matter
    signs = x.detach().gt(0).flatten(1).float().mul_(2).sub_(1)
    # Of n units that differ in d, signs multiply to n - 2 d: exact up to 2^24 units.
    same += (signs.shape[1] + signs @ signs.T) / 2


def fisher_at(output: torch.Tensor) -> torch.Tensor:
    """Return float32 [channels], to be filled when gradients reach a layer's output.

    It is half the mean over images of the square of the sum over pixels of output times gradient
    (Theis et al., 2018, section 2; Turner et al., 2020, section 3).

    Args:
        output: [batch, channels, height, width], a tensor of a graph of gradients.
    """
    found = torch.zeros(output.shape[1])
    value = output.detach()  # an output that its own hook held would never leave memory

    def take(gradient: torch.Tensor) -> None:
        by_image = (value * gradient).flatten(2).sum(2)
        found.copy_(by_image.square().mean(0) / 2)

    output.register_hook(take)  # type: ignore[no-untyped-call]
    return found
