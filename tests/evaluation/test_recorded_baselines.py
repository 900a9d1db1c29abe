"""The baselines in `baselines/`: whole, of the labels that the package has, and scored as said."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nape_bench.evaluation import Evaluator, Result, evaluate
from nape_bench.evaluation.protocols.at_hand import AtHand
from nape_bench.evaluation.recording import Recipe, list_recipes, read_records, state
from nape_bench.evaluation.recording.card import CARD_FILE, baseline_card, overview
from nape_bench.evaluation.run import facts

ROOT = Path(__file__).parents[2] / "baselines"
RECIPES = list_recipes(ROOT)
SCORED_AGAIN = ("in-family/two_path", "gennape/hiaml-ft50", "aiop/ofa_pn-detection-ft20")
"""One protocol of each kind; scoring all again takes minutes (`nape-bench baselines --run`)."""

every = pytest.mark.parametrize("name", list(RECIPES))


@cache
def records(name: str) -> dict[str, Result]:
    return read_records(ROOT / name)


@every
def test_results_are_of_the_recipe(name: str) -> None:
    recipe = RECIPES[name]
    assert list(records(name)) == [p for p in recipe.protocols if p in records(name)]
    for result in records(name).values():
        assert result.predictor == facts(recipe.make())
        assert result.counts.train + result.counts.validation <= result.counts.label_budget


@every
def test_labels_are_those_of_the_package(name: str) -> None:
    at_hand = AtHand()
    from nape_bench.evaluation import protocol

    for told, result in records(name).items():
        made = protocol(told)
        if made.version is not None and at_hand.has(made):
            assert result.dataset.version == made.version, told


@every
@pytest.mark.parametrize("told", SCORED_AGAIN)
def test_predictions_get_the_scores_that_are_recorded(name: str, told: str) -> None:
    if told not in records(name):
        pytest.skip(f"{name} was not run on {told}")
    result = records(name)[told]
    assert state(RECIPES[name], told, result) == "recorded"
    by_seed = {
        seed: dict(zip(result.ids, values.tolist(), strict=True))
        for seed, values in result.predictions.items()
    }
    again = Evaluator(told).evaluate(by_seed, is_value=result.predictor.is_value)
    for metric, interval in result.metrics.items():
        assert again.metrics[metric].value == pytest.approx(interval.value, rel=1e-9), metric


@pytest.mark.parametrize("name", ["flops", "cost_ridge", "path_gp"])
def test_a_run_gives_the_predictions_that_are_recorded(name: str) -> None:
    told = "in-family/two_path"
    result = records(name)[told]
    again = evaluate(RECIPES[name].make(), told, seeds=1)
    np.testing.assert_allclose(again.predictions[0], result.predictions[0], rtol=1e-4)


@every
def test_the_card_is_made_of_the_results(name: str) -> None:
    card = (ROOT / name / CARD_FILE).read_text(encoding="utf-8")
    assert card == baseline_card(name, RECIPES[name], records(name))


def test_the_overview_is_made_of_all_of_them() -> None:
    recorded = {name: records(name) for name in RECIPES}
    assert (ROOT / CARD_FILE).read_text(encoding="utf-8") == overview(recorded)


def test_flops_stands_beside_every_other_result() -> None:
    flops = records("flops")
    for name in RECIPES:
        assert records(name).keys() <= flops.keys(), name


def test_no_recipe_needs_code_that_is_not_here() -> None:
    assert not any(recipe.is_own for recipe in RECIPES.values())
    assert all(isinstance(recipe, Recipe) for recipe in RECIPES.values())


def test_the_readme_has_the_means() -> None:
    readme = (ROOT.parent / "README.md").read_text(encoding="utf-8")
    told = readme.partition("<!-- means -->")[2].partition("<!-- /means -->")[0].strip()
    assert told.startswith("| protocols")
    assert told in (ROOT / CARD_FILE).read_text(encoding="utf-8")
