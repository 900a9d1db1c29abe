"""Results on disk: what is written is read, and what was changed is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import nape_bench
from nape_bench.errors import DataError
from nape_bench.evaluation import Evaluator, Result
from nape_bench.evaluation.prediction_files import write_predictions
from nape_bench.evaluation.tables import significant
from tests.evaluation.tiny import Line

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def result(tiny: object) -> Result:
    return nape_bench.evaluate(Line(wobble=0.2), "in-family/tiny", seeds=3)


def test_what_is_saved_is_loaded(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "deep" / "result")
    names = ["predictions-0.parquet", "predictions-1.parquet", "predictions-2.parquet"]
    assert sorted(p.name for p in folder.iterdir()) == [*names, "result.json"]
    assert [p.name for p in folder.parent.iterdir()] == ["result"]
    loaded = Result.load(folder)
    assert loaded.to_dict() == result.to_dict()
    assert loaded.metrics == result.metrics
    assert loaded.dataset == result.dataset
    assert loaded.seconds == result.seconds
    assert loaded.ids == result.ids
    for seed in result.seeds:
        assert np.array_equal(loaded.predictions[seed], result.predictions[seed])
    assert str(loaded) == str(result)


def test_predictions_from_elsewhere_are_saved_as_well(result: Result, tmp_path: Path) -> None:
    evaluator = Evaluator("in-family/tiny")
    scored = evaluator.evaluate({7: evaluator.task.test.y}, predictor="truth")
    loaded = Result.load(scored.save(tmp_path / "r"))
    assert loaded.seconds is None
    assert loaded.seeds == (7,)
    assert loaded.to_dict() == scored.to_dict()


def test_saved_predictions_score_the_same(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "r")
    again = Evaluator("in-family/tiny").evaluate(folder)
    assert again.seeds == result.seeds
    assert again.metrics == result.metrics


def test_the_files_are_what_a_submission_needs(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "r")
    table = pq.read_table(folder / "predictions-1.parquet")
    assert table.column_names == ["id", "prediction"]
    assert [str(f.type) for f in table.schema] == ["string", "double"]
    assert table["id"].to_pylist() == Evaluator("in-family/tiny").ids
    told = json.loads((folder / "result.json").read_text())
    assert told["schema_version"] == 1
    assert told["evaluator"] == "1"
    assert told["protocol"] == "in-family/tiny"
    assert told["dataset"]["version"] == "v1.0"
    assert told["dataset"]["content_hash"] == result.dataset.content_hash
    assert told["seeds"] == [0, 1, 2]
    assert set(told["metrics"]["spearman"]) == {"value", "low", "high", "n", "per_seed"}
    assert told["predictor"]["settings"] == {"wobble": 0.2}


def test_a_folder_that_holds_something_is_not_written_over(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "r")
    with pytest.raises(DataError, match="holds a result"):
        result.save(folder)
    (folder / "predictions-9.parquet").write_text("old")
    result.save(folder, overwrite=True)
    assert not (folder / "predictions-9.parquet").exists()
    (folder / "notes.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(DataError, match=r"holds notes\.txt, which is no result"):
            result.save(folder, overwrite=overwrite)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="a file is in the way"):
        result.save(tmp_path / "file", overwrite=True)
    (tmp_path / "empty").mkdir()
    Result.load(result.save(tmp_path / "empty"))


def test_nothing_is_left_of_a_save_that_fails(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = result.save(tmp_path / "r")
    before = (folder / "result.json").read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("nape_bench.evaluation.store.to_json", fail)
    with pytest.raises(OSError, match="disk full"):
        result.save(folder, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["r"]
    assert (folder / "result.json").read_bytes() == before


def change(path: Path, *keys: Any, to: Any = None, drop: bool = False) -> None:
    told = json.loads(path.read_text())
    at = told
    for key in keys[:-1]:
        at = at[key]
    if drop:
        del at[keys[-1]]
    else:
        at[keys[-1]] = to
    path.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("keys", "to", "message"),
    [
        (("schema_version",), 2, "schema_version is 2, and this nape_bench reads 1"),
        (("extra",), 1, "unknown extra"),
        (("dataset", "extra"), 1, "dataset: unknown extra"),
        (("protocol",), 3, "protocol is 3: str expected"),
        (("dataset", "higher_is_better"), 1, "dataset: higher_is_better is 1: bool expected"),
        (("metrics", "spearman", "value"), "1", "metrics: spearman: value is '1': float expected"),
        (("counts", "test"), 1, r"1 test rows, but \d+ predictions"),
        (("counts", "test"), True, "counts: test is True: int expected"),
        (("seeds",), [0, 1], r"seeds \(0, 1\), but predictions of \[0, 1, 2\]"),
        (("seeds",), 0, "seeds is 0: a list expected"),
        (("metrics",), [], "metrics is .*: an object expected"),
        (("seconds",), [], "seconds: an object expected"),
        (("predictions", "1"), "0" * 64, "predictions of seed 1 are not those that were scored"),
    ],
)
def test_a_changed_result_is_refused(
    result: Result, tmp_path: Path, keys: tuple[Any, ...], to: Any, message: str
) -> None:
    folder = result.save(tmp_path / "r")
    change(folder / "result.json", *keys, to=to)
    with pytest.raises(DataError, match=message) as caught:
        Result.load(folder)
    assert "result.json" in str(caught.value)


def test_keys_that_are_gone_are_named(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "r")
    change(folder / "result.json", "dataset", "version", drop=True)
    with pytest.raises(DataError, match="dataset: missing version"):
        Result.load(folder)


def test_changed_predictions_are_refused(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "r")
    values = result.predictions[1].copy()
    values[0] = np.nextafter(values[0], np.inf)
    write_predictions(folder / "predictions-1.parquet", result.ids, values)
    with pytest.raises(DataError, match="predictions of seed 1 are not those that were scored"):
        Result.load(folder)
    write_predictions(folder / "predictions-1.parquet", result.ids[::-1], values[::-1])
    with pytest.raises(DataError, match="ids of seed 1 are not those of the first seed"):
        Result.load(folder)
    (folder / "predictions-1.parquet").unlink()
    with pytest.raises(DataError, match=r"seeds .* but predictions of \[0, 2\]"):
        Result.load(folder)


def test_no_result_and_no_json(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no result\.json in it"):
        Result.load(tmp_path)
    (tmp_path / "result.json").write_text("{")
    with pytest.raises(DataError, match="not readable as JSON"):
        Result.load(tmp_path)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.2345, "1.23"),
        (0.012345, "0.0123"),
        (123.45, "123"),
        (99999.4, "99999"),
        (1e6, "1e+06"),
        (-2.5, "-2.50"),
        (9.999, "10.0"),
    ],
)
def test_three_digits(value: float, text: str) -> None:
    assert significant(value) == text
