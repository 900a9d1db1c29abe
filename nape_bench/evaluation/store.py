"""Results on disk: a folder with `result.json` and one `predictions-<seed>.parquet` a seed."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.evaluation.prediction_files import read_folder, write_predictions
from nape_bench.evaluation.schema import from_dict, to_json

if TYPE_CHECKING:
    from nape_bench.evaluation.result import Result

RESULT_FILE = "result.json"


def save(result: Result, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a result as a folder, which appears whole or not at all.

    Args:
        result: The result.
        folder: Where to; parents are made.
        overwrite: Whether a result that is there may be replaced.

    Returns:
        The folder.

    Raises:
        DataError: The folder holds something else, or a result that may not be replaced.
    """
    folder = Path(folder)
    check_free(folder, overwrite=overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        new.chmod(0o755)
        for seed, values in result.predictions.items():
            write_predictions(new / f"predictions-{seed}.parquet", result.ids, values)
        (new / RESULT_FILE).write_text(to_json(result), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return folder


def check_free(folder: Path, *, overwrite: bool = False) -> None:
    """Check that a result may be saved in a folder; so a long run can ask before it starts.

    Raises:
        DataError: It is a file, holds something else, or a result that may not be replaced.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder}: a file is in the way of the folder for the result")
    held = {path.name for path in folder.iterdir()}
    foreign = {name for name in held if name != RESULT_FILE and not _is_ours(name)}
    if foreign or (held and RESULT_FILE not in held):
        raise DataError(f"{folder}: holds {min(foreign or held)}, which is no result; name another")
    if held and not overwrite:
        raise DataError(f"{folder}: holds a result; name another folder, or ask to overwrite it")


def load(folder: str | Path) -> Result:
    """Read a result that `save` wrote.

    Raises:
        DataError: Files are missing or malformed, or the predictions are not those that were
            scored.
    """
    folder = Path(folder)
    file = folder / RESULT_FILE
    if not file.is_file():
        raise DataError(f"{folder}: no {RESULT_FILE} in it")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: not readable as JSON: {error}") from None
    by_seed = read_folder(folder)
    listed = [pairs.ids for pairs in by_seed.values()]
    for seed, ids in zip(by_seed, listed, strict=True):
        if ids != listed[0]:
            raise DataError(f"{folder}: the ids of seed {seed} are not those of the first seed")
    predictions = {seed: pairs.values for seed, pairs in by_seed.items()}
    return from_dict(data, tuple(listed[0]), predictions, str(file))


def _is_ours(name: str) -> bool:
    return name.startswith("predictions-") and name.endswith(".parquet")
