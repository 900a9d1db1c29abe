"""Tracing a torch module: what it computes for an example, as a list of operators."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from nape_bench.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterator


def exported(module: torch.nn.Module, example: torch.Tensor) -> torch.export.ExportedProgram:
    """Trace a module as it is at inference; nothing is computed, no weights are needed.

    torch.export follows Python as it runs, on tensors that have shapes and no values. It gives
    operators as coarse as they were called (one for a whole attention), and their shapes.

    Raises:
        GraphError: It is no module or no tensor, what it computes depends on the values of the
            image, or it fails.
    """
    if not isinstance(module, torch.nn.Module):
        raise GraphError(f"a torch module expected, not {type(module).__name__}")
    if not isinstance(example, torch.Tensor):
        raise GraphError(
            f"an example input expected, not {type(example).__name__}: give torch.empty(1, 3, 224, "
            "224) for images of that size"
        )
    held = next((p.device for p in module.parameters()), example.device)
    given = torch.empty_like(example, device=held)
    with _at_inference(module), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return torch.export.export(module, (given,), strict=False)
        except Exception as error:
            # Anything may go wrong inside the module, or in what follows it.
            told = str(error).strip().splitlines()
            raise GraphError(
                f"{type(module).__name__} cannot be traced for {list(example.shape)}: "
                f"{type(error).__name__}: {told[0] if told else ''}"
            ) from error


@contextmanager
def _at_inference(module: torch.nn.Module) -> Iterator[None]:
    """Switch every part of a module to inference, and back again to what it was."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def shape_of(node: torch.fx.Node) -> tuple[int, ...]:
    """Return the shape of what a node of a trace makes, or of the first of several."""
    value = node.meta.get("val")
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    shape: tuple[Any, ...] = tuple(getattr(value, "shape", ()))
    if any(not isinstance(size, int) for size in shape):
        raise GraphError(f"{node.name}: its sizes depend on values of the image")
    return shape
