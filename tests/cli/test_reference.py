"""The whole path on published labels: NAS-Bench-201 imported, and FLOPs scored on all of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nape_bench.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.shared
def test_flops_on_nas_bench_201(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = shared / "labels" / "nb201_vtao" / "nats_bench.csv"
    argv = ["import", "table", str(table), "--space", "nb201", "--spec", "ArchitectureString"]
    argv += ["--label", "cifar10=CIFAR10TestAccuracy200Epochs", "--name", "nape/nb201"]
    assert main(argv) == 0
    assert "15625 architectures kept" in capsys.readouterr().out
    assert main(["run", "flops", "--protocol", "zero-shot/nb201/cifar10", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)[0]
    assert result["counts"]["test"] == 15_625
    # On pruned graphs; operations counted before pruning give .75.
    assert result["metrics"]["spearman"]["value"] == pytest.approx(0.822, abs=5e-4)
    subset = result["subsets"]["no-none"]
    assert subset["n"] == 4_096
    assert subset["metrics"]["spearman"]["value"] == pytest.approx(0.808, abs=5e-4)
