"""assemble: check and score every submission, and rank what holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError
from nape_bench.leaderboard.board import Board, Ranking, Shown, Track
from nape_bench.leaderboard.checking.check import STALE, check_submission
from nape_bench.leaderboard.checking.finding import Level, note
from nape_bench.leaderboard.checking.limited import crashed
from nape_bench.leaderboard.checking.metadata import ACTIVE, WITHDRAWN
from nape_bench.leaderboard.checking.others import best_of, may_be_copied, name_taken
from nape_bench.leaderboard.checking.report import Report
from nape_bench.leaderboard.checking.scoring import Score, agree, is_current
from nape_bench.leaderboard.checking.sheet import Sheets
from nape_bench.leaderboard.checking.stored import read_stored
from nape_bench.leaderboard.checking.suspicion import check_copies, check_name, check_scores
from nape_bench.leaderboard.sheets import labelled
from nape_bench.leaderboard.standings import Scored, places, standings
from nape_bench.leaderboard.tracks import in_order, track_of, track_title
from nape_bench.metrics import EVALUATOR_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.leaderboard.board import Place
    from nape_bench.leaderboard.checking.folders import Folders

MOST_SHOWN = 3
"""Disagreements that an error lists."""


def assemble(
    folders: Folders, *, scored: bool = True, jobs: int = 1, progress: bool = False
) -> Board:
    """Check and score every submission, and rank what holds.

    What does not hold is left out, and nothing else changes by it. Where a protocol's labels are
    not at hand, the stored result of the same predictions stands in; where they are, it must agree.

    Args:
        folders: Where things lie.
        scored: Whether to score what a stored result is there for; if not, that is taken.
        jobs: How many processes score at once.
        progress: Whether progress is shown on standard error.

    Raises:
        DataError: A stored result does not agree with what is scored now, or a folder of the board
            is malformed.
    """
    listed = folders.listed()
    stored = {name: read_stored(folders.results, name) for name in listed}
    sheets = Sheets(folders.sheets, labelled(folders.sheets))
    reports = _reports(listed, sheets, folders, stored if not scored else {}, jobs, progress)
    reports = {name: _beside_others(name, reports, stored, sheets) for name in reports}
    standing = {
        name: report
        for name, report in reports.items()
        if report.metadata is not None
        and report.metadata.lifecycle != WITHDRAWN
        and (report.holds or _is_merely_stale(report))
    }
    by_protocol: dict[str, dict[str, Scored]] = {}
    shown = {}
    for name, report in standing.items():
        told = _told(name, report, stored[name], sheets)
        is_baseline = listed[name].parent != folders.submissions[0]
        shown[name] = _shown(report, is_baseline, told, listed)
        for protocol, each in told.items():
            by_protocol.setdefault(protocol, {})[name] = each
    rankings = {
        protocol: Ranking(sheets[protocol].facts, len(sheets[protocol].ids), places(by))
        for protocol, by in sorted(by_protocol.items())
    }
    return Board(
        submissions=shown,
        rankings=rankings,
        tracks=_tracks(rankings),
        refused={
            name: report.findings
            for name, report in reports.items()
            if not report.holds and name not in standing
        }
        | {
            f"{folder.parent.name}/{folder.name}": (name_taken(folder.name),)
            for folder in folders.taken()
        },
        evaluator=EVALUATOR_VERSION,
        scored_now=sum(len(report.scores) for report in standing.values()),
        sheets={name: sheets[name] for name in rankings},
        predicted={name: report.predicted for name, report in standing.items()},
    )


def stored_results(board: Board) -> dict[str, dict[str, Score]]:
    """Return what is to be stored of a board: scores by submission and protocol."""
    made: dict[str, dict[str, Score]] = {name: {} for name in board.submissions}
    for protocol, ranking in board.rankings.items():
        for place in ranking.places:
            made[place.submission][protocol] = place.score
    return made


def _reports(
    listed: Mapping[str, Path],
    sheets: Sheets,
    folders: Folders,
    taken: Mapping[str, Mapping[str, Score]],
    jobs: int,
    progress: bool,
) -> dict[str, Report]:
    from joblib import Parallel, delayed
    from tqdm import tqdm

    accepted = folders.accepted()
    checks = (
        delayed(_checked)(
            folder, sheets, {"accepted": accepted.get(name), "taken": taken.get(name)}
        )
        for name, folder in listed.items()
    )
    done = Parallel(n_jobs=jobs, return_as="generator")(checks)
    shown = tqdm(done, "submissions", len(listed), disable=not progress, unit="submission")
    return {report.name: report for report in shown}


def _beside_others(
    name: str,
    reports: Mapping[str, Report],
    stored: Mapping[str, Mapping[str, Score]],
    sheets: Sheets,
) -> Report:
    """Compare what is new of a submission with all others; what has stood is the original."""
    own = reports[name]
    new = {
        protocol: each
        for protocol, each in own.predicted.items()
        if protocol not in stored[name]
        or not is_current(stored[name][protocol], each, sheets[protocol])
    }
    if own.metadata is None or not new:
        return own
    others = {
        other: report
        for other, report in reports.items()
        if other != name
        and report.metadata is not None
        and report.predicted
        and not may_be_copied(report.metadata, name)
    }
    said = {n: r.metadata for n, r in others.items() if r.metadata is not None and stored[n]}
    best = best_of({other: told for other, told in stored.items() if other != name}, new)
    asked = {protocol: sheets[protocol] for protocol in own.scores}
    found = [
        *check_copies(new, {other: report.predicted for other, report in others.items()}),
        *([] if stored[name] else check_name(own.metadata, said)),
        *(each for each in check_scores(own.scores, asked, best) if each not in own.findings),
    ]
    return replace(own, findings=(*own.findings, *found))


def _checked(folder: Path, sheets: Sheets, told: dict[str, Any]) -> Report:
    """Check a submission; whatever fails in that is its own, and no other's."""
    try:
        return check_submission(folder, sheets, **told)
    except Exception as failed:
        return Report(folder.name, (crashed(folder.name, f"{type(failed).__name__}: {failed}"),))


