"""Images as networks read them, and the batches of an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from nape_bench.labels.micro.images import Images
    from nape_bench.labels.micro.recipe import Recipe


def standardised(pixels: np.ndarray) -> torch.Tensor:
    """Return float32 images of mean 0 in each channel and about unit contrast, each by itself.

    Channels are divided by one number, so that their contrasts stay comparable within an image.
    """
    x = torch.from_numpy(pixels).float() / 255
    x = x - x.mean((2, 3), keepdim=True)
    contrast = x.flatten(1).std(1)[:, None, None, None]
    return (x / (contrast + 0.05)).contiguous(memory_format=torch.channels_last)


class Batches:
    """Batches of training images, each shifted as a whole.

    Args:
        data: The training images.
        recipe: Says how large batches are, and how far they are shifted.

    Attributes:
        steps: Batches in an epoch; what is left over is left out.
    """

    def __init__(self, data: Images, recipe: Recipe) -> None:
        self._batch, self._shift = recipe.batch, recipe.shift
        self._side = data.pixels.shape[-1]
        around = (recipe.shift,) * 4
        self._pixels = functional.pad(standardised(data.pixels), around, mode="replicate")
        self._answers = torch.from_numpy(data.answers)
        self.steps = len(self._answers) // recipe.batch

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Give images float32 [batch, 3, side, side] and answers int64 [batch, questions].

        The generator is drawn from before the first batch, and not after it.
        """
        order = torch.from_numpy(rng.permutation(len(self._answers)))
        corners = rng.integers(2 * self._shift + 1, size=(self.steps, 2)).tolist()
        for step, (top, left) in enumerate(corners):
            rows = order[step * self._batch : (step + 1) * self._batch]
            shifted = self._pixels[rows, :, top : top + self._side, left : left + self._side]
            yield shifted.contiguous(memory_format=torch.channels_last), self._answers[rows]
