"""Bodies are really trained, on few scenes, and scored; supernets are untrained ones."""

import dataclasses
import json

import pytest
import torch

from nape_bench.errors import GraphError, NapeError, StoreError
from nape_bench.graph import GraphBuilder
from nape_bench.labels.measures import MEASURES
from nape_bench.labels.measures.multitask import Multitask
from nape_bench.labels.micro.recipe import RECIPES, SCALES
from nape_bench.labels.micro.shared.align import place
from nape_bench.labels.micro.shared.supernet import Supernet
from nape_bench.labels.multitask import shared as module
from nape_bench.labels.multitask import start
from nape_bench.labels.multitask.body import Body
from nape_bench.labels.multitask.latent import binned_specs, shared_head
from nape_bench.labels.multitask.metrics import TASKS
from nape_bench.labels.multitask.recipe import RECIPE, MultitaskRecipe
from nape_bench.labels.multitask.shared import shared_by
from nape_bench.labels.multitask.start import graph_of, pretrained_body
from nape_bench.labels.scenes.draw import Scenes
from nape_bench.spaces import space

pytest.importorskip("pycocotools")
pytest.importorskip("torchmetrics")

TINY = MultitaskRecipe(
    "tiny",
    scenes=Scenes(side=16, train=40, test=20, digits=2),
    epochs=1,
    batch=20,
    bins=2,
    per_bin=1,
    head_epochs=1,
)


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch):
    """Supernets as they begin, so that no test waits for one."""
    shared_by.cache_clear()

    def begin(name, recipe, folder, *, progress=False):
        return Supernet(name, RECIPES[recipe.supernet], SCALES[name], seed=0), 1.5

    monkeypatch.setattr(start, "supernet_of", begin)
    monkeypatch.setattr(module, "supernet_of", begin)
    yield
    shared_by.cache_clear()


def test_both_measures_are_registered() -> None:
    assert [MEASURES[name].name for name in ("multitask", "multitask_pseudo")] == [
        "multitask",
        "multitask_pseudo",
    ]
    assert MEASURES["multitask"].version == RECIPE.version
    json.dumps(MEASURES["multitask"].settings("hiaml"), allow_nan=False)


@pytest.mark.parametrize("name", ["ofa_pn", "ofa_mbv3", "ofa_resnet"])
def test_bodies_of_once_for_all_families_halve_a_scene_three_times(name: str) -> None:
    family = space(name)
    body = Body(graph_of(name, family.example, RECIPE))
    assert [level.side for level in body.levels] == [12, 6, 3]


@pytest.mark.parametrize("name", ["hiaml", "nb201", "two_path", "inception", "nb101"])
def test_any_other_body_is_trained_too(name: str) -> None:
    spec = space(name).example
    row = Multitask(recipe=TINY).run_spec(name, spec, 0)
    assert set(TASKS) <= set(row)
    assert all(0 <= row[task] <= 100 for task in TASKS)
    assert row["error"] is None
    assert 0 < row["body_flops"] < row["flops"]


def test_a_graph_is_trained_and_the_seed_decides() -> None:
    graph = space("hiaml").build(space("hiaml").example)
    measure = Multitask(recipe=TINY)
    first, again, other = (measure.run(graph, seed) for seed in (0, 0, 1))
    for row in (first, again, other):
        del row["seconds"]
    assert first == again
    assert first != other


def test_a_body_begins_with_its_part_of_the_supernet(untrained) -> None:
    supernet, _ = start.supernet_of("ofa_mbv3", TINY, None)
    spec = supernet.family.example
    body = pretrained_body(supernet, "ofa_mbv3", spec, TINY)
    alone = supernet.network(spec)
    # Padding has its own layer where sizes ask for it: by node and kind names are the same.
    mine, theirs = (
        {place(name): weights for name, weights in net.named_parameters()}
        for net in (body.net, alone)
    )
    assert set(mine) < set(theirs)
    assert all(torch.equal(weights, theirs[at]) for at, weights in mine.items())


