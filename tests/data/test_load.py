"""load_dataset: what is found where, and what is said of what is not."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

import nape_bench
from nape_bench.data import list_datasets, load, load_dataset, places, store
from nape_bench.data.manifest import data_file
from nape_bench.data.registry import DatasetSpec
from nape_bench.data.split import Split
from nape_bench.data.write import describe, write_folder
from nape_bench.errors import DataError, IntegrityError, UnknownNameError
from nape_bench.registry import Registry
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.data.info import ConfigData

NAME = "me/some"


def put(version: str = "v1.0", config: str = "micro", shift: float = 0.0, name: str = NAME) -> Path:
    return store.put(name, version, config, tables.INFO, data(shift))


def data(shift: float = 0.0) -> ConfigData:
    rows = tables.rows()
    labels = {**rows.labels, "latency": rows.labels["latency"] + shift}
    return tables.config_data(dataclasses.replace(rows, labels=labels))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the package's embedded one."""
    monkeypatch.setattr(places, "EMBEDDED", tmp_path / "embedded")
    return tmp_path / "embedded"


def embed(package: Path, version: str, shift: float, *configs: str) -> Path:
    content = {config: data(shift) for config in configs}
    manifest = describe(NAME, version, tables.INFO, content)
    folder = package / NAME.partition("/")[2] / version
    write_folder(folder, manifest, content)
    return folder


def test_public_name() -> None:
    assert nape_bench.load_dataset is load_dataset


def test_what_was_written_is_read() -> None:
    folder = put()
    ds = load_dataset(NAME)
    assert (ds.name, ds.config, ds.version, ds.source) == (NAME, "micro", "v1.0", "store")
    assert ds.path == str(folder)
    assert list(ds) == ["train", "validation", "test"]
    for split, rows in data().splits.items():
        assert ds[split].ids == rows.texts["id"].to_pylist()
        assert np.array_equal(ds[split].labels["latency"], rows.labels["latency"])
        assert np.array_equal(ds[split].graphs.hashes, rows.texts["hash"].to_pylist())


def test_one_split() -> None:
    put()
    split = load_dataset(NAME, split="test")
    assert isinstance(split, Split)
    assert split.ids == load_dataset(NAME)["test"].ids


def test_the_newest_version_in_natural_order() -> None:
    for number, version in enumerate(["v1.9", "v1.10", "v1.2"]):
        put(version, shift=number)
    assert load_dataset(NAME).version == "v1.10"
    assert load_dataset(NAME, revision="v1.2").version == "v1.2"
    with pytest.raises(UnknownNameError, match=r"version of me/some, config micro, 'v1\.3'.*v1"):
        load_dataset(NAME, revision="v1.3")


def test_which_config() -> None:
    put(config="zeta")
    assert load_dataset(NAME).config == "zeta"
    put(config="beta")
    with pytest.raises(UnknownNameError, match="several configs, name one of them: beta, zeta"):
        load_dataset(NAME)
    put(config="micro")
    assert load_dataset(NAME).config == "micro"
    with pytest.raises(UnknownNameError, match=r"config of me/some 'zetta': did you mean.* zeta"):
        load_dataset(NAME, "zetta")


def test_unknown_names() -> None:
    put()
    with pytest.raises(UnknownNameError, match="unknown dataset 'me/same': did you mean me/some"):
        load_dataset("me/same")
    with pytest.raises(
        UnknownNameError, match="unknown split of me/some 'tets': did you mean test"
    ):
        load_dataset(NAME, split="tets")
    with pytest.raises(UnknownNameError, match="'valid': did you mean validation"):
        load_dataset(NAME)["valid"]


def test_a_known_dataset_that_is_not_at_hand(package: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"nape/nb201 is not at hand.*`nape-bench import"):
        load_dataset("nape/nb201")
    info = dataclasses.replace(tables.INFO, family="hiaml")
    store.put("nape/nb201", "v1.0", "other", info, data())
    with pytest.raises(UnknownNameError, match="config cifar10 is made by `nape-bench import"):
        load_dataset("nape/nb201", "cifar10")
    listed = {e.config: e.source for e in list_datasets("nape/nb201")}
    assert listed["other"] == "store"
    assert {source for config, source in listed.items() if config != "other"} == {None}
    assert "cifar10" in listed


def test_places_are_merged(package: Path) -> None:
    embedded = embed(package, "v1.0", 1.0, "micro", "extra")
    ds = load_dataset(NAME)
    assert (ds.source, ds.path) == ("package", str(embedded))
    put("v1.0", "third")
    assert load_dataset(NAME, "micro").source == "package"
    assert load_dataset(NAME, "extra").source == "package"
    assert load_dataset(NAME, "third").source == "store"
    put("v0.9", "micro")
    assert load_dataset(NAME).source == "package"
    assert load_dataset(NAME, revision="v0.9").source == "store"
    put("v1.1", "micro")
    assert load_dataset(NAME).source == "store"


