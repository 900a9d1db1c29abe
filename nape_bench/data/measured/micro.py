"""Config `micro`: accuracies after micro training, mean and single seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.info import LabelInfo
from nape_bench.data.measured.base import CONFIGS, Label, LabelConfig, seed_correlation

if TYPE_CHECKING:
    from nape_bench.data.measured.results import Results

ACCURACY, SECONDS = "accuracy", "train_seconds"


def labels(results: Results) -> dict[str, Label]:
    """Return `accuracy`, `accuracy_seed<k>` for each seed, and `train_seconds`.

    Where the task asks several questions there is also an `accuracy_<question>` for each, but for
    one that `accuracy` is of by itself.
    """
    accuracy, seconds = results.column("accuracy"), results.column("seconds")
    source = f"trained by nape_bench, recipe {results.version}"
    ceiling = seed_correlation(accuracy)
    count = len(results.seeds)
    shared = results.supernet_seconds is not None
    how = "with the weights of a micro supernet" if shared else "after micro training"
    meaning = f"test accuracy {how}, mean over {count} seeds"
    info = LabelInfo(meaning, "%", True, source, count, ceiling)
    made = {ACCURACY: Label(info, mean_of(accuracy), accuracy)}
    for place, seed in enumerate(results.seeds):
        meaning = f"test accuracy {how} with seed {seed}"
        info = LabelInfo(meaning, "%", True, source, 1, ceiling)
        made[f"{ACCURACY}_seed{seed}"] = Label(info, accuracy[:, place])
    questions = results.table[0][0].get("answers") or {}
    for question in questions:
        answers = results.column(f"answers.{question}")
        if np.array_equal(answers, accuracy):
            continue  # the only question that is scored
        meaning = f"test accuracy on the question for the {question} alone, mean over {count} seeds"
        info = LabelInfo(meaning, "%", True, source, count, seed_correlation(answers))
        made[f"{ACCURACY}_{question}"] = Label(info, mean_of(answers), answers)
    work = "scoring, the supernet's training left out" if shared else "micro training"
    meaning = f"processor time of {work}, mean over {count} seeds; tells of the machine"
    made[SECONDS] = Label(LabelInfo(meaning, "s", False, source, count), mean_of(seconds))
    return made


def mean_of(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis, free of the last digits' noise, which breaks ties."""
    means: np.ndarray = values.mean(-1).round(9)
    return means


CONFIGS.add(
    "micro",
    LabelConfig(
        name="micro",
        measure="micro",
        target=ACCURACY,
        labels=labels,
        least_seeds=2,
        needed=("accuracy", "seconds"),
    ),
)
