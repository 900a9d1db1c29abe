"""Models of torchvision and timm, without weights: what the scripts about model zoos share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


def import_torchvision() -> Any:
    """Import torchvision beside a torch that it was not built for.

    Its compiled operators are then not there, and registering their shapes would fail: names of
    torchvision's are passed over. No model is traced through one of them.
    """
    register = torch.library.register_fake

    def passing_over(name: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(name, str) and name.startswith("torchvision::"):
            return lambda function: function
        return register(name, *args, **kwargs)

    torch.library.register_fake = passing_over
    try:
        import torchvision.models
    finally:
        torch.library.register_fake = register
    return torchvision


@contextlib.contextmanager
def without_weights() -> Iterator[None]:
    """Build modules on the meta device: they have shapes, and no weights are drawn."""
    with torch.device("meta"), torch.no_grad():
        yield


def images(size: tuple[int, int], channels: int = 3) -> torch.Tensor:
    """Return a batch of one image that has a shape only."""
    return torch.empty(1, channels, *size, device="meta")


def torchvision_model(models: Any, name: str, **how: Any) -> torch.nn.Module:
    """Return a model of torchvision without weights, on the meta device.

    Args:
        models: `torchvision.models`.
        name: As `list_models` gives it.
        how: What its builder takes besides.
    """
    if name in ("googlenet", "inception_v3"):
        how["init_weights"] = False
    if name.startswith("regnet"):  # works out its widths with tensors while it is built
        module: torch.nn.Module = models.get_model(name, weights=None, **how)
        return module.to("meta")
    with without_weights():
        return models.get_model(name, weights=None, **how)