def test_versions_of_the_package_stand_side_by_side(package: Path) -> None:
    for number, version in enumerate(["v1.9", "v1.10", "v1.2"]):
        embed(package, version, number, "micro", *(["extra"] if version == "v1.9" else []))
    assert load_dataset(NAME).version == "v1.10"
    assert load_dataset(NAME, "extra").version == "v1.9"
    for number, version in enumerate(["v1.9", "v1.10", "v1.2"]):
        ds = load_dataset(NAME, revision=version)
        assert (ds.version, ds.source) == (version, "package")
        rows = data(number).splits["test"]
        assert np.array_equal(ds["test"].labels["latency"], rows.labels["latency"])
    listed = [(each.config, each.version) for each in list_datasets(NAME)]
    assert listed == [
        ("extra", "v1.9"), ("micro", "v1.2"), ("micro", "v1.9"), ("micro", "v1.10"),
    ]  # fmt: skip


def test_the_store_comes_before_the_package(package: Path) -> None:
    put()
    embed(package, "v1.0", 0.0, "micro")
    assert load_dataset(NAME).source == "store"


def test_what_the_package_has_is_not_written_to_the_store(package: Path, own_home: Path) -> None:
    folder = embed(package, "v1.0", 0.0, "micro")
    assert put() == folder
    with pytest.raises(DataError, match="with other content"):
        put(shift=1.0)
    assert not (own_home / "datasets").exists()


def test_a_path_is_all_that_is_looked_at(package: Path, tmp_path: Path) -> None:
    put()
    copy = shutil.copytree(put("v2.0", shift=1.0), tmp_path / "copy")
    ds = load_dataset(NAME, path=copy)
    assert (ds.source, ds.path, ds.version) == ("path", str(copy), "v2.0")
    with pytest.raises(UnknownNameError, match=r"v1\.0"):
        load_dataset(NAME, revision="v1.0", path=copy)
    with pytest.raises(DataError, match="holds me/some, not me/other"):
        load_dataset("me/other", path=copy)
    with pytest.raises(DataError, match="is no dataset folder"):
        load_dataset(NAME, path=tmp_path)


def test_a_broken_manifest_is_an_error() -> None:
    put(name="me/other")
    (put() / "nape_bench.json").write_text("{")
    with pytest.raises(DataError, match=r"nape_bench\.json cannot be read"):
        load_dataset(NAME)
    assert load_dataset("me/other").source == "store"


@pytest.mark.parametrize("name", ["", "some", "me/..", "me/*", "*/*", "/etc/passwd", "a/b/c"])
def test_names_that_no_dataset_can_have(name: str) -> None:
    put()
    with pytest.raises(UnknownNameError, match="unknown dataset"):
        load_dataset(name)


def test_a_changed_label_is_noticed() -> None:
    folder = put()
    path = folder / data_file("micro", "test")
    table = pq.read_table(path)
    values = table.column("latency").to_pylist()
    values[0] += 1e-6
    index = table.schema.get_field_index("latency")
    pq.write_table(table.set_column(index, table.schema.field("latency"), [values]), path)
    with pytest.raises(IntegrityError) as caught:
        load_dataset(NAME)
    message = str(caught.value)
    expected = describe(NAME, "v1.0", tables.INFO, {"micro": data()}).configs["micro"].split_hashes
    assert str(path) in message
    assert f"expected content hash {expected['test']}, found " in message
    assert f"remove {folder} and make it again" in message
    assert len(load_dataset(NAME, split="train")) == len(data().splits["train"])


def test_a_flipped_byte_is_noticed() -> None:
    path = put() / data_file("micro", "train")
    content = path.read_bytes()
    rows = data().splits["train"]
    noticed = 0
    for place in np.linspace(4, len(content) - 12, 60).astype(int):
        flipped = bytearray(content)
        flipped[place] ^= 0x10
        path.write_bytes(flipped)
        try:
            split = load_dataset(NAME, split="train")
        except IntegrityError:
            noticed += 1
        else:  # the byte is none that a value depends on, such as a statistic
            assert split.ids == rows.texts["id"].to_pylist()
            assert np.array_equal(split.labels["latency"], rows.labels["latency"])
            assert np.array_equal(split.graphs.hashes, rows.texts["hash"].to_pylist())
    assert noticed > 30


def test_a_missing_or_exchanged_file_is_noticed() -> None:
    folder = put()
    test, train = (folder / data_file("micro", split) for split in ("test", "train"))
    shutil.copy(test, train)
    with pytest.raises(IntegrityError, match="expected content hash"):
        load_dataset(NAME)
    train.unlink()
    with pytest.raises(IntegrityError, match=r"train-00000-of-00001\.parquet.*cannot be read"):
        load_dataset(NAME)


def test_a_forged_manifest_of_a_published_version_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(shift=1.0)
    real = describe(NAME, "v1.0", tables.INFO, {"micro": data()}).configs["micro"].content_hash
    specs: Registry[DatasetSpec] = Registry("dataset")
    specs.add(NAME, DatasetSpec(NAME, tables.INFO, pins={"v1.0": {"micro": real}}))
    for module in (load, store):
        monkeypatch.setattr(module, "dataset_specs", lambda: specs)
    with pytest.raises(IntegrityError, match=f"the published one is {real}"):
        load_dataset(NAME)


def test_an_architecture_is_in_one_split_in_all_configs() -> None:
    put()
    rows = tables.rows().take(np.arange(len(tables.rows()))[::-2])
    store.put(NAME, "v3.0", "half", tables.INFO, tables.config_data(rows))
    whole, half = load_dataset(NAME, "micro"), load_dataset(NAME, "half")
    for split in whole:
        assert set(half[split].ids) <= set(whole[split].ids)
        for other in set(whole) - {split}:
            assert not set(whole[split].groups) & set(whole[other].groups)
