"""Columns of a table by name, by pattern and by path; labels that patterns stand for."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.cli.main import main
from nape_bench.data import import_table, load_dataset
from nape_bench.data.importers.records import read_records
from nape_bench.errors import DataError, NapeError, UnknownNameError
from tests.data import tables
from tests.data.tables import write

if TYPE_CHECKING:
    from pathlib import Path

SPECS = tables.specs(12)
ROWS = [
    {"arch": text, "index": i, "pixel3": 2.0 * i, "gpu_1": 0.5 * i, "gpu_32": 10.0 - i}
    for i, text in enumerate(SPECS)
]


def run(path: Path | list[Path], **changes: Any) -> Any:
    arguments: dict[str, Any] = {
        "space": "hiaml", "spec": ["arch"], "labels": {"[!i]*": "[!i]*"}, "name": "me/table",
        "config": "phones", "progress": False,
    }  # fmt: skip
    import_table(path, **{**arguments, **changes})
    return load_dataset("me/table")


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_a_pattern_stands_for_the_other_columns_that_match(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"t.{ending}", ROWS)
    read = read_records(path, ["arch", "gpu_32", "*"])
    assert read.columns == {
        "arch": ["arch"],
        "gpu_32": ["gpu_32"],
        "*": ["index", "pixel3", "gpu_1"],
    }
    assert set(read.records[3].cells) == {"arch", "gpu_32", "index", "pixel3", "gpu_1"}
    assert read_records(path, ["gpu_?"]).columns == {"gpu_?": ["gpu_1"]}
    with pytest.raises(DataError, match=r"t\.\w+: no other column matches cpu_\*: arch, index"):
        read_records(path, ["arch", "cpu_*"])


def test_a_column_may_be_named_like_a_pattern(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [{"a*": 1, "ab": 2}])
    assert read_records(path, ["a*"]).columns == {"a*": ["a*"]}
    assert read_records(path, ["a*", "*"]).columns == {"a*": ["a*"], "*": ["ab"]}


def test_paths_lead_into_json(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"acc": [1, 2], "cost": {"flops": {"score": 7}, "a.b": 1}, "x.y": 3},
        {"acc": [4], "cost": None},
    ]
    columns = ["acc.0", "acc.1", "cost.flops.score", "x.y", "acc.-1", "acc.0.0"]
    read = read_records(write(tmp_path / "t.json", rows), columns)
    assert read.records[0].cells == {"acc.0": 1, "acc.1": 2, "cost.flops.score": 7, "x.y": 3}
    assert read.records[1].cells == {"acc.0": 4}
    with pytest.raises(UnknownNameError, match=r"'ac\.0': did you mean acc"):
        read_records(tmp_path / "t.json", ["ac.0"])


def test_labels_by_pattern_are_named_as_their_columns(tmp_path: Path) -> None:
    ds = run(
        write(tmp_path / "t.csv", ROWS),
        units={"gpu_*": "ms", "*": "s"},
        lower_is_better=["gpu_*"],
    )
    told = {
        name: (each.unit, each.higher_is_better, each.seeds, each.noise_ceiling)
        for name, each in ds.labels_info.items()
    }
    assert told == {
        "pixel3": ("s", True, None, None),
        "gpu_1": ("ms", False, None, None),
        "gpu_32": ("ms", False, None, None),
    }
    assert ds.target == "pixel3"
    assert ds.labels_info["gpu_1"].meaning == "column gpu_1 of t.csv"
    assert ds.lookup(SPECS[3]).labels == {"pixel3": 6.0, "gpu_1": 1.5, "gpu_32": 7.0}


def test_a_named_label_and_a_pattern(tmp_path: Path) -> None:
    labels = {"batch32": "gpu_32", "[!i]*": "[!i]*"}
    ds = run(write(tmp_path / "t.csv", ROWS), labels=labels)
    assert list(ds.labels_info) == ["batch32", "pixel3", "gpu_1"]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"labels": {"x": "gpu_*"}}, DataError, r"label x=gpu_\*: what a pattern stands for"),
        ({"labels": {"gpu_*": "gpu_*", "gpu_?": "gpu_?"}}, DataError, "gpu_1 is given twice"),
        ({"labels": {"gpu_1": "pixel3", "gpu_*": "gpu_*"}}, DataError, "gpu_1 is given twice"),
        ({"config": None}, DataError, "names no config: name one"),
        ({"units": {"cpu_*": "ms"}}, UnknownNameError, "unknown label in units"),
        ({"lower_is_better": ["gpu"]}, UnknownNameError, "did you mean gpu_1"),
        ({"labels": {"*": "*"}, "spec": ["index"]}, NapeError, "line 2: hiaml"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, own_home: Path, changes: dict[str, Any], error: type[NapeError], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(write(tmp_path / "t.csv", ROWS), **changes)
    assert list(own_home.iterdir()) == []


def test_labels_of_seeds_give_the_noise_ceiling(tmp_path: Path) -> None:
    orders = ([0, 1, 2, 3, 4, 5], [1, 0, 2, 3, 4, 5], [0, 1, 2, 3, 5, 4])
    rows = [
        {"arch": text, "top1": {"mean": 90.0 + i, "runs": [90.0 + order[i] for order in orders]}}
        for i, text in enumerate(SPECS[:6])
    ]
    rows.append({"arch": SPECS[6], "top1": {"mean": 50.0, "runs": [50.0]}})
    seeds = {f"acc_seed{k}": f"top1.runs.{k}" for k in range(3)}
    labels = {"acc": "top1.mean", **seeds, "other": "top1.mean"}
    ds = run(write(tmp_path / "t.json", rows), labels=labels)
    # One swap of neighbours among six costs 12 / (6 * 35); two different ones twice that. The
    # seventh row, which one seed alone has, is in no pair.
    once, twice = 1 - 12 / 210, 1 - 24 / 210
    told = ds.labels_info
    assert told["acc"].noise_ceiling == pytest.approx((2 * once + twice) / 3)
    assert [told[name].seeds for name in labels] == [3, 1, 1, 1, None]
    assert told["acc_seed1"].noise_ceiling == told["acc"].noise_ceiling
    assert told["other"].noise_ceiling is None
    assert ds.lookup(SPECS[6]).labels["acc_seed0"] == 50.0
    assert np.isnan(ds.lookup(SPECS[6]).labels["acc_seed1"])


def test_seeds_that_are_all_alike_have_no_ceiling(tmp_path: Path) -> None:
    rows = [{"arch": text, "a": i, "b": 1} for i, text in enumerate(SPECS)]
    labels = {"acc": "a", "acc_seed0": "a", "acc_seed1": "b"}
    told = run(write(tmp_path / "t.csv", rows), labels=labels).labels_info["acc"]
    assert (told.seeds, told.noise_ceiling) == (2, None)


def test_several_files_are_one_table(tmp_path: Path) -> None:
    first, second = (
        write(tmp_path / f"{name}.csv", rows)
        for name, rows in (("a", ROWS[:5]), ("b", [{**ROWS[2], "pixel3": 8.0}, *ROWS[5:]]))
    )
    message = r"b\.csv, line 2: .* stood in a\.csv, line 4 already, with pixel3 4 where"
    with pytest.raises(DataError, match=message):
        run([first, second])
    ds = run([first, second], on_duplicate="mean")
    assert sum(len(ds[split]) for split in ds) == 12
    assert ds.lookup(SPECS[2]).labels["pixel3"] == 6.0
    assert ds.provenance["file"] == ["a.csv", "b.csv"]
    assert ds.provenance["rows"] == 13
    assert ds.provenance["command"].startswith("nape-bench import table a.csv b.csv --space hiaml")
    assert ds.labels_info["gpu_1"].source == "a.csv, b.csv"


def test_files_that_do_not_have_the_same_columns(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", ROWS)
    second = write(tmp_path / "b.csv", [{**row, "cpu": 1} for row in ROWS])
    with pytest.raises(DataError, match=r"b\.csv has other columns than .*a\.csv"):
        run([first, second])
    with pytest.raises(DataError, match="no file was named"):
        run([])


def test_the_command_that_a_dataset_names_makes_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "t.csv", ROWS)
    monkeypatch.chdir(tmp_path)
    argv = ["import", "table", path.name, "--space", "hiaml", "--spec", "arch", "--label", "gpu_*"]
    argv += ["--unit", "*=ms", "--lower-is-better", "*", "--name", "me/table", "--config", "gpu"]
    assert main(argv) == 0
    ds = load_dataset("me/table")
    command = ds.provenance["command"]
    assert "--label 'gpu_*=gpu_*'" in command
    monkeypatch.setenv("NAPE_BENCH_HOME", str(tmp_path / "home"))

    assert main(shlex.split(command)[1:]) == 0
    again = load_dataset("me/table")
    assert (again.content_hash, again.labels_info) == (ds.content_hash, ds.labels_info)
    assert {each.unit for each in again.labels_info.values()} == {"ms"}
