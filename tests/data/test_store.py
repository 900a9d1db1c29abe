"""The local store: a version that is there never changes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.data import registry, store
from nape_bench.data.places import find_all, home, store_folder
from nape_bench.data.registry import DatasetSpec
from nape_bench.data.write import describe, write_folder
from nape_bench.errors import DataError, IntegrityError
from nape_bench.registry import Registry
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path


def put(version: str = "v1.0", config: str = "micro", **changes: object) -> Path:
    data = dataclasses.replace(tables.config_data(), **changes)
    return store.put("me/some", version, config, tables.INFO, data)


def state(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def other_rows() -> dict[str, object]:
    rows = tables.rows()
    changed = rows.labels["accuracy"].copy()
    changed[0] += 1e-9
    return tables.config_data(
        dataclasses.replace(rows, labels={**rows.labels, "accuracy": changed})
    ).splits  # type: ignore[return-value]


def test_each_config_of_a_version_has_a_folder(own_home: Path) -> None:
    assert home() == own_home
    folder = put()
    assert folder == store_folder("me/some", "v1.0", "micro")
    assert folder == own_home / "datasets" / "me" / "some" / "v1.0" / "micro"
    put(config="second")
    put(version="v1.1")
    assert list(find_all("me/some")) == [
        ("me/some", "micro", "v1.0"),
        ("me/some", "micro", "v1.1"),
        ("me/some", "second", "v1.0"),
    ]


def test_the_same_content_again_is_no_change(own_home: Path) -> None:
    folder = put()
    before = state(own_home)
    assert put(provenance={"made": "another day"}) == folder
    assert state(own_home) == before


def test_other_content_under_a_version_is_refused(own_home: Path) -> None:
    put()
    before = state(own_home)
    with pytest.raises(DataError, match=r"me/some v1\.0, config micro, is in .*other content"):
        put(splits=other_rows())
    labels = tables.label_info("accuracy", "latency")
    labels["accuracy"] = dataclasses.replace(labels["accuracy"], higher_is_better=False)
    with pytest.raises(DataError, match="other descriptions of its labels"):
        put(labels=labels)
    with pytest.raises(DataError, match="another target"):
        put(target="latency")
    assert state(own_home) == before
    assert put(version="v1.1", splits=other_rows()).name == "micro"


def test_another_process_may_write_the_same_meanwhile(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_twice(*args: object, **kwargs: object) -> None:
        write_folder(*args, **kwargs)  # type: ignore[arg-type]
        write_folder(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "write_folder", write_twice)
    assert put().is_dir()


def test_a_published_version_has_the_published_content(monkeypatch: pytest.MonkeyPatch) -> None:
    published = describe("me/some", "v1.0", tables.INFO, {"micro": tables.config_data()})
    pin = published.configs["micro"].content_hash
    specs: Registry[DatasetSpec] = Registry("dataset")
    specs.add("me/some", DatasetSpec("me/some", tables.INFO, pins={"v1.0": {"micro": pin}}))
    monkeypatch.setattr(store, "dataset_specs", lambda: specs)
    with pytest.raises(IntegrityError, match=f"the published one is {pin}"):
        put(splits=other_rows())
    assert not find_all("me/some")
    put()
    put(version="v1.1", splits=other_rows())


def test_registered_datasets_are_described() -> None:
    specs = registry.dataset_specs()
    assert {"nape/hiaml", "nape/nb201"} <= set(specs)
    for name in specs:
        spec = specs[name]
        assert spec.name == name
        several = "," in spec.info.family  # a config for each
        zoo = spec.info.family == "zoo"  # networks by name, from any package
        assert several or zoo or name == f"nape/{spec.info.family}"
        assert all(dataclasses.astuple(spec.info))
        for command in spec.how.values():
            # All commands but this one know the names of the datasets that they make.
            named = not command.startswith("nape-bench import table ")
            assert named or f"--name {name}" in command
    with pytest.raises(ValueError, match="duplicate dataset 'nape/hiaml'"):
        registry.register(specs["nape/hiaml"])


def test_missing_labels_do_not_make_content_differ() -> None:
    rows = tables.rows()
    assert np.isnan(rows.labels["accuracy"]).any()
    assert put() == put()
