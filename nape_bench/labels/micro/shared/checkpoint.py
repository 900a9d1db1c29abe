"""Files of supernets (`labels.arrays`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch

from nape_bench.errors import DataError
from nape_bench.labels.arrays import read_arrays, write_arrays
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
    told = {"losses": training.losses, "seconds": training.seconds, "settings": settings}
    arrays = {
        **{NET + name: p.detach().numpy() for name, p in supernet.net.named_parameters()},
        **{STATE + name: tensor.numpy() for name, tensor in training.state.items()},
    }
    write_arrays(path, MARK, told, arrays)


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
    found = read_arrays(path, MARK, "supernet")
    if found is None:
        return None
    told, arrays = found
    if told["settings"] != json.loads(json.dumps(settings)):
        raise DataError(f"{path}: a supernet of other settings: take another store, or remove it")
    with torch.no_grad():
        for name, parameter in supernet.net.named_parameters():
            parameter.copy_(torch.from_numpy(arrays[NET + name]))
    state = {
        name.removeprefix(STATE): torch.from_numpy(values)
        for name, values in arrays.items()
        if name.startswith(STATE)
    }
    return Training(told["losses"], told["seconds"], state)
