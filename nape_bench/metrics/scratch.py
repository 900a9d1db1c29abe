"""Memory that is used again and again, so that a loop over draws asks the system for none.

On arrays of a megabyte the page faults of fresh memory cost more than the arithmetic.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Named arrays of uninitialised content; each lives until its name is asked for again."""

    def __init__(self) -> None:
        self._held: dict[str, NDArray[np.generic]] = {}

    def __call__(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        """Give the array `name`; whatever was in it under another shape is lost.

        Args:
            name: Which array; always asked for with the same dtype.
            shape: Its shape now.
            dtype: Its dtype.
        """
        size = math.prod(shape)
        held = self._held.get(name)
        if held is None or held.size < size:
            held = self._held[name] = np.empty(size, dtype=dtype)
        return held[:size].reshape(shape)


def row_dots(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Multiply each row of `a` [rows, n] with that of `b` [rows, n] and sum: [rows].

    Not a matrix product: BLAS spreads one over threads that then wait for each other, and on a
    busy machine that takes many times as long.
    """
    dots: NDArray[np.float64] = np.einsum("ij,ij->i", a, b)
    return dots
