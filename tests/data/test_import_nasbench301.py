"""The trainings behind NAS-Bench-301: a JSON file each, as its authors' data has them."""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench import load_dataset
from nape_bench.cli.main import main
from nape_bench.data.importers import import_nasbench301, sources
from nape_bench.errors import DataError
from nape_bench.spaces import space

if TYPE_CHECKING:
    from pathlib import Path

NB301 = space("nb301")
SPECS = [NB301.sample(np.random.default_rng(seed)) for seed in range(5)]
DARTS = "NetworkSelectorDatasetInfo:darts:"
KEY = "optimized_hyperparamater_config"

# The cells of results_fidelity_0/results_0.json in the authors' repository (surrogate_models/test).
EXAMPLE = {
    "edge_normal_0": "skip_connect", "edge_normal_1": "sep_conv_3x3",
    "edge_reduce_0": "max_pool_3x3", "edge_reduce_1": "avg_pool_3x3", "init_channels": 50,
    "inputs_node_normal_3": "0_1", "inputs_node_normal_4": "0_2", "inputs_node_normal_5": "1_2",
    "inputs_node_reduce_3": "0_1", "inputs_node_reduce_4": "1_2", "inputs_node_reduce_5": "2_3",
    "layers": 20, "edge_normal_10": "sep_conv_3x3", "edge_normal_11": "skip_connect",
    "edge_normal_2": "sep_conv_3x3", "edge_normal_3": "skip_connect",
    "edge_normal_5": "dil_conv_3x3", "edge_normal_7": "dil_conv_5x5",
    "edge_reduce_11": "sep_conv_3x3", "edge_reduce_12": "dil_conv_3x3",
    "edge_reduce_2": "skip_connect", "edge_reduce_3": "dil_conv_5x5",
    "edge_reduce_6": "sep_conv_3x3", "edge_reduce_7": "sep_conv_5x5",
}  # fmt: skip
GENOTYPE = (
    "Genotype(normal=[('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('skip_connect', 1), ('dil_conv_3x3', 0), ('dil_conv_5x5', 2), ('sep_conv_3x3', 1), "
    "('skip_connect', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
    "('avg_pool_3x3', 1), ('skip_connect', 0), ('dil_conv_5x5', 1), ('sep_conv_3x3', 1), "
    "('sep_conv_5x5', 2), ('sep_conv_3x3', 2), ('dil_conv_3x3', 3)], reduce_concat=range(2, 6))"
)


def flat(spec: Any) -> dict[str, Any]:
    """Write a genotype as the benchmark's code does (convert_genotype_to_config)."""
    found: dict[str, Any] = {"layers": 8, "init_channels": 32}
    for cell in ("normal", "reduce"):
        start = 0
        for number in range(4):
            pairs = spec[cell][2 * number : 2 * number + 2]
            found |= {f"edge_{cell}_{start + node}": op for op, node in pairs}
            if number:
                nodes = "_".join(str(node) for node in sorted(node for _, node in pairs))
                found[f"inputs_node_{cell}_{number + 2}"] = nodes
            start += number + 2
    return found


def result(cells: dict[str, Any], test: float, epochs: int = 98) -> dict[str, Any]:
    """Return what a file holds."""
    config = {
        "NetworkSelectorDatasetInfo:network": "darts",
        "OptimizerSelector:sgd:learning_rate": 0.025,
        "SimpleLearningrateSchedulerSelector:cosine_annealing:T_max": epochs,
        **{f"{DARTS}{name}": value for name, value in cells.items()},
    }
    info = [{"train_accuracy": 99.9, "val_accuracy": test + 0.25, "model_parameters": 3}]
    return {"final_metric_score": -test, KEY: config, "budget": epochs, "info": info,
            "test_accuracy": test, "runtime": 5000 + test}  # fmt: skip


def write(folder: Path, run: str, number: int, value: Any, fidelity: int = 0) -> Path:
    path = folder / run / f"results_fidelity_{fidelity}" / f"results_{number}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def labels(config: str, label: str) -> dict[str, float]:
    ds = load_dataset("nape/nb301", config)
    return {i: y for s in ds for i, y in zip(ds[s].ids, ds[s].labels[label].tolist(), strict=True)}


