"""`predict NETWORK`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench import load_dataset, predictor, space
from nape_bench.cli.main import main
from nape_bench.errors import DataError
from nape_bench.predictors.estimate import estimate, strangeness

if TYPE_CHECKING:
    from pathlib import Path

STRANGE = """
from torch import nn


def network():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.Flatten(), nn.Linear(1568, 4))
"""


def test_a_network_of_the_family_is_near(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family = space("hiaml")
    graph = family.build(family.sample(np.random.default_rng(4)))
    file = tmp_path / "network.json"
    file.write_text(json.dumps(graph.to_dict()))
    assert main(["predict", str(file), "--with", "gp", "--label", "accuracy", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = told["labels"]["accuracy"]
    assert found["low"] < found["value"] < found["high"]
    assert told["flops"] == graph.flops()
    assert told["warnings"] == []


def test_latencies_are_predicted_where_the_dataset_has_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family = space("two_path")
    graph = family.build(family.sample(np.random.default_rng(4)))
    file = tmp_path / "network.json"
    file.write_text(json.dumps(graph.to_dict()))
    argv = ["predict", str(file), "--with", "cost_ridge", "--on", "nape/two_path", "--json"]
    assert main(argv) == 0
    labels = json.loads(capsys.readouterr().out)["labels"]
    assert list(labels) == [
        "accuracy", "torch_b1_ms", "torch_b16_ms", "onnxruntime_b1_ms", "onnxruntime_b16_ms",
    ]  # fmt: skip
    assert labels["torch_b16_ms"]["unit"] == "ms"
    assert 0 < labels["onnxruntime_b16_ms"]["value"] < labels["torch_b16_ms"]["value"]
    assert main([*argv, "--label", "accuracy"]) == 0
    assert list(json.loads(capsys.readouterr().out)["labels"]) == ["accuracy"]


def test_a_factory_is_run_and_a_strange_network_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_strange_network.py").write_text(STRANGE)
    monkeypatch.chdir(tmp_path)
    network = ["own_strange_network:network", "--resolution", "16"]
    assert main(["predict", *network, "--with", "gp", "--label", "accuracy"]) == 0
    out = capsys.readouterr().out
    assert "outside of what the predictor was trained on" in out
    assert "none of them has: GroupNorm" in out
    assert main(["predict", "own_strange_network:other"]) == 2
    assert "MODULE:NAME of your own Python" in capsys.readouterr().err
    assert main(["predict", "math:pi", "--on", "nape/hiaml", "--with", "gp"]) == 2
    assert "math:pi: is float, where a function is asked for" in capsys.readouterr().err


def test_intervals_hold_what_they_say() -> None:
    data = load_dataset("nape/hiaml")
    fitted = predictor("gp").fit(data["train"].graphs, data["train"].y)
    graphs, y = data["validation"].graphs, data["validation"].y
    test = data["test"]
    found = [estimate(fitted, test.graphs[i], graphs, y, coverage=0.8) for i in range(40)]
    held = np.mean([e.low <= t <= e.high for e, t in zip(found, test.y[:40], strict=True)])
    assert 0.6 < held <= 1
    with pytest.raises(DataError, match="coverage"):
        estimate(fitted, test.graphs[0], graphs, y, coverage=1.0)
    assert strangeness(data["train"].graphs[0], data["train"].graphs) == []
