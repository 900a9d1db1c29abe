"""What the package ships: every version loads, is pinned, and holds what it says."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nape_bench.data import Dataset, list_datasets, load_dataset
from nape_bench.data.info import version_key
from nape_bench.data.manifest import FILE_NAME, read_manifest
from nape_bench.data.measured import CONFIGS
from nape_bench.data.measured.base import seed_correlation
from nape_bench.data.places import EMBEDDED
from nape_bench.data.registry import dataset_specs
from nape_bench.data.splits import split_of
from nape_bench.errors import DataError, IntegrityError
from nape_bench.evaluation import Evaluator, known_protocols, protocol, protocol_families
from nape_bench.graph import GraphTable
from nape_bench.labels.choose import DRAWN_FROM
from nape_bench.spaces import space, spaces

MANIFESTS = [read_manifest(path.parent) for path in sorted(EMBEDDED.glob(f"*/*/{FILE_NAME}"))]
CONFIGS_AT_HAND = {
    f"{manifest.info.family} {manifest.version} {config}": (manifest, config)
    for manifest in MANIFESTS
    for config in manifest.configs
}
OF_SPACES = {key: it for key, it in CONFIGS_AT_HAND.items() if it[0].info.family in spaces()}
"""Configs whose architectures a space builds, with labels that this project measured."""
MEGABYTES = 14
"""What the package may ship: the wheel stays under 15 MB."""


@pytest.fixture(params=CONFIGS_AT_HAND)
def ds(request: pytest.FixtureRequest) -> Dataset:
    manifest, config = CONFIGS_AT_HAND[request.param]
    return load_dataset(manifest.name, config, revision=manifest.version)


@pytest.fixture(params=OF_SPACES)
def measured(request: pytest.FixtureRequest) -> Dataset:
    manifest, config = OF_SPACES[request.param]
    return load_dataset(manifest.name, config, revision=manifest.version)


def test_every_folder_is_a_version() -> None:
    assert ("nape/hiaml", "v1.0") in {(each.name, each.version) for each in MANIFESTS}
    assert {f"{each.name.removeprefix('nape/')}/{each.version}" for each in MANIFESTS} == {
        path.relative_to(EMBEDDED).as_posix() for path in EMBEDDED.glob("*/*") if path.is_dir()
    }


def test_it_is_small() -> None:
    sizes = [path.stat().st_size for path in EMBEDDED.rglob("*") if path.is_file()]
    assert sum(sizes) < MEGABYTES * 1e6


def test_it_comes_from_the_package_and_is_pinned(ds: Dataset) -> None:
    assert ds.source == "package"
    spec = dataset_specs()[ds.name]
    wanted = spec.shipped_info
    assert (ds.info.title, ds.info.family) == (wanted.title, wanted.family)
    assert (ds.info.licence, ds.info.citation) == (wanted.licence, wanted.citation)
    assert ds.content_hash == spec.pin(ds.config, ds.version)


def test_what_is_pinned_is_there() -> None:
    there = {(each.name, each.version, config) for each in MANIFESTS for config in each.configs}
    specs = dataset_specs()
    pinned = {
        (name, version, config)
        for name in specs
        for version, pins in specs[name].pins.items()
        for config in pins
        if config not in specs[name].how
    }
    assert pinned == there


def test_the_newest_version_is_what_loads(ds: Dataset) -> None:
    newest = max(
        (each.version for each in MANIFESTS if each.name == ds.name and ds.config in each.configs),
        key=version_key,
    )
    assert load_dataset(ds.name, ds.config).version == newest


def test_graphs_are_those_of_the_specifications(measured: Dataset) -> None:
    family = space(measured.info.family)
    for name in measured:
        split = measured[name]
        built = GraphTable.from_graphs(family.build(spec) for spec in split.specs)
        assert all(np.array_equal(built.columns[c], split.graphs.columns[c]) for c in built.columns)
        assert np.array_equal(built.source, split.graphs.source)
        assert np.array_equal(built.target, split.graphs.target)
        assert np.array_equal(built.hashes, split.hashes)
        assert np.array_equal(built.groups, split.groups)
        assert split.ids == [f"{family.name}:{family.format(spec)}" for spec in split.specs]
        split.graphs.check()


def test_splits_go_by_group(measured: Dataset) -> None:
    for name in measured:
        assert {split_of(group) for group in measured[name].groups} == {name}
    for a, b in itertools.combinations(measured, 2):
        assert not set(measured[a].groups) & set(measured[b].groups)


def test_architectures_are_of_the_part_that_is_drawn_from(measured: Dataset) -> None:
    family = measured.info.family
    if family in DRAWN_FROM:
        belongs = space(family).subsets()[DRAWN_FROM[family]]
        assert all(belongs(spec) for name in measured for spec in measured[name].specs)


def test_labels_are_those_of_the_config(measured: Dataset) -> None:
    labels = {
        n: np.concatenate([measured[s].labels[n] for s in measured]) for n in measured.labels_info
    }
    assert measured.target == CONFIGS[measured.config].target
    assert np.isfinite(labels[measured.target]).all()
    assert all(info.meaning and info.source for info in measured.labels_info.values())
    if measured.config != "micro":
        return
    seeds = [values for name, values in labels.items() if name.startswith("accuracy_seed")]
    assert len(seeds) == measured.labels_info["accuracy"].seeds >= 2
    assert len(labels["accuracy"]) >= 120
    assert np.allclose(np.mean(seeds, axis=0), labels["accuracy"], rtol=0, atol=1e-9)
    assert all(np.isfinite(values).all() for values in labels.values())
    between = seed_correlation(np.stack(seeds, axis=1))
    assert measured.labels_info["accuracy"].noise_ceiling == pytest.approx(between)
    # The labels separate architectures: they differ by more than seeds do, once what a seed has in
    # common for all of them (one supernet is better than another) is taken out.
    centred = np.stack(seeds) - np.mean(seeds, axis=1, keepdims=True)
    assert centred.mean(axis=0).std() > centred.std(axis=0).mean()


def test_the_card_says_what_is_there(ds: Dataset) -> None:
    card = (Path(ds.path) / "README.md").read_text(encoding="utf-8")
    assert f"`{ds.name}` {ds.version} " in card
    assert f"config `{ds.config}`" in card.lower()
    for name, content_hash in ds.split_hashes.items():
        assert f"| {name} | {len(ds[name])} | `{content_hash}` |" in card
    for label in ds.labels_info:
        assert f"`{label}`" in card


def test_each_config_has_protocols_that_open(ds: Dataset) -> None:
    name = ds.name.removeprefix("nape/")
    short = name if ds.config == "micro" else f"{name}/{ds.config}"
    listed = set(known_protocols())
    assert f"zero-shot/{short}" in listed
    assert (f"in-family/{short}" in listed) == (len(ds["train"]) > 0)
    version = load_dataset(ds.name, ds.config).version
    assert protocol(f"in-family/{short}").version == version
    if not len(ds["train"]):  # a config that is a test alone
        evaluator = Evaluator(protocol(f"zero-shot/{short}@{ds.version}"))
    else:
        evaluator = Evaluator(protocol(f"in-family/{short}@{ds.version}"))
    assert sorted(evaluator.ids) == sorted(ds["test"].ids)


@pytest.mark.parametrize("config", ["ofa_pn-keypoints", "ofa_resnet-detection"])
def test_bodies_are_trained_individually_for_the_test_and_pseudo_labelled_else(config: str) -> None:
    found = load_dataset("nape/multitask", config)
    assert len(found["test"]) == 40
    assert len(found["train"]) + len(found["validation"]) == 80
    for name in found:
        assert set(found[name].labels["individual"]) == {float(name == "test")}
        assert {split_of(group) for group in found[name].groups} == {name}
        assert (found[name].labels["body_flops"] < found[name].labels["flops"]).all()
    assert len(Evaluator(f"few-shot/multitask/{config}-20").ids) == 40


def test_the_manifest_is_part_of_what_is_verified(tmp_path: Path) -> None:
    source = Path(load_dataset("nape/hiaml", revision="v1.0").path)
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


@pytest.mark.parametrize("family", list(protocol_families()))
def test_every_listed_protocol_opens_on_the_data_in_the_package(family: str) -> None:
    loaded = cache(lambda made: load_dataset(made[0], made[1], revision=made[2]))
    for name in known_protocols():
        made = protocol(name)
        if name.startswith(f"{family}/"):
            dataset = loaded((made.dataset, made.config, made.version))
            assert Evaluator(made, dataset=dataset).ids, name
