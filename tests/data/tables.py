"""Small labelled tables for tests: HiAML architectures with labels drawn at random."""

from __future__ import annotations

import csv
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nape_bench.data.build import RowsBuilder, split_rows
from nape_bench.data.info import ConfigData, DatasetInfo, LabelInfo
from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write records in the format that the file's ending names."""
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def label_info(*names: str) -> dict[str, LabelInfo]:
    return {n: LabelInfo(f"{n} of tests", "%", n != "latency", "tests") for n in names}


def config_data(table: Rows | None = None) -> ConfigData:
    table = rows() if table is None else table
    names = tuple(table.labels)
    return ConfigData(names[0], label_info(*names), {"made": "by tests"}, split_rows(table))
