"""The images that proxies look at: drawn, with the spectrum of photographs.

Published proxies are of photographs (CIFAR-10 and others), which this package does not have. The
amplitude of these images falls with frequency as that of natural images does (Field, 1987), their
colours go together, and images of a class share a picture. Nothing but numpy draws them, for any
size and number of channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nape_bench.graph import ArchGraph

SHARED = 0.25
"""Part of the variance of an image that is its class's picture."""

GREY = 0.7
"""Part of the variance of a channel that all channels have in common."""


class Batch(NamedTuple):
    """Images and their classes.

    Attributes:
        images: float32 [batch, channels, height, width].
        classes: int64 [batch].
    """

    images: torch.Tensor
    classes: torch.Tensor


def batch_for(graph: ArchGraph, size: int, seed: int) -> Batch:
    """Draw images as a network reads them.

    Args:
        graph: The network; the batch depends on its input's shape and its number of classes.
        size: Number of images.
        seed: 0 or more.

    Returns:
        Images of mean 0 and variance 1 in each channel, and their classes. These are at most half
        as many as images, spread over those of the network, so that each has two images or more:
        epe_nas compares images of a class.
    """
    h, w, c = (int(graph.column(name)[0]) for name in ("h_out", "w_out", "c_out"))
    outputs = int(graph.column("c_in")[-1])
    rng = np.random.default_rng([seed, 1])
    kinds = max(1, min(outputs, size // 2))
    kind = np.arange(size) % kinds
    pictures, own = (_pictures(n, (c, h, w), rng) for n in (kinds, size))
    mixed = np.sqrt(SHARED) * pictures[kind] + np.sqrt(1 - SHARED) * own
    images = torch.from_numpy(_standardised(mixed).astype(np.float32))
    return Batch(
        images.contiguous(memory_format=torch.channels_last),
        torch.from_numpy(kind * outputs // kinds),
    )


def _pictures(n: int, shape: tuple[int, int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw float64 [n, channels, height, width], variance 1, with an amplitude of 1 / frequency."""
    c, h, w = shape
    noise = np.sqrt(1 - GREY) * rng.standard_normal((n, c, h, w))
    noise += np.sqrt(GREY) * rng.standard_normal((n, 1, h, w))
    frequency = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w))
    frequency[0, 0] = np.inf if h * w > 1 else 1  # a single pixel has no other
    return _standardised(np.fft.irfft2(np.fft.rfft2(noise) / frequency, s=(h, w)))


def _standardised(images: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring each channel of each image to mean 0 and variance 1; a single pixel stays as it is."""
    if images.shape[2] * images.shape[3] == 1:
        return images
    images = images - images.mean((2, 3), keepdims=True)
    whole: NDArray[np.float64] = images / images.std((2, 3), keepdims=True)
    return whole
