"""Files of trained weights: NumPy's .npz, without pickled objects, whole or not there at all."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nape_bench.atomic import new_file, sync_folder
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Arrays: TypeAlias = "Mapping[str, np.ndarray]"


def write_arrays(path: Path, mark: str, told: Mapping[str, Any], arrays: Arrays) -> None:
    """Write arrays, and beside them what is told of them; a file of that name is replaced at once.

    Args:
        path: The file.
        mark: Name of the entry that holds `told`.
        told: Plain JSON.
        arrays: By name.

    Raises:
        OSError: It cannot be written (a full disk); what was there stays.
    """
    entries = {mark: np.array(json.dumps(told)), **arrays}
    with new_file(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **entries)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def read_arrays(
    path: Path, mark: str, what: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Read what `write_arrays` wrote.

    Args:
        path: The file.
        mark: As given to `write_arrays`.
        what: What it holds, for the error ("supernet").

    Returns:
        What is told, and the arrays by name; None where there is no such file.

    Raises:
        DataError: The file is broken, or one of something else.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entries:
            told = json.loads(str(entries[mark]))
            return told, {name: entries[name] for name in entries.files if name != mark}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: no {what} can be read: {error}; remove it") from error
