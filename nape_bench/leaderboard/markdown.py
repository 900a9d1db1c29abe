"""The board in Markdown: what `leaderboard/README.md` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tabulate import tabulate

from nape_bench.evaluation.tables import NOTHING, significant
from nape_bench.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.leaderboard.board import Board, Place, Ranking, Standing, Track
    from nape_bench.leaderboard.quoted import Quoted

HEAD = """# Leaderboard

Rank correlations (Spearman, SRCC) of predictors' rankings with true labels, with 95 % intervals
over test rows and seeds. Every number is scored by this repository's code from predictions that
were submitted; nobody's own scores are taken. All labels are public, and nothing can prove that
they were not used: a submission says which it has seen, and what is improbable is asked about.

`nape-bench leaderboard build --open` makes these tables and the site again, and
`nape-bench submit` makes a submission. Numbers that papers report for their own protocols stand
below our tables, apart: they were not scored here, and are of other labels or other tests.

`labels` is how many labels a seed was shown, `s` the seconds of a run, to fit and to predict.
**Bold** names no other beats in correlation, labels and seconds at once. \\* marks results on
labels that may not be redistributed: who has them scores again, and others see what was stored.
"""


def board_markdown(board: Board, quoted: Sequence[Quoted]) -> str:
    """Return the tables of all tracks and protocols, with their submissions.

    Args:
        board: The board.
        quoted: What papers report of the same.
    """
    parts = [HEAD]
    if board.tracks:
        parts += ["## Tracks", "", _contents(board), ""]
    for track in board.tracks.values():
        parts += [f"## {_code(track.name)}", "", f"{_sentence(track.title)}", ""]
        if len(track.protocols) > 1:
            parts += [_standings(track, board), "", _test(track), ""]
        parts += _quoted([each for each in quoted if each.protocol == track.name])
        for protocol in track.protocols:
            parts += _ranking(board.rankings[protocol], board)
            parts += _quoted([each for each in quoted if each.protocol == protocol])
    parts += _quoted_alone(board, quoted)
    parts += ["## Submissions", "", _submissions(board), ""]
    parts += [f"Scored by version {board.evaluator} of the evaluator.", ""]
    return "\n".join(parts)


def plain(text: str) -> str:
    """Return a stranger's text as Markdown shows it letter by letter, on one line."""
    escaped = "".join(
        f"\\{c}" if c in r"\`*_{}[]()#+!|~$@^=" else c for c in " ".join(text.split())
    )
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _contents(board: Board) -> str:
    rows = []
    for track in board.tracks.values():
        best = track.standings[0]
        rows.append(
            [
                _code(track.name),
                len(track.protocols),
                len(track.standings),
                _name(best.submission, board),
                f"{best.mean:.3f}",
            ]
        )
    return _table(rows, ["track", "protocols", "submissions", "first", "mean SRCC"])


def _standings(track: Track, board: Board) -> str:
    rows = [_standing(each, track, board) for each in track.standings]
    return _table(
        rows, ["submission", "mean rank", "mean SRCC [95 % over protocols]", "of", "labels", "s"]
    )


def _standing(each: Standing, track: Track, board: Board) -> list[str]:
    interval = "" if each.low is None else f" [{each.low:.3f}, {each.high:.3f}]"
    return [
        _name(each.submission, board, bold=each.is_pareto),
        NOTHING if each.mean_rank is None else f"{each.mean_rank:.2f}{'=' if each.is_tied else ''}",
        f"{each.mean:.3f}{interval}",
        f"{each.protocols}/{len(track.protocols)}",
        f"{each.labels:,.0f}",
        NOTHING if each.seconds is None else significant(each.seconds),
    ]


def _test(track: Track) -> str:
    whole = sum(each.mean_rank is not None for each in track.standings)
    if track.p_value == 1.0 and whole < 3:
        return f"Mean ranks are those of the {whole} submissions on all protocols."
    return (
        f"Mean ranks are those of the {whole} submissions on all protocols. That they are alike "
        f"has p = {track.p_value:.2g} (Friedman); mean ranks that differ by less than "
        f"{track.critical_difference:.2f} cannot be told apart (Nemenyi, 5 %), = marks those that "
        "cannot be told from the best."
    )


