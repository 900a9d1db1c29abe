"""Configs of nape/multitask: one for each once-for-all family and task, from a label store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nape_bench.data.build import RowsBuilder, split_rows
from nape_bench.data.info import ConfigData, LabelInfo
from nape_bench.data.measured.base import LabelConfig, seed_correlation
from nape_bench.data.measured.micro import mean_of
from nape_bench.data.measured.quality import rank_correlation
from nape_bench.data.measured.results import Choice, Results, read_results
from nape_bench.errors import DataError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nape_bench.data.rows import Rows

FAMILIES = ("ofa_pn", "ofa_mbv3", "ofa_resnet")
INDIVIDUAL, PSEUDO = "multitask", "multitask_pseudo"


class Metric(NamedTuple):
    """How a task is scored.

    Attributes:
        label: Name of the label column.
        meaning: What it is.
    """

    label: str
    meaning: str


METRICS: dict[str, Metric] = {
    "classification": Metric("top1", "top-1 accuracy for the digit of which most is seen"),
    "detection": Metric("box_ap", "COCO AP of boxes, mean over IoU .50 to .95"),
    "instance_segmentation": Metric("mask_ap", "COCO AP of masks, mean over IoU .50 to .95"),
    "semantic_segmentation": Metric("miou", "mean over classes of intersection over union"),
    "panoptic_segmentation": Metric("pq", "panoptic quality, mean over classes"),
    "keypoints": Metric("pck", "keypoints found within .2 of the longer side of the true box"),
}
"""The metric of each task, in %."""


@dataclass(frozen=True)
class Bodies:
    """What a store holds of one family.

    Attributes:
        family: The space.
        individual: Bodies that were trained individually.
        pseudo: Bodies that were fitted to the shared head; some may be the same.
    """

    family: str
    individual: Results
    pseudo: Results

    @property
    def both(self) -> list[tuple[int, int]]:
        """Places in `individual` and in `pseudo` of bodies that are in both."""
        places = {line[0]["text"]: i for i, line in enumerate(self.pseudo.table)}
        texts = [line[0]["text"] for line in self.individual.table]
        return [(i, places[text]) for i, text in enumerate(texts) if text in places]

    def pseudo_rank(self, task: str) -> float | None:
        """Return the rank correlation of pseudo-labels with the individual labels of a task.

        It is over the bodies that have both; None where there are none, or no order.
        """
        pairs = np.array(self.both, dtype=np.int64).reshape(-1, 2)
        mine, theirs = (mean_of(r.column(task)) for r in (self.individual, self.pseudo))
        return rank_correlation(mine[pairs[:, 0]], theirs[pairs[:, 1]])


def config_name(family: str, task: str) -> str:
    """Return the name of a config, as "ofa_mbv3-detection"."""
    return f"{family}-{task}"


def read_bodies(store: Path, family: str, choice: Choice) -> Bodies:
    """Read what a label store holds of a family.

    Raises:
        DataError: It lacks individual or pseudo-labels, or individual ones of two seeds.
    """
    found = {}
    for measure, seeds in ((INDIVIDUAL, 2), (PSEUDO, 1)):
        config = LabelConfig(measure, measure, "", lambda _: {}, seeds, tuple(METRICS))
        results = read_results(store, family, config, choice)
        if results is None:
            raise DataError(f"{store}: no results of {measure} for {family}")
        found[measure] = results
    return Bodies(family, found[INDIVIDUAL], found[PSEUDO])


def config_of(bodies: Bodies, task: str) -> ConfigData:
    """Return the labels of one task: of bodies trained individually, and pseudo-labels of others.

    Rows are in the order of the specifications' text. A body that has both labels is there with
    the individual one.
    """
    lines, individual = _merged(bodies)
    builder = RowsBuilder(space_of(bodies.family))
    for line in lines:
        builder.add(line[0]["spec"])
    rows = builder.rows(_columns(lines, individual, task))
    infos = _infos(bodies, task, list(rows.labels))
    provenance = {
        "individual": bodies.individual.provenance,
        "pseudo": bodies.pseudo.provenance,
    }
    return ConfigData(METRICS[task].label, infos, provenance, _apart(rows))


def _merged(bodies: Bodies) -> tuple[list[list[dict[str, Any]]], np.ndarray]:
    """Return the rows of each body, and whether it was trained individually."""
    known = {line[0]["text"]: (line, False) for line in bodies.pseudo.table}
    known |= {line[0]["text"]: (line, True) for line in bodies.individual.table}
    ordered = [known[text] for text in sorted(known)]
    return [line for line, _ in ordered], np.array([own for _, own in ordered])


def _columns(
    lines: Sequence[Sequence[dict[str, Any]]], individual: np.ndarray, task: str
) -> dict[str, np.ndarray]:
    label = METRICS[task].label
    seeds = sorted({row["seed"] for line in lines for row in line})
    scores = np.full((len(lines), len(seeds)), np.nan)
    for place, line in enumerate(lines):
        for row in line:
            scores[place, seeds.index(row["seed"])] = row[task]
    means = np.nanmean(scores, axis=1).round(9)
    return {
        label: means,
        **{f"{label}_seed{seed}": scores[:, i] for i, seed in enumerate(seeds)},
        "individual": individual.astype(np.float64),
        "body_flops": np.array([line[0]["body_flops"] for line in lines]),
        "flops": np.array([line[0]["flops"] for line in lines]),
        "train_seconds": np.array([np.mean([row["seconds"] for row in line]) for line in lines]),
    }


def _infos(bodies: Bodies, task: str, columns: Sequence[str]) -> dict[str, LabelInfo]:
    label, meaning = METRICS[task]
    own = bodies.individual
    source = f"trained by nape_bench, recipe {own.version}"
    ceiling = seed_correlation(own.column(task))
    told = {
        label: LabelInfo(
            f"{meaning}; mean over seeds; ceiling of bodies that were trained individually",
            "%", True, source, len(own.seeds), ceiling,
        ),
        "individual": LabelInfo(
            "1: the body was trained individually; 0: a pseudo-label, the body was fitted to a "
            "head that the family shares", "", True, source,
        ),
        "body_flops": LabelInfo("multiply-adds of the body at this scale, for one scene",
                                "10^6", False, source),
        "flops": LabelInfo("multiply-adds of body and head at this scale, for one scene",
                           "10^6", False, source),
        "train_seconds": LabelInfo(
            "processor time of training and scoring, mean over seeds, what the family shares left "
            "out; tells of the machine", "s", False, source,
        ),
    }  # fmt: skip
    for column in columns:
        if column not in told:
            seed = column.rpartition("_seed")[2]
            told[column] = LabelInfo(f"{meaning}, with seed {seed}", "%", True, source, 1, ceiling)
    return {column: told[column] for column in columns}


def _apart(rows: Rows) -> dict[str, Rows]:
    """Return the splits of rows.

    Raises:
        DataError: A body that was trained individually is not on the test side, or a pseudo-label
            is.
    """
    splits = split_rows(rows)
    for split, part in splits.items():
        wrong = part.labels["individual"] != (split == "test")
        if wrong.any():
            first = part.texts["id"].to_pylist()[int(np.argmax(wrong))]
            raise DataError(
                f"{first} is in the split {split}: bodies are trained individually for the test "
                "(--split test), and pseudo-labelled for the rest (--split train --split "
                "validation)"
            )
    return splits
