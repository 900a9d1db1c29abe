"""Files of predictions: three formats, one reading, and errors that name the row."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nape_bench.errors import DataError, ProtocolError
from nape_bench.evaluation.prediction_files import (
    read_predictions,
    write_predictions,
)
from nape_bench.evaluation.predictions import normalise
from nape_bench.hashing import values_hash

if TYPE_CHECKING:
    from pathlib import Path

IDS = ["hiaml:a,b", "c", "d"]
ONE = {"id": IDS, "prediction": [1.5, -2.0, 3e-7]}
TWO = {"id": IDS[::-1] + IDS, "prediction": [6, 5, 4, 1, 2, 3], "seed": [1, 1, 1, 0, 0, 0]}


def write(folder: Path, kind: str, columns: dict[str, list[Any]]) -> Path:
    path = folder / f"p.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(columns), path)
        return path
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if kind == "json":
        path.write_text(json.dumps(rows))
        return path
    lines = [",".join(columns), *(",".join(f'"{v}"' for v in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_every_format_reads_alike(tmp_path: Path, kind: str) -> None:
    one = normalise(write(tmp_path, kind, ONE), IDS, "p")
    assert one.seeds == (0,)
    assert one.values.tolist() == [ONE["prediction"]]
    two = normalise(str(write(tmp_path, kind, TWO)), IDS, "p")
    assert two.seeds == (0, 1)
    assert two.values.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_other_columns_are_not_looked_at(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, {"label": ["x", "y", "z"], **ONE})
    assert read_predictions(path).ids == IDS


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"id": [*IDS, "c", "d"], "prediction": [1, 2, 3, 4, 5]},
            "2 ids are given more than once: c, d",
        ),
        ({"id": IDS[:2], "prediction": [1, 2]}, "1 of the 3 test ids of p have no prediction: d"),
        ({"id": [*IDS, "e"], "prediction": [1, 2, 3, 4]}, "1 id is not in the test of p: e"),
        (
            {"id": IDS, "prediction": [1, float("nan"), 3]},
            "1 of 3 predictions for p are not finite: c (nan)",
        ),
        ({**TWO, "seed": [0, 0, 0, 0, 1, 1]}, "seed 0: 1 id is given more than once: hiaml:a,b"),
    ],
)
def test_ids_that_do_not_fit_are_named(
    tmp_path: Path, kind: str, columns: dict[str, list[Any]], message: str
) -> None:
    with pytest.raises(ProtocolError, match=re.escape(message)):
        normalise(write(tmp_path, kind, columns), IDS, "p")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.csv", "", "no id and no prediction; the columns id and prediction expected"),
        (
            "p.csv",
            "id,value\nc,1\n",
            "no prediction; the columns id and prediction expected",
        ),
        ("p.csv", "id,prediction\nc,1\nd,x\n", "line 3: prediction 'x' is no number"),
        ("p.csv", "id,prediction\nc,1\nd,\n", "line 3: prediction '' is no number"),
        ("p.csv", "id,prediction\nc,1\nd\n", "line 3: more or fewer cells"),
        ("p.csv", "id,prediction\nc,1\nd,1,2\n", "line 3: more or fewer cells"),
        ("p.csv", "id,prediction,seed\nc,1,0\nd,1,-1\n", "line 3: seed '-1' is no integer"),
        ("p.csv", 'id,prediction\n"c,1\n', "not readable as CSV"),
        ("p.json", "[1, 2]", "record 0: an object expected"),
        ("p.json", '[{"id": "c"}]', "record 0: no prediction"),
        ("p.json", '[{"id": "c", "prediction": "1"}]', "record 0: prediction '1' is no number"),
        ("p.json", '[{"id": "c", "prediction": true}]', "record 0: prediction True is no number"),
        ("p.json", '[{"id": 3, "prediction": 1}]', "record 0: id 3 is no text"),
        (
            "p.json",
            '[{"id": "c", "prediction": 1, "seed": 0}, {"id": "d", "prediction": 1}]',
            "record 1: no seed, others have one",
        ),
        ("p.json", '{"c": 1, "c": 2}', "key 'c' occurs more than once"),
        ("p.json", '{"zero": {"c": 1}}', "seed 'zero' is no integer"),
        ("p.json", '"c"', "expected"),
        ("p.json", "{", "not readable as JSON"),
        ("p.parquet", "no parquet", "cannot be read as Parquet"),
        ("p.txt", "", "predictions are read from .csv, .json, .parquet files"),
    ],
)
def test_a_malformed_file_is_told_where(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_predictions(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": [1, 2, 3], "prediction": [1, 2, 3]}, "column id is int64, string expected"),
        (
            {"id": IDS, "prediction": ["1", "2", "3"]},
            "column prediction is string, double expected",
        ),
        ({"id": IDS, "prediction": [1.0, None, 3.0]}, "row 1: no prediction"),
        ({"id": ["c", None, "d"], "prediction": [1.0, 2.0, 3.0]}, "row 1: no id"),
        ({**ONE, "seed": [0, 0.5, 0]}, "column seed is no int64"),
    ],
)
def test_parquet_columns_of_other_types_are_refused(
    tmp_path: Path, columns: dict[str, list[Any]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_predictions(write(tmp_path, "parquet", columns))


def test_json_objects_read_as_mappings(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps(dict(zip(IDS, [1, 2, 3], strict=True))))
    assert normalise(path, IDS, "p").values.tolist() == [[1, 2, 3]]
    path.write_text(json.dumps({"4": dict(zip(IDS, [1, 2, 3], strict=True))}))
    assert normalise(path, IDS, "p").seeds == (4,)


def test_a_folder_of_one_file_a_seed(tmp_path: Path) -> None:
    for seed in (10, 9):
        write_predictions(tmp_path / f"predictions-{seed}.parquet", IDS, np.full(3, float(seed)))
    (tmp_path / "result.json").write_text("{}")
    made = normalise(tmp_path, IDS, "p")
    assert made.seeds == (9, 10)
    assert made.values.tolist() == [[9] * 3, [10] * 3]
    (tmp_path / "predictions-9.csv").write_text("id,prediction\n")
    with pytest.raises(DataError, match=r"predictions-9.csv and predictions-9.parquet"):
        read_predictions(tmp_path)


def test_no_file_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        read_predictions(tmp_path / "none.csv")
    with pytest.raises(DataError, match="no files predictions-<seed>"):
        read_predictions(tmp_path)


def test_the_hash_is_over_ids_and_values() -> None:
    values = np.array([1.0, 2.0])
    first = values_hash(["a", "bc"], values)
    assert first == values_hash(["a", "bc"], values[::1].copy())
    assert first != values_hash(["ab", "c"], values)
    assert first != values_hash(["a", "bc"], np.nextafter(values, 9))
