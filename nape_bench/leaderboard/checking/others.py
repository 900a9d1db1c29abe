"""What other submissions predicted and scored, to compare a new one with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.leaderboard.checking.check import check_submission, read_predicted
from nape_bench.leaderboard.checking.finding import Finding, error
from nape_bench.leaderboard.checking.folder import check_folder, read_bytes
from nape_bench.leaderboard.checking.metadata import (
    METADATA_FILE,
    WITHDRAWN,
    Metadata,
    read_metadata,
)
from nape_bench.leaderboard.checking.report import Report
from nape_bench.leaderboard.checking.sheet import Sheets
from nape_bench.leaderboard.checking.stored import read_stored
from nape_bench.leaderboard.checking.suspicion import check_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nape_bench.leaderboard.checking.folders import Folders
    from nape_bench.leaderboard.checking.predictions import Predicted
    from nape_bench.leaderboard.checking.scoring import Score


def check_beside_others(folder: Path, folders: Folders) -> Report:
    """Check a submission beside all others of a board.

    Args:
        folder: The submission's folder; if one of the same name is on the board, this takes its
            place.
        folders: The board's.
    """
    if folders.is_taken(folder):
        return Report(folder.name, (name_taken(folder.name),))
    rest = {name: path for name, path in folders.listed().items() if name != folder.name}
    # YAML takes longest to read: once each.
    said = {name: told for name, path in rest.items() if (told := metadata_of(path)) is not None}
    wanted, sheets = protocols_of(folder), Sheets(folders.sheets)
    report = check_submission(
        folder,
        sheets,
        others=_predictions_of(rest, said, sheets, wanted, folder.name),
        best=best_of({name: read_stored(folders.results, name) for name in rest}, wanted),
        accepted=folders.accepted().get(folder.name),
    )
    if report.metadata is None:
        return report
    return replace(report, findings=(*report.findings, *check_name(report.metadata, said)))


def name_taken(name: str) -> Finding:
    """Return what is said of a submission that has the name of a recorded baseline."""
    return error("name", name, "a recorded baseline has this name: call the folder otherwise")


def protocols_of(folder: Path) -> set[str]:
    """Return the protocols that a submission names, if that can be read."""
    metadata = metadata_of(folder)
    return set() if metadata is None else set(metadata.protocols)


def metadata_of(folder: Path) -> Metadata | None:
    """Return what a submission says of itself, None where that cannot be read."""
    if check_folder(folder):
        return None
    try:
        return read_metadata(read_bytes(folder, METADATA_FILE).decode())[0]
    except (DataError, UnicodeDecodeError):
        return None


def may_be_copied(metadata: Metadata, by: str) -> bool:
    """Return whether a submission has said that another takes its place, or was withdrawn."""
    return metadata.superseded_by == by or metadata.lifecycle == WITHDRAWN


def _predictions_of(
    listed: Mapping[str, Path],
    said: Mapping[str, Metadata],
    sheets: Sheets,
    wanted: set[str],
    by: str,
) -> dict[str, dict[str, Predicted]]:
    """Read the predictions of submissions on some protocols, by name and protocol.

    Those that the submission `by` may copy are left out.
    """
    made = {}
    for name, told in said.items():
        if wanted.isdisjoint(told.protocols) or may_be_copied(told, by):
            continue
        predicted, _, _ = read_predicted(listed[name], told, sheets)
        made[name] = {protocol: each for protocol, each in predicted.items() if protocol in wanted}
    return made


def best_of(
    stored: Mapping[str, Mapping[str, Score]], wanted: Iterable[str]
) -> dict[str, tuple[str, Score]]:
    """Return the best stored score of each protocol by rank correlation, and whose it is."""
    found: dict[str, tuple[str, Score]] = {}
    for protocol in wanted:
        told = [(name, each[protocol]) for name, each in stored.items() if protocol in each]
        if told:
            found[protocol] = max(told, key=lambda pair: pair[1].metrics["spearman"].value)
    return found
