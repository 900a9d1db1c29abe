"""A latency as a sum of costs, each times a time that is not negative."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0)
"""Strengths of the prior that are tried."""
ROUNDS = 3
"""Times that labels are weighted anew."""
FREEDOM = 3.0
"""Degrees of freedom of Student's t: a label that is far off weighs less."""
LEAST_SCALE = 0.01
"""Errors of 1 % are not told from none."""
FOLDS = 20
SMALL = 0.25
"""Errors of labels below this part of the median are relative to that part, not to the label."""
SMALLEST = 0.1
"""Nothing below this part of the least label is said."""


class Block(NamedTuple):
    """Costs of one kind.

    Attributes:
        columns: Costs of the training networks, not negative, float64 [n, columns].
        share: The share of a latency that they make up by prior, together.
        penalty: How much stronger the prior of each is than of the others.
    """

    columns: np.ndarray
    share: float
    penalty: float = 1.0


class Additive(NamedTuple):
    """A fitted sum.

    Attributes:
        times: Of all columns of all blocks, in order, then of the constant, float64 [columns + 1].
        least: The least latency that is said.
        left_out: Logarithm of what is said of each training network without it, float64 [n].
    """

    times: np.ndarray
    least: float
    left_out: np.ndarray

    def __call__(self, columns: np.ndarray) -> np.ndarray:
        """Return the logarithm of what is said of networks, float64 [m].

        Args:
            columns: Columns of all blocks, in order, float64 [m, columns].
        """
        said = columns @ self.times[:-1] + self.times[-1]
        logs: np.ndarray = np.log(np.maximum(said, self.least))
        return logs


def fit_additive(blocks: list[Block], logs: np.ndarray) -> Additive:
    """Fit times by least squares of relative errors, under a prior and not below 0.

    Columns are divided by their means over the training networks, so that a time is the share of
    a usual latency that this cost makes up; the prior says which share (the rest is constant), and
    how strong it is, the labels: the strength of least error on labels that were left out. Labels
    far off are given less weight, as Student's t does. Columns that do not vary have a time of 0.

    Args:
        blocks: Costs.
        logs: Logarithms of latencies, float64 [n].
    """
    costs = np.concatenate([block.columns for block in blocks], axis=1)
    wide = [block.columns.shape[1] for block in blocks]
    varies = costs.std(axis=0) > 0
    used = [int(v.sum()) for v in np.split(varies, np.cumsum(wide)[:-1])]
    means = costs[:, varies].mean(axis=0)
    middle = float(np.exp(np.median(logs)))
    rows = np.concatenate([costs[:, varies] / means, np.ones((len(logs), 1))], axis=1)
    shares = [np.full(n, b.share / max(n, 1)) for n, b in zip(used, blocks, strict=True)]
    prior = np.concatenate([*shares, [1 - sum(block.share for block in blocks)]])
    pull = np.concatenate(
        [*(np.full(n, b.penalty) for n, b in zip(used, blocks, strict=True)), [1.0]]
    )
    solve = _Solver(rows, np.exp(logs) / middle, prior, np.sqrt(pull))
    weights = np.ones(len(logs))
    for _ in range(ROUNDS):
        tried = {penalty: solve.left_out(penalty, weights) for penalty in PENALTIES}
        errors = {
            penalty: float((weights * (said - np.log(solve.y)) ** 2).sum())
            for penalty, said in tried.items()
        }
        penalty = min(errors, key=errors.__getitem__)
        error = tried[penalty] - np.log(solve.y)
        scale = max(1.48 * float(np.median(np.abs(error))), LEAST_SCALE)
        weights = np.minimum((FREEDOM + 1) / (FREEDOM + (error / scale) ** 2), 1.0)
    shares_found = solve(penalty, weights)
    times = np.zeros(costs.shape[1] + 1)
    times[:-1][varies] = shares_found[:-1] / means * middle
    times[-1] = shares_found[-1] * middle
    return Additive(times, SMALLEST * float(np.exp(logs.min())), tried[penalty] + np.log(middle))


class _Solver:
    """Least squares of relative errors under a prior, with weights of labels.

    Args:
        rows: Costs over their means and a column of 1, float64 [n, columns].
        y: Latencies over their median, float64 [n].
        prior: Shares by prior, float64 [columns].
        pull: Square roots of penalties, float64 [columns].
    """

    def __init__(
        self, rows: np.ndarray, y: np.ndarray, prior: np.ndarray, pull: np.ndarray
    ) -> None:
        self.y = y
        self._rows, self._prior, self._pull = rows, np.maximum(prior, 0.0), pull
        self._unit = np.maximum(y, SMALL)

    def __call__(
        self, penalty: float, weights: np.ndarray, kept: np.ndarray | None = None
    ) -> np.ndarray:
        """Return shares, float64 [columns], from all labels or from those kept, bool [n]."""
        from scipy.optimize import nnls

        root = np.sqrt(weights)
        if kept is not None:
            root = np.where(kept, root, 0.0)
        strength = np.sqrt(penalty) * self._pull
        root = root / self._unit
        left = np.concatenate([self._rows * root[:, None], np.diag(strength)])
        shares: np.ndarray = nnls(left, np.concatenate([root * self.y, strength * self._prior]))[0]
        return shares

    def left_out(self, penalty: float, weights: np.ndarray) -> np.ndarray:
        """Return the logarithm of what is said of each row without it, float64 [n]."""
        count = len(self.y)
        fold = np.arange(count) % min(count, FOLDS)
        said = np.empty(count)
        for number in range(int(fold.max()) + 1):
            out = fold == number
            said[out] = self._rows[out] @ self(penalty, weights, ~out)
        logs: np.ndarray = np.log(np.maximum(said, SMALLEST * self.y.min()))
        return logs
