"""NATS-Bench's topology space: a file a cell, as its authors' API writes them."""

from __future__ import annotations

import bz2
import io
import pickle
import re
import tarfile
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench import load_dataset
from nape_bench.cli.main import main
from nape_bench.data.importers import import_nats
from nape_bench.data.importers.nats_whole import read_cells
from nape_bench.data.importers.sources import plain_source
from nape_bench.errors import DataError
from nape_bench.spaces import space

if TYPE_CHECKING:
    from pathlib import Path

CELLS = [space("nb201").format(spec) for spec in list(space("nb201").enumerate())[:60:10]]
SETS = {
    "cifar10-valid": ["x-valid", "ori-test"],
    "cifar10": ["ori-test"],
    "cifar100": ["x-valid", "x-test", "ori-test"],
    "ImageNet16-120": ["x-valid", "x-test", "ori-test"],
}


def accuracy(cell: int, dataset: str, name: str, seed: int) -> float:
    return 50 + cell + list(SETS).index(dataset) * 10 + SETS[dataset].index(name) + seed / 10000


def training(cell: int, dataset: str, seed: int, epochs: int) -> dict[str, Any]:
    """Return the state of a ResultsCount."""
    sets = SETS[dataset]
    return {
        "name": f"{dataset}", "net_state_dict": None, "train_acc1es": {0: 9.9}, "train_acc5es": {},
        "train_losses": {0: 2.5}, "train_times": OrderedDict({0: 3.5}), "seed": seed,
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": CELLS[cell], "class_num": 10},
        "params": 1.25 + cell, "flop": np.float64(78.5 + cell), "epochs": epochs,
        "latency": [0.0139], "eval_names": sets,
        "eval_acc1es": {
            f"{name}@{e}": accuracy(cell, dataset, name, seed) - (epochs - 1 - e)
            for name in sets for e in range(epochs)
        },
        "eval_times": {}, "eval_losses": {},
    }  # fmt: skip


def results(cell: int, seeds: tuple[int, ...] = (888, 777, 999)) -> Any:
    """Return what the file of a cell holds."""
    told: Any = OrderedDict()
    for epochs in (12, 200):
        told[str(epochs)] = {
            "arch_index": cell, "arch_str": CELLS[cell], "clear_net_done": True,
            "dataset_seed": {dataset: sorted(seeds) for dataset in SETS},
            "all_results": {
                (dataset, seed): training(cell, dataset, seed, epochs)
                for dataset in SETS for seed in seeds
            },
        }  # fmt: skip
    return told


def write(folder: Path, value: Any, cell: int = 0, protocol: int = 4) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{cell:06d}.pickle.pbz2"
    path.write_bytes(bz2.compress(pickle.dumps(value, protocol)))
    return path


def labels(config: str, label: str) -> dict[str, float]:
    ds = load_dataset("nape/nb201", config)
    return {i: y for s in ds for i, y in zip(ds[s].ids, ds[s].labels[label].tolist(), strict=True)}


def test_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "NATS-tss-v1_0-3ffb9-simple"
    for cell in range(6):
        write(folder, results(cell, (777,) if cell == 5 else (888, 777, 999)), cell)
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps({"meta_archs": {1, 2}})))
    path = tmp_path / "NATS-tss-v1_0-3ffb9-simple.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(folder, folder.name)
    assert main(["import", "nats", str(path)]) == 0
    out = capsys.readouterr().out
    assert "6 rows read, 6 architectures kept" in out
    assert "1 architectures have no nats_cifar10_test_seed1" in out
    means = {777: 0.0777, 888: 0.0888}
    where = {"cifar10": ("cifar10", "ori-test"), "cifar100": ("cifar100", "x-test")}
    for ending in ("", "_12"):
        for ours, (dataset, name) in where.items():
            config = f"nats_{ours}{ending}"
            ds = load_dataset("nape/nb201", config)
            assert ds.target == f"{config}_test"
            assert ds.provenance["command"].split()[3] == path.name
            found = labels(config, ds.target)
            for cell, arch in enumerate(CELLS):
                base = accuracy(cell, dataset, name, 0)
                mean = means[777] if cell == 5 else means[888]
                assert found[f"nb201:{arch}"] == pytest.approx(base + mean)
            second = labels(config, f"{config}_test_seed1")
            assert second[f"nb201:{CELLS[0]}"] == accuracy(0, dataset, name, 888)
            assert np.isnan(second[f"nb201:{CELLS[5]}"])
    valid = labels("nats_cifar10", "nats_cifar10_valid_seed0")
    assert valid[f"nb201:{CELLS[3]}"] == accuracy(3, "cifar10-valid", "x-valid", 777)
    assert labels("nats_imagenet16", "nats_imagenet16_flops")[f"nb201:{CELLS[2]}"] == 80.5
    assert labels("nats_imagenet16", "nats_imagenet16_params")[f"nb201:{CELLS[2]}"] == 3.25


