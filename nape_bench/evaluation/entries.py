"""Entries on disk: the folder of one result, or of a recorded baseline with one a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.evaluation.recording import list_recipes, read_records
from nape_bench.evaluation.recording.records import RESULTS_FILE
from nape_bench.evaluation.store import RESULT_FILE, load
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.evaluation.result import Result


def read_results(folder: Path) -> dict[str, Result]:
    """Read the results in a folder, by protocol.

    Raises:
        DataError: It is neither a result's nor a recorded baseline's, or is malformed.
    """
    if (folder / RESULTS_FILE).is_file():
        return read_records(folder)
    result = load(folder)
    return {result.protocol: result}


def find_results(name: str, given: Path, root: Path) -> dict[str, Result]:
    """Read the results that a word stands for: a folder, or a recorded baseline.

    Args:
        name: The word.
        given: The same as a path.
        root: The folder of recorded baselines.

    Raises:
        UnknownNameError: It is no folder, and no baseline.
        DataError: The folder is malformed, or nothing is recorded in it yet.
    """
    folder = given if given.is_dir() else root / name
    if not folder.is_dir():
        raise unknown_name("folder or recorded baseline", name, list_recipes(root))
    if not any((folder / file).is_file() for file in (RESULT_FILE, RESULTS_FILE)):
        raise DataError(f"{folder}: no {RESULT_FILE} and no {RESULTS_FILE} in it")
    return read_results(folder)
