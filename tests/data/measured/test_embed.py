"""From a label store to an embedded version with its card, and versions beside each other."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from nape_bench.data import load_dataset, places
from nape_bench.data.info import LabelInfo
from nape_bench.data.manifest import read_manifest
from nape_bench.data.measured import CONFIGS
from nape_bench.data.measured import embed as module
from nape_bench.data.measured.build import measured_configs
from nape_bench.data.measured.card import scale_figures, setting_figures
from nape_bench.data.measured.embed import CARDS, VALIDITY_FILE, embed
from nape_bench.data.measured.results import Results
from nape_bench.data.registry import MEASURED_LICENCE, DatasetSpec, dataset_specs
from nape_bench.data.store import put
from nape_bench.errors import DataError, IntegrityError, UnknownNameError
from nape_bench.labels.measures import MEASURES
from nape_bench.labels.measures.base import for_space
from nape_bench.labels.micro.recipe import SCALES
from nape_bench.registry import Registry
from tests.data import tables
from tests.data.measured import stores

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.data.manifest import Manifest

ROWS = stores.micro()
ALL = [*ROWS, *stores.proxies(), *stores.latency()]
FAMILIES = sorted(card.stem for card in CARDS.glob("*.md") if card.stem != "zoo")
"""Families whose labels are measured here; those of the zoo are published ones."""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the package's embedded one."""
    monkeypatch.setattr(places, "EMBEDDED", tmp_path / "embedded")
    return tmp_path / "embedded"


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A copy of the parts of cards."""
    return shutil.copytree(CARDS, tmp_path / "cards")


def made(folder: Path, rows: list[dict[str, Any]], cards: Path, version: str = "v0.1", **options: Any) -> tuple[Path, Manifest]:  # fmt: skip  # noqa: E501
    family = options.pop("family", "hiaml")
    store = stores.write(folder / "store", rows)
    return embed(store, family, version, embedded=folder / "embedded", cards=cards, **options)


def test_a_version_holds_all_configs_in_one_folder(
    package: Path, tmp_path: Path, cards: Path
) -> None:
    folder, manifest = made(tmp_path, ALL, cards)
    assert folder == package / "hiaml" / "v0.1"
    assert list(manifest.configs) == ["micro", "latency_cpu", "proxies"]
    for config in manifest.configs:
        ds = load_dataset("nape/hiaml", config)
        assert (ds.source, ds.path, ds.version) == ("package", str(folder), "v0.1")
        assert sum(len(ds[split]) for split in ds) == stores.COUNT
        assert ds.content_hash == manifest.configs[config].content_hash
    assert load_dataset("nape/hiaml").config == "micro"
    assert manifest.info.licence == MEASURED_LICENCE
    assert len(list(made(tmp_path, ALL, cards, "v0.2", configs=["micro"])[1].configs)) == 1


def test_versions_stand_side_by_side(package: Path, tmp_path: Path, cards: Path) -> None:
    few = [row for row in ROWS if row["text"] in stores.texts()[:20]]
    _, first = made(tmp_path, few, cards)
    _, second = made(tmp_path, ALL, cards, "v0.2")
    ds = load_dataset("nape/hiaml")
    assert (ds.version, ds.content_hash) == ("v0.2", second.configs["micro"].content_hash)
    old = load_dataset("nape/hiaml", revision="v0.1")
    assert old.content_hash == first.configs["micro"].content_hash
    assert sum(len(old[split]) for split in old) == 20
    for name in old:
        assert set(old[name].ids) <= set(ds[name].ids), "an architecture went to another split"
    assert load_dataset("nape/hiaml", "proxies").version == "v0.2"
    with pytest.raises(UnknownNameError, match=r"version of nape/hiaml, config proxies, 'v0\.1'"):
        load_dataset("nape/hiaml", "proxies", revision="v0.1")


def test_order_of_measurement_does_not_show(tmp_path: Path, cards: Path) -> None:
    folders = [
        made(tmp_path / name, rows, cards)[0] for name, rows in (("a", ALL), ("b", ALL[::-1]))
    ]
    files = [file for file in folders[0].rglob("*") if file.is_file()]
    assert len(files) == 3 * 3 + 2
    for file in files:
        assert file.read_bytes() == (folders[1] / file.relative_to(folders[0])).read_bytes()


def test_a_version_is_never_changed(tmp_path: Path, cards: Path) -> None:
    folder, manifest = made(tmp_path, ROWS, cards)
    state = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert made(tmp_path, ROWS, cards) == (folder, manifest)
    with pytest.raises(DataError, match=r"v0\.1 with other content in micro: .*make the next one"):
        made(tmp_path, ROWS[:-2], cards)
    with pytest.raises(DataError, match="other content in proxies"):
        made(tmp_path, [*ROWS, *stores.proxies()], cards)
    changed = [{**ROWS[0], "accuracy": ROWS[0]["accuracy"] + 1e-3}, *ROWS[1:]]
    with pytest.raises(DataError, match="other content in micro"):
        made(tmp_path, changed, cards, card=True)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == state


def test_a_published_version_has_the_published_content(tmp_path: Path, cards: Path) -> None:
    with pytest.raises(IntegrityError, match=r"is not nape/hiaml v1\.0, config micro"):
        made(tmp_path, ROWS, cards, "v1.0")
    assert not (tmp_path / "embedded").exists()


def test_cells_with_none_are_no_part_of_nb201(tmp_path: Path, cards: Path) -> None:
    none = "|none~0|+|nor_conv_3x3~0|none~1|+|nor_conv_3x3~0|none~1|skip_connect~2|"
    rows = stores.micro("nb201")
    for seed in (0, 1):
        values = {"accuracy": 50.0, "seconds": 1.0}
        rows.append(stores.row(none, "micro", seed, values, "nb201"))
    folder, manifest = made(tmp_path, rows, cards, family="nb201")
    assert manifest.configs["micro"].rows == stores.COUNT
    assert "1 because it is not in no-none" in (folder / "README.md").read_text()
    assert len(measured_configs(tmp_path / "store", "nb201")["micro"].rows) == stores.COUNT + 1


def test_the_card_is_filled_in(tmp_path: Path, cards: Path) -> None:
    rows = [*ALL[2:], {**ALL[0], "error": "diverged: at once", "accuracy": None}, ALL[1]]
    folder, manifest = made(tmp_path, rows, cards)
    _, front, body = (folder / "README.md").read_text().split("---\n", 2)
    assert [each["config_name"] for each in yaml.safe_load(front)["configs"]] == [
        "micro", "latency_cpu", "proxies",
    ]  # fmt: skip
    assert "$" not in body
    assert "1 because a measurement failed" in body
    assert "A batch has 16 images" in body
    assert "16 x 16 pixels" in body
    assert "width x 0.25" in body
    info = manifest.configs["micro"]
    between = f"{info.labels['accuracy'].noise_ceiling:.3f}"
    reachable = f"{info.labels['accuracy'].reachable:.3f}"
    cells = table(body, "config")["`micro`"]
    assert cells == ["23", "4", "`accuracy`", *cells[3:4], between, reachable]
    accuracy = np.array([r["accuracy"] for r in ROWS[2:]]).reshape(23, 2)
    cells = table(body, "label", "sd")["`accuracy`"]
    assert cells[3] == f"{accuracy.mean(1).std(ddof=1):.4g}"
    noise = np.diff(accuracy - accuracy.mean(0))  # without what a seed has in common
    assert cells[4] == f"{np.sqrt(np.mean(noise**2) / 2):.4g}"
    # Times rise with accuracy in this store, on the architectures that have both.
    times = table(body, "label", "r micro accuracy")["`torch_b1_ms`"]
    assert float(times[-1]) > 0.9
    for told in manifest.configs.values():
        for split, it in told.splits.items():
            assert f"| {split} | {it.rows} | `{it.content_hash}` |" in body


def table(text: str, *head: str) -> dict[str, list[str]]:
    """Return the first table whose head has these names: first cell of a row -> the others."""
    lines = text.splitlines()
    start = next(
        i for i, line in enumerate(lines)
        if line.startswith("|") and set(head) <= {cell.strip() for cell in line.split("|")}
    )  # fmt: skip
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        first, *rest = [cell.strip() for cell in line.split("|")[1:-1]]
        rows[first] = rest
    return rows


def test_what_is_wrong_with_a_card_is_named(tmp_path: Path, cards: Path) -> None:
    (cards / "hiaml.md").write_text("$nodes_min to $speed")
    with pytest.raises(DataError, match=r"hiaml.md: 'speed' is no figure; there are .*nodes_min"):
        made(tmp_path, ROWS, cards)
    (cards / "measures" / "micro-1.md").unlink()
    with pytest.raises(DataError, match=r"micro-1.md: a part of the card is needed"):
        made(tmp_path, ROWS, cards)
    assert not (tmp_path / "embedded").exists()


def test_a_card_alone_is_made_anew(tmp_path: Path, cards: Path) -> None:
    folder, manifest = made(tmp_path, ROWS, cards)
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (cards / "hiaml.md").write_text("Another text.")
    made(tmp_path, ROWS, cards)
    assert "Another text." not in (folder / "README.md").read_text()
    made(tmp_path, ROWS, cards, card=True)
    after = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert [name for name in before if before[name] != after[name]] == ["README.md"]
    assert "Another text." in (folder / "README.md").read_text()
    assert before["README.md"].split(b"---")[1] == after["README.md"].split(b"---")[1]
    assert read_manifest(folder) == manifest


def test_validity(tmp_path: Path, cards: Path) -> None:
    """Published labels that are the measured ones, but for two architectures that they lack."""
    made(tmp_path, ROWS, cards)
    each = measured_configs(tmp_path / "store", "hiaml")["micro"]
    some = each.rows.take(np.arange(2, stores.COUNT))
    label = LabelInfo("published", "%", True, "a paper")
    rows = dataclasses.replace(some, labels={"cifar10": some.labels["accuracy"]})
    data = tables.config_data(rows)
    data = dataclasses.replace(data, target="cifar10", labels={"cifar10": label})
    put("jane/hiaml", "v1.0", "cifar10", tables.INFO, data)
    with pytest.raises(UnknownNameError, match="unknown dataset 'jane/hiam'"):
        made(tmp_path, ROWS, cards, card=True, against=["jane/hiam/cifar10"])
    with pytest.raises(DataError, match="--card makes that again"):
        made(tmp_path, ROWS, cards, against=["jane/hiaml/cifar10"])
    folder, _ = made(tmp_path, ROWS, cards, card=True, against=["jane/hiaml/cifar10"])
    body = (folder / "README.md").read_text()
    (cells,) = table(body, "published label").values()
    assert cells[0] == "22"
    assert cells[1].startswith("1.000 [")
    flops = re.match(r"(-?\d\.\d{3}) \[(.*), (.*)\]", cells[2])
    assert flops is not None
    assert -1 < float(flops[2]) < float(flops[1]) < float(flops[3]) < 1
    # It is kept beside the card, which is made again without the published labels.
    assert (folder / VALIDITY_FILE).exists()
    made(tmp_path, ROWS, cards, card=True)
    assert (folder / "README.md").read_text() == body
    few = data.splits["train"].take([0, 1])
    data = dataclasses.replace(data, splits={"train": few})
    put("jane/few", "v1.0", "cifar10", tables.INFO, data)
    with pytest.raises(DataError, match="has 2 of the 24 architectures"):
        made(tmp_path, ROWS, cards, card=True, against=["jane/few/cifar10"])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_card_that_can_be_filled_in(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"nape/{family}"
    if name not in dataset_specs():
        specs: Registry[DatasetSpec] = Registry("dataset")
        specs.add(name, DatasetSpec(name, dataclasses.replace(tables.INFO, family=family)))
        monkeypatch.setattr(module, "dataset_specs", lambda: specs)
    rows = stores.micro(family, count=4)
    folder, manifest = made(tmp_path, rows, CARDS, family=family)
    body = (folder / "README.md").read_text()
    assert "## The family" in body
    assert "### What differs from the papers" in body
    assert manifest.info.family == family


@pytest.mark.parametrize("family", ["hiaml", "nb201", "nb101", "two_path"])
@pytest.mark.parametrize("measure", sorted({CONFIGS[name].measure for name in CONFIGS}))
def test_every_measurement_has_a_part_of_cards(measure: str, family: str) -> None:
    """Its text names settings that there are; figures of graphs are those of `scale_figures`.

    Each of the families is trained by another recipe.
    """
    if measure == "latency":
        pytest.importorskip("onnxruntime")
    method = for_space(MEASURES[measure], family)
    text = (CARDS / "measures" / f"{method.version}.md").read_text()
    row = stores.row(stores.texts(family)[0], "micro", 0, {}, family)
    settings = json.loads(json.dumps(method.settings(family)))
    results = Results(
        family, measure, method.version, settings, (0,), [row["spec"]], [[row]], {}, {}
    )
    known = {**setting_figures(results), **scale_figures(results)}
    assert set(re.findall(r"\$(\w+)", text)) <= set(known)
    assert int(known["scaled_map"]) >= 1


def test_the_recipes_of_families_differ() -> None:
    recipes = [SCALES[family].recipe for family in ("hiaml", "nb201", "nb101", "two_path")]
    assert recipes == ["micro-1", "micro-2", "micro-3", "micro-4"]


def test_the_families_that_are_measured_have_cards() -> None:
    assert set(FAMILIES) == {
        "hiaml", "inception", "nb101", "nb201", "nb301", "nb_macro", "ofa_mbv3", "ofa_pn",
        "ofa_resnet", "two_path",
    }  # fmt: skip
