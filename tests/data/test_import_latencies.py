"""HELP's latencies and HW-NAS-Bench, in files as their authors wrote them."""

from __future__ import annotations

import csv
import json
import pickle
import re
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench import load_dataset
from nape_bench.cli.main import main
from nape_bench.data.importers import import_help_latency, import_hwnasbench
from nape_bench.errors import DataError
from nape_bench.metrics import spearman
from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.data import Dataset

FAMILIES = {"nasbench201": "nb201", "fbnet": "fbnet", "ofa": "ofa_mbv3"}
FILES = {"nasbench201": "str_arch2idx.pt", "fbnet": "metainfo.pt", "ofa": "ofa_archs.pt"}
CELLS = [space("nb201").format(spec) for spec in list(space("nb201").enumerate())[:90:10]]
FILE = "HW-NAS-Bench-v1_0.pickle"


def write_help(
    folder: Path, name: str, archs: Sequence[Any], latencies: Mapping[str, Any], **options: Any
) -> Path:
    """Write a search space of HELP's repository."""
    (folder / name / "latency").mkdir(parents=True)
    (folder / name / "checkpoint").mkdir()
    value: Any = {"arch": list(archs)}
    if name == "nasbench201":
        value = {arch: place for place, arch in enumerate(archs)}
    elif name == "fbnet":
        value = {"arch": [{"op_idx_list": arch, "flops": 1.5} for arch in archs]}
    file = FILES[name]
    torch.save(value, folder / name / file, **options)
    torch.save([3, 1, 2], folder / name / "hardware_embedding_index.pt")
    torch.save({"w": torch.ones(2)}, folder / name / "checkpoint" / "help_max_corr.pt")
    for device, values in latencies.items():
        torch.save(values, folder / name / "latency" / f"{device}.pt", **options)
    return folder


def drawn(name: str, count: int = 7) -> list[Any]:
    """Return architectures as HELP writes them."""
    if name == "nasbench201":
        return CELLS[:count]
    rng = np.random.default_rng(0)
    if name == "fbnet":
        return rng.integers(9, size=(count, 22)).tolist()
    return [
        {"ks": [3] * 20, "e": [4] * 20, "d": [2 + i % 3, 2, 2, 2, 2], "r": 128 + 4 * i}
        for i in range(count)
    ]


def values(ds: Dataset, label: str) -> dict[str, float]:
    return {i: y for s in ds for i, y in zip(ds[s].ids, ds[s].labels[label].tolist(), strict=True)}


def id_of(name: str, arch: Any) -> str:
    family = space(FAMILIES[name])
    return f"{family.name}:{family.format(family.normalise(arch))}"


