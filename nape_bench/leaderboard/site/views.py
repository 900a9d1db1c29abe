"""What pages show of a board beyond what it holds itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nape_bench.leaderboard.site.bars import least
from nape_bench.leaderboard.site.costs import Point, labels_picture, seconds_picture
from nape_bench.leaderboard.site.drawings import scatter_of
from nape_bench.leaderboard.site.words import title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from markupsafe import Markup

    from nape_bench.leaderboard.board import Board, Place, Ranking, Shown, Standing, Track

BY = "spearman"
"""The metric that ranks."""
ALONE = "flops"
"""The baseline that every board is read against: FLOPs alone."""


@dataclass(frozen=True)
class Costs:
    """Cost against quality, as two pictures; None of seconds where nobody told them."""

    labels: Markup
    seconds: Markup | None


@dataclass(frozen=True)
class OnTrack:
    """A submission on one track.

    Attributes:
        track: The track.
        standing: Its standing; None where it takes no part, being superseded.
        places: Its places, by protocol.
        pictures: Predictions against true labels, by protocol, where labels are public here.
    """

    track: Track
    standing: Standing | None
    places: Mapping[str, Place]
    pictures: Mapping[str, Markup]


def kinds(board: Board) -> dict[str, list[Track]]:
    """Return the tracks by the first part of their names."""
    made: dict[str, list[Track]] = {}
    for track in board.tracks.values():
        made.setdefault(track.name.partition("/")[0], []).append(track)
    return made


def alone(track: Track) -> Standing | None:
    """Return how FLOPs alone stand on a track; None where they do not."""
    return next((each for each in track.standings if each.submission == ALONE), None)


def track_costs(board: Board, track: Track) -> Costs | None:
    """Draw what labels and seconds buy on a track, of submissions on all of its protocols."""
    points = [
        Point(
            each.submission, title_of(board, each.submission), each.mean, each.labels, each.seconds,
            board.submissions[each.submission].is_baseline,
        )
        for each in track.standings
        if each.protocols == len(track.protocols)
    ]  # fmt: skip
    told = [board.rankings[protocol].facts.reachable for protocol in track.protocols]
    known = [each for each in told if each is not None]
    ceiling = sum(known) / len(known) if known and len(known) == len(told) else None
    return _costs(points, ceiling)


def protocol_costs(board: Board, ranking: Ranking) -> Costs | None:
    """Draw what labels and seconds buy on a protocol."""
    points = [
        Point(
            each.submission, title_of(board, each.submission), each.score.metrics[BY].value,
            each.labels, each.seconds, board.submissions[each.submission].is_baseline,
        )
        for each in ranking.places
        if each.rank is not None
    ]  # fmt: skip
    return _costs(points, ranking.facts.reachable)


def tracks_of(board: Board, submission: str) -> list[OnTrack]:
    """Return where a submission stands, by track, with pictures of its predictions."""
    own = board.scores_of(submission)
    made = []
    for track in board.tracks.values():
        places = {name: own[name] for name in track.protocols if name in own}
        if places:
            standing = next((s for s in track.standings if s.submission == submission), None)
            drawn = _pictures(board, submission, places)
            made.append(OnTrack(track, standing, places, drawn))
    return made


def positions(track: Track) -> dict[str, int | None]:
    """Return the rank of each submission of a track, by mean rank; None of what is not on all."""
    told = [each.mean_rank for each in track.standings if each.mean_rank is not None]
    return {
        each.submission: None
        if each.mean_rank is None
        else 1 + sum(other < each.mean_rank for other in told)
        for each in track.standings
    }


def ranked(track: Track) -> int:
    """Return how many submissions stand on all protocols of a track."""
    return sum(each.mean_rank is not None for each in track.standings)


def by_submission(ranking: Ranking) -> dict[str, Place]:
    """Return the places of a ranking by submission."""
    return {place.submission: place for place in ranking.places}


def notes_of(shown: Shown) -> dict[tuple[str, str], list[str]]:
    """Return what was noted of a submission, (level, what) -> where."""
    made: dict[tuple[str, str], list[str]] = {}
    for each in shown.notes:
        made.setdefault((each.level.value, each.what), []).append(each.where)
    return made


def seeds_of(places: Mapping[str, Place]) -> list[int]:
    """Return the seeds of all places, ascending."""
    return sorted({seed for place in places.values() for seed in place.score.seeds})


def subsets_of(ranking: Ranking) -> dict[str, int]:
    """Return the parts of a test that anyone was scored on, with their numbers of rows."""
    return {
        name: part.n
        for place in ranking.places
        for name, part in place.score.subsets.items()
        if BY in part.metrics
    }


def start_of_track(track: Track) -> float:
    """Return where bars of a track's standings start."""
    return least(each.mean if each.low is None else each.low for each in track.standings)


def start_of_tracks(on_tracks: Iterable[OnTrack]) -> float:
    """Return where bars of one submission's standings start."""
    told = [each.standing for each in on_tracks if each.standing is not None]
    return least(each.mean if each.low is None else each.low for each in told)


def start_of_places(places: Iterable[Place]) -> float:
    """Return where bars of places start."""
    return least(place.score.metrics[BY].low for place in places)


def columns(track: Track, board: Board) -> list[str]:
    """Return the submissions of a track's table of protocols, in the order of their standing."""
    ranked = [standing.submission for standing in track.standings]
    others = {
        place.submission for name in track.protocols for place in board.rankings[name].places
    } - set(ranked)
    return [*ranked, *sorted(others)]


def _costs(points: list[Point], ceiling: float | None) -> Costs | None:
    if len(points) < 2:
        return None
    return Costs(
        labels_picture(points, name="cost-labels", ceiling=ceiling),
        seconds_picture(points, name="cost-seconds", ceiling=ceiling),
    )


def _pictures(board: Board, submission: str, places: Mapping[str, Place]) -> dict[str, Markup]:
    """Draw predictions where the board's own folder has labels: others may not be passed on."""
    is_value = board.submissions[submission].metadata.is_value
    return {
        name: scatter_of(
            board.predicted[submission][name], board.sheets[name], is_value=is_value, name=name
        )
        for name, place in places.items()
        if not place.is_stored and name in board.predicted[submission]
    }
