"""Supernet: the weights that all sub-networks of a family share, and its sub-networks."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch.func import functional_call

from nape_bench.errors import NapeError
from nape_bench.labels.micro.branches import set_branch_gain
from nape_bench.labels.micro.images import images
from nape_bench.labels.micro.scaled import scaled
from nape_bench.labels.micro.shared.align import aligned, part_of, place
from nape_bench.labels.micro.shared.skeleton import Skeletons
from nape_bench.spaces import SupernetSpace, space

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.images import Images
    from nape_bench.labels.micro.recipe import Scale, SharedRecipe
    from nape_bench.spaces import Spec


class Supernet:
    """The largest network of a family at a scale, of which all others are parts.

    Weights begin as those of the network trained by itself would, with the same seed.

    Args:
        name: Name of the family.
        recipe: Says what the task is, and how residual branches begin.
        scale: How small networks are.
        seed: 0 or more.

    Attributes:
        family: The space.
        largest: Its largest network, normal form.
        graph: The graph of that.
        net: The largest network itself, with the shared weights.

    Raises:
        NapeError: The family is no once-for-all family.
    """

    def __init__(self, name: str, recipe: SharedRecipe, scale: Scale, seed: int) -> None:
        self.name, self._task, self._scale = name, recipe.task, scale
        self.family = supernet_space(name)
        self.largest = self.family.largest(self.family.example)
        self.graph = self.build(self.largest)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = self.graph.to_torch()
        set_branch_gain(self.net, self.graph, recipe.branch_gain)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._parts = self.family.parts(self.largest, depth=scale.depth)
        self._shared = {place(name): weights for name, weights in self.net.named_parameters()}
        self._skeletons = Skeletons()

    def build(self, spec: Spec) -> ArchGraph:
        """Return the graph of a sub-network, at the scale of the supernet."""
        return scaled(self.family, spec, self._scale, self._task)

    @cached_property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of all weights: which supernet this is.

        It is worked out when it is first asked for, which is after the training.
        """
        digest = hashlib.sha256()
        for name, weights in sorted(self.net.named_parameters()):
            digest.update(name.encode())
            digest.update(weights.detach().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    def images(self) -> tuple[Images, Images]:
        """Return training and test images, of the size that networks read."""
        return images(self._task, int(self.graph.column("h_out")[0]))

    def logits(self, spec: Spec, pixels: torch.Tensor) -> torch.Tensor:
        """Run a sub-network in train mode, so that gradients reach the weights that it uses.

        Args:
            spec: The sub-network, of this supernet.
            pixels: float32 [n, 3, side, side].

        Returns:
            float32 [n, outputs].
        """
        net = self._skeletons.network(self.build(spec))
        logits: torch.Tensor = functional_call(net, self.weights(spec, net), (pixels,))
        return logits

    def weights(self, spec: Spec, net: torch.nn.Module) -> dict[str, torch.Tensor]:
        """Return the weights of a sub-network, views of the shared ones, by parameter of `net`.

        Args:
            spec: The sub-network.
            net: A network of its graph.

        Raises:
            NapeError: It is of another supernet of the family.
        """
        _check_part(self.family, spec, self.largest)
        nodes = aligned(self.family.parts(spec, depth=self._scale.depth), self._parts)
        found = {}
        for name, parameter in net.named_parameters():
            node, kind = place(name)
            found[name] = part_of(self._shared[nodes[node], kind], parameter.shape)
        return found

    def network(self, spec: Spec) -> torch.nn.Module:
        """Return a sub-network by itself, with a copy of its weights but no BatchNorm statistics.

        Raises:
            NapeError: It is of another supernet of the family.
        """
        with torch.random.fork_rng(devices=[]):
            net = self.build(spec).to_torch()
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        with torch.no_grad():
            for name, weights in self.weights(spec, net).items():
                net.get_parameter(name).copy_(weights)
        return net


def check_part(name: str, spec: Spec) -> None:
    """Make sure that an architecture is of the supernet that is trained for its family.

    Raises:
        UnknownNameError: There is no such space.
        SpecError: The specification is malformed.
        NapeError: It is of another supernet, or the space is no once-for-all family.
    """
    family = supernet_space(name)
    _check_part(family, spec, family.largest(family.example))


def _check_part(family: SupernetSpace, spec: Spec, largest: Spec) -> None:
    if family.largest(spec) != largest:
        raise NapeError(
            f"{family.name}: {family.format(spec)} is of another supernet than those that "
            "are drawn, and shares no weights with them"
        )


def supernet_space(name: str) -> SupernetSpace:
    """Return a once-for-all space.

    Raises:
        UnknownNameError: There is no such space.
        NapeError: It is none.
    """
    family = space(name)
    if not isinstance(family, SupernetSpace):
        raise NapeError(
            f"{name} is no once-for-all family: its networks share no weights; take a recipe that "
            "trains each by itself"
        )
    return family
