"""croissant.json: its structure, and what the format's own library says of it where installed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from nape_bench.data import store
from nape_bench.data.hub.croissant import CONFORMS_TO, croissant, date_of
from nape_bench.data.hub.release import Release, release
from nape_bench.data.places import EMBEDDED
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://example.org/datasets/nape/hiaml"


@pytest.fixture(scope="module")
def ready() -> Release:
    return release("nape/hiaml", "v1.1")


@pytest.fixture
def text(ready: Release) -> str:
    return croissant(ready.manifest, ready.files, URL, "2026-11-27")


@pytest.fixture
def value(text: str) -> dict[str, Any]:
    return json.loads(text)


def identifiers(value: Any) -> list[str]:
    """Return the ids of all that is defined: objects that have a type too."""
    if isinstance(value, list):
        return [each for item in value for each in identifiers(item)]
    if not isinstance(value, dict):
        return []
    own = [value["@id"]] if {"@id", "@type"} <= set(value) else []
    return own + identifiers(list(value.values()))


def test_what_it_says_of_the_dataset(value: dict[str, Any], ready: Release) -> None:
    assert value["@type"] == "sc:Dataset"
    assert value["conformsTo"] == CONFORMS_TO
    assert (value["name"], value["alternateName"]) == ("hiaml", "nape/hiaml")
    assert (value["version"], value["license"]) == ("1.1.0", "mit")
    assert value["datePublished"] == "2026-11-27"
    assert value["description"] == ready.manifest.info.description
    for config in ready.manifest.configs.values():
        assert config.content_hash in value["citeAs"]
    assert value["rai:dataCollectionType"] == ["Experiments"]
    assert "of 0.643 with each other" in value["rai:dataLimitations"]
    for term in value:
        prefix = term.partition(":")[0]
        assert term[0] == "@" or prefix == "rai" or ":" not in term


def test_every_file_is_there_with_its_digest(value: dict[str, Any], ready: Release) -> None:
    told = {each["@id"]: each for each in value["distribution"]}
    assert set(told) == {path for path in ready.files if path.endswith(".parquet")}
    for path, each in told.items():
        assert each["@type"] == "cr:FileObject"
        assert each["encodingFormat"] == "application/x-parquet"
        assert each["sha256"] == hashlib.sha256(ready.files[path]).hexdigest()
        assert each["contentSize"] == f"{len(ready.files[path])} B"
        assert each["contentUrl"] == f"{URL}/resolve/v1.1/{path}"


def test_fields_are_the_columns_of_the_files(value: dict[str, Any]) -> None:
    assert [each["name"] for each in value["recordSet"]] == [
        f"{config}/{split}"
        for config in ("micro", "proxies", "latency_cpu")
        for split in ("train", "validation", "test")
    ]
    kinds = {"string": "sc:Text", "double": "sc:Float"}
    for records in value["recordSet"]:
        (path,) = {each["source"]["fileObject"]["@id"] for each in records["field"]}
        columns = [each["source"]["extract"]["column"] for each in records["field"]]
        schema = pq.read_schema(EMBEDDED / "hiaml" / "v1.1" / path)
        assert columns == schema.names
        for each, column in zip(records["field"], schema, strict=True):
            listed = str(column.type).startswith("list")
            assert each.get("repeated", False) == listed
            assert each["dataType"] == ("sc:Integer" if listed else kinds[str(column.type)])
            assert each["description"]


def test_every_reference_is_to_something(value: dict[str, Any]) -> None:
    defined = identifiers({key: item for key, item in value.items() if key != "@context"})
    assert len(set(defined)) == len(defined)
    used = [each["key"]["@id"] for each in value["recordSet"]]
    used += [f["source"]["fileObject"]["@id"] for r in value["recordSet"] for f in r["field"]]
    assert set(used) <= set(defined)


def test_the_same_again(ready: Release, text: str) -> None:
    assert croissant(ready.manifest, dict(ready.files), URL, "2026-11-27") == text
    assert date_of(text) == "2026-11-27"
    for other in ("", "[]", "{}", '{"datePublished": 3}'):
        assert date_of(other) is None


def test_a_licence_that_nobody_knows_is_not_told(own_home: Path) -> None:
    info = tables.INFO.__class__("Some", "hiaml", "For tests.", "unknown", "")
    store.put("me/some", "v2", "only", info, tables.config_data())
    ready = release("me/some")
    value = json.loads(croissant(ready.manifest, ready.files, URL, "2026-11-27"))
    assert "license" not in value
    assert value["version"] == "2.0.0"
    assert value["creator"]["name"] == "me"
    assert "rai:dataCollectionType" not in value


def test_splits_that_follow_no_rule(text: str) -> None:
    assert "(nape-split-1)" in text
    for owner in (None, "jane"):
        zoo = release("nape/zoo", owner=owner)
        value = json.loads(croissant(zoo.manifest, zoo.files, URL, "2026-11-27"))
        assert "nape-split-1" not in value["rai:dataPreprocessingProtocol"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:mlcroissant")
@pytest.mark.parametrize(
    ("name", "record_set"),
    [("hiaml", "micro/test"), ("zoo", "detection/test"), ("nb_macro", "micro/train")],
)
def test_the_library_of_the_format_takes_it(
    name: str, record_set: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")

    ready = release(f"nape/{name}")
    local = json.loads(croissant(ready.manifest, ready.files, URL, "2026-11-27"))
    for path in (path for path in ready.files if path.endswith(".parquet")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(ready.files[path])
    for each in local["distribution"]:
        each["contentUrl"] = each["@id"]
    (tmp_path / "croissant.json").write_text(json.dumps(local))
    dataset = mlcroissant.Dataset(jsonld=tmp_path / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    assert "not standard" not in caplog.text
    first = next(iter(dataset.records(record_set=record_set)))
    assert len(first[f"{record_set}/node_op"]) > 5
