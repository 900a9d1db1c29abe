"""Small labelled tables for tests: HiAML architectures with labels drawn at random."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.build import RowsBuilder, split_rows
from nape_bench.data.info import ConfigData, DatasetInfo, LabelInfo
from nape_bench.spaces import space

if TYPE_CHECKING:
    from nape_bench.data.rows import Rows

INFO = DatasetInfo("Some HiAML", "hiaml", "For tests.", "mit", "nobody")


@cache
def specs(count: int, seed: int = 0) -> tuple[str, ...]:
    """Return distinct architectures as text."""
    hiaml, rng = space("hiaml"), np.random.default_rng(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[hiaml.format(hiaml.sample(rng))] = None
    return tuple(found)


@cache
def rows(count: int = 30, seed: int = 0) -> Rows:
    """Return rows with the labels accuracy (one of them missing) and latency."""
    builder = RowsBuilder(space("hiaml"))
    for text in specs(count, seed):
        builder.add(builder.space.parse(text))
    rng = np.random.default_rng(seed)
    accuracy, latency = rng.normal(90, 2, count), rng.uniform(1, 9, count)
    accuracy[count // 2] = np.nan
    return builder.rows({"accuracy": accuracy, "latency": latency})


def label_info(*names: str) -> dict[str, LabelInfo]:
    return {n: LabelInfo(f"{n} of tests", "%", n != "latency", "tests") for n in names}


def config_data(table: Rows | None = None) -> ConfigData:
    table = rows() if table is None else table
    names = tuple(table.labels)
    return ConfigData(names[0], label_info(*names), {"made": "by tests"}, split_rows(table))
