"""Board: all that a reader may be shown of submissions, ranked. What renders it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.leaderboard.checking.finding import Finding
    from nape_bench.leaderboard.checking.metadata import Metadata
    from nape_bench.leaderboard.checking.predictions import Predicted
    from nape_bench.leaderboard.checking.scoring import Score
    from nape_bench.leaderboard.checking.sheet import Facts, Sheet


@dataclass(frozen=True)
class Place:
    """A submission on one protocol.

    Attributes:
        submission: Its folder's name.
        score: What it scored.
        rank: 1 is best by rank correlation; equal ones share the mean of their ranks. None for
            what is superseded: it is shown and not ranked.
        labels: How many labels each seed was shown.
        seconds: Seconds of a run, to fit and to predict; None where not told.
        is_stored: Whether the board's folder has no labels to score it on, so that elsewhere than
            where they are at hand the stored result stands in.
        is_pareto: Whether no other has as good a rank correlation with as few labels and seconds.
    """

    submission: str
    score: Score
    rank: float | None
    labels: int
    seconds: float | None
    is_stored: bool
    is_pareto: bool


@dataclass(frozen=True)
class Ranking:
    """A protocol and who stands on it.

    Attributes:
        facts: What the protocol asks.
        rows: How many rows its test has.
        places: The submissions, best first.
    """

    facts: Facts
    rows: int
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Standing:
    """A submission over the protocols of a track.

    Attributes:
        submission: Its folder's name.
        protocols: On how many protocols of the track it stands.
        mean: Its mean rank correlation over those.
        low: Lower end of the 95 % interval of `mean`, over draws of protocols; None for one alone.
        high: The upper end.
        mean_rank: Its mean rank among submissions that stand on all protocols of the track; None
            where it does not.
        is_tied: Whether its mean rank cannot be told from the best (Nemenyi); None where that
            cannot be asked.
        labels: Mean number of labels a seed was shown.
        seconds: Mean seconds of a run; None where not told of all.
        is_pareto: Whether no other that stands on all has as good a mean rank correlation with as
            few labels and seconds.
    """

    submission: str
    protocols: int
    mean: float
    low: float | None
    high: float | None
    mean_rank: float | None
    is_tied: bool | None
    labels: float
    seconds: float | None
    is_pareto: bool


@dataclass(frozen=True)
class Track:
    """Protocols that one mean goes over.

    Attributes:
        name: As in "in-family/*".
        title: What they are for, in one line.
        protocols: Their names.
        standings: The submissions: those that stand on all protocols by mean rank, then the others.
        p_value: Of Friedman's test, that those that stand on all are alike.
        critical_difference: Mean ranks that differ by less cannot be told apart; infinite where
            it cannot be asked.
    """

    name: str
    title: str
    protocols: tuple[str, ...]
    standings: tuple[Standing, ...]
    p_value: float
    critical_difference: float


@dataclass(frozen=True)
class Shown:
    """A submission on the board.

    Attributes:
        name: Its folder's name.
        metadata: What it says of itself.
        is_baseline: Whether it is a recorded baseline of this repository.
        notes: What was found that a reader should know: notes, and questions that a maintainer
            has accepted.
        stale: Protocols that it stood on with a dataset version that is no longer the board's.
        waiting: Protocols whose labels are not at hand, and of which no result is stored yet.
    """

    name: str
    metadata: Metadata
    is_baseline: bool
    notes: tuple[Finding, ...] = ()
    stale: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Board:
    """All that is shown.

    Attributes:
        submissions: By folder name.
        rankings: By protocol.
        tracks: By name.
        refused: What was found of submissions that do not stand on the board, by folder name.
        evaluator: Version of what scored.
        scored_now: How many scores were computed now; the others are stored ones.
        sheets: What each protocol asks, with labels where they are at hand.
        predicted: Predictions by submission and protocol.
    """

    submissions: Mapping[str, Shown]
    rankings: Mapping[str, Ranking]
    tracks: Mapping[str, Track]
    refused: Mapping[str, tuple[Finding, ...]]
    evaluator: str
    scored_now: int
    sheets: Mapping[str, Sheet] = field(repr=False)
    predicted: Mapping[str, Mapping[str, Predicted]] = field(repr=False)

    def scores_of(self, submission: str) -> dict[str, Place]:
        """Return a submission's places by protocol."""
        return {
            name: place
            for name, ranking in self.rankings.items()
            for place in ranking.places
            if place.submission == submission
        }