def _ranking(ranking: Ranking, board: Board) -> list[str]:
    facts = ranking.facts
    ceiling = (
        "" if facts.reachable is None
        else f" A perfect predictor would have about {facts.reachable:.3f}."
    )  # fmt: skip
    about = (
        f"{facts.dataset} ({facts.config}) {facts.version}, {facts.target}, "
        f"{ranking.rows:,} test rows, {facts.label_budget:,} labels may be seen.{ceiling}"
    )
    rows = [_place(place, facts.unit, board) for place in ranking.places]
    headers = ["", "submission", "SRCC [95 %]", "Kendall", "MAE", "labels", "s"]
    return [f"### {_code(facts.protocol)}", "", about, "", _table(rows, headers), ""]


def _quoted(rows: Sequence[Quoted]) -> list[str]:
    if not rows:
        return []
    headers = ["method", "metric", "value", "source"]
    parts = ["Quoted from papers, not scored here:", ""]
    # What is different is told once for all rows of which it is true.
    for differs in dict.fromkeys(each.differs for each in rows):
        cells = [
            [
                plain(each.method) + (f" ({plain(each.of)})" if each.of else ""),
                METRICS[each.metric].title,
                f"{each.value:g}" + ("" if each.spread is None else f" ± {each.spread:g}"),
                plain(f"{each.paper}, {each.table}"),
            ]
            for each in rows
            if each.differs == differs
        ]
        table = tabulate(cells, headers, tablefmt="github", disable_numparse=True)
        parts += [table, "", f"There: {plain(differs)}", ""]
    return parts


def _quoted_alone(board: Board, quoted: Sequence[Quoted]) -> list[str]:
    """Return what is quoted for protocols on which nobody stands."""
    shown = {*board.rankings, *board.tracks}
    alone = list(dict.fromkeys(each.protocol for each in quoted if each.protocol not in shown))
    parts = ["## Quoted for protocols on which nobody stands yet", ""] if alone else []
    for protocol in alone:
        parts += [f"### {_code(protocol)}", ""]
        parts += _quoted([each for each in quoted if each.protocol == protocol])
    return parts


def _place(place: Place, unit: str, board: Board) -> list[str]:
    told = place.score.metrics
    srcc, mae = told["spearman"], told.get("mae")
    after = f" {unit}" if unit else ""
    return [
        NOTHING if place.rank is None else f"{place.rank:g}",
        _name(place.submission, board, bold=place.is_pareto) + ("\\*" if place.is_stored else ""),
        f"{srcc.value:.3f} [{srcc.low:.3f}, {srcc.high:.3f}]",
        f"{told['kendall'].value:.3f}",
        NOTHING if mae is None else f"{significant(mae.value)}{after}",
        f"{place.labels:,}",
        NOTHING if place.seconds is None else significant(place.seconds),
    ]


def _submissions(board: Board) -> str:
    rows = []
    for name, each in board.submissions.items():
        metadata = each.metadata
        rows.append(
            [
                _code(name),
                plain(metadata.name),
                plain(", ".join(metadata.authors)),
                plain(metadata.summary),
                plain(metadata.licence),
                metadata.lifecycle,
                str(sum(name == p.submission for r in board.rankings.values() for p in r.places)),
            ]
        )
    headers = ["", "name", "authors", "what it is", "licence", "lifecycle", "protocols"]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def _name(submission: str, board: Board, *, bold: bool = False) -> str:
    text = plain(board.submissions[submission].metadata.name)
    return f"**{text}**" if bold else text


def _code(text: str) -> str:
    return f"`{text}`"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    named = headers.index("submission") if "submission" in headers else 0
    aligned = ["left" if i <= named else "right" for i in range(len(headers))]
    return tabulate(
        rows, headers, tablefmt="github", disable_numparse=True, colalign=aligned if rows else None
    )
