"""The measurement `micro`: which recipe and scale go with a space."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from nape_bench.labels import label_specs, read_labels
from nape_bench.labels.measures.base import for_space
from nape_bench.labels.measures.micro import Micro
from nape_bench.labels.micro import recipe as recipes
from nape_bench.labels.micro.clutter import Clutter
from nape_bench.labels.micro.recipe import RECIPES, SCALES, Recipe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("space", list(SCALES))
def test_a_space_has_a_recipe_of_its_own(space: str) -> None:
    scale = SCALES[space]
    fitted = for_space(Micro(), space)
    assert fitted.version == scale.recipe
    settings = fitted.settings(space)
    assert settings == Micro().settings(space)
    recipe = RECIPES[scale.recipe]
    assert settings["muon_rate"] == recipe.muon_rate
    assert settings["epochs"] == (scale.epochs or recipe.epochs)
    assert settings["scale"] == dataclasses.asdict(scale)


def test_a_recipe_that_is_given_holds_for_every_space() -> None:
    given = Micro(RECIPES["micro-1"])
    assert for_space(given, "ofa_pn").version == given.version == "micro-1"


def test_rows_bear_the_recipe_of_their_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = Recipe(version="tiny", task=Clutter(train=64, test=50, pieces=1), epochs=1, batch=32)
    monkeypatch.setitem(recipes.RECIPES._entries, "tiny", tiny)
    scale = dataclasses.replace(SCALES["hiaml"], width=0.0625, resolution=8, recipe="tiny")
    monkeypatch.setitem(recipes.SCALES._entries, "hiaml", scale)
    specs = [["hiaml_z"] * 4]
    label_specs("hiaml", specs, store=tmp_path, seeds=1, jobs=0, progress=False)
    (row,) = read_labels(tmp_path)
    assert row["version"] == "tiny"
    assert (tmp_path / "settings" / "micro-tiny-hiaml.json").is_file()
