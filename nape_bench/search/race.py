"""A race in a table: random search, regularised evolution, and search by a predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nape_bench.predictors import Predictor
    from nape_bench.search.table import Table

FIRST = 20
"""Random questions that evolution and the predictor begin with."""
TOURNAMENT = 5
"""Members of the last `FIRST` asked that one parent is the best of."""
ROUND = 10
"""Questions between two fits of the predictor."""
PARENTS, CHILDREN, STRANGERS = 10, 20, 100
"""The best so far, mutants of each, and random others, that are scored in a round."""
DRAWS, LEVEL = 10_000, 0.95


class Asked:
    """What was asked of a table, in order.

    Args:
        table: The table.
        most: Questions, at most.
    """

    def __init__(self, table: Table, most: int) -> None:
        self.table = table
        self.order: list[int] = []
        self.done = np.zeros(len(table), dtype=bool)
        self._most = min(most, len(table))
        self._goal = float(table.y.max())
        self._found = False

    @property
    def over(self) -> bool:
        """Whether nothing more is to be asked: the best is known, or the questions are used up."""
        return len(self.order) >= self._most or self._found

    def ask(self, entry: int) -> None:
        """Ask for a label, unless it is over."""
        if not self.over and not self.done[entry]:
            self.done[entry] = True
            self.order.append(entry)
            self._found |= float(self.table.y[entry]) == self._goal

    def stranger(self, rng: np.random.Generator) -> int:
        """Return a function that was not asked for."""
        left = np.flatnonzero(~self.done)
        return int(left[rng.integers(len(left))])


def random_search(table: Table, most: int, rng: np.random.Generator) -> list[int]:
    """Ask at random, nothing twice; returns what was asked, in order."""
    asked = Asked(table, most)
    for entry in rng.permutation(len(table)).tolist():
        asked.ask(entry)
    return asked.order


def evolution(table: Table, most: int, rng: np.random.Generator) -> list[int]:
    """Regularised evolution (Real et al., AAAI 2019) that asks for nothing twice."""
    asked = Asked(table, most)
    _begin(asked, rng)
    while not asked.over:
        pool = asked.order[-FIRST:]
        drawn = rng.integers(len(pool), size=TOURNAMENT).tolist()
        parent = max((pool[i] for i in drawn), key=lambda entry: float(table.y[entry]))
        child = table.mutant(parent, asked.done, rng)
        asked.ask(asked.stranger(rng) if child is None else child)
    return asked.order


def guided(
    table: Table, most: int, rng: np.random.Generator, make: Callable[[], Predictor]
) -> list[int]:
    """Local search by a predictor that is fitted to all that was asked, anew each round.

    Scored are mutants of the best and random others; the best by prediction are asked for.
    """
    asked = Asked(table, most)
    _begin(asked, rng)
    while not asked.over:
        known = np.array(asked.order)
        model = make().fit(table.graphs[known], table.y[known])
        best = known[np.argsort(-table.y[known], kind="stable")][:PARENTS]
        mutants = [
            table.mutant(int(entry), asked.done, rng) for entry in best for _ in range(CHILDREN)
        ]
        others = [asked.stranger(rng) for _ in range(STRANGERS)]
        scored = np.array(list(dict.fromkeys([m for m in mutants if m is not None] + others)))
        value = model.predict(table.graphs[scored])
        for entry in scored[np.argsort(-value, kind="stable")][:ROUND].tolist():
            asked.ask(entry)
    return asked.order


def _begin(asked: Asked, rng: np.random.Generator) -> None:
    for entry in rng.permutation(len(asked.table))[:FIRST].tolist():
        asked.ask(entry)


def questions(table: Table, order: Sequence[int]) -> dict[str, float]:
    """Return after how many questions each aim was reached; infinity where it was not."""
    best = np.maximum.accumulate(table.y[np.array(order)])
    found = {}
    for name, least in table.aims().items():
        reached = np.flatnonzero(best >= least)
        found[name] = float(reached[0] + 1) if len(reached) else float("inf")
    return found


def summary(runs: Sequence[Mapping[str, float]], *, seed: int = 0) -> dict[str, Any]:
    """Return for each aim the median number of questions with its interval, and each run's.

    Args:
        runs: What `questions` gave, one a run.
        seed: What resamples of runs are drawn from.
    """
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(runs), size=(DRAWS, len(runs)))
    found = {}
    for name in runs[0]:
        values = np.array([run[name] for run in runs])
        # Of middle runs the upper one: half of an infinity is none.
        medians = _median(values[rows])
        low, high = np.quantile(medians, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="higher")
        found[name] = {
            "median": _finite(float(_median(values[None])[0])),
            "low": _finite(float(low)),
            "high": _finite(float(high)),
            "reached": int(np.isfinite(values).sum()),
            "runs": [_finite(value) for value in values.tolist()],
        }
    return found


def _median(values: np.ndarray) -> np.ndarray:
    """Return the upper median of each row."""
    result: np.ndarray = np.sort(values, axis=1)[:, values.shape[1] // 2]
    return result


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
