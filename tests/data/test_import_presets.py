"""Published tables whose columns are known: NAS-Bench-Macro, and DyNAS-T's accuracies."""

from __future__ import annotations

import csv
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench import load_dataset
from nape_bench.cli.main import main
from nape_bench.data.importers import import_dynas, import_nasbench_macro
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MACRO = "nas-bench-macro_cifar10.json"
NETS = [{"wid": None, "ks": [3] * 20, "e": [4] * 20, "d": [2 + n, 2, 2, 2, 2]} for n in range(3)]


def macro(accuracy: float = 90.5) -> dict[str, Any]:
    """Return what the file of NAS-Bench-Macro holds, of three networks."""
    return {
        f"0000000{digit}": {
            "test_acc": [accuracy, accuracy + 1, accuracy + 2], "mean_acc": accuracy + 1,
            "std": 0.8, "params": 1000, "flops": 2000,
        }
        for digit in range(3)
    }  # fmt: skip


def searched(path: Path, rows: Iterable[tuple[Any, Any]]) -> Path:
    """Write a table of DyNAS-T."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ["Sub-network", "Date", "Model Parameters", "Latency", "MACs", "Top-1 Acc (%)"]
        )
        table.writerows([(net, "2022-02-14", 1, 0, 2, accuracy) for net, accuracy in rows])
    return path


def test_nasbench_macro(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "NAS-Bench-Macro-master.zip", "w") as archive:
        archive.writestr(f"NAS-Bench-Macro-master/data/{MACRO}", json.dumps(macro()))
    assert main(["import", "nasbench_macro", str(tmp_path / "NAS-Bench-Macro-master.zip")]) == 0
    assert "3 rows read, 3 architectures kept" in capsys.readouterr().out
    ds = load_dataset("nape/nb_macro", "cifar10")
    assert ds.lookup("00000002").labels == {
        "cifar10": 91.5, "cifar10_seed0": 90.5, "cifar10_seed1": 91.5, "cifar10_seed2": 92.5,
    }  # fmt: skip
    assert (ds.labels_info["cifar10"].seeds, ds.labels_info["cifar10"].unit) == (3, "%")


def test_dynas(tmp_path: Path) -> None:
    searched(tmp_path / "mbnv3w10_evoga_acc.csv", zip(NETS, (75.0, 76.0, 77.0), strict=True))
    searched(tmp_path / "mbnv3w10_linasga_acc.csv", [(NETS[0], 75.5)])
    searched(tmp_path / "resnet50_evoga_acc.csv", [("no network", 0)])
    with pytest.raises(DataError, match=r"stood in mbnv3w10_evoga_acc.csv, line 2 already"):
        import_dynas(tmp_path, progress=False)
    ((_, report),) = import_dynas(tmp_path, on_duplicate="mean", progress=False)
    assert (report.read, report.kept, report.repeated_differing) == (4, 3, 1)
    ds = load_dataset("nape/ofa_mbv3", "imagenet")
    assert ds.lookup({**NETS[0], "width": 1.0}).labels == {"imagenet": 75.25}
    assert ds.provenance["command"] == (
        f"nape-bench import dynas {tmp_path.name} --version v1.0 --on-duplicate mean"
    )


@pytest.mark.parametrize("net", ["__import__('os').abort()", "{", "[]", ""])
def test_networks_are_read_as_literals(tmp_path: Path, own_home: Path, net: str) -> None:
    path = searched(tmp_path / "mbnv3w10_evoga_acc.csv", [(NETS[1], 75), (net, 75)])
    with pytest.raises(DataError, match="line 3: ") as caught:
        import_dynas(path, progress=False)
    assert str(caught.value).startswith(f"{path}, line 3: ")
    assert list(own_home.iterdir()) == []


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_change_is_read_or_named(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.mktemp("changed") / MACRO
    content = bytearray(json.dumps(macro()).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        import_nasbench_macro(path, version=f"v{data.draw(st.integers(0, 10**12))}", progress=False)
    except DataError as error:
        assert str(path) in str(error) or "with other content" in str(error)  # noqa: PT017
    except LookupError as error:
        assert "column of" in str(error)  # noqa: PT017
