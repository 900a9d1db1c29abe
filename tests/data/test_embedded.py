"""What the package ships: it loads, is pinned, and holds what it says."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nape_bench.data
from nape_bench.data import Dataset, list_datasets, load_dataset
from nape_bench.data.manifest import FILE_NAME, read_manifest
from nape_bench.data.registry import dataset_specs
from nape_bench.data.splits import split_of
from nape_bench.errors import DataError, IntegrityError
from nape_bench.graph import GraphTable
from nape_bench.metrics import spearman
from nape_bench.spaces import space

EMBEDDED = Path(nape_bench.data.__file__).parent / "embedded"
FOLDERS = [path.parent for path in sorted(EMBEDDED.glob(f"*/{FILE_NAME}"))]
MANIFESTS = {folder.name: read_manifest(folder) for folder in FOLDERS}


@pytest.fixture(params=MANIFESTS)
def ds(request: pytest.FixtureRequest) -> Dataset:
    return load_dataset(MANIFESTS[request.param].name)


def test_hiaml_is_there() -> None:
    assert "hiaml" in MANIFESTS
    assert load_dataset("nape/hiaml", "micro").version == MANIFESTS["hiaml"].version


def test_it_comes_from_the_package_and_is_pinned(ds: Dataset) -> None:
    assert ds.source == "package"
    spec = dataset_specs()[ds.name]
    assert ds.info == spec.info
    assert ds.content_hash == spec.pin(ds.config, ds.version)


def test_graphs_are_those_of_the_specifications(ds: Dataset) -> None:
    family = space(ds.info.family)
    for name in ds:
        split = ds[name]
        built = GraphTable.from_graphs(family.build(spec) for spec in split.specs)
        assert all(np.array_equal(built.columns[c], split.graphs.columns[c]) for c in built.columns)
        assert np.array_equal(built.source, split.graphs.source)
        assert np.array_equal(built.target, split.graphs.target)
        assert np.array_equal(built.hashes, split.hashes)
        assert np.array_equal(built.groups, split.groups)
        assert split.ids == [f"{family.name}:{family.format(spec)}" for spec in split.specs]
        split.graphs.check()


def test_splits_go_by_group(ds: Dataset) -> None:
    for name in ds:
        assert {split_of(group) for group in ds[name].groups} == {name}
    for a, b in itertools.combinations(ds, 2):
        assert not set(ds[a].groups) & set(ds[b].groups)


def test_micro_labels_agree_with_each_other(ds: Dataset) -> None:
    labels = {n: np.concatenate([ds[s].labels[n] for s in ds]) for n in ds.labels_info}
    seeds = [values for name, values in labels.items() if name.startswith("accuracy_seed")]
    assert len(seeds) == ds.labels_info["accuracy"].seeds >= 2
    assert len(labels["accuracy"]) >= 320
    assert np.allclose(np.mean(seeds, axis=0), labels["accuracy"], rtol=0, atol=1e-9)
    assert all(np.isfinite(values).all() for values in labels.values())
    between = np.mean([spearman(a, b) for a, b in itertools.combinations(seeds, 2)])
    assert ds.labels_info["accuracy"].noise_ceiling == pytest.approx(between)
    # The labels separate architectures: they differ by more than seeds do.
    assert between > 0.5
    assert np.mean(seeds, axis=0).std() > np.std(seeds, axis=0).mean()


def test_the_card_says_what_is_there(ds: Dataset) -> None:
    card = (Path(ds.path) / "README.md").read_text(encoding="utf-8")
    rows = sum(len(ds[name]) for name in ds)
    assert f"`{ds.name}` {ds.version} holds {rows:,} networks" in card
    for name, content_hash in ds.split_hashes.items():
        assert f"| {name} | {len(ds[name])} | `{content_hash}` |" in card
    for label in ds.labels_info:
        assert f"`{label}`" in card


def test_the_manifest_is_part_of_what_is_verified(tmp_path: Path) -> None:
    source = Path(load_dataset("nape/hiaml").path)
    changes = (
        ('"target": "accuracy"', '"target": "accuracy_seed0"'),
        ('"higher_is_better": true', '"higher_is_better": false'),
        ('"rows": 242', '"rows": 241'),
    )
    for number, (old, new) in enumerate(changes):
        copy = tmp_path / str(number)
        shutil.copytree(source, copy)
        manifest = copy / "nape_bench.json"
        text = manifest.read_text()
        assert old in text
        manifest.write_text(text.replace(old, new, 1))
        with pytest.raises(IntegrityError, match=r"nape/hiaml|rows"):
            load_dataset("nape/hiaml", path=copy)


def test_a_broken_neighbour_is_passed_over(own_home: Path) -> None:
    broken = own_home / "datasets" / "zz" / "other" / "v1.0" / "x"
    broken.mkdir(parents=True)
    (broken / "nape_bench.json").write_text("{")
    with pytest.warns(UserWarning, match="passed over"):
        assert any(each.name == "nape/hiaml" for each in list_datasets())
    with pytest.raises(DataError):
        load_dataset("zz/other")


def test_plain_datasets_opens_the_path_as_it_is(tmp_path: Path) -> None:
    path = load_dataset("nape/hiaml").path
    command = (
        "import datasets, sys; datasets.disable_progress_bars(); "
        "print(datasets.load_dataset(sys.argv[1], cache_dir=sys.argv[2])['test'].num_rows)"
    )
    told = subprocess.run(
        [sys.executable, "-c", command, path, str(tmp_path)],
        capture_output=True, text=True, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert int(told.stdout) == len(load_dataset("nape/hiaml")["test"])
    # In this process as well, where the path is handed on as it is.
    assert isinstance(path, str)