def test_individual_and_pseudo_labels_of_a_body(untrained) -> None:
    spec = space("ofa_mbv3").example
    own = Multitask(recipe=TINY).run_spec("ofa_mbv3", spec, 0)
    pseudo = Multitask(pseudo=True, recipe=TINY).run_spec("ofa_mbv3", spec, 0)
    assert own["supernet_seconds"] == 1.5
    assert pseudo["head_seconds"] > 0
    assert {task: own[task] for task in TASKS} != {task: pseudo[task] for task in TASKS}
    assert own["flops"] == pseudo["flops"]


def test_bodies_of_other_widths_share_a_head(untrained) -> None:
    supernet, recipe = _supernet("ofa_resnet")
    widest = Body(graph_of("ofa_resnet", supernet.largest, recipe)).channels
    for (spec,) in binned_specs(supernet, recipe):
        channels = Body(graph_of("ofa_resnet", spec, recipe)).channels
        assert all(mine <= most for mine, most in zip(channels, widest, strict=True))
        assert channels != widest
        row = Multitask(pseudo=True, recipe=TINY).run_spec("ofa_resnet", spec, 0)
        assert row["error"] is None


def _supernet(name: str):
    return start.supernet_of(name, TINY, None)[0], TINY


def test_bins_hold_bodies_of_rising_depth(untrained) -> None:
    supernet, recipe = _supernet("ofa_mbv3")
    recipe = dataclasses.replace(recipe, bins=3, per_bin=2)
    bins = binned_specs(supernet, recipe)
    depths = [[len(graph_of("ofa_mbv3", s, recipe).ops) for s in specs] for specs in bins]
    assert [len(each) for each in depths] == [2, 2, 2]
    assert max(depths[0]) < min(depths[2])


def test_a_shared_head_is_kept_and_read_again(untrained, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "supernets"
    folder.mkdir()
    first = shared_by("ofa_mbv3", TINY, 0, folder)
    shared_by.cache_clear()
    monkeypatch.setattr(module, "_trained", None)  # it is not trained again
    again = shared_by("ofa_mbv3", TINY, 0, folder)
    assert again.seconds == first.seconds
    mine, theirs = first.head.state_dict(), again.head.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    shared_by.cache_clear()
    with pytest.raises(StoreError, match="another recipe"):
        shared_by("ofa_mbv3", dataclasses.replace(TINY, head_epochs=2), 0, folder)
    (folder / "tiny-ofa_mbv3-0.npz").write_bytes(b"PK half a file")
    with pytest.raises(StoreError, match="remove it"):
        shared_by("ofa_mbv3", TINY, 0, folder)


def test_a_shared_head_follows_from_its_seed(untrained) -> None:
    supernet, recipe = _supernet("ofa_mbv3")
    first, again, other = (shared_head(supernet, recipe, seed) for seed in (0, 0, 1))
    weights = [head.maps.weight for head in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_graphs_and_other_families_have_no_shared_head() -> None:
    measure = Multitask(pseudo=True, recipe=TINY)
    graph = space("hiaml").build(space("hiaml").example)
    with pytest.raises(NapeError, match="once-for-all"):
        measure.run(graph, 0)
    with pytest.raises(NapeError, match="not by hiaml"):
        measure.settings("hiaml")


def test_a_network_that_halves_nothing_has_no_body() -> None:
    b = GraphBuilder(resolution=16)
    graph = b.finish(b.dense(b.mean(b.relu(b.conv(b.input, 8, 3))), 10))
    with pytest.raises(GraphError, match="halves nothing"):
        Body(graph)


def test_maps_that_do_not_divide_the_image_have_no_head() -> None:
    b = GraphBuilder(resolution=33)
    halved = b.conv(b.relu(b.conv(b.input, 8, 3, stride=2)), 8, 3, stride=2)
    graph = b.finish(b.dense(b.mean(b.relu(halved)), 10))
    with pytest.raises(GraphError, match="9 pixels a side, which does not divide"):
        Body(graph)