def release(folder: Path) -> Path:
    """Write two runs of five networks, one of them with a larger budget as well."""
    for number, spec in enumerate(SPECS):
        write(folder, f"rs/run_{number % 2}", number // 2, result(flat(spec), 90 + number / 8))
    write(folder, "de/run_0", 0, result(flat(SPECS[0]), 95.5, 200), 1)
    (folder / "rs" / "results_1.json").write_text("[]")  # in no folder of a fidelity
    return folder


IDS = [f"nb301:{NB301.format(spec)}" for spec in SPECS]


@pytest.mark.parametrize("packed", ["folder", "zip", "tar"])
def test_release(tmp_path: Path, packed: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = release(tmp_path / "nasbench301_full_data")
    if packed == "zip":
        path = tmp_path / "nb301.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for each in sorted((tmp_path / "nasbench301_full_data").rglob("*.json")):
                archive.write(each, each.relative_to(tmp_path))
    elif packed == "tar":
        path = tmp_path / "nb301.tar"
        with tarfile.open(path, "w") as archive:
            archive.add(tmp_path / "nasbench301_full_data", "nasbench301_full_data")
    assert main(["import", "nasbench301", str(path)]) == 0
    out = capsys.readouterr().out
    assert "5 rows read, 5 architectures kept" in out
    assert "1 rows read, 1 architectures kept" in out
    config = "trained_e98_l8_c32"
    expected = {i: 90 + number / 8 for number, i in enumerate(IDS)}
    assert labels(config, "test_accuracy") == expected
    assert labels(config, "val_accuracy") == {i: y + 0.25 for i, y in expected.items()}
    assert labels(config, "runtime")[IDS[0]] == 5090
    assert labels("trained_e200_l8_c32", "test_accuracy") == {IDS[0]: 95.5}
    ds = load_dataset("nape/nb301", config)
    assert ds.target == "val_accuracy"
    assert ds.provenance["task"].endswith("a budget of 98 epochs, 8 cells, 32 channels")
    assert ds.provenance["command"].startswith(f"nape-bench import nasbench301 {path.name} ")


def test_the_authors_example(tmp_path: Path) -> None:
    write(tmp_path, "test", 0, result(EXAMPLE, 97.54, 1500))
    import_nasbench301(tmp_path, progress=False)
    ds = load_dataset("nape/nb301", "trained_e1500_l20_c50")
    assert ds.lookup(GENOTYPE).labels["test_accuracy"] == 97.54


def test_networks_that_were_trained_twice(tmp_path: Path) -> None:
    release(tmp_path)
    write(tmp_path, "rs/run_9", 0, result(flat(SPECS[0]), 92))
    with pytest.raises(DataError, match=r"results_0.json, of run_0/results_fidelity_0 already"):
        import_nasbench301(tmp_path, progress=False)
    import_nasbench301(tmp_path, on_duplicate="mean", progress=False)
    assert labels("trained_e98_l8_c32", "test_accuracy")[IDS[0]] == 91


def cells(**changes: Any) -> dict[str, Any]:
    told = result(flat(SPECS[0]), 95.0)
    told[KEY] |= {f"{DARTS}{name}": value for name, value in changes.items()}
    return told


def without(key: str, value: Any = None) -> dict[str, Any]:
    told = result(flat(SPECS[0]), 95.0)
    place = told if key in told else told[KEY]
    del place[key]
    return told if value is None else {**told, key: value}


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], f"{KEY} of a darts network expected"),
    "no config": (without(KEY), f"{KEY} of a darts network expected"),
    "another network": (without("NetworkSelectorDatasetInfo:network"), "of a darts network"),
    "no cells": (cells(layers="8"), "epochs, cells and channels expected"),
    "too many cells": (cells(layers=10**6), "epochs, cells and channels expected"),
    "no info": (without("info"), "info of a training expected"),
    "empty info": (without("info", []), "info of a training expected"),
    "no inputs": (cells(inputs_node_normal_4="0"), "inputs_node_normal_4: two states expected"),
    "later inputs": (cells(inputs_node_normal_3="0_7"), "inputs_node_normal_3 is 0_7"),
    "the same input": (cells(inputs_node_normal_3="1_1"), "and there is no such edge_normal"),
    "an unread edge": (cells(edge_normal_99="sep_conv_3x3"), "is no edge that a state reads"),
    "an operation": (cells(edge_normal_0="conv"), "nb301: "),
    "an accuracy": (without("test_accuracy", 101), "test_accuracy is 101"),
    "nan": (without("runtime", float("nan")), "runtime is nan"),
    "infinite": (without("info", [{"val_accuracy": float("inf")}]), "val_accuracy is inf"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_named(tmp_path: Path, own_home: Path, name: str) -> None:
    value, message = WRONG[name]
    path = write(tmp_path, "rs/run_7", 3, value)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        import_nasbench301(tmp_path, progress=False)
    assert str(caught.value).startswith(f"{path}, of run_7/results_fidelity_0: ")
    assert list(own_home.iterdir()) == []
    release(tmp_path)
    done = import_nasbench301(tmp_path, skip_bad=True, progress=False)
    skipped = [each for _, report in done for each in report.skipped]
    assert [each.where for each in skipped] == ["results_3.json, of run_7/results_fidelity_0"]


def test_files_that_are_no_json(tmp_path: Path) -> None:
    path = write(tmp_path, "run_0", 0, {})
    for content in (b"", b"{", b'{"a": 1, "a": 2}', b"\xff", b"[" * 9000):
        path.write_bytes(content)
        with pytest.raises(DataError, match="it is no JSON"):
            import_nasbench301(tmp_path, progress=False)
    path.write_bytes(b" " * (1 << 21))
    with pytest.raises(DataError, match="has more than 1,048,576 bytes"):
        import_nasbench301(tmp_path, progress=False)


def test_archives_of_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_PACKED_MEMBERS", 3)
    release(tmp_path / "data")
    with tarfile.open(tmp_path / "nb301.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "data", "data")
    with pytest.raises(DataError, match="more than 3 files and is packed as a whole"):
        import_nasbench301(tmp_path / "nb301.tar.gz", progress=False)
    with pytest.raises(DataError, match="has none of the files of this release"):
        import_nasbench301(tmp_path / "data" / "rs" / "results_1.json", progress=False)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_change_is_read_or_named(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("changed")
    told = result(flat(SPECS[0]), 95.0)
    values = st.none() | st.integers() | st.floats() | st.text(max_size=4) | st.just("1_2")
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([told, told[KEY]]))
        key = data.draw(st.sampled_from(sorted(place)) | st.text(max_size=3))
        if key != KEY:
            place[key] = data.draw(values | st.lists(values, max_size=2))
    path = write(folder, "run_0", 0, told)
    try:
        import_nasbench301(folder, version=f"v{data.draw(st.integers(0, 10**12))}", progress=False)
    except DataError as error:
        assert str(path) in str(error) or "with other content" in str(error)  # noqa: PT017
