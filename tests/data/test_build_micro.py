"""From a label store to the embedded dataset, its card and its figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from nape_bench.data import build_micro as module
from nape_bench.data import load_dataset
from nape_bench.data.build_micro import CARDS, build_micro, main
from nape_bench.data.micro_labels import read_results
from nape_bench.errors import DataError, IntegrityError
from nape_bench.metrics import spearman
from nape_bench.spaces import space
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {
    "version": "micro-1",
    "epochs": 8,
    "averaged": 3,
    "scale": {"width": 0.25, "depth": None, "resolution": 16},
    "task": {"train": 2000, "test": 4000},
}
SPECS = tables.specs(16)


def result(number: int, seed: int, **changes: Any) -> dict[str, Any]:
    rng = np.random.default_rng((number, seed))
    row = {
        "space": "hiaml",
        "spec": space("hiaml").parse(SPECS[number]),
        "text": SPECS[number],
        "measure": "micro",
        "version": "micro-1",
        "seed": seed,
        "error": None,
        "accuracy": round(80 + number / 2 + rng.normal(), 3),
        "seconds": round(float(rng.uniform(4, 6)), 3),
        "epochs": 8,
        "time": f"2026-01-01T00:{number:02d}:{seed:02d}+00:00",
        "machine": "here",
    }
    return {**row, **changes}


RESULTS = [result(number, seed) for number in range(16) for seed in (0, 1)]


def write_store(folder: Path, results: list[dict[str, Any]], version: str = "micro-1") -> Path:
    for name, lines in (("results/a.jsonl", results[::2]), ("results/b.jsonl", results[1::2])):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    path = folder / "settings" / f"micro-{version}-hiaml.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(SETTINGS))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return write_store(tmp_path / "store", RESULTS)


def test_labels(store: Path, tmp_path: Path) -> None:
    folder, manifest = build_micro("hiaml", store, "v0.1", folder=tmp_path / "out")
    ds = load_dataset("nape/hiaml", path=folder, revision="v0.1")
    assert (ds.config, ds.target) == ("micro", "accuracy")
    assert ds.content_hash == manifest.configs["micro"].content_hash
    assert list(ds.labels_info) == ["accuracy", "accuracy_seed0", "accuracy_seed1", "train_seconds"]
    for number in range(16):
        pair = [row for row in RESULTS if row["text"] == SPECS[number]]
        labels = ds.lookup(SPECS[number]).labels
        assert labels["accuracy"] == pytest.approx((pair[0]["accuracy"] + pair[1]["accuracy"]) / 2)
        assert [labels[f"accuracy_seed{s}"] for s in (0, 1)] == [row["accuracy"] for row in pair]
        assert labels["train_seconds"] == pytest.approx(np.mean([row["seconds"] for row in pair]))
    assert ds.provenance["recipe"] == SETTINGS
    seeds = np.array([[r["accuracy"] for r in RESULTS if r["seed"] == s] for s in (0, 1)])
    assert ds.labels_info["accuracy"].noise_ceiling == pytest.approx(spearman(*seeds))
    assert ds.labels_info["accuracy"].seeds == 2
    assert ds.labels_info["train_seconds"].higher_is_better is False


def test_order_of_measurement_does_not_show(store: Path, tmp_path: Path) -> None:
    times = [{**row, "time": f"2026-01-02T00:00:{59 - i:02d}"} for i, row in enumerate(RESULTS)]
    other = write_store(tmp_path / "other", times[::-1])
    folders = []
    for name, which in (("a", store), ("b", other)):
        folders.append(build_micro("hiaml", which, "v0.1", folder=tmp_path / name)[0])
    for file in folders[0].rglob("*.*"):
        assert file.read_bytes() == (folders[1] / file.relative_to(folders[0])).read_bytes()


def test_incomplete_architectures_are_left_out(tmp_path: Path) -> None:
    failed = {"accuracy": None, "error": "diverged: at epoch 2"}
    results = [*RESULTS[:-3], {**RESULTS[-2], **failed}, RESULTS[-1]]
    store = write_store(tmp_path / "store", results)
    found = read_results(store, "hiaml")
    assert (len(found.specs), found.incomplete) == (14, 2)
    folder, _ = build_micro("hiaml", store, "v0.1", folder=tmp_path / "out")
    assert "2 architectures of the labelling run are left out" in (folder / "README.md").read_text()


def test_the_card_is_filled_in(store: Path, tmp_path: Path) -> None:
    folder, manifest = build_micro("hiaml", store, "v0.1", folder=tmp_path / "out")
    _, front, body = (folder / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(front)["configs"][0]["config_name"] == "micro"
    assert "$" not in body
    info = manifest.configs["micro"]
    accuracy = np.array([r["accuracy"] for r in RESULTS]).reshape(16, 2)
    assert "holds 16 networks" in body
    assert f"{accuracy.mean(1).std(ddof=1):.2f} points" in body
    assert f"| {np.sqrt(np.mean(np.diff(accuracy) ** 2) / 2):.2f} points |" in body
    ceiling = f"{info.labels['accuracy'].noise_ceiling:.3f}"
    assert f"| Spearman rank correlation between seeds | {ceiling} |" in body
    for split, told in info.splits.items():
        assert f"| {split} | {told.rows} | `{told.content_hash}` |" in body


def test_the_reachable_correlation_is_what_simulation_gives(tmp_path: Path) -> None:
    """A predictor that knows the true order gets about the ceiling on noisy means of two seeds."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000)
    accuracy = truth[:, None] + 0.8 * rng.normal(size=(4000, 2))
    found = read_results(write_store(tmp_path / "store", RESULTS), "hiaml")
    import dataclasses

    noisy = dataclasses.replace(found, accuracy=accuracy)
    correlation = noisy.seed_correlation
    ceiling = np.sqrt(2 * correlation / (1 + correlation))
    assert spearman(truth, accuracy.mean(1)) == pytest.approx(ceiling, abs=0.02)


