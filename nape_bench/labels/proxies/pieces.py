"""Functions that are smooth in pieces, kept on their pieces while weights change a little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = Callable[[torch.Tensor], torch.Tensor]
    Piece = tuple[torch.Tensor, ...]


class Knots(NamedTuple):
    """A function that is 0 up to a number, and one function from there on or two.

    Attributes:
        low: Where it ceases to be 0.
        inner: What it is over `low`.
        high: Where it becomes `outer`; None if it does not.
        outer: What it is from `high` on.
    """

    low: float
    inner: Function
    high: float | None = None
    outer: Function = torch.ones_like


def _same(x: torch.Tensor) -> torch.Tensor:
    return x


KNOTS = {
    torch.relu: Knots(0, _same),
    functional.relu6: Knots(0, _same, 6, lambda x: torch.full_like(x, 6)),
    functional.hardsigmoid: Knots(-3, lambda x: (x + 3) / 6, 3),
    functional.hardswish: Knots(-3, lambda x: x * (x + 3) / 6, 3, _same),
}
"""The activations of graphs' networks that are not smooth; max-pooling is the other function."""


class Pieces(TorchFunctionMode):
    """Holds on which piece of a function each number was, from the first time it is entered.

    Whenever it is entered again, the same network runs on the same pieces, whatever its numbers
    are by then: ReLUs let through what they let through at first, max-pooling takes from where it
    took. That makes the network a smooth function of its weights, with all derivatives that it has
    at those of the first time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: list[Piece] = []
        self._calls = 0

    def __enter__(self) -> Pieces:
        """Begin a forward pass."""
        self._calls = 0
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a torch function, or the piece of it that was held."""
        kwargs = kwargs or {}
        if func is not functional.max_pool2d and func not in KNOTS:
            return func(*args, **kwargs)
        self._calls += 1
        if self._calls <= len(self._held):
            return _again(func, args[0], self._held[self._calls - 1])
        if func is functional.max_pool2d:
            result, taken = func(*args, **{**kwargs, "return_indices": True})
            self._held.append((taken,))
            return result
        self._held.append(_pieces(KNOTS[func], args[0].detach()))
        return func(*args, **kwargs)


def _pieces(knots: Knots, x: torch.Tensor) -> Piece:
    if knots.high is None:
        return (x > knots.low,)
    return ((x > knots.low) & (x < knots.high), x >= knots.high)


def _again(func: Any, x: torch.Tensor, held: Piece) -> torch.Tensor:
    if func is functional.max_pool2d:
        return _taken(x, held[0])
    # Products with masks take a third of the time of torch.where.
    knots, inside, *over = KNOTS[func], *held
    result = knots.inner(x) * inside
    return result + knots.outer(x) * over[0] if over else result


def _taken(x: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Return numbers at these pixels, channels last as they lie in memory."""
    last = at.movedim(1, -1)
    taken = x.movedim(1, -1).flatten(1, 2).gather(1, last.flatten(1, 2))
    return taken.view(last.shape).movedim(-1, 1)
