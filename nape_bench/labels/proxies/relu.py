"""The proxy from the sides of its ReLUs on which a network puts images: nwot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.proxies.values import UndefinedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def nwot(same: ArrayLike) -> float:
    """Return log |det K| (Mellor et al., NAS without training, 2021, section 3).

    K tells of any two images how many units of all ReLUs and ReLU6s both turn on, or both turn
    off. h-swish, h-sigmoid and other smooth activations are not counted.

    Args:
        same: K, [images, images]; zeros if there is no ReLU.

    Raises:
        UndefinedError: There is no ReLU, or it turns on the same units for two images.
    """
    counts = np.asarray(same, dtype=np.float64)
    if not counts.any():
        raise UndefinedError("the network has no ReLU")
    sign, log = np.linalg.slogdet(counts)
    if sign == 0:
        raise UndefinedError("two images turn on the same units of all ReLUs")
    return float(log)
