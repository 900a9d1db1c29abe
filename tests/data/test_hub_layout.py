"""A dataset folder opens with plain `datasets.load_dataset`, offline and without a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import yaml

from nape_bench.data import load_dataset, store
from nape_bench.data.schema import column_names
from nape_bench.data.write import describe, write_folder
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path

OPEN = """
import json, sys
import datasets
datasets.disable_progress_bars()
out = {}
for config in [None, *sys.argv[2:]]:
    ds = datasets.load_dataset(sys.argv[1], config)
    out[str(config)] = {
        split: {
            "columns": rows.column_names,
            "features": {name: str(kind) for name, kind in rows.features.items()},
            "ids": list(rows["id"]), "op": list(rows["node_op"]),
            "latency": list(rows["latency"]),
        }
        for split, rows in ds.items()
    }
json.dump(out, sys.stdout)
"""


def plain(folder: Path, scratch: Path, *configs: str) -> dict[str, dict[str, dict[str, list]]]:
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(scratch / "hf"),
        "HF_DATASETS_CACHE": str(scratch / "cache"),
    }
    command = [sys.executable, "-c", OPEN, str(folder), *configs]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_plain_datasets_opens_it(tmp_path: Path) -> None:
    folder = store.put("me/some", "v1.0", "only", tables.INFO, tables.config_data())
    ours = load_dataset("me/some")
    theirs = plain(folder, tmp_path, "only")
    assert theirs["None"] == theirs["only"]
    for name in ours:
        found = theirs["only"][name]
        assert found["columns"] == column_names(["accuracy", "latency"])
        assert found["ids"] == ours[name].ids
        assert np.array_equal(found["latency"], ours[name].labels["latency"])
        assert [op for row in found["op"] for op in row] == ours[name].graphs.columns["op"].tolist()
    assert found["features"]["node_op"] == "List(Value('uint8'))"
    assert found["features"]["accuracy"] == "Value('float64')"


def test_several_configs_and_an_empty_split(tmp_path: Path) -> None:
    data = tables.config_data()
    few = tables.config_data(tables.rows(1))
    assert sorted(len(rows) for rows in few.splits.values()) == [0, 0, 1]
    manifest = describe("me/some", "v1.0", tables.INFO, {"few": few, "micro": data})
    write_folder(tmp_path / "d", manifest, {"few": few, "micro": data})
    theirs = plain(tmp_path / "d", tmp_path, "few", "micro")
    assert theirs["None"] == theirs["micro"] != theirs["few"]
    assert {split: len(rows["ids"]) for split, rows in theirs["few"].items()} == {
        split: len(rows) for split, rows in few.splits.items() if len(rows)
    }
    ours = load_dataset("me/some", "few", path=tmp_path / "d")
    assert {split: len(ours[split]) for split in ours} == {
        split: len(rows) for split, rows in few.splits.items()
    }


def test_front_matter_tells_sizes(tmp_path: Path) -> None:
    folder = store.put("me/some", "v1.0", "only", tables.INFO, tables.config_data())
    _, front, body = (folder / "README.md").read_text().split("---\n", 2)
    value = yaml.safe_load(front)
    (info,) = value["dataset_info"]
    files = list((folder / "data" / "only").iterdir())
    assert info["download_size"] == sum(file.stat().st_size for file in files)
    assert sum(split["num_examples"] for split in info["splits"]) == 30
    assert value["configs"][0]["default"] is True
    assert value["license"] == "mit"
    assert "# Some HiAML" in body
    assert "| `accuracy` (target) | accuracy of tests | % | higher |" in body
    assert "| `latency` | latency of tests | % | lower |" in body