def _is_merely_stale(report: Report) -> bool:
    stale = all(each.code == STALE for each in report.against)
    return stale and bool(report.against) and bool(report.predicted)


def _told(
    name: str, report: Report, stored: Mapping[str, Score], sheets: Sheets
) -> dict[str, Scored]:
    """Return what a submission scored, by protocol.

    Raises:
        DataError: A stored result of the same predictions does not agree with what is scored now.
    """
    assert report.metadata is not None  # noqa: S101 for mypy: the caller has looked
    is_ranked, told, wrong = report.metadata.lifecycle == ACTIVE, {}, []
    for protocol, predicted in report.predicted.items():
        entry = report.metadata.protocols[protocol]
        now, before = report.scores.get(protocol), stored.get(protocol)
        if before is not None and not is_current(before, predicted, sheets[protocol]):
            before = None
        if now is not None and before is not None and not agree(now, before):
            wrong.append(protocol)
        # What agrees is kept as it was, so that the last digits of one machine stay.
        kept = before or now
        if kept is not None:
            told[protocol] = Scored(kept, entry, not sheets.has_labels(protocol), is_ranked)
    if wrong:
        raise DataError(
            f"results/{name}.json: stored results of {len(wrong)} protocols do not agree with what "
            f"is scored now, {', '.join(wrong[:MOST_SHOWN])}: if the labels or the metrics are "
            "others on purpose, a new dataset version or evaluator major says so; else remove the "
            "file to score anew"
        )
    return told


def _shown(
    report: Report, is_baseline: bool, told: Mapping[str, Scored], listed: Mapping[str, Path]
) -> Shown:
    assert report.metadata is not None  # noqa: S101 for mypy: the caller has looked
    notes = [each for each in report.findings if each.level is not Level.ERROR]
    successor = report.metadata.superseded_by
    if successor and (successor not in listed or successor == report.name):
        notes.append(
            note("successor", "submission.yaml", f"superseded by {successor}, which is not here")
        )
    return Shown(
        report.name,
        report.metadata,
        is_baseline,
        tuple(notes),
        stale=tuple(
            each.where.rpartition(", ")[2] for each in report.findings if each.code == STALE
        ),
        waiting=tuple(name for name in report.predicted if name not in told),
    )


def _tracks(rankings: Mapping[str, Ranking]) -> dict[str, Track]:
    members: dict[str, list[str]] = {}
    for protocol in rankings:
        members.setdefault(track_of(protocol), []).append(protocol)
    made = {}
    for name in in_order(set(members)):
        protocols = members[name]
        by_submission: dict[str, dict[str, Place]] = {}
        for protocol in protocols:
            for place in rankings[protocol].places:
                if place.rank is not None:
                    by_submission.setdefault(place.submission, {})[protocol] = place
        rows, p_value, gap = standings(protocols, by_submission)
        made[name] = Track(name, track_title(name), tuple(protocols), rows, p_value, gap)
    return made