@pytest.mark.parametrize("zipped", [True, False])
def test_the_whole_repository(
    tmp_path: Path, zipped: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    latencies = {"pixel2": [31, 29.5, *range(5)], "1080ti_1": np.arange(7) / 4}
    for name in FAMILIES:
        write_help(
            tmp_path / "HELP" / "data", name, drawn(name), latencies,
            _use_new_zipfile_serialization=zipped,
        )  # fmt: skip
    path = tmp_path / "HELP"
    if zipped:
        path = tmp_path / "HELP-main.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for each in sorted((tmp_path / "HELP").rglob("*.pt")):
                archive.write(each, f"HELP-main/{each.relative_to(tmp_path / 'HELP')}")
    assert main(["import", "help_latency", str(path)]) == 0
    assert capsys.readouterr().out.count("7 rows read, 7 architectures kept") == 3
    for name, family in FAMILIES.items():
        ds = load_dataset(f"nape/{family}", "latency")
        assert list(ds.labels_info) == ["1080ti_1", "pixel2"]
        assert (
            ds.provenance["command"] == f"nape-bench import help_latency {path.name} --version v1.0"
        )
        assert len(ds.provenance["file"]) == len(ds.provenance["sha256"]) == 3
        ids = [id_of(name, arch) for arch in drawn(name)]
        expected = dict(zip(ids, [31, 29.5, *range(5)], strict=True))
        assert values(ds, "pixel2") == expected
        told = ds.labels_info["pixel2"]
        assert (told.unit, told.higher_is_better) == ("ms", False)


def test_one_space(tmp_path: Path) -> None:
    write_help(tmp_path, "fbnet", drawn("fbnet"), {"fpga": [1.0] * 7})
    ((folder, _),) = import_help_latency(tmp_path / "fbnet", progress=False)
    assert folder.is_dir()


WRONG = [
    ({"fpga": [1.0] * 6}, "fpga.pt: a list of 7 latencies expected, not 6 values"),
    ({"fpga": {"a": 1}}, "fpga.pt: a list of 7 latencies expected, not a dict"),
    ({"fpga": [*[1.0] * 6, -2.0]}, r"architecture 7: .*fpga.pt, value 7: fpga is -2.0, where a"),
    ({"fpga": [*[1.0] * 6, float("nan")]}, r"7: .*fpga.pt, value 7: fpga is nan, where a"),
    ({"fpga": torch.ones(7)}, r"fpga.pt, .*data.pkl, byte .*is refused"),
    ({"a b": [1.0] * 7}, "label name 'a b'"),
    ({"spec": [1.0] * 7}, "label name 'spec' is taken"),
]


@pytest.mark.parametrize(("latencies", "message"), WRONG)
def test_wrong_latencies_are_named(
    tmp_path: Path, own_home: Path, latencies: dict[str, Any], message: str
) -> None:
    write_help(tmp_path, "fbnet", drawn("fbnet"), latencies)
    with pytest.raises(DataError, match=message):
        import_help_latency(tmp_path, progress=False)
    assert list(own_home.iterdir()) == []


def test_wrong_architectures_are_named(tmp_path: Path, own_home: Path) -> None:
    cases: list[tuple[str, Any, str]] = [
        ("nasbench201", {"a": 1, "b": 1}, "places 0 to 1 expected, each once"),
        ("nasbench201", {}, "architectures with their places expected"),
        ("nasbench201", {"a": 0.0}, "architectures with their places expected"),
        ("nasbench201", {"a": 0}, "str_arch2idx.pt, architecture 1: nb201"),
        ("fbnet", {"arch": [3]}, 'metainfo.pt: {"arch": [...]} of dictionaries expected'),
        ("fbnet", {"arch": [{}]}, "metainfo.pt, architecture 1: fbnet"),
        ("ofa", {"arch": [{"ks": [3]}]}, "ofa_archs.pt, architecture 1: ofa_mbv3"),
        ("ofa", [], 'ofa_archs.pt: {"arch": [...]} of dictionaries expected'),
    ]
    for number, (name, value, message) in enumerate(cases):
        folder = write_help(tmp_path / str(number), name, [], {"fpga": [1.0]})
        if value == {"a": 1, "b": 1}:
            torch.save([1.0, 2.0], folder / name / "latency" / "fpga.pt")
        torch.save(value, folder / name / FILES[name])
        with pytest.raises(DataError, match=re.escape(message)):
            import_help_latency(folder, progress=False)
        (folder / name / FILES[name]).unlink()
        with pytest.raises(DataError, match=f"one {name}/{FILES[name]} expected, not 0"):
            import_help_latency(folder, progress=False)
    for copy in ("a", "b"):
        write_help(tmp_path / "twice" / copy, "ofa", drawn("ofa"), {"fpga": [1.0] * 7})
    with pytest.raises(DataError, match=r"one ofa/ofa_archs\.pt expected, not 2"):
        import_help_latency(tmp_path / "twice", progress=False)
    with pytest.raises(DataError, match="none of the files of this release"):
        import_help_latency(tmp_path / "0" / "nasbench201" / "checkpoint", progress=False)
    assert list(own_home.iterdir()) == []


def hw_file(
    path: Path, cells: Sequence[str] = CELLS, protocol: int = 3, arrays: bool = False
) -> Path:
    """Write HW-NAS-Bench's file, with an Edge TPU that some cells do not run on."""
    metrics: dict[str, Any] = {
        "config": [{"name": "infer.tiny", "C": 16, "N": 5, "arch_str": c} for c in cells],
        "edgegpu_latency": [5.5 + i for i in range(len(cells))],
        "fpga_energy": [18.0 + i for i in range(len(cells))],
        "edgetpu_latency": [-1 if i % 2 else 0.5 for i in range(len(cells))],
    }
    if arrays:
        metrics |= {name: np.array(metrics[name]) for name in metrics if name != "config"}
    told = {
        "nasbench201": {"cifar10": metrics, "ImageNet16-120": metrics},
        "fbnet": {"k": {"a": 1}},
    }
    path.write_bytes(pickle.dumps(told, protocol))
    return path


@pytest.mark.parametrize(("protocol", "arrays"), [(2, False), (3, True), (4, False)])
def test_hwnasbench(
    tmp_path: Path, protocol: int, arrays: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = hw_file(tmp_path / FILE, protocol=protocol, arrays=arrays)
    assert main(["import", "hwnasbench", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.count("9 rows read, 9 architectures kept") == 2
    assert "4 architectures have no edgetpu_latency" in out
    for config in ("hw_cifar10", "hw_imagenet16"):
        ds = load_dataset("nape/nb201", config)
        assert ds.target == "edgegpu_latency"
        assert {name: told.unit for name, told in ds.labels_info.items()} == {
            "edgegpu_latency": "ms", "edgetpu_latency": "ms", "fpga_energy": "mJ",
        }  # fmt: skip
        assert values(ds, "fpga_energy") == {f"nb201:{c}": 18.0 + i for i, c in enumerate(CELLS)}
        tpu = values(ds, "edgetpu_latency")
        assert [tpu[f"nb201:{c}"] for c in CELLS[::2]] == [0.5] * 5
        assert np.isnan([tpu[f"nb201:{c}"] for c in CELLS[1::2]]).all()


def test_what_is_wrong_with_hwnasbench_is_named(tmp_path: Path, own_home: Path) -> None:
    cell = {"arch_str": CELLS[0]}
    cases: list[tuple[Any, str]] = [
        ([], "a dictionary with nasbench201 and in it cifar10"),
        ({"fbnet": {"a": {"b": 1}}}, "a dictionary with nasbench201"),
        ({"nasbench201": {"cifar10": 3}}, r"cifar10: a list of configurations \(config\) expected"),
        (
            {"nasbench201": {"cifar10": {"config": [cell], "fpga_energy": [1, 2]}}},
            "fpga_energy: a list of 1 expected, not 2 values",
        ),
        (
            {"nasbench201": {"cifar10": {"config": [{}], "edgegpu_latency": [1]}}},
            "architecture 0: its configuration has no arch_str",
        ),
        (
            {"nasbench201": {"cifar10": {"config": [cell], "edgegpu_latency": ["x"]}}},
            "architecture 0: edgegpu_latency is 'x'",
        ),
        ({"nasbench201": {"cifar10": {"config": [cell]}}}, "no architecture has a label"),
        (print, "byte 2: the name 'builtins'.'print' is refused"),
    ]
    for value, message in cases:
        (tmp_path / FILE).write_bytes(pickle.dumps(value, 3))
        with pytest.raises(DataError, match=message):
            import_hwnasbench(tmp_path, progress=False)
    assert list(own_home.iterdir()) == []


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_files_are_named(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = hw_file(folder / FILE, CELLS[:2])
    version = f"v{data.draw(st.integers(0, 10**12))}"
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        import_hwnasbench(path, version=version, progress=False)
    except DataError as error:
        assert str(path) in str(error) or "with other content" in str(error)  # noqa: PT017


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


SPECS = {
    "nasbench201": lambda row: row["arch_str"],
    "fbnet": lambda row: json.loads(row["op_idx"]),
    "ofa": lambda row: {key: json.loads(row[key]) for key in ("ks", "e", "d", "r")},
}
CONTENT = {
    "nasbench201": "5601d79ea9207e2c6c38380555af0df0ae094b464db152e4a94171d7138e4614",
    "fbnet": "eed63ab79a046ec2c1733bb78f9281c584298a5c3e59e34f10e825fd67417e2b",
    "ofa": "29b584bd9e3e7141f02f8ee7f1a86c1465b6c64fd778f81743de69d22d7bd3ba",
}
"""Content hashes of the configs that all published values give."""


def published(shared: Path, name: str) -> tuple[list[Any], dict[str, list[float]]]:
    """Return the published architectures and latencies."""
    rows = table(shared / f"labels/help_latency/{FAMILIES[name]}_latency_ms.csv")
    known = {"nb201_index", "arch_str", "op_idx", "ops", "ks", "e", "d", "r"}
    devices = {
        device: [json.loads(row[device]) for row in rows] for device in rows[0].keys() - known
    }
    return [SPECS[name](row) for row in rows], devices


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_all_published_latencies(tmp_path: Path, shared: Path, name: str) -> None:
    archs, latencies = published(shared, name)
    write_help(tmp_path, name, archs, latencies)
    import_help_latency(tmp_path, progress=False)
    assert load_dataset(f"nape/{FAMILIES[name]}", "latency").content_hash == CONTENT[name]


@pytest.mark.shared
@pytest.mark.parametrize("name", FAMILIES)
def test_some_published_latencies(tmp_path: Path, shared: Path, name: str) -> None:
    archs, latencies = published(shared, name)
    step = len(archs) // 120
    write_help(
        tmp_path, name, archs[::step], {device: y[::step] for device, y in latencies.items()}
    )
    import_help_latency(tmp_path, progress=False)
    ds = load_dataset(f"nape/{FAMILIES[name]}", "latency")
    assert list(ds.labels_info) == sorted(latencies)
    for device in sorted(latencies)[::5]:
        given_values = latencies[device][::step]
        expected = [(id_of(name, a), y) for a, y in zip(archs[::step], given_values, strict=True)]
        assert values(ds, device) == dict(expected)
    flops = np.concatenate([ds[split].graphs.flops() for split in ds])
    largest = max(latencies)  # of one GPU at its largest batch
    measured = np.concatenate([ds[split].labels[largest] for split in ds])
    assert spearman(measured, flops) > (0.99 if name == "ofa" else 0.5)


@pytest.mark.shared
def test_published_costs_of_hwnasbench(tmp_path: Path, shared: Path) -> None:
    """HW-NAS-Bench's own values, of which HELP took over four devices."""
    strings = table(shared / "labels/nb201_vtao/nats_bench.csv")
    rows = {int(r["arch_index"]): r for r in table(
        shared / "labels/hwnasbench_nb201_12554/alldata.csv")}  # fmt: skip
    chosen = sorted(rows)[::100]
    names = [name for name in rows[chosen[0]] if name.endswith(("_latency", "_energy"))]
    metrics = {name: [float(rows[index][name]) for index in chosen] for name in names}
    configs = [{"C": 16, "arch_str": strings[i]["ArchitectureString"]} for i in chosen]
    told = {"nasbench201": {"cifar10": {"config": configs, **metrics}}}
    (tmp_path / FILE).write_bytes(pickle.dumps(told, 3))
    import_hwnasbench(tmp_path, progress=False)
    ds = load_dataset("nape/nb201", "hw_cifar10")
    helped = table(shared / "labels/help_latency/nb201_latency_ms.csv")
    for device in ("raspi4", "pixel3", "fpga", "eyeriss"):
        found = values(ds, f"{device}_latency")
        assert set(found) == {f"nb201:{helped[index]['arch_str']}" for index in chosen}
        for index in chosen:
            y = found[f"nb201:{helped[index]['arch_str']}"]
            assert y == pytest.approx(float(helped[index][device]), rel=1e-12)
    missing = sum(y == -1 for y in metrics["edgetpu_latency"])
    assert 0 < missing == np.isnan(list(values(ds, "edgetpu_latency").values())).sum()
