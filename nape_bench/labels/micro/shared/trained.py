"""Trained supernets: found in a folder, or trained there, by one process at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import sys
import time
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError, NapeError, StoreError
from nape_bench.labels.locks import locked
from nape_bench.labels.micro.shared.checkpoint import load, save
from nape_bench.labels.micro.shared.supernet import Supernet
from nape_bench.labels.micro.shared.training import Training, train_supernet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nape_bench.labels.micro.recipe import Scale, SharedRecipe

KEPT_EVERY = 20.0
"""Seconds between checkpoints; at the end of an epoch, so that nothing depends on it."""
TOLD_EVERY = 60.0
"""Seconds between lines about how far a training is."""


@functools.lru_cache(maxsize=4)
def trained(
    name: str,
    recipe: SharedRecipe,
    scale: Scale,
    seed: int,
    folder: Path | None = None,
    *,
    progress: bool = False,
) -> tuple[Supernet, Training]:
    """Return a trained supernet; the process keeps the last four.

    With a folder it is read from `<folder>/<version>-<family>-<seed>.npz`, or trained and kept
    there: one process trains it while others wait, and a training that was killed goes on from
    its last checkpoint. Without one it is trained in this process.

    Args:
        name: Name of a once-for-all family.
        recipe: How to train.
        scale: How small networks are.
        seed: 0 or more.
        folder: Where supernets are kept; what it lies in must be there.
        progress: Whether to tell on standard error how far a training is.

    Raises:
        NapeError: The family is no once-for-all family, or the training diverged.
        StoreError: The folder cannot be written (a full disk) or be there, because this machine
            does not have the disk; the file is broken, or of a supernet of other settings.
    """
    supernet = Supernet(name, recipe, scale, seed)
    tell = _Teller(f"supernet {recipe.version} {name} {seed}", recipe.epochs, shown=progress)
    if folder is None:
        training = Training()
        tell.begin(training)
        train_supernet(supernet, recipe, seed, training, tell)
    else:
        if not folder.parent.is_dir():
            raise StoreError(
                "the label store is not on this machine: labels with shared weights need a store "
                "that all machines have"
            )
        path = folder / f"{recipe.version}-{name}-{seed}.npz"
        with _as_store_error(path):
            training = _found(path, supernet, recipe, scale, seed, tell)
    if not training.is_sound:
        raise NapeError(
            f"the supernet diverged: its loss is {training.losses[-1]} in epoch "
            f"{len(training.losses)} of {recipe.epochs}"
        )
    return supernet, training


@contextlib.contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    """Raise what ails the file of a supernet as what ends a run: no job can be done without it."""
    try:
        yield
    except DataError as error:
        raise StoreError(str(error)) from error
    except OSError as error:
        raise StoreError(f"{path}: the supernet cannot be kept or read: {error}") from error


def _found(
    path: Path, supernet: Supernet, recipe: SharedRecipe, scale: Scale, seed: int, tell: _Teller
) -> Training:
    """Read a supernet, or train it to its end and write it."""
    settings = {**recipe.to_dict(), "scale": dataclasses.asdict(scale), "seed": seed}
    training = load(path, supernet, settings)
    if training is not None and training.is_over(recipe):
        return training
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / f".{path.name}.lock", wait=True):
        training = load(path, supernet, settings) or Training()  # another may have trained it
        if not training.is_over(recipe):
            tell.begin(training)
            keep = _Keeper(path, supernet, settings, tell)
            train_supernet(supernet, recipe, seed, training, keep)
            training.state = {}
            save(path, supernet, training, settings)
    return training


class _Keeper:
    """Writes a checkpoint from time to time."""

    def __init__(
        self, path: Path, supernet: Supernet, settings: dict[str, Any], tell: _Teller
    ) -> None:
        self._path, self._supernet, self._settings, self._tell = path, supernet, settings, tell
        self._last = time.monotonic()

    def __call__(self, training: Training) -> None:
        self._tell(training)
        if time.monotonic() - self._last >= KEPT_EVERY:
            save(self._path, self._supernet, training, self._settings)
            self._last = time.monotonic()


class _Teller:
    """Tells where a training goes on, and from time to time how far it is."""

    def __init__(self, what: str, epochs: int, *, shown: bool) -> None:
        self._what, self._epochs, self._shown = what, epochs, shown
        self._last = self._start = time.monotonic()
        self._before = 0

    def begin(self, training: Training) -> None:
        """Take note that a training begins, or goes on, now."""
        self._last = self._start = time.monotonic()
        self._before = len(training.losses)
        if self._before:
            self._say(f"goes on from epoch {self._before + 1} of {self._epochs}")

    def __call__(self, training: Training) -> None:
        done = len(training.losses)
        now = time.monotonic()
        if now - self._last >= TOLD_EVERY:
            self._last = now
            left = (now - self._start) / (done - self._before) * (self._epochs - done)
            self._say(
                f"epoch {done} of {self._epochs}, loss {training.losses[-1]:.3f}, "
                f"about {left / 60:.0f} min left"
            )

    def _say(self, text: str) -> None:
        if self._shown:
            sys.stderr.write(f"{self._what}: {text}\n")
