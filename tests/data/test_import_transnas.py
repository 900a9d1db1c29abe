"""TransNAS-Bench-101: the benchmark's own file, and the table of its cells."""

from __future__ import annotations

import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench import load_dataset
from nape_bench.cli.main import main
from nape_bench.data.importers import import_transnas
from nape_bench.data.importers.sources import plain_source
from nape_bench.data.importers.torch_file import read_torch
from nape_bench.data.importers.transnas import TASKS
from nape_bench.errors import DataError, NapeError
from nape_bench.spaces import space

if TYPE_CHECKING:
    from pathlib import Path

FILE = "transnas-bench_v10141024.pth"


def database(count: int = 12) -> dict[str, Any]:
    """Return what the benchmark's file holds, of the first networks of both spaces."""
    data: dict[str, Any] = {}
    for name in ("macro", "micro"):
        specs = list(space(f"transnas_{name}").enumerate())[-count:]
        data[name] = {spec: results(place / 100) for place, spec in enumerate(specs)}
    return {"metrics_dict": {}, "info_names": [], "task_list": list(TASKS), "data": data}


def results(score: float) -> dict[str, Any]:
    found = {}
    for task, (metric, *_) in TASKS.items():
        value = -score if task == "room_layout" else score
        metrics = {f"valid_{metric}": [-1.0, value], f"test_{metric}": [value]}
        found[task] = {"total_epochs": 2, "model_info": {"encoder_params": 3}, "metrics": metrics}
    return found


@pytest.mark.parametrize("zipped", [True, False])
def test_own_file(tmp_path: Path, zipped: bool, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(database(), tmp_path / FILE, _use_new_zipfile_serialization=zipped)
    assert main(["import", "transnas", str(tmp_path)]) == 0
    assert "12 rows read, 12 architectures kept" in capsys.readouterr().out
    for name in ("micro", "macro"):
        for ending in ("", "_test"):
            ds = load_dataset(f"nape/transnas_{name}", f"room_layout{ending}")
            values = sorted(y for split in ds for y in ds[split].labels[ds.target].tolist())
            assert values == sorted(-place / 100 for place in range(12))


def test_table_in_an_archive(tmp_path: Path) -> None:
    specs = list(space("transnas_micro").enumerate())[-5:]
    head = ",".join(["arch_str", *(f"{task}_val" for task in TASKS)])
    rows = [",".join([spec, *["-0.5" if task == "room_layout" else "0.5" for task in TASKS]])
            for spec in specs]  # fmt: skip
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("data/transnas101_micro.csv", "\n".join([head, *rows]))
    assert len(import_transnas(tmp_path / "t.zip", progress=False)) == len(TASKS)


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    wrong = database(3)
    first = next(iter(wrong["data"]["micro"]))
    wrong["data"]["macro"].clear()
    wrong["data"]["macro"]["64-1234-basic"] = results(0.5)
    wrong["data"]["micro"][first]["class_object"]["metrics"] = {"valid_top1": ["x"]}
    torch.save(wrong, tmp_path / FILE)
    with pytest.raises(DataError, match="micro architecture 1: class_object is"):
        import_transnas(tmp_path / FILE, progress=False)
    torch.save({"data": {}}, tmp_path / FILE)
    with pytest.raises(DataError, match="search spaces micro, macro expected"):
        import_transnas(tmp_path / FILE, progress=False)


class Hostile:
    def __reduce__(self) -> Any:
        return (print, ("never",))


@pytest.mark.parametrize("value", [Hostile(), torch.ones(2), {(1, 2, 3): 1}, {None: 1}])
@pytest.mark.parametrize("zipped", [True, False])
def test_no_objects(
    tmp_path: Path, value: Any, zipped: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(value, tmp_path / FILE, _use_new_zipfile_serialization=zipped)
    with pytest.raises(DataError, match="byte "):
        read_torch(plain_source(tmp_path / FILE))
    assert capsys.readouterr().out == ""


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_files_are_errors(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    content = bytearray(pickle.dumps({"data": {("a", 1): [1.5, None, 2]}}, 2))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / FILE
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", bytes(content[: data.draw(st.integers(0, len(content)))]))
    told = ""
    try:
        read_torch(plain_source(path))
    except NapeError as error:
        told = str(error)
    assert not told or str(path) in told
