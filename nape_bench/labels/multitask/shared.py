"""Heads that the bodies of a family share: found in a folder, or trained there by one process."""

from __future__ import annotations

import functools
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from nape_bench.errors import DataError, StoreError
from nape_bench.labels.arrays import read_arrays, write_arrays
from nape_bench.labels.locks import locked
from nape_bench.labels.multitask.head import Head
from nape_bench.labels.multitask.latent import shared_head
from nape_bench.labels.multitask.start import supernet_of

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.labels.micro.shared.supernet import Supernet
    from nape_bench.labels.multitask.recipe import MultitaskRecipe

MARK = "head"


class Shared(NamedTuple):
    """What bodies of a family share.

    Attributes:
        supernet: Gives them their weights.
        head: The head that is fitted to each.
        seconds: Processor time that training the head took.
    """

    supernet: Supernet
    head: Head
    seconds: float


@functools.lru_cache(maxsize=2)
def shared_by(
    space: str,
    recipe: MultitaskRecipe,
    seed: int,
    folder: Path | None = None,
    *,
    progress: bool = False,
) -> Shared:
    """Return what bodies of a family share; the caller sets one thread.

    Args:
        space: A once-for-all family.
        recipe: How the head is trained.
        seed: Of the head.
        folder: Where supernets and heads are kept, `<folder>/<version>-<family>-<seed>.npz`; None
            trains them in this process.
        progress: Whether to tell on standard error how far a training is.

    Raises:
        NapeError: The supernet diverged.
        StoreError: The folder cannot be written, or a file of it is broken or of another recipe.
    """
    supernet, _ = supernet_of(space, recipe, folder, progress=progress)
    if folder is None:
        return _trained(supernet, recipe, seed)
    path = folder / f"{recipe.version}-{space}-{seed}.npz"
    settings = json.loads(json.dumps({**recipe.to_dict(), "seed": seed}))
    try:
        with locked(folder / f".{path.name}.lock", wait=True):
            found = _read(path, supernet, settings)
            if found is None:
                found = _trained(supernet, recipe, seed)
                _write(path, found, settings)
    except OSError as error:
        raise StoreError(f"{path}: the shared head cannot be kept or read: {error}") from error
    return found


def _trained(supernet: Supernet, recipe: MultitaskRecipe, seed: int) -> Shared:
    start = time.process_time()
    head = shared_head(supernet, recipe, seed)
    return Shared(supernet, head, time.process_time() - start)


def _write(path: Path, shared: Shared, settings: dict[str, Any]) -> None:
    told = {"settings": settings, "seconds": shared.seconds, "channels": shared.head.channels}
    state = {name: tensor.numpy() for name, tensor in shared.head.state_dict().items()}
    write_arrays(path, MARK, told, state)


def _read(path: Path, supernet: Supernet, settings: dict[str, Any]) -> Shared | None:
    """Return what a file holds; None where there is no such file."""
    try:
        found = read_arrays(path, MARK, "head")
    except DataError as error:
        raise StoreError(str(error)) from error
    if found is None:
        return None
    told, arrays = found
    try:
        if told["settings"] != settings:
            raise StoreError(f"{path}: a head of another recipe: take another store, or remove it")
        head = Head(told["channels"])
        head.load_state_dict({name: torch.from_numpy(values) for name, values in arrays.items()})
        seconds = told["seconds"]
    except (ValueError, KeyError, RuntimeError) as error:
        raise StoreError(f"{path}: no head can be read: {error}; remove it") from error
    head.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Shared(supernet, head, seconds)