def test_an_unknown_figure_is_named(store: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("$architectures of $speed")
    with pytest.raises(
        DataError, match=r"card.md: 'speed' is no figure; there are .*architectures"
    ):
        build_micro("hiaml", store, "v0.1", folder=tmp_path / "out", card=card)
    with pytest.raises(DataError, match="a card is needed"):
        build_micro("hiaml", store, "v0.1", folder=tmp_path / "out", card=tmp_path / "none.md")
    assert not (tmp_path / "out").exists()


def test_a_version_is_never_changed(store: Path, tmp_path: Path) -> None:
    folder, manifest = build_micro("hiaml", store, "v0.1", folder=tmp_path / "out")
    assert build_micro("hiaml", store, "v0.1", folder=folder) == (folder, manifest)
    write_store(store, RESULTS[:-2])
    for version in ("v0.1", "v0.2"):
        with pytest.raises(DataError, match=r"holds nape/hiaml v0\.1 with other content"):
            build_micro("hiaml", store, version, folder=folder)


def test_a_published_version_has_the_published_content(store: Path, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"is not nape/hiaml v1\.0, config micro"):
        build_micro("hiaml", store, "v1.0", folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([], "found none"),
        ([{**row, "version": f"micro-{row['seed']}"} for row in RESULTS], "of micro-0, micro-1"),
        ([row for row in RESULTS if row["seed"] == 0], r"two seeds or more expected, found \[0\]"),
        (RESULTS[:3], "no two architectures"),
    ],
)
def test_what_a_store_must_hold(tmp_path: Path, results: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        build_micro("hiaml", write_store(tmp_path / "s", results), "v0.1", folder=tmp_path / "o")


def test_one_of_several_recipes(tmp_path: Path) -> None:
    both = [
        *RESULTS,
        *({**row, "version": "micro-2", "accuracy": 50.0 + i} for i, row in enumerate(RESULTS)),
    ]
    store = write_store(write_store(tmp_path / "s", both), both, "micro-2")
    assert read_results(store, "hiaml", "micro-1").accuracy.min() > 70
    assert read_results(store, "hiaml", "micro-2").accuracy.max() == 50.0 + len(RESULTS) - 1


def test_command(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EMBEDDED", tmp_path / "embedded")
    assert main(["hiaml", "--store", str(store), "--version", "v0.1"]) == 0
    out = capsys.readouterr().out
    ds = load_dataset("nape/hiaml", path=tmp_path / "embedded" / "hiaml")
    assert f'pins={{"v0.1": {{"micro": "{ds.content_hash}"}}}},' in out
    assert main(["hiaml", "--store", str(tmp_path / "none"), "--version", "v0.1"]) == 1
    assert "error: " in capsys.readouterr().err


def test_every_card_is_one_of_a_registered_dataset() -> None:
    from nape_bench.data.registry import dataset_specs

    assert {f"nape/{card.stem}" for card in CARDS.glob("*.md")} <= set(dataset_specs())
