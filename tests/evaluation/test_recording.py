"""Recorded baselines: what is kept, what is run again, and files that are not as written."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.errors import DataError, UnknownNameError
from nape_bench.evaluation import Evaluator, evaluate
from nape_bench.evaluation.recording import (
    Done,
    Recipe,
    list_recipes,
    read_recipe,
    read_records,
    record,
    state,
    write_recipe,
    write_records,
)
from nape_bench.evaluation.recording.card import baseline_card, group_of, overview

if TYPE_CHECKING:
    from pathlib import Path

BOTH = ("in-family/tiny", "few-shot/tiny-20")
RECIPE = Recipe("cost_ridge", protocols=BOTH)


@pytest.fixture
def recorded(tiny: Path, tmp_path: Path) -> Path:
    """The folder of a baseline that was run on two protocols."""
    folder = tmp_path / "root" / "ridge"
    write_recipe(folder, RECIPE)
    assert [done.protocol for done in record(folder, RECIPE)] == list(BOTH)
    return folder


def runs(folder: Path, recipe: Recipe, **how: bool) -> list[Done]:
    return list(record(folder, recipe, **how))


def test_what_is_recorded_is_what_evaluate_gives(recorded: Path) -> None:
    records = read_records(recorded)
    assert list(records) == list(BOTH)
    for name, result in records.items():
        now = evaluate("cost_ridge", name)
        assert result.metrics == now.metrics
        assert result.counts == now.counts
        assert result.ids == now.ids
        for seed, values in now.predictions.items():
            np.testing.assert_array_equal(result.predictions[seed], values)


def test_predictions_alone_give_the_scores_again(recorded: Path) -> None:
    for name, result in read_records(recorded).items():
        by_seed = {
            seed: dict(zip(result.ids, values.tolist(), strict=True))
            for seed, values in result.predictions.items()
        }
        assert Evaluator(name).evaluate(by_seed).metrics == result.metrics


def test_what_is_recorded_is_not_run_again(recorded: Path) -> None:
    before = (recorded / "predictions.parquet").stat().st_mtime_ns
    assert runs(recorded, RECIPE) == []
    again = runs(recorded, RECIPE, again=True)
    assert [done.same for done in again] == [True, True]
    assert (recorded / "predictions.parquet").stat().st_mtime_ns > before


def test_a_run_that_was_cut_short_goes_on(tiny: Path, tmp_path: Path) -> None:
    running = record(tmp_path / "r", RECIPE)
    assert next(running).protocol == BOTH[0]
    running.close()
    assert list(read_records(tmp_path / "r")) == [BOTH[0]]
    assert [done.protocol for done in runs(tmp_path / "r", RECIPE)] == [BOTH[1]]


def test_only_some_protocols(tiny: Path, tmp_path: Path) -> None:
    done = list(record(tmp_path / "r", RECIPE, only=[BOTH[1]]))
    assert [each.protocol for each in done] == [BOTH[1]]
    list(record(tmp_path / "r", RECIPE))
    assert list(read_records(tmp_path / "r")) == list(BOTH), "in the recipe's order"


def test_protocols_that_are_no_longer_named_go(recorded: Path) -> None:
    assert runs(recorded, replace(RECIPE, protocols=BOTH[1:])) == []
    assert list(read_records(recorded)) == [BOTH[1]]


def test_two_runs_at_once_are_refused(tiny: Path, tmp_path: Path) -> None:
    first = record(tmp_path / "r", RECIPE)
    next(first)
    with pytest.raises(DataError, match="another run records into it"):
        next(record(tmp_path / "r", RECIPE))
    first.close()


def test_what_no_longer_holds_is_stale(recorded: Path) -> None:
    name = BOTH[0]
    result = read_records(recorded)[name]
    assert state(RECIPE, name, result) == "recorded"
    assert state(RECIPE, name, None) == "missing"
    assert state(Recipe("gp"), name, result) == "stale"
    assert state(replace(RECIPE, seeds=2), name, result) == "stale"
    assert state(RECIPE, name, replace(result, evaluator="0")) == "stale"
    other = replace(result.dataset, content_hash="0" * 64)
    assert state(RECIPE, name, replace(result, dataset=other)) == "stale"
    elsewhere = replace(result.dataset, source="hub")
    assert state(RECIPE, name, replace(result, dataset=elsewhere)) == "recorded"


def test_labels_to_be_fitted_to_that_have_changed_are_stale() -> None:
    name = "gennape/two_path-ft50"
    result = evaluate("cost_ridge", name)
    assert state(RECIPE, name, result) == "recorded"
    told = tuple(note.replace("content ", "content 0") for note in result.notes)
    assert told != result.notes
    assert state(RECIPE, name, replace(result, notes=told)) == "stale"


def test_labels_that_are_not_at_hand_keep_what_was_recorded(recorded: Path) -> None:
    name = "in-family/elsewhere"
    records = read_records(recorded)
    more = replace(RECIPE, protocols=(*BOTH, name))
    write_records(recorded, {**records, name: replace(records[BOTH[0]], protocol=name)})
    assert state(more, name, records[BOTH[0]]) == "not at hand"
    assert runs(recorded, more, again=True)
    assert list(read_records(recorded)) == [*BOTH, name]


def test_recipes_are_read_as_written(tmp_path: Path) -> None:
    recipe = Recipe("kgnn", {"epochs": 3}, BOTH, 2, "A short one.")
    write_recipe(tmp_path / "b", recipe)
    write_recipe(tmp_path / "a", RECIPE)
    assert read_recipe(tmp_path / "b") == recipe
    assert list(list_recipes(tmp_path)) == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"predictor": "oracle"}, UnknownNameError, "oracle"),
        ({"settings": {"epoch": 1}}, UnknownNameError, "epoch"),
        ({"protocols": ["in-famly/tiny"]}, UnknownNameError, "in-famly"),
        ({"protocols": [BOTH[0]] * 2}, DataError, "more than once"),
        ({"protocols": 3}, DataError, "not a recipe"),
        ({"seeds": "2"}, DataError, "seeds is '2'"),
        ({"seed": 2}, DataError, "not a recipe"),
    ],
)
def test_malformed_recipes(
    tmp_path: Path, change: dict[str, object], error: type[Exception], message: str
) -> None:
    write_recipe(tmp_path / "r", RECIPE)
    file = tmp_path / "r" / "recipe.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(error, match=message):
        read_recipe(tmp_path / "r")


def test_predictions_of_somebody_else(recorded: Path) -> None:
    records = read_records(recorded)
    first = records[BOTH[0]]
    changed = {seed: values + 1e-9 for seed, values in first.predictions.items()}
    kept = (recorded / "results.json").read_text()
    write_records(recorded, {**records, BOTH[0]: replace(first, predictions=changed)})
    (recorded / "results.json").write_text(kept)
    with pytest.raises(DataError, match=r"results\.json, result 0.*not those that were scored"):
        read_records(recorded)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"protocol": "in-family/other"}]'])
def test_malformed_results(recorded: Path, text: str) -> None:
    (recorded / "results.json").write_text(text)
    with pytest.raises(DataError, match=r"results\.json"):
        read_records(recorded)


def test_predictions_that_are_gone_or_cut(recorded: Path) -> None:
    file = recorded / "predictions.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_records(recorded)
    good = file.read_bytes()
    for at in range(0, len(good), 41):
        file.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        with contextlib.suppress(DataError):
            read_records(recorded)
    file.unlink()
    with pytest.raises(DataError, match="no such file, and there are results"):
        read_records(recorded)


def test_cards_tell_what_was_recorded(recorded: Path) -> None:
    records = read_records(recorded)
    card = baseline_card("ridge", replace(RECIPE, remarks="Mind the gap."), records)
    assert card.startswith("# ridge: Bayesian ridge")
    for text in ("MacKay", "Mind the gap.", "nape-bench baselines ridge --run", "## few-shot"):
        assert text in card
    row = next(line for line in card.splitlines() if line.startswith("| few-shot/tiny-20 "))
    assert f"{records[BOTH[1]].metrics['spearman'].value:.3f} [" in row
    assert row.split("|")[4].strip() == "20", "labels that were seen"
    assert "Args:" not in card


def test_the_overview_marks_the_best_and_means_devices(recorded: Path) -> None:
    first = read_records(recorded)[BOTH[0]]

    def scored(value: float) -> object:
        srcc = replace(first.metrics["spearman"], value=value)
        return replace(first, metrics={**first.metrics, "spearman": srcc})

    table = overview(
        {
            "a": {"hw/x-0/phone": scored(0.5), "hw/x-0/pixel": scored(0.7)},
            "b": {"hw/x-0/phone": scored(0.1), "hw/x-0/pixel": scored(0.3)},
            "c": {"hw/x-0/phone": scored(0.9), "in-family/tiny": scored(-0.2)},
        }  # type: ignore[arg-type]
    )
    rows = [line.replace(" ", "") for line in table.splitlines() if "|" in line]
    assert "|hw/x-0/*|**0.600**|0.200|-|" in rows, "c lacks a device"
    assert "|in-family/tiny|**-0.200**|" in rows


@pytest.mark.parametrize(
    ("protocol", "group"),
    [
        ("in-family/hiaml", "in-family/*"),
        ("in-family/hiaml/latency_cpu", "in-family/*/latency_cpu"),
        ("in-family/multitask/ofa_pn-detection", "in-family/multitask/*"),
        ("gennape/hiaml-ft50", "gennape/*-ft50"),
        ("gennape/hiaml-zero-shot", "gennape/*-zero-shot"),
        ("aiop/ofa_pn-detection-ft20", "aiop/*-ft20"),
        ("few-shot/transnas_micro/jigsaw-20", "few-shot/transnas_micro/*-20"),
    ],
)
def test_protocols_of_one_group_differ_in_the_dataset_alone(protocol: str, group: str) -> None:
    assert group_of(protocol) == group
