"""Weights of a torch module as arrays by name, as predictors are saved by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.nn import Module


def to_arrays(module: Module, start: str = "") -> dict[str, np.ndarray]:
    """Return a module's weights by name.

    Args:
        module: The module.
        start: What each name begins with, beside the module's own, as in "encoder.".
    """
    return {f"{start}{name}": part.cpu().numpy() for name, part in module.state_dict().items()}


def starting(learnt: Mapping[str, Any], start: str) -> dict[str, Any]:
    """Return what is called "<start><rest>", by the rest."""
    return {key[len(start) :]: value for key, value in learnt.items() if key.startswith(start)}


def load(module: Module, learnt: Mapping[str, Any], start: str = "") -> None:
    """Take over weights that `to_arrays` gave.

    Args:
        module: A module of the same shape.
        learnt: Arrays by name; those that do not begin with `start` are passed over.
        start: As for `to_arrays`.
    """
    import torch

    own = starting(learnt, start)
    # torch takes no array that may not be written to.
    module.load_state_dict({name: torch.from_numpy(np.array(part)) for name, part in own.items()})
