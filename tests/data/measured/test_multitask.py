"""nape/multitask from a label store that nobody measured: configs, splits, card, command."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.cli.main import main
from nape_bench.data import load_dataset, places
from nape_bench.data.measured.multitask import METRICS, config_of, read_bodies
from nape_bench.data.measured.multitask_embed import PICTURE_FILE, TOGETHER_FILE, embed_multitask
from nape_bench.data.measured.results import Choice
from nape_bench.data.splits import split_of
from nape_bench.errors import DataError
from nape_bench.labels import draw
from nape_bench.labels.multitask.metrics import TASKS
from nape_bench.labels.multitask.recipe import RECIPE
from nape_bench.metrics import spearman
from nape_bench.spaces import space

if TYPE_CHECKING:
    from pathlib import Path

FAMILIES = ("ofa_pn", "ofa_mbv3")
OWN, OTHERS = 6, 10


def texts_of(family: str, *splits: str, count: int) -> list[str]:
    specs = draw(family, count, wanted=lambda group: split_of(group) in splits)
    return list(map(space(family).format, specs))


def row(family: str, text: str, measure: str, seed: int, place: int) -> dict[str, Any]:
    rng = np.random.default_rng((place, seed, len(measure)))
    more = {"head_seconds": 40.0} if measure.endswith("pseudo") else {}
    return {
        "space": family,
        "spec": space(family).parse(text),
        "text": text,
        "measure": measure,
        "version": RECIPE.version,
        "seed": seed,
        "error": None,
        **{task: round(20 + place + float(rng.normal()), 4) for task in TASKS},
        "seconds": 12.5,
        "body_flops": 1.0 + place,
        "flops": 5.0 + place,
        "supernet_seconds": 600.0,
        **more,
        "wall_seconds": 13.0,
        "time": f"2026-01-01T00:00:{seed:02d}+00:00",
        "machine": "Test CPU",
        "torch": "2.0",
        "python": "3.11",
    }


def rows_of(family: str) -> list[dict[str, Any]]:
    own = texts_of(family, "test", count=OWN)
    others = texts_of(family, "train", "validation", count=OTHERS)
    rows = [row(family, t, "multitask", s, i) for i, t in enumerate(own) for s in range(2)]
    # Bodies that were trained individually have pseudo-labels too, to compare.
    return rows + [
        row(family, text, "multitask_pseudo", seed, place)
        for place, text in [*enumerate(own), *enumerate(others, start=OWN)]
        for seed in range(2)
    ]


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    (folder / "results").mkdir(parents=True)
    (folder / "settings").mkdir()
    lines = "".join(json.dumps(line) + "\n" for line in rows)
    (folder / "results" / "a.jsonl").write_text(lines)
    for each in rows:
        name = f"{each['measure']}-{each['version']}-{each['space']}.json"
        (folder / "settings" / name).write_text(json.dumps(RECIPE.to_dict()))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return write(tmp_path / "labels", [line for f in FAMILIES for line in rows_of(f)])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "EMBEDDED", tmp_path / "embedded")
    return tmp_path / "embedded"


def test_there_is_a_config_for_each_family_and_task(store: Path, package: Path) -> None:
    folder, manifest = embed_multitask(store, "v0.1", families=FAMILIES)
    assert folder == package / "multitask" / "v0.1"
    assert list(manifest.configs) == [f"{f}-{task}" for f in FAMILIES for task in TASKS]
    assert list(METRICS) == list(TASKS)
    ds = load_dataset("nape/multitask", "ofa_mbv3-detection", revision="v0.1")
    assert ds.target == "box_ap"
    assert ds.family == "ofa_mbv3"
    assert len(ds["test"]) == OWN
    assert len(ds["train"]) + len(ds["validation"]) == OTHERS
    assert ds.lookup(ds["test"].ids[0]).labels["individual"] == 1
    assert ds.lookup(ds["test"].ids[0].partition(":")[2]).split == "test"


def test_test_bodies_are_individual_and_the_others_pseudo(store: Path, package: Path) -> None:
    embed_multitask(store, "v0.1", families=FAMILIES)
    for family in FAMILIES:
        ds = load_dataset("nape/multitask", f"{family}-keypoints", revision="v0.1")
        for name in ds:
            assert (ds[name].labels["individual"] == (name == "test")).all()
            assert (ds[name].labels["flops"] > ds[name].labels["body_flops"]).all()
            assert np.isfinite(ds[name].y).all()
        shared = set(ds["test"].groups) & {*ds["train"].groups, *ds["validation"].groups}
        assert not shared


def test_labels_are_means_over_seeds_which_are_there_too(store: Path) -> None:
    bodies = read_bodies(store, "ofa_pn", Choice())
    data = config_of(bodies, "keypoints")
    rows = data.splits["test"]
    seeds = [rows.labels[f"pck_seed{seed}"] for seed in range(2)]
    assert rows.labels["pck"] == pytest.approx(np.mean(seeds, axis=0))
    assert data.labels["pck"].noise_ceiling == pytest.approx(spearman(*seeds))
    assert set(data.provenance) == {"individual", "pseudo"}


def test_pseudo_labels_are_compared_over_bodies_that_have_both(store: Path) -> None:
    bodies = read_bodies(store, "ofa_pn", Choice())
    assert len(bodies.both) == OWN
    own = bodies.individual.column("detection").mean(1)
    pairs = dict(bodies.both)
    theirs = bodies.pseudo.column("detection").mean(1)
    expected = spearman(own, [theirs[pairs[i]] for i in range(OWN)])
    assert bodies.pseudo_rank("detection") == pytest.approx(expected)


def test_the_card_has_a_picture_and_the_numbers(store: Path, package: Path) -> None:
    folder, _ = embed_multitask(store, "v0.1", families=FAMILIES)
    card = (folder / "README.md").read_text()
    picture = (folder / PICTURE_FILE).read_bytes()
    assert f"({PICTURE_FILE})" in card
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24])[0] > 500
    assert "$" not in card.split("---", 2)[2]
    assert "OFA-MobileNetV3" in card
    assert "compared with no published labels" in card
    assert "| 12.5 | 12.5 | 600 | 40 |" in card
    assert "nape-bench build multitask --store cards/labels --embed --version v0.1" in card


def test_published_tasks_stand_beside_it(store: Path, package: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    cells = list(space("transnas_micro").enumerate())[:40:2]
    lines = [f"{space('transnas_micro').format(c)},{i},{i * i},{-i}" for i, c in enumerate(cells)]
    table.write_text("arch_str,a_val,b_val,c_val\n" + "\n".join(lines) + "\n")
    told = [f"--label={name}={name}_val" for name in "abc"]
    words = ["import", "table", str(table), "--space", "transnas_micro", "--spec", "arch_str"]
    assert main([*words, *told, "--name", "jane/tasks", "--each", "--quiet"]) == 0
    folder, _ = embed_multitask(store, "v0.1", families=FAMILIES, against="jane/tasks")
    card = (folder / "README.md").read_text()
    assert "jane/tasks, 20 architectures:" in card
    assert "| a |  | 1.000 | -1.000 |" in card
    kept = json.loads((folder / TOGETHER_FILE).read_text())
    assert [pair["value"] for pair in kept["pairs"]] == pytest.approx([1, -1, -1])


def test_a_version_is_made_once(store: Path, package: Path, tmp_path: Path) -> None:
    first, manifest = embed_multitask(store, "v0.1", families=FAMILIES)
    again, same = embed_multitask(store, "v0.1", families=FAMILIES)
    assert (first, manifest.configs) == (again, same.configs)
    rows = [line for f in FAMILIES for line in rows_of(f)]
    rows[0]["detection"] += 1
    changed = write(tmp_path / "changed", rows)
    with pytest.raises(DataError, match="never changed"):
        embed_multitask(changed, "v0.1", families=FAMILIES)


def test_an_individual_body_outside_the_test_split_is_refused(tmp_path: Path) -> None:
    rows = rows_of("ofa_pn")
    text = texts_of("ofa_pn", "train", count=1)[0]
    rows += [row("ofa_pn", text, "multitask", seed, 3) for seed in range(2)]
    bodies = read_bodies(write(tmp_path / "labels", rows), "ofa_pn", Choice())
    with pytest.raises(DataError, match="--split test"):
        config_of(bodies, "detection")


def test_a_store_without_one_of_the_kinds_is_refused(tmp_path: Path) -> None:
    rows = [line for line in rows_of("ofa_pn") if line["measure"] == "multitask"]
    with pytest.raises(DataError, match="no results of multitask_pseudo"):
        read_bodies(write(tmp_path / "labels", rows), "ofa_pn", Choice())
