"""Saved predictors that are not as they were saved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.errors import DataError, UnknownNameError
from nape_bench.predictors import Predictor, predictor
from nape_bench.predictors.wrap import wrap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.predictors.conftest import Labelled


@pytest.fixture
def saved(labelled: Labelled, tmp_path: Path) -> Path:
    few = labelled.take(slice(0, 20))
    return predictor("cost_ridge").fit(few.graphs, few.y).save(tmp_path / "saved")


def rewrite(folder: Path, **changes: Any) -> None:
    file = folder / "predictor.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_is_there_is_not_replaced(saved: Path, labelled: Labelled) -> None:
    few = labelled.take(slice(0, 20))
    with pytest.raises(DataError, match="is there already"):
        predictor("cost_ridge").fit(few.graphs, few.y).save(saved)


@pytest.mark.parametrize("name", ["predictor.json", "learnt.safetensors"])
def test_a_file_is_missing(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(DataError, match=f"no {name}"):
        Predictor.load(saved)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"layout": 1}', "[" * 100_000])
def test_text_that_is_no_saved_predictor(saved: Path, text: str) -> None:
    (saved / "predictor.json").write_text(text)
    with pytest.raises(DataError, match=r"predictor\.json: not a saved predictor"):
        Predictor.load(saved)


def test_another_layout_is_refused(saved: Path) -> None:
    rewrite(saved, layout=2)
    with pytest.raises(DataError, match="layout 2, and this nape_bench reads 1"):
        Predictor.load(saved)


def test_arrays_that_are_cut_short(saved: Path) -> None:
    file = saved / "learnt.safetensors"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DataError, match="not readable as safetensors"):
        Predictor.load(saved)


def test_another_predictors_arrays(saved: Path) -> None:
    rewrite(saved, name="gp", settings={"seed": 0})
    with pytest.raises(DataError, match="not what 'gp' has learnt"):
        Predictor.load(saved)


def test_names_that_this_package_does_not_know(saved: Path) -> None:
    rewrite(saved, name="oracle")
    with pytest.raises(UnknownNameError, match="oracle"):
        Predictor.load(saved)


def test_settings_may_be_given_anew(labelled: Labelled, tmp_path: Path) -> None:
    few = labelled.take(slice(0, 20))
    folder = predictor("gp", seed=3).fit(few.graphs, few.y).save(tmp_path / "gp")
    assert Predictor.load(folder).settings["seed"] == 3
    assert Predictor.load(folder, rows=5).settings["rows"] == 5


def test_somebody_elses_object_is_not_saved(labelled: Labelled, tmp_path: Path) -> None:
    class Mean:
        def fit(self, graphs: Any, y: Any) -> None:
            self.mean = np.mean(y)

        def predict(self, graphs: Any) -> np.ndarray:
            return np.full(len(graphs), self.mean)

    few = labelled.take(slice(0, 20))
    with pytest.raises(NotImplementedError, match=r"Mean.*cannot be saved"):
        wrap(Mean()).fit(few.graphs, few.y).save(tmp_path / "mean")
