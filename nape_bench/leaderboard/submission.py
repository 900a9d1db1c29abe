"""A submission made of results: what it says of itself, and its predictions."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.atomic import new_folder, write_text
from nape_bench.errors import DataError
from nape_bench.evaluation.recording.records import PREDICTIONS_FILE, write_predictions
from nape_bench.evaluation.run import ONCE, UNKNOWN, UNTAUGHT
from nape_bench.leaderboard.checking.folder import NAME, check_folder
from nape_bench.leaderboard.checking.metadata import (
    METADATA_FILE,
    Entry,
    Metadata,
    write_metadata,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.evaluation.result import Result

PACKAGED = "nape_bench"
"""What stands for the address of code that comes with this package."""


@dataclass(frozen=True)
class About:
    """What results cannot know of themselves; the fields are those of `Metadata`."""

    name: str
    authors: tuple[str, ...]
    summary: str
    code: str
    licence: str = "MIT"
    paper: str = ""
    training_data: str = ""
    hardware: str = ""
    parameters: int | None = None
    remarks: str = ""


def describe(results: Mapping[str, Result], about: About) -> Metadata:
    """Return what a submission says of itself: all that results know, and `about`.

    Args:
        results: The results of one predictor, by protocol.
        about: The rest.

    Raises:
        DataError: There are no results, or they are not of one predictor.
    """
    if not results:
        raise DataError("a submission needs one result at least")
    first = next(iter(results.values()))
    for name, result in results.items():
        if (result.predictor.name, result.predictor.is_value) != (
            first.predictor.name,
            first.predictor.is_value,
        ):
            raise DataError(
                f"{name} is of {result.predictor.name}, {first.protocol} of "
                f"{first.predictor.name}: one submission is one predictor"
            )
    return Metadata(
        name=about.name,
        authors=about.authors,
        summary=about.summary,
        code=about.code,
        licence=about.licence,
        is_value=first.predictor.is_value,
        protocols={name: _entry(result) for name, result in results.items()},
        paper=about.paper,
        deterministic=all(_is_same_each_time(result) for result in results.values()),
        training_data=about.training_data,
        hardware=about.hardware or first.environment.get("machine", ""),
        parameters=about.parameters,
        remarks=about.remarks,
        settings=dict(first.predictor.settings),
        environment=dict(first.environment),
    )


def folder_name(name: str) -> str:
    """Return what a submission's folder may be called, made of what its reader calls it.

    Raises:
        DataError: Nothing of it can be used.
    """
    made = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    if not NAME.fullmatch(made):
        raise DataError(
            f"no folder can be named after {name!r}: give --id, 2 to 40 of a-z, 0-9, _ and -"
        )
    return made


def write_submission(
    folder: Path, results: Mapping[str, Result], metadata: Metadata, *, overwrite: bool = False
) -> Path:
    """Write a submission's folder, which appears whole or not at all.

    Args:
        folder: Where to; parents are made.
        results: The results, by protocol.
        metadata: What it says of itself.
        overwrite: Whether a submission that is there may be replaced.

    Raises:
        DataError: The folder is there already, or is no submission's.
    """
    check_free(folder, overwrite=overwrite)
    if folder.exists():
        shutil.rmtree(folder)
    with new_folder(folder) as new:
        write_predictions(new / PREDICTIONS_FILE, results)
        write_text(new / METADATA_FILE, write_metadata(metadata))
    return folder


def check_free(folder: Path, *, overwrite: bool = False) -> None:
    """Check that a submission may be written as a folder.

    Raises:
        DataError: It is there already, or is no submission's.
    """
    if folder.exists() and not overwrite:
        raise DataError(f"{folder}: is there already; name another, or ask to overwrite it")
    if folder.exists() and check_folder(folder):
        raise DataError(f"{folder}: is no submission's folder, and is not overwritten")


def _entry(result: Result) -> Entry:
    seconds = result.seconds
    return Entry(
        dataset=result.dataset.name,
        config=result.dataset.config,
        version=result.dataset.version,
        content_hash=result.dataset.content_hash,
        labels=_labels_shown(result),
        seeds=result.seeds,
        fit_seconds=None if seconds is None else _mean(seconds.fit),
        predict_seconds=None if seconds is None else _mean(seconds.predict),
    )


def _labels_shown(result: Result) -> int:
    """Return how many labels a predictor was shown, others than the target among them.

    Those of other columns and tasks are counted in the protocol's budget alone; a result says
    whether they were made use of.
    """
    counts = result.counts
    if ONCE in result.notes:
        return 0
    own = counts.train + counts.validation
    shown_others = not {UNKNOWN, UNTAUGHT} & set(result.notes)
    has_others = any(
        note.startswith(("May be seen of", "Labels of other")) for note in result.notes
    )
    return counts.label_budget if shown_others and has_others else own


def _is_same_each_time(result: Result) -> bool:
    rows = list(result.predictions.values())
    return ONCE in result.notes and all(np.array_equal(rows[0], row) for row in rows)


def _mean(values: tuple[float, ...]) -> float:
    return float(f"{sum(values) / len(values):.3g}")