def test_many_files_have_one_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nape_bench.data.importers.provenance._LISTED", 2)
    for cell in range(3):
        write(tmp_path / "simple", results(cell, (777,)), cell)
    import_nats(tmp_path / "simple", progress=False)
    told = load_dataset("nape/nb201", "nats_cifar10").provenance
    assert told["files"] == "3: 000000.pickle.pbz2 to 000002.pickle.pbz2"
    assert re.fullmatch("[0-9a-f]{64}", told["sha256"])


def changed(keys: list[Any], value: Any) -> Any:
    """Return the results of the first cell with another value somewhere."""
    told = results(0, (777,))
    place = told
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return told


ONE = ["200", "all_results", ("cifar10", 777)]
WRONG: dict[str, tuple[Any, str]] = {
    "no dictionary": ([1], "results by epochs (200, 12) expected"),
    "other epochs": ({"90": {}}, "results by epochs (200, 12) expected"),
    "no results": ({"200": 3}, "results by epochs (200, 12) expected"),
    "no string": (changed(["200", "arch_str"], 3), "the string of a cell expected (arch_str)"),
    "another space": (
        {"200": {"arch_str": "64:64:64:64:64", "arch_index": 0, "all_results": {}}}, "nb201",
    ),
    "another cell": (changed(["200", "arch_index"], 7), "results of cell 000000 expected"),
    "two cells": (changed(["12", "arch_str"], CELLS[1]), "and of one string"),
    "no trainings": (changed(["200", "all_results"], None), "(all_results) expected"),
    "other keys": (changed(["200", "all_results"], {("a", "b"): 1}), "(all_results) expected"),
    "no training": (changed(ONE, 3), "a training with epochs, eval_names and eval_acc1es"),
    "no epochs": (changed([*ONE, "epochs"], None), "a training with epochs"),
    "not evaluated": (changed([*ONE, "eval_acc1es"], {}), "ori-test@199 is None"),
    "too much": (changed([*ONE, "eval_acc1es", "ori-test@199"], 101.0), "ori-test@199 is 101.0"),
    "nan": (changed([*ONE, "flop"], float("nan")), "flop is nan"),
    "too many": (
        changed(["200", "all_results"], {("cifar10", s): {} for s in range(4)}), "4 trainings",
    ),
    "an object": (changed([*ONE, "net_state_dict"], print), "the name 'builtins'.'print'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_named(tmp_path: Path, own_home: Path, name: str) -> None:
    value, message = WRONG[name]
    folder = tmp_path / "simple"
    path = write(folder, value)
    write(folder, results(1, (777,)), 1)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        import_nats(folder, progress=False)
    assert str(caught.value).startswith(f"{path}, its cell: ")
    assert list(own_home.iterdir()) == []
    done = import_nats(folder, skip_bad=True, progress=False)
    assert done[0][1].skipped[0].where == "000000.pickle.pbz2, its cell"
    assert done[0][1].kept == 1


def test_files_that_are_no_bzip2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, results(0, (777,)))
    whole = path.read_bytes()
    monkeypatch.setattr("nape_bench.data.importers.nats._MOST_BYTES", 1 << 17)
    bomb = bz2.compress(bytes(1 << 20))
    for content, message in (
        (b"BZh9" + bytes(90), "it is no bzip2 file"),
        (whole[: len(whole) // 2], "it is cut off"),
        (b"", "it is cut off"),
        (bomb, "it has more than 131,072 bytes unpacked"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            import_nats(path, progress=False)


def all_cells(*, less_and_full: bool = False, cells: int = 6, change: Any = None) -> Any:
    """Return what the file of all cells holds."""
    names = {"12": "less", "200": "full"} if less_and_full else {"12": "12", "200": "200"}
    told = [changed(*change) if change and not c else results(c, (777, 888)) for c in range(cells)]
    return {
        "meta_archs": CELLS,
        "arch2infos": {
            cell: {names[epochs]: each for epochs, each in found.items()}
            for cell, found in enumerate(told)
        },
        "evaluated_indexes": set(range(cells)),
    }


TORCH_MAGIC = 0x1950A86A20F9469CFC6C


def write_whole(path: Path, value: Any, kind: str) -> Path:
    """Write a file of all cells: `pbz2`, or of torch.save, `pth` before 1.6 and `zip` after it."""
    if kind == "pbz2":
        path.write_bytes(bz2.compress(pickle.dumps(value, 4)))
    elif kind == "zip":
        torch.save(value, path)
    else:
        before = (TORCH_MAGIC, 1001, {"little_endian": True})
        path.write_bytes(b"".join(pickle.dumps(each, 2) for each in (*before, value, [])))
    return path


WHOLE = {
    "pbz2": ("NATS-tss-v1_0-3ffb9.pickle.pbz2", "nats"),
    "pth": ("NAS-Bench-201-v1_1-096897.pth", "nb201"),
    "zip": ("NAS-Bench-201-v1_1-096897.pth", "nb201"),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("cells", [1, 6])
def test_files_of_all_cells(
    tmp_path: Path, kind: str, cells: int, capsys: pytest.CaptureFixture[str]
) -> None:
    name, prefix = WHOLE[kind]
    value = all_cells(less_and_full=prefix == "nb201", cells=cells)
    path = write_whole(tmp_path / name, value, kind)
    assert main(["import", "nats", str(path)]) == 0
    assert f"{cells} rows read, {cells} architectures kept" in capsys.readouterr().out
    folder = tmp_path / "simple"
    for cell in range(cells):
        write(folder, results(cell, (777, 888)), cell)
    import_nats(folder, version="v9", progress=False)
    for ours in ("cifar10", "cifar100_12", "imagenet16"):
        ds = load_dataset("nape/nb201", f"{prefix}_{ours}", revision="v1.0")
        same = load_dataset("nape/nb201", f"nats_{ours}", revision="v9")
        for split in ds:
            assert ds[split].ids == same[split].ids
            for label, values in same[split].labels.items():
                label_here = label.replace("nats", prefix, 1)
                assert np.array_equal(ds[split].labels[label_here], values, equal_nan=True)
    cite = load_dataset("nape/nb201", f"{prefix}_cifar10").provenance["source"]
    assert ("NATS-Bench" in cite) == (prefix == "nats")


def test_a_file_of_more_cells_than_a_batch(tmp_path: Path) -> None:
    """Python writes a dictionary in batches of 1,000 items; strings are shared over cells."""
    specs = [space("nb201").format(s) for s in space("nb201").enumerate()][:2001]
    told = results(0, (777,))
    cells = {}
    for number, arch in enumerate(specs):
        cells[number] = {
            epochs: {**each, "arch_index": number, "arch_str": arch}
            for epochs, each in told.items()
        }
    value = {"meta_archs": specs, "arch2infos": cells, "evaluated_indexes": set()}
    for kind in WHOLE:
        path = write_whole(tmp_path / WHOLE[kind][0], value, kind)
        sources = [plain_source(path)]
        found = [(number, told["200"]["arch_str"]) for _, number, told in read_cells(*sources)]
        assert found == list(enumerate(specs))


def test_one_bad_cell_of_all(tmp_path: Path) -> None:
    value = all_cells(change=([*ONE, "flop"], "much"))
    path = write_whole(tmp_path / WHOLE["pbz2"][0], value, "pbz2")
    with pytest.raises(DataError, match=r"cell 0 \(byte [\d,]+\): flop is 'much'"):
        import_nats(path, progress=False)
    ((_, report), *_) = import_nats(path, skip_bad=True, progress=False)
    assert [row.where.split(" (")[0] for row in report.skipped] == ["cell 0"]
    assert report.kept == 5


HOSTILE: dict[str, tuple[Any, str]] = {
    "a command": ({"arch2infos": {0: {"200": print}}}, "the name '__builtin__'.'print' is refused"),
    "before it": ({"meta_archs": print, "arch2infos": {}}, "'print' is refused"),
    "no cells": ({"meta_archs": []}, "no dictionary arch2infos of items stands in"),
    "a list": ([1, 2], "no dictionary arch2infos of items stands in"),
    "texts for keys": ({"arch2infos": {"0": {}}}, "none of its rows can be read"),
    "a number": ({"arch2infos": {0: 7}}, "the values of the dictionary are to be dictionaries"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_of_all_cells(tmp_path: Path, own_home: Path, name: str) -> None:
    value, message = HOSTILE[name]
    for kind in ("pth", "zip") if isinstance(value, dict) else ("pth",):
        path = write_whole(tmp_path / WHOLE[kind][0], value, kind)
        with pytest.raises(DataError, match=re.escape(message)) as caught:
            import_nats(path, progress=False)
        assert str(path) in str(caught.value)
    assert list(own_home.iterdir()) == []


def test_a_cell_that_is_the_dictionary_of_all(tmp_path: Path) -> None:
    cells: dict[int, Any] = {}
    cells[0] = {"200": cells}
    path = write_whole(tmp_path / WHOLE["pth"][0], {"arch2infos": cells}, "pth")
    with pytest.raises(DataError, match="is one of its own entries"):
        import_nats(path, progress=False)


def test_files_of_all_cells_that_are_damaged(tmp_path: Path) -> None:
    path = write_whole(tmp_path / WHOLE["pbz2"][0], all_cells(), "pbz2")
    whole = path.read_bytes()
    for content, message in (
        (whole[:-200], "is cut off"),
        (b"BZh9" + bytes(90), "is no bzip2 file"),
        (b"", "is cut off"),
        (bz2.compress(bytes(40 << 20)), "more than .* bytes unpacked, or than 100 times"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            import_nats(path, progress=False)
    path = tmp_path / WHOLE["pth"][0]
    another, packed = io.BytesIO(), io.BytesIO()
    for file, name, method in ((another, "x/a.pkl", 0), (packed, "x/data.pkl", 8)):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, pickle.dumps(all_cells(), 2), method)
    zipped = (another.getvalue(), packed.getvalue(), packed.getvalue()[:30])
    for content in (b"", b"PK\x03\x04" + bytes(40), b"no such file", *zipped):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"is no file of torch\.save: it begins otherwise"):
            import_nats(path, progress=False)
    write_whole(path, all_cells(), "zip")
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(DataError, match="it is cut off"):
        import_nats(path, progress=False)


def test_several_forms_of_the_same_cells(tmp_path: Path) -> None:
    write_whole(tmp_path / WHOLE["pbz2"][0], all_cells(), "pbz2")
    write(tmp_path / "simple", results(0))
    with pytest.raises(DataError, match="hold the same cells: give the path of one"):
        import_nats(tmp_path, progress=False)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damaged_files_of_all_cells(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    value = all_cells(less_and_full=True, cells=2)
    path = write_whole(folder / WHOLE["pth"][0], value, "pth")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, 10**6))])
    try:
        import_nats(path, version=f"v{data.draw(st.integers(0, 10**12))}", progress=False)
    except DataError as error:
        assert str(path) in str(error) or "with other content" in str(error)  # noqa: PT017


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_files_are_named(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    told = results(0, (777,))
    del told["200"]
    content = bytearray(pickle.dumps(told, 4))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = folder / "000000.pickle.pbz2"
    path.write_bytes(bz2.compress(content[: data.draw(st.integers(len(content) // 2, 10**6))]))
    try:
        import_nats(path, version=f"v{data.draw(st.integers(0, 10**12))}", progress=False)
    except DataError as error:
        assert str(path) in str(error) or "with other content" in str(error)  # noqa: PT017
