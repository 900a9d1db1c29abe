"""Small datasets in the local store, and a predictor of values, for tests of what is above data."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.build import RowsBuilder, split_rows
from nape_bench.data.info import ConfigData, DatasetInfo, LabelInfo
from nape_bench.data.store import put
from nape_bench.predictors import Predictor
from nape_bench.spaces import space

if TYPE_CHECKING:
    from nape_bench.data.rows import Rows
    from nape_bench.graph import GraphTable

INFO = DatasetInfo("Tiny", "hiaml", "A few architectures with made-up labels.", "mit", "")
ACCURACY = LabelInfo("made up", "%", True, "tests", seeds=2, noise_ceiling=0.9)
LATENCY = LabelInfo("made up", "ms", False, "tests")


@cache
def architectures(family: str, count: int) -> tuple[RowsBuilder, np.ndarray]:
    """Different random architectures of a space, and their FLOPs."""
    rng = np.random.default_rng(7)
    built = RowsBuilder(space(family))
    seen: set[str] = set()
    while len(built) < count:
        spec = space(family).sample(rng)
        text = space(family).format(spec)
        if text not in seen:
            seen.add(text)
            built.add(spec)
    return built, built.rows({}).graphs.flops().astype(np.float64)


def labels_of(family: str, count: int) -> np.ndarray:
    """Percentages that grow with FLOPs, with noise."""
    _, flops = architectures(family, count)
    noise = np.random.default_rng(8).normal(0, 2, count)
    return 70 + 10 * (np.log10(flops) - np.log10(flops).mean()) + noise


def put_tiny(
    name: str = "nape/tiny",
    config: str = "micro",
    family: str = "hiaml",
    count: int = 120,
    y: np.ndarray | None = None,
    label: tuple[str, LabelInfo] = ("accuracy", ACCURACY),
    splits: dict[str, Rows] | None = None,
) -> None:
    """Write a dataset into the local store."""
    built, _ = architectures(family, count)
    y = labels_of(family, count) if y is None else y
    parts = splits or split_rows(built.rows({label[0]: y}))
    info = DatasetInfo(INFO.title, family, INFO.description, INFO.licence, INFO.citation)
    put(name, "v1.0", config, info, ConfigData(label[0], {label[0]: label[1]}, {}, parts))


class Line(Predictor):
    """A line through log10 FLOPs, its slope off by what the seed draws."""

    name = "line"
    title = "Line"
    source = "tests"

    def __init__(self, *, wobble: float = 0.05, seed: int = 0, progress: bool = False) -> None:
        super().__init__(seed=seed, progress=progress)
        self.wobble = wobble
        self.given: list[tuple[int, int | None]] = []

    def _fit(
        self,
        graphs: GraphTable,
        y: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None,
    ) -> None:
        self.given.append((len(y), None if validation is None else len(validation[1])))
        slope, self._level = np.polyfit(np.log10(graphs.flops()), y, 1)
        self._slope = slope * (1 + self.wobble * np.random.default_rng(self.seed).normal())

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return self._slope * np.log10(graphs.flops()) + self._level
