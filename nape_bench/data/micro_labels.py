"""From a store of micro training results to rows with labels, and the figures of a card."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.build import RowsBuilder
from nape_bench.data.info import LabelInfo
from nape_bench.errors import DataError
from nape_bench.metrics import spearman
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.data.rows import Rows

ACCURACY, SECONDS = "accuracy", "train_seconds"


@dataclass(frozen=True)
class MicroResults:
    """What a store holds of one family, brought into tables.

    Attributes:
        space: The family.
        version: Version of the recipe ("micro-1").
        settings: The recipe, plain JSON.
        seeds: The seeds that every architecture was trained with.
        specs: Specifications, in the order of their text.
        accuracy: Test accuracy in %, float64 [architectures, seeds].
        seconds: Processor time of training in seconds, float64 [architectures, seeds].
        machines: Number of machines that they were trained on.
        incomplete: Architectures left out: some seed is not there or did not succeed.
    """

    space: str
    version: str
    settings: dict[str, Any]
    seeds: tuple[int, ...]
    specs: list[Any]
    accuracy: np.ndarray
    seconds: np.ndarray
    machines: int
    incomplete: int

    @property
    def seed_correlation(self) -> float:
        """Spearman rank correlation between seeds, the mean over pairs of them."""
        pairs = itertools.combinations(range(len(self.seeds)), 2)
        return float(
            np.mean([spearman(self.accuracy[:, a], self.accuracy[:, b]) for a, b in pairs])
        )

    def rows(self) -> Rows:
        """Return rows with the labels `label_info` describes."""
        builder = RowsBuilder(space_of(self.space))
        for spec in self.specs:
            builder.add(builder.space.normalise(spec))
        per_seed = {f"{ACCURACY}_seed{s}": self.accuracy[:, i] for i, s in enumerate(self.seeds)}
        return builder.rows(
            {ACCURACY: mean_of(self.accuracy), **per_seed, SECONDS: mean_of(self.seconds)}
        )

    def label_info(self) -> dict[str, LabelInfo]:
        """Return what each label column holds."""
        source = f"trained by this project, recipe {self.version}"
        ceiling = self.seed_correlation
        count = len(self.seeds)
        said = {
            ACCURACY: LabelInfo(
                f"test accuracy after micro training, mean over {count} seeds",
                "%", True, source, count, ceiling,
            )
        }  # fmt: skip
        for seed in self.seeds:
            meaning = f"test accuracy after micro training with seed {seed}"
            said[f"{ACCURACY}_seed{seed}"] = LabelInfo(meaning, "%", True, source, 1, ceiling)
        meaning = f"processor time of micro training, mean over {count} seeds; tells of the machine"
        said[SECONDS] = LabelInfo(meaning, "s", False, source, count)
        return said


def mean_of(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis, free of the last digits' noise, which breaks ties."""
    means: np.ndarray = values.mean(-1).round(9)
    return means


def read_results(store: Path, space: str, version: str | None = None) -> MicroResults:
    """Read what a labelling run has measured of a family.

    Args:
        store: Folder of the label store (`labels.read_labels`).
        space: The family.
        version: Version of the recipe; by default the only one there is.

    Raises:
        DataError: There are no results, results of several recipes, or only one seed.
    """
    from nape_bench.labels import read_labels

    rows = [r for r in read_labels(store, space=space, version=version) if r["measure"] == "micro"]
    versions = sorted({row["version"] for row in rows})
    if len(versions) != 1:
        found = f"of {', '.join(versions)}: name one (--recipe)" if versions else "none"
        raise DataError(
            f"{store}: micro results of {space} with one recipe expected, found {found}"
        )
    seeds = sorted({row["seed"] for row in rows})
    if len(seeds) < 2:
        raise DataError(f"{store}: two seeds or more expected, found {seeds}")
    known: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        known.setdefault(row["text"], {})
        if row["error"] is None and row["accuracy"] is not None:
            known[row["text"]][row["seed"]] = row
    whole = {text: known[text] for text in sorted(known) if len(known[text]) == len(seeds)}
    if len(whole) < 2:
        raise DataError(f"{store}: no two architectures of {space} have results of seeds {seeds}")
    table = [[found[seed] for seed in seeds] for found in whole.values()]
    settings = store / "settings" / f"micro-{versions[0]}-{space}.json"
    return MicroResults(
        space=space,
        version=versions[0],
        settings=json.loads(settings.read_text(encoding="utf-8")),
        seeds=tuple(seeds),
        specs=[line[0]["spec"] for line in table],
        accuracy=np.array([[row["accuracy"] for row in line] for line in table], dtype=np.float64),
        seconds=np.array([[row["seconds"] for row in line] for line in table], dtype=np.float64),
        machines=len({row["machine"] for line in table for row in line}),
        incomplete=len(known) - len(whole),
    )
