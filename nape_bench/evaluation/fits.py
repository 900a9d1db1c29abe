"""What a predictor learns before it sees a seed's few labels: once for protocols that share it.

All protocols of GENNAPE are fitted to the same labels of NAS-Bench-101, and those of AIO-P for one
family to the same tasks; they differ in what comes after. Fitting is what takes the time.
"""

from __future__ import annotations

import hashlib
from copy import deepcopy
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nape_bench.evaluation.task import Task
    from nape_bench.graph import GraphTable
    from nape_bench.predictors import Predictor

Key = tuple[str, ...]


class Fits:
    """Keeps one predictor a seed, as it is before the few labels, for the protocols that follow.

    It is for predictors of one class and one set of settings. Those of the last labels alone are
    kept, so that protocols that share them must follow each other.
    """

    def __init__(self) -> None:
        self._key: Key | None = None
        self._of_seed: dict[int, tuple[Predictor, float]] = {}

    def take(self, fresh: Predictor, task: Task, seed: int) -> tuple[Predictor, float]:
        """Return a predictor that has learnt what a task gives to all seeds.

        Args:
            fresh: The predictor of this seed, unfitted.
            task: The protocol, opened.
            seed: The seed.

        Returns:
            A copy, which the caller may train on, and the seconds that its learning took, now or
            when it was done.
        """
        key = _key(fresh, task)
        if key != self._key:
            self._key, self._of_seed = key, {}
        if seed not in self._of_seed:
            self._of_seed[seed] = fresh, learn_shared(fresh, task)
        learnt, seconds = self._of_seed[seed]
        return deepcopy(learnt), seconds


def learn_shared(predictor: Predictor, task: Task) -> float:
    """Let a predictor learn what a task gives to all seeds, and return the seconds it took.

    That is other labels and other tasks, as far as it can learn from them; and the training split,
    unless the few labels come after it, which a predictor that cannot be fine-tuned has alone.
    """
    start = perf_counter()
    known, held_out = task.known, task.validation
    if known is not None and predictor.can_learn_known:
        predictor.learn_known(known.graphs, known.labels)
    if task.auxiliary and predictor.can_learn_auxiliary:
        predictor.learn_auxiliary(
            {name: (rows.graphs, rows.y.copy()) for name, rows in task.auxiliary.items()}
        )
    if task.train is not None and _is_fitted_to_train(predictor, task):
        predictor.fit(
            task.train.graphs,
            task.train.y.copy(),
            validation=None if held_out is None else (held_out.graphs, held_out.y.copy()),
        )
    return perf_counter() - start


def learn_few(predictor: Predictor, task: Task, seed: int) -> float:
    """Let it learn the few labels that a seed may see, if there are any; return the seconds."""
    start = perf_counter()
    sample = task.sample(seed, predictor)
    if sample is not None and task.train is not None and predictor.can_fine_tune:
        predictor.fine_tune(sample.graphs, sample.y.copy())
    elif sample is not None:
        predictor.fit(sample.graphs, sample.y.copy())
    return perf_counter() - start


def _is_fitted_to_train(predictor: Predictor, task: Task) -> bool:
    return predictor.can_fine_tune or not task.protocol.shots


def _key(predictor: Predictor, task: Task) -> Key:
    """Return what tells all that `learn_shared` looks at."""
    parts = []
    if task.known is not None and predictor.can_learn_known:
        parts += [_digest("known", task.known.graphs, **task.known.labels)]
    if predictor.can_learn_auxiliary:
        parts += [_digest(name, rows.graphs, y=rows.y) for name, rows in task.auxiliary.items()]
    if task.train is not None and _is_fitted_to_train(predictor, task):
        parts += [_digest("train", task.train.graphs, y=task.train.y)]
        if task.validation is not None:
            parts += [_digest("validation", task.validation.graphs, y=task.validation.y)]
    return tuple(parts)


def _digest(what: str, graphs: GraphTable, **labels: np.ndarray) -> str:
    told = hashlib.sha256(what.encode())
    for texts in (graphs.ids, graphs.hashes):
        told.update("\n".join([] if texts is None else texts.tolist()).encode())
    for name, values in labels.items():
        told.update(name.encode() + np.ascontiguousarray(values, dtype=np.float64).tobytes())
    return told.hexdigest()
