"""What looks as if it were no prediction: the labels themselves, or somebody else's submission.

All labels here are public, so nothing can prove that they were not used. These checks find what is
plain, and ask a maintainer about what is improbable.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.leaderboard.checking.finding import Finding, error, listed, question
from nape_bench.leaderboard.checking.folder import PREDICTIONS_FILE
from nape_bench.leaderboard.checking.metadata import METADATA_FILE
from nape_bench.metrics import spearman

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nape_bench.leaderboard.checking.metadata import Metadata
    from nape_bench.leaderboard.checking.predictions import Predicted
    from nape_bench.leaderboard.checking.scoring import Score
    from nape_bench.leaderboard.checking.sheet import Sheet

MOST_EQUAL = 0.25
"""Share of predictions that may be the label to the last digits."""
EQUAL = 1e-7
"""Relative difference up to which a prediction is the label: what float32 keeps."""
PERFECT = 0.999
"""Rank correlation with the labels from which on it is asked how that can be."""
SCALED = 1e-10
"""Share of the labels' variance that predictions which are labels in other units leave open. A
process on what an additive simulator says was seen to leave less than 1e-6."""
COPIED, ALIKE = 0.9999, 0.998
"""Rank correlations, of the middle seed, from which on two predictions are one, or may be."""
FAR_ABOVE = 3.0
"""How much closer to a perfect order than the best of the board an entry may come unasked."""
LEAST_GAIN = 0.02
"""By how much its rank correlation must be higher for that to be asked about."""
MANY = 0.25
"""Share of protocols alike with somebody else's from which on it is asked about."""


def check_labels(
    predicted: Mapping[str, Predicted], sheets: Mapping[str, Sheet]
) -> Iterator[Finding]:
    """Find predictions that are the labels."""
    for name, each in predicted.items():
        truth = sheets[name].y
        if truth is None or len(np.unique(truth)) < 3:
            continue
        near = np.abs(each.values - truth) <= EQUAL * np.maximum(np.abs(truth), 1e-12)
        parts = sheets[name].parts_of(each.seeds)
        share = float(near.mean() if parts is None else near[parts].mean())
        if share > MOST_EQUAL:
            yield error(
                "labels",
                f"{PREDICTIONS_FILE}, {name}",
                f"{share:.0%} of the predictions are the true labels: submit what a predictor says "
                "of rows whose labels it has not seen",
            )
        elif any(_is_scaled(row, truth) for row in each.values):
            yield error(
                "labels",
                f"{PREDICTIONS_FILE}, {name}",
                "the predictions are the true labels in other units: submit what a predictor says "
                "of rows whose labels it has not seen",
            )


def check_scores(
    scores: Mapping[str, Score],
    sheets: Mapping[str, Sheet],
    best: Mapping[str, tuple[str, Score]],
) -> Iterator[Finding]:
    """Find scores that are better than labels allow, or far better than all others.

    Args:
        scores: Scores by protocol.
        sheets: What the protocols ask.
        best: The best other submission of each protocol, and its score.
    """
    for name, score in scores.items():
        where = f"{PREDICTIONS_FILE}, {name}"
        told, reachable = score.metrics["spearman"], sheets[name].facts.reachable
        if reachable is not None and told.low > reachable:
            yield question(
                "above-ceiling",
                where,
                f"a rank correlation of {told.value:.3f} (95 % from {told.low:.3f}), and a perfect "
                f"predictor would have about {reachable:.3f}, since measuring again gives other "
                "labels: these seem to have been seen. Say in `training_data` which labels were "
                "used, or `remarks` how this can be",
            )
            continue
        if told.value > PERFECT:
            yield question(
                "perfect",
                where,
                f"a rank correlation of {told.value:.4f}, as of the labels themselves: say in "
                "`remarks` how this can be, and in `training_data` which labels were seen",
            )
            continue
        if name not in best:
            continue
        other, theirs = best[name][0], best[name][1].metrics["spearman"]
        far = (1 - told.value) * FAR_ABOVE < 1 - theirs.value
        if far and told.low > theirs.high and told.value > theirs.value + LEAST_GAIN:
            yield question(
                "far-above",
                where,
                f"a rank correlation of {told.value:.3f}, where the best so far, {other}, has "
                f"{theirs.value:.3f}: say in `remarks` what makes the difference, and which labels "
                "were seen",
            )


def check_name(metadata: Metadata, others: Mapping[str, Metadata]) -> Iterator[Finding]:
    """Find a name that a reader would take for another submission's.

    Args:
        metadata: What the submission says of itself.
        others: What others say, by folder name.
    """
    own = _spelt(metadata.name)
    for other, theirs in others.items():
        if _spelt(theirs.name) == own and theirs.superseded_by == "":
            yield error(
                "name", METADATA_FILE, f"the submission {other} has this name: choose another"
            )


def _spelt(name: str) -> str:
    """Return a name without case, width of letters, and spaces."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_copies(
    predicted: Mapping[str, Predicted], others: Mapping[str, Mapping[str, Predicted]]
) -> Iterator[Finding]:
    """Find submissions that order all architectures as another does.

    Args:
        predicted: Predictions by protocol.
        others: Those of other submissions, by name and protocol.
    """
    for other, theirs in others.items():
        common = [name for name in predicted if name in theirs]
        alike = {name: _alikeness(predicted[name], theirs[name]) for name in common}
        many = [name for name in common if alike[name] > ALIKE]
        if common and all(alike[name] > COPIED for name in common):
            yield error(
                "copy",
                PREDICTIONS_FILE,
                f"orders all architectures as the submission {other} does, on all {len(common)} "
                "protocols that both have: if it takes that one's place, set its lifecycle to "
                "superseded, else submit your own",
            )
        elif many and len(many) >= MANY * len(common):
            yield question(
                "alike",
                PREDICTIONS_FILE,
                f"orders architectures as {other} does, or nearly so, on {len(many)} of "
                f"{len(common)} protocols that both have, {listed(many, 3)}: say in `remarks` why",
            )


def _is_scaled(predicted: np.ndarray, truth: np.ndarray) -> bool:
    """Return whether predictions are a + b * labels."""
    x, y = predicted - predicted.mean(), truth - truth.mean()
    size = float((x @ x) * (y @ y))
    return size > 0 and 1 - float(x @ y) ** 2 / size < SCALED


def _alikeness(a: Predicted, b: Predicted) -> float:
    """Return the rank correlation of two predictions in the middle seed, whichever way round."""
    if len(a.values) != len(b.values) and 1 not in (len(a.values), len(b.values)):
        return 0.0
    pairs = zip(*np.broadcast_arrays(a.values, b.values), strict=True)
    return float(np.median([_order_in_common(x, y) for x, y in pairs]))


def _order_in_common(x: np.ndarray, y: np.ndarray) -> float:
    if np.array_equal(x, y):
        return 1.0
    # A constant holds no order.
    return abs(spearman(x, y)) if np.ptp(x) > 0 and np.ptp(y) > 0 else 0.0
