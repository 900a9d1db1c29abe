"""Labels of several configs, joined by architecture, and the command that prints them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from nape_bench.cli.main import main
from nape_bench.data.together import pair_cells, together
from nape_bench.errors import DataError, UnknownNameError
from nape_bench.spaces import space
from tests.data.tables import write

if TYPE_CHECKING:
    from pathlib import Path

CELLS = ["64-41414-1_02_333", "64-41414-0_00_100", "64-41414-0_10_100", "64-41414-0_20_100"]
"""The last three are one graph: what leads to no output is not in it."""


@pytest.fixture
def tasks(tmp_path: Path) -> dict[str, dict[str, float]]:
    """Import configs of different architectures, in different orders, and return their labels."""
    cells = [*CELLS, *list(space("transnas_micro").enumerate())[-30:]]
    rng = np.random.default_rng(1)
    labels = {}
    for name, chosen in {"one": cells, "two": cells[:20:-1], "three": cells[:10]}.items():
        labels[name] = {cell: float(rng.normal()) for cell in chosen}
        rows = [{"arch": cell, name: y, "rate": -y} for cell, y in labels[name].items()]
        words = [
            str(write(tmp_path / f"{name}.csv", rows)), "--space", "transnas_micro",
            "--spec", "arch", "--label", f"{name}={name}", "--label", "rate=rate",
            "--name", "jane/tasks", "--config", name, "--quiet",
        ]  # fmt: skip
        assert main(["import", "table", *words]) == 0
    return labels


def test_architectures_are_joined_whatever_their_order(
    tasks: dict[str, dict[str, float]],
) -> None:
    told = together("jane/tasks", ["one", "two"])
    both = [cell for cell in tasks["one"] if cell in tasks["two"]]
    expected = stats.spearmanr(*[[tasks[name][cell] for cell in both] for name in ("one", "two")])
    pair = told.pairs["one", "two"]
    assert pair is not None
    assert pair.value == pytest.approx(expected[0])
    assert pair.n == len(both)
    assert told.architectures == len(tasks["one"])


def test_patterns_and_labels_beside_the_main_one(tasks: object) -> None:
    assert together("jane/tasks").columns == ["one", "three", "two"]
    told = together("jane/tasks", ["one", "t*/rate"])
    assert told.columns == ["one", "three/rate", "two/rate"]
    assert together("jane/tasks", ["one", "one/rate"]).pairs["one", "one/rate"].value == -1  # type: ignore[union-attr]
    assert pair_cells(told.columns, told.pairs)[2][2] == ""  # three and two share nothing


def test_cells_of_one_graph_are_measured_apart(tasks: dict[str, dict[str, float]]) -> None:
    told = together("jane/tasks", ["one", "one/rate"])
    values = [tasks["one"][cell] for cell in CELLS[1:3]]
    assert told.repeats["one"].between == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
    assert told.repeats_cells() == []  # one graph has no rank


def test_what_is_not_there_is_named(tasks: object) -> None:
    with pytest.raises(DataError, match="two labels or more are compared, there is one"):
        together("jane/tasks", ["one"])
    with pytest.raises(UnknownNameError, match="did you mean rate"):
        together("jane/tasks", ["one", "two/rat"])
    with pytest.raises(UnknownNameError, match="config of jane/tasks"):
        together("jane/tasks", ["one", "tow"])
    with pytest.raises(UnknownNameError, match="nape-bench import transnas"):
        together("nape/transnas_micro")


def test_command(tasks: object, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["correlations", "jane/tasks", "one", "one/rate"]) == 0
    assert "34 architectures. Above the diagonal" in capsys.readouterr().out
    assert main(["correlations", "jane/tasks", "one", "one/rate", "--markdown"]) == 0
    assert "| one |  | -1.000 |" in capsys.readouterr().out
    assert main(["correlations", "jane/tasks", "one", "one/rate", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pairs"][0]["columns"] == ["one", "one/rate"]
    assert told["pairs"][0]["n"] == 34
