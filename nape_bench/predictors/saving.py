"""Fitted predictors as a folder: `predictor.json`, and `learnt.safetensors` with the arrays.

Nothing in the folder is run when it is read: JSON and safetensors hold numbers and text alone.
"""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.atomic import new_folder, write_text
from nape_bench.errors import DataError
from nape_bench.predictors.registry import predictor as make

if TYPE_CHECKING:
    from nape_bench.predictors.base import Predictor

TEXT_FILE, ARRAYS_FILE = "predictor.json", "learnt.safetensors"
LAYOUT = 1


def save(predictor: Predictor, folder: str | Path) -> Path:
    """Write a predictor and what it has learnt as a folder, which appears whole or not at all.

    Args:
        predictor: One of the registry.
        folder: Where to; parents are made.

    Raises:
        DataError: The folder is there already.
        NotFittedError: It needs training and had none.
        NotImplementedError: It cannot be saved.
    """
    from safetensors.numpy import save_file

    folder = Path(folder)
    if folder.exists():
        raise DataError(f"{folder}: is there already; name another folder")
    learnt = predictor.learnt()
    arrays = {
        name: np.ascontiguousarray(value)
        for name, value in learnt.items()
        if isinstance(value, np.ndarray)
    }
    about = {
        "layout": LAYOUT,
        "name": predictor.name,
        "settings": predictor.settings,
        "nape_bench": metadata.version("nape-bench"),
        "learnt": {name: value for name, value in learnt.items() if name not in arrays},
    }
    with new_folder(folder) as new:
        write_text(new / TEXT_FILE, json.dumps(about, indent=2, allow_nan=False) + "\n")
        save_file(arrays, new / ARRAYS_FILE)
    return folder


def load(folder: str | Path, **settings: Any) -> Predictor:
    """Read a predictor that `save` wrote; it predicts what the saved one did, to rounding.

    Args:
        folder: The folder.
        **settings: Settings to have instead of the saved ones, as `device="cpu"`.

    Raises:
        DataError: Files are missing or malformed, or hold something else than was saved.
        UnknownNameError: This nape_bench has no such predictor or setting.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = Path(folder)
    file, arrays_file = folder / TEXT_FILE, folder / ARRAYS_FILE
    for each in (file, arrays_file):
        if not each.is_file():
            raise DataError(f"{folder}: no {each.name} in it; `save` of a predictor writes both")
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        layout, name, saved = about["layout"], about["name"], dict(about["settings"])
        learnt = dict(about["learnt"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{file}: not a saved predictor: {error!r}") from None
    if layout != LAYOUT:
        raise DataError(f"{file}: layout {layout!r}, and this nape_bench reads {LAYOUT}")
    try:
        learnt |= load_file(arrays_file)
    except SafetensorError as error:
        raise DataError(f"{arrays_file}: not readable as safetensors: {error}") from None
    predictor = make(name, **{**saved, **settings})
    try:
        predictor.set_learnt(learnt)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{folder}: not what {name!r} has learnt: {error!r}") from None
    return predictor
