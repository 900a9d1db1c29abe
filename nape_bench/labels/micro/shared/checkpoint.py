"""Files of supernets: NumPy's .npz, without pickled objects, whole or not there at all."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nape_bench.atomic import new_file, sync_folder
from nape_bench.errors import DataError
from nape_bench.labels.micro.shared.training import Training

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.labels.micro.shared.supernet import Supernet

NET, STATE, MARK = "net.", "state.", "training"


def save(path: Path, supernet: Supernet, training: Training, settings: dict[str, Any]) -> None:
    """Write a supernet and how far its training is; a file of that name is replaced at once.

    Args:
        path: The file.
        supernet: Its weights are kept.
        training: Is kept, optimisers included.
        settings: What the weights depend on, plain JSON.

    Raises:
        OSError: It cannot be written (a full disk); what was there stays.
    """
    mark = {"losses": training.losses, "seconds": training.seconds, "settings": settings}
    arrays = {
        MARK: np.array(json.dumps(mark)),
        **{NET + name: p.detach().numpy() for name, p in supernet.net.named_parameters()},
        **{STATE + name: tensor.numpy() for name, tensor in training.state.items()},
    }
    with new_file(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def load(path: Path, supernet: Supernet, settings: dict[str, Any]) -> Training | None:
    """Read a supernet's weights into it.

    Args:
        path: The file.
        supernet: A new one of the same settings.
        settings: As given to `save`.

    Returns:
        How far its training is; None where there is no such file.

    Raises:
        DataError: The file is broken, or of a supernet of other settings.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            mark = json.loads(str(arrays[MARK]))
            tensors = {n: torch.from_numpy(arrays[n]) for n in arrays.files if n != MARK}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: no supernet can be read: {error}; remove it") from error
    if mark["settings"] != json.loads(json.dumps(settings)):
        raise DataError(f"{path}: a supernet of other settings: take another store, or remove it")
    with torch.no_grad():
        for name, parameter in supernet.net.named_parameters():
            parameter.copy_(tensors[NET + name])
    state = {n.removeprefix(STATE): t for n, t in tensors.items() if n.startswith(STATE)}
    return Training(mark["losses"], mark["seconds"], state)
