"""Files that importers read, with bytes changed or cut off: our error, and nothing half-written."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.data import import_table, load_dataset
from nape_bench.data.importers import import_aiop, import_gennape
from nape_bench.data.importers.graph_file import read_graph_file
from nape_bench.errors import NapeError
from nape_bench.graph import GraphBuilder
from tests.data import tables
from tests.data.caches import dumps, entry, json_record, sampled, state, write_cache, write_json
from tests.data.test_import_aiop import aiop_entries
from tests.data.test_import_gennape import AIOP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRIES = 60
ROWS = [{"arch": text, "acc": 90 + i / 8} for i, text in enumerate(tables.specs(6))]


def made(path: Path, kind: str) -> Callable[[], Any]:
    """Write a small file of a kind at `path`; return what reads it."""
    if kind == "graph":
        b = GraphBuilder(8)
        graph = b.finish(b.dense(b.mean(b.relu(b.conv(b.input, 4, 3))), 10))
        path.write_bytes(dumps(state(graph, "a graph")))
        return partial(read_graph_file, path)
    if kind == "aiop":
        write_cache(path, aiop_entries(2))
        return partial(import_aiop, path, progress=False)
    if kind == "cache":
        write_cache(path, [entry("nb101", spec, i) for i, spec in enumerate(sampled("nb101", 2))])
        return partial(import_gennape, path, progress=False)
    if kind == "json":
        write_json(path, "two_path", [json_record("two_path", sampled("two_path", 1)[0])])
        return partial(import_gennape, path, progress=False)
    tables.write(path, ROWS)
    return partial(
        import_table, path, space="hiaml", spec=["arch"], labels={"accuracy": "acc"},
        name="me/table", progress=False,
    )  # fmt: skip


FILES = {
    "graph": "g.pkl",
    "aiop": AIOP,
    "cache": "gpi_nb101_comp_graph_cache.pkl",
    "json": "two_path_cifar10_labelled_cg_data.json",
    "csv": "t.csv",
    "jsonl": "t.jsonl",
    "table as json": "t.json",
    "parquet": "t.parquet",
}


@pytest.mark.parametrize("kind", FILES)
def test_damage_is_an_error_or_harmless(tmp_path: Path, own_home: Path, kind: str) -> None:
    path = tmp_path / FILES[kind]
    read = made(path, kind)
    good = np.frombuffer(path.read_bytes(), np.uint8)
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(TRIES):
        content = good.copy()
        for at in rng.integers(len(good), size=rng.integers(1, 4)):
            content[at] = rng.integers(256)
        end = int(rng.integers(len(good))) if number % 4 == 0 else len(good)
        path.write_bytes(content[:end].tobytes())
        try:
            read()
        except NapeError:
            refused += 1
            assert list(own_home.iterdir()) == []
        else:
            for folder in own_home.glob("datasets/*/*"):  # what was written is whole
                load_dataset(f"{folder.parent.name}/{folder.name}")
            for left in own_home.iterdir():
                shutil.rmtree(left)
    assert refused > TRIES / 8
