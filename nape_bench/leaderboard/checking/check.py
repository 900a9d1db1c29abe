"""check_submission: all that is checked before a submission may stand on the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.leaderboard.checking.finding import Finding, Level, RefusedError, error, shown
from nape_bench.leaderboard.checking.folder import PREDICTIONS_FILE, check_folder, read_bytes
from nape_bench.leaderboard.checking.metadata import METADATA_FILE, Metadata, read_metadata
from nape_bench.leaderboard.checking.predictions import (
    Predicted,
    fit_to_sheets,
    read_predictions,
)
from nape_bench.leaderboard.checking.report import Report
from nape_bench.leaderboard.checking.scoring import Score, is_current, score
from nape_bench.leaderboard.checking.suspicion import check_copies, check_labels, check_scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nape_bench.leaderboard.checking.sheet import Sheet, Sheets

STALE = "stale-dataset"
"""Code of the one error that time alone brings: the dataset has a newer version."""


def check_submission(
    folder: Path,
    sheets: Sheets,
    *,
    others: Mapping[str, Mapping[str, Predicted]] | None = None,
    best: Mapping[str, tuple[str, Score]] | None = None,
    accepted: Mapping[str, str] | None = None,
    taken: Mapping[str, Score] | None = None,
    scored: bool = True,
) -> Report:
    """Check a submission, and score it where labels are at hand.

    Nothing that is in the folder is run. Errors that do not hide others are told together.

    Args:
        folder: The submission's folder.
        sheets: What protocols ask.
        others: Predictions of other submissions, by name and protocol, which it may not copy.
        best: The best other submission of each protocol, with its score.
        accepted: Questions that a maintainer has accepted, by code, with the reason.
        taken: Stored scores by protocol; what they are still true of is not scored again.
        scored: Whether to score it at all, which takes most of the time.
    """
    findings = check_folder(folder)
    if findings:
        return Report(folder.name, tuple(findings))
    try:
        text = read_bytes(folder, METADATA_FILE).decode()
    except (RefusedError, UnicodeDecodeError) as failed:
        return Report(folder.name, (_unreadable(failed),))
    metadata, findings = read_metadata(text)
    if metadata is None:
        return Report(folder.name, tuple(findings))
    predicted, asked, findings = read_predicted(folder, metadata, sheets)
    findings += check_labels(predicted, asked)
    findings += check_copies(predicted, others or {})
    kept = taken or {}
    scores = (
        {
            name: score(each, asked[name], is_value=metadata.is_value)
            for name, each in predicted.items()
            if asked[name].y is not None
            and not (name in kept and is_current(kept[name], each, asked[name]))
        }
        if scored and not any(each.code == "labels" for each in findings)
        else {}
    )
    findings += check_scores(scores, asked, best or {})
    return Report(folder.name, tuple(findings), metadata, predicted, scores, accepted or {})


def read_predicted(
    folder: Path, metadata: Metadata, sheets: Sheets
) -> tuple[dict[str, Predicted], dict[str, Sheet], list[Finding]]:
    """Read a submission's predictions, as far as they fit what its protocols ask.

    Args:
        folder: Its folder, whose files `check_folder` has passed.
        metadata: What it says of itself.
        sheets: What protocols ask.

    Returns:
        Predictions by protocol, what these protocols ask, and what is wrong.
    """
    asked, findings = _sheets(metadata, sheets)
    try:
        table = read_predictions(read_bytes(folder, PREDICTIONS_FILE))
    except RefusedError as refused:
        return {}, asked, [*findings, refused.finding]
    predicted, misfits = fit_to_sheets(table, metadata, asked)
    return predicted, asked, [*findings, *misfits]


def _unreadable(failed: RefusedError | UnicodeDecodeError) -> Finding:
    if isinstance(failed, RefusedError):
        return failed.finding
    return error("yaml", METADATA_FILE, f"no UTF-8 text: {failed.reason} at byte {failed.start}")


def _sheets(metadata: Metadata, sheets: Sheets) -> tuple[dict[str, Sheet], list[Finding]]:
    """Read the sheets of a submission's protocols, and compare what it says with them."""
    asked, found = {}, []
    for name in metadata.protocols:
        where = f"{METADATA_FILE}, {name}"
        if name not in sheets:
            found.append(
                error(
                    "protocol",
                    where,
                    f"the board has no protocol {shown(name)}: `nape-bench protocols` lists them",
                )
            )
            continue
        try:
            sheet = sheets[name]
        except DataError as failed:
            found.append(error("sheet", where, str(failed)))
            continue
        wrong = list(_against(metadata, sheet, where))
        found += wrong
        if not any(each.level is Level.ERROR for each in wrong):
            asked[name] = sheet
    return asked, found


def _against(metadata: Metadata, sheet: Sheet, where: str) -> Iterator[Finding]:
    entry, facts = metadata.protocols[sheet.facts.protocol], sheet.facts
    if (entry.dataset, entry.config) != (facts.dataset, facts.config):
        yield error(
            "dataset",
            where,
            f"on {entry.dataset} ({entry.config}), and the protocol is on {facts.dataset} "
            f"({facts.config})",
        )
    elif (entry.version, entry.content_hash) != (facts.version, facts.content_hash):
        yield error(
            STALE,
            where,
            f"on {entry.dataset} {entry.version} (content {entry.content_hash[:12]}...), and the "
            f"board is on {facts.version} ({facts.content_hash[:12]}...): run it again on that "
            "version, `nape-bench run ... --record`",
        )
    if entry.labels > facts.label_budget:
        yield error(
            "label-budget",
            where,
            f"{entry.labels:,} labels were shown, and the protocol gives {facts.label_budget:,}",
        )
    one_is_enough = metadata.deterministic and facts.shots == 0
    if one_is_enough and len(entry.seeds) == 1:
        return
    if set(entry.seeds) != set(facts.seeds):
        alone = " (one is enough of what predicts the same each time: deterministic: true)"
        yield error(
            "seeds",
            where,
            f"seeds {sorted(entry.seeds)}, and the protocol asks for {sorted(facts.seeds)}"
            + (alone if facts.shots == 0 else ""),
        )
