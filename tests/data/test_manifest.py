"""The manifest of a folder: what is written reads back, and what is wrong is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nape_bench.data.manifest import FILE_NAME, read_manifest, to_json
from nape_bench.data.write import describe
from nape_bench.errors import DataError
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, **changes: Any) -> Path:
    manifest = describe("me/some", "v1.0", tables.INFO, {"micro": tables.config_data()})
    value = json.loads(to_json(manifest))
    for path, new in changes.items():
        *way, last = path.split("__")
        place = value
        for key in way:
            place = place[key]
        place[last] = new
    (folder / FILE_NAME).write_text(json.dumps(value))
    return folder


def test_round_trip(tmp_path: Path) -> None:
    manifest = describe("me/some", "v1.0", tables.INFO, {"micro": tables.config_data()})
    assert read_manifest(written(tmp_path)) == manifest
    assert manifest.configs["micro"].rows == 30


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"no dataset folder: it has no {FILE_NAME}"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "format is 2, this version of nape_bench reads 1"),
        ({"hash_algorithm": "nape-content-9"}, "hash_algorithm is 'nape-content-9'"),
        ({"name": "../../etc"}, "owner/name expected"),
        ({"version": "newest"}, "version 'newest'"),
        ({"configs": {}}, "it names no config"),
        ({"configs": {"../x": {}}}, "config name '../x'"),
        ({"configs__micro__target": "speed"}, "target 'speed' is none of its labels"),
        ({"configs__micro__splits__train__content_hash": "../../x"}, "is no SHA-256"),
        ({"configs__micro__splits__train": {"rows": 1}}, "not a manifest as expected"),
        ({"configs": [1]}, "not a manifest as expected"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_manifest(written(tmp_path, **changes))
    assert str(tmp_path / FILE_NAME) in str(caught.value)


def test_no_json(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"format": 1')
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(tmp_path)
