"""`import table`: the command hands over what was asked for, and a run on it follows."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench import load_dataset, space
from nape_bench.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    cells = {space("nb201").format(space("nb201").sample(rng)) for _ in range(80)}
    path = tmp_path / "cells.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["arch", "top1", "ms"])
        for cell in sorted(cells):
            row = [cell, round(rng.normal(80, 5), 3), "-1" if rng.random() < 0.2 else "2.5"]
            writer.writerow(row)
    return path


def test_import_then_run(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["import", "table", str(table), "--space", "nb201", "--spec", "arch"]
    argv += ["--label", "accuracy=top1", "--label", "latency=ms", "--name", "jane/cells"]
    argv += ["--unit", "accuracy=%", "--lower-is-better", "latency", "--missing", "-1"]
    assert main(argv) == 0
    out = capsys.readouterr().out
    rows = len(table.read_text().splitlines()) - 1
    assert f"{rows} rows read, {rows} architectures kept" in out
    assert "jane/cells v1.0 (accuracy) is in " in out
    dataset = load_dataset("jane/cells")
    assert (dataset.config, dataset.target, list(dataset.labels_info)) == (
        "accuracy",
        "accuracy",
        ["accuracy", "latency"],
    )
    assert dataset.labels_info["accuracy"].unit == "%"
    assert dataset.labels_info["latency"].higher_is_better is False
    assert any(np.isnan(dataset[s].labels["latency"]).any() for s in dataset)
    assert main(["run", "flops", "--protocol", "zero-shot/jane/cells/accuracy"]) == 0
    assert f"{rows} test rows" in capsys.readouterr().out


def test_a_bad_row_stops_the_import_or_is_skipped(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = table.read_text().splitlines()
    lines[4] = lines[4].replace("~0|", "~7|", 1)
    table.write_text("\n".join(lines))
    argv = ["import", "table", str(table), "--space", "nb201", "--spec", "arch"]
    argv += ["--label", "accuracy=top1", "--name", "jane/cells", "--config", "mine"]
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert f"{table}, line 5" in err
    assert "nothing was imported" in err
    assert main(["datasets"]) == 0
    assert "jane/cells" not in capsys.readouterr().out
    assert main([*argv, "--skip-bad"]) == 0
    assert "1 rows skipped" in capsys.readouterr().out
    assert load_dataset("jane/cells", "mine").config == "mine"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--label", "top1"], "--label top1: NAME=VALUE expected"),
        (["--label", "a=top1", "--label", "a=ms"], "a name is given twice"),
        (["--label", "a=top1", "--unit", "a"], "--unit a: NAME=VALUE expected"),
        (["--label", "a=top1", "--spec-field", "r=x"], "a value is not JSON"),
        (["--label", "a=top2"], "did you mean top1"),
    ],
)
def test_what_is_wrong_is_said(
    table: Path, option: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["import", "table", str(table), "--space", "nb201", "--spec", "arch"]
    assert main([*argv, "--name", "jane/cells", *option]) == 2
    assert message in capsys.readouterr().err
