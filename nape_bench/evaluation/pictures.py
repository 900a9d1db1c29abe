"""A result as a picture: what was predicted against what is true, and how well it agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import DataError, ProtocolError
from nape_bench.evaluation.scatter import scatter
from nape_bench.evaluation.tables import significant

if TYPE_CHECKING:
    from nape_bench.data import Dataset
    from nape_bench.evaluation.result import Result
    from nape_bench.evaluation.task import Task
    from nape_bench.picture import Picture


def scatter_of(
    result: Result, *, seed: int | None = None, dataset: Dataset | None = None
) -> Picture:
    """Draw a result's predictions against the true labels.

    Args:
        result: The result.
        seed: The seed whose predictions are drawn; None: those of all seeds together.
        dataset: The dataset of the true labels, where the result was read from files and the
            dataset lies in a folder that must be named.

    Raises:
        ProtocolError: The result has no such seed.
        UnknownNameError: The result was read from files, and its dataset is not at hand.
        DataError: The dataset at hand has other rows or labels than the result is about.
    """
    if seed is not None and seed not in result.seeds:
        told = ", ".join(map(str, result.seeds))
        raise ProtocolError(f"{result.protocol}: the result has no seed {seed}; it has {told}")
    truth = result.truth if result.truth is not None else truth_at_hand(result, dataset)
    chosen = [i for i, each in enumerate(result.seeds) if seed in (None, each)]
    true = truth[chosen].reshape(-1)
    predicted = np.concatenate([result.predictions[result.seeds[i]] for i in chosen])
    scored = np.isfinite(true)
    ids = [row_id for row_id, keep in zip(result.ids * len(chosen), scored, strict=True) if keep]
    data = result.dataset
    return scatter(
        true[scored],
        predicted[scored],
        label=f"{data.target} ({data.unit})" if data.unit else data.target,
        title=f"{result.protocol}: {result.predictor.name}",
        description=_scores(result, chosen, seed),
        ids=ids,
        scores=not result.predictor.is_value,
        name=f"{result.protocol}-{result.predictor.name}{'' if seed is None else f'-{seed}'}",
    )


def truth_at_hand(result: Result, dataset: Dataset | None) -> np.ndarray:
    """Return the true labels of a result that was read from files, as `Result.truth` holds them.

    Raises:
        UnknownNameError: The dataset is not at hand.
        DataError: The dataset at hand is not the one that the result is about.
    """
    return open_again(result, dataset).truth(result.seeds)


def open_again(result: Result, dataset: Dataset | None, task: Task | None = None) -> Task:
    """Open the protocol of a result that was read from files, and check that it is the same.

    Args:
        result: The result.
        dataset: The protocol's dataset, where it lies in a folder that must be named.
        task: The protocol, where it has been opened already.

    Raises:
        UnknownNameError: The dataset is not at hand.
        DataError: The dataset at hand is not the one that the result is about.
    """
    from nape_bench.evaluation.evaluator import Evaluator

    if task is None:
        task = Evaluator(result.protocol, dataset=dataset).task
    told, found = result.dataset, task.dataset
    if (told.content_hash, told.target, result.ids) != (
        found.content_hash,
        found.target,
        tuple(task.test.ids),
    ):
        raise DataError(
            f"{result.protocol}: the result is about {told.name} ({told.config}) {told.version}, "
            f"{told.target}, content {told.content_hash}, and at hand is {found.version}, "
            f"{found.target}, content {found.content_hash}: bring in that version"
        )
    return task


def _scores(result: Result, chosen: list[int], seed: int | None) -> str:
    """Return MAE and SRCC of the seeds that are drawn, and which these are."""
    unit = f" {result.dataset.unit}" if result.dataset.unit else ""
    told = []
    for name, title, after in (("mae", "MAE", unit), ("spearman", "SRCC", "")):
        if name in result.metrics:
            per_seed = result.metrics[name].per_seed
            value = sum(per_seed[i] for i in chosen) / len(chosen)
            written = significant(value) if name == "mae" else f"{value:.3f}"
            told.append(f"{title} {written}{after}")
    if seed is not None:
        told.append(f"seed {seed}")
    elif len(chosen) > 1:
        told.append(f"mean of {len(chosen)} seeds")
    return ", ".join(told)
