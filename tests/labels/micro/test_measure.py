"""The measurement `micro`: which recipe and scale go with a space."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.labels import label_graphs, label_specs, read_labels
from nape_bench.labels.measures import micro as measures
from nape_bench.labels.measures.base import for_space
from nape_bench.labels.measures.micro import Micro
from nape_bench.labels.micro import recipe as recipes
from nape_bench.labels.micro.clutter import Clutter
from nape_bench.labels.micro.images import outputs
from nape_bench.labels.micro.recipe import GRAPH_SCALE, RECIPES, SCALES, Recipe
from nape_bench.labels.micro.scaled import scaled_graph
from nape_bench.spaces import space

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


@pytest.mark.parametrize(
    ("name", "pixels", "last"),
    [("hiaml", 32, 2), ("hiaml", 16, 2), ("ofa_mbv3", 224, 4), ("ofa_mbv3", 128, 2)],
)
def test_graphs_are_made_small(name: str, pixels: int, last: int) -> None:
    task, family = RECIPES["micro-3"].task, space(name)
    graph = family.build(family.example, resolution=pixels)
    made = scaled_graph(graph, GRAPH_SCALE, task)
    assert (int(made.column("h_out")[0]), int(made.column("c_in")[-1])) == (16, outputs(task))
    assert made.column("c_out").max() < graph.column("c_out").max()
    means = [node for node, op in enumerate(made.ops) if op in {"Mean", "Global"}]
    assert int(made.column("h_in")[means[-1]]) == last
    assert scaled_graph(made, GRAPH_SCALE, task) is made  # it has the outputs of the task


@pytest.mark.parametrize("name", ["ofa_mbv3", "hiaml"])
def test_the_outputs_of_the_task_alone_do_not_make_a_graph_small(name: str) -> None:
    task, family = RECIPES["micro-3"].task, space(name)
    large = family.build(family.example, num_classes=outputs(task))
    assert int(scaled_graph(large, GRAPH_SCALE, task).column("h_out")[0]) == 16


@pytest.mark.parametrize("name", ["ofa_pn", "ofa_mbv3", "ofa_resnet"])
def test_the_resolution_of_a_specification_has_no_effect(name: str) -> None:
    family, measure = space(name), for_space(Micro(), name)
    spec = family.normalise(family.example)
    small, large = (measure.build(name, {**spec, "resolution": pixels}) for pixels in (160, 224))
    assert small == large


def test_a_space_without_a_scale_is_made_small_as_graphs_are() -> None:
    family = space("fbnet")
    measure = for_space(Micro(), "fbnet")
    assert measure.settings("fbnet") == Micro().settings(None)
    small = measure.build("fbnet", family.example)
    task = RECIPES[GRAPH_SCALE.recipe].task
    assert small == scaled_graph(family.build(family.example), GRAPH_SCALE, task)


def test_any_graph_is_labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Recipe(version="tiny", task=Clutter(train=64, test=50, pieces=1), epochs=1, batch=32)
    monkeypatch.setattr(measures, "RECIPES", {"tiny": tiny})
    scale = dataclasses.replace(GRAPH_SCALE, epochs=None, width=0.1, recipe="tiny")
    monkeypatch.setattr(measures, "GRAPH_SCALE", scale)
    rng = np.random.default_rng(0)
    family = space("two_path")
    graph = family.build(family.mutate(family.example, rng), num_classes=7)
    label_graphs([graph], store=tmp_path, seeds=1, jobs=0, progress=False)
    (row,) = read_labels(tmp_path)
    assert (row["error"], row["text"], row["version"]) == (None, graph.hash, "tiny")
    assert 0 <= row["accuracy"] <= 100
