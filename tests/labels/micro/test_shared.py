"""Shared weights: which they are, how they are trained, and what labels come of them."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from nape_bench.errors import DataError, NapeError, StoreError
from nape_bench.labels import Report, label_specs, read_labels
from nape_bench.labels.measures.micro import Micro
from nape_bench.labels.measures.shared_micro import SharedMicro
from nape_bench.labels.micro.attributes import Attributes
from nape_bench.labels.micro.branches import set_branch_gain
from nape_bench.labels.micro.recipe import RECIPES, SCALES, Scale, SharedRecipe
from nape_bench.labels.micro.shared.align import aligned, part_of
from nape_bench.labels.micro.shared.checkpoint import load, save
from nape_bench.labels.micro.shared.score import recalibrate, score
from nape_bench.labels.micro.shared.supernet import Supernet
from nape_bench.labels.micro.shared.trained import trained
from nape_bench.labels.micro.shared.training import Training, drawn, train_supernet
from nape_bench.labels.progress import TimeLeft
from nape_bench.spaces import SupernetSpace, space

if TYPE_CHECKING:
    from pathlib import Path

FAMILIES = ["ofa_pn", "ofa_mbv3", "ofa_resnet"]
TINY = SharedRecipe(
    "tiny-shared",
    Attributes(train=64, test=60),
    epochs=3,
    batch=32,
    learning_rate=0.05,
    muon_rate=0.1,
    recalibration=40,
)
SCALE = Scale(width=0.05, depth=2, resolution=32, cap=8)


def supernet(name: str = "ofa_mbv3", seed: int = 0, scale: Scale = SCALE, **more: Any) -> Supernet:
    return Supernet(name, dataclasses.replace(TINY, **more), scale, seed)


def family(name: str) -> SupernetSpace:
    found = space(name)
    assert isinstance(found, SupernetSpace)
    return found


def some_specs(name: str, n: int, seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [space(name).sample(rng) for _ in range(n)]


def some_images(n: int = 4) -> torch.Tensor:
    return torch.randn(n, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def weights_of(net: Supernet) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in net.net.named_parameters()}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_node_is_one_of_the_largest_networks(name: str) -> None:
    own = family(name)
    for spec in [own.example, *some_specs(name, 8)]:
        small, whole = own.build(spec), own.build(own.largest(spec))
        nodes = aligned(own.parts(spec), own.parts(own.largest(spec)))
        assert list(nodes) == list(range(len(small.ops)))
        assert len(set(nodes.values())) == len(nodes)
        for node, other in nodes.items():
            assert small.ops[node] == whole.ops[other]
            for column in ("kernel_h", "c_in", "c_out"):
                assert small.column(column)[node] <= whole.column(column)[other]
            strides = [graph.column("stride_h") for graph in (small, whole)]
            assert strides[0][node] == strides[1][other]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_largest_network_is_all_of_itself(name: str) -> None:
    own = family(name)
    largest = own.largest(own.example)
    nodes = aligned(own.parts(largest), own.parts(own.largest(largest)))
    assert all(node == other for node, other in nodes.items())
    assert own.largest(own.example) == own.normalise(own.largest(own.example))


@pytest.mark.parametrize(("d", "kept"), [(0, False), (2, True)])
def test_the_stems_residual_is_a_block_of_its_own(d: int, kept: bool) -> None:
    own = family("ofa_resnet")
    spec = own.normalise(own.example)
    spec["config"]["d"][0] = d
    assert ("stem.residual" in own.parts(spec)) == kept


def test_a_part_is_the_first_channels_and_the_centre_of_a_kernel() -> None:
    weights = torch.arange(4 * 3 * 7 * 7.0).reshape(4, 3, 7, 7)
    part = part_of(weights, torch.Size((2, 3, 3, 3)))
    assert torch.equal(part, weights[:2, :, 2:5, 2:5])
    assert part.data_ptr() == weights[0, 0, 2:, 2:].data_ptr()  # a view
    assert part_of(weights, weights.shape) is weights
    for shape in [(5, 3, 7, 7), (4, 3, 7)]:
        with pytest.raises(NapeError, match="are no part of"):
            part_of(weights, torch.Size(shape))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_largest_network_equals_the_plain_one(name: str) -> None:
    net = supernet(name)
    torch.manual_seed(0)
    plain = net.graph.to_torch()
    set_branch_gain(plain, net.graph, TINY.branch_gain)
    plain.to(memory_format=torch.channels_last)  # which changes the order of sums
    assert torch.equal(net.logits(net.largest, some_images()), plain(some_images()))


def test_a_sub_network_equals_one_with_weights_copied_by_hand() -> None:
    """One block a stage but for the second, which keeps two; kernels 3 and 5, ratio 3."""
    net = supernet("ofa_pn", scale=dataclasses.replace(SCALE, depth=None))
    names = [["mbconv2_e3_k3"] * 2 for _ in range(5)] + [["mbconv2_e6_k5"]]
    spec = net.family.normalise(names)
    small, whole = net.build(spec), net.graph
    depthwise = [
        [node for node, op in enumerate(graph.ops) if op == "Depthwise"] for graph in (small, whole)
    ]
    # The first block, then of stages of four slots the first two, then the last stage's only one.
    slots = [0, *(1 + 4 * stage + i for stage in range(5) for i in range(2)), 21]
    by_hand = small.to_torch().to(memory_format=torch.channels_last)
    with torch.no_grad():
        for at, slot in enumerate(slots):
            ends = [depthwise[0][at], depthwise[1][slot]]
            for step in range(-3, 5):  # from the expansion to the last BatchNorm of the block
                here, there = ends[0] + step, ends[1] + step
                if at == 0 and step < 0:  # the first block has no expansion
                    continue
                _copy(by_hand, here, net.net, there)
        for node in (1, 2):  # the stem
            _copy(by_hand, node, net.net, node)
        for back in range(2, 7):  # the head
            _copy(by_hand, len(small.ops) - back, net.net, len(whole.ops) - back)
    images = some_images()
    assert torch.equal(net.logits(spec, images), by_hand(images))


def _copy(to: torch.nn.Module, node: int, source: torch.nn.Module, other: int) -> None:
    """Copy the first channels, and the middle of kernels, of the layer at a node."""
    found = {n: p for n, p in source.named_parameters() if n.startswith(f"layers.{other}.")}
    for name, p in to.named_parameters():
        if name.startswith(f"layers.{node}."):
            (whole,) = [v for n, v in found.items() if n.split(".")[-1] == name.split(".")[-1]]
            index = [slice(0, size) for size in p.shape]
            for axis in range(2, p.ndim):
                edge = (whole.shape[axis] - p.shape[axis]) // 2
                index[axis] = slice(edge, edge + p.shape[axis])
            p.copy_(whole[tuple(index)])


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_reach_what_is_used_and_nothing_else(name: str) -> None:
    net = supernet(name, branch_gain=1.0)
    spec = some_specs(name, 1)[0]
    net.logits(spec, some_images()).square().sum().backward()
    parts = net.weights(spec, net.network(spec))
    used = {part.data_ptr() for part in parts.values()}
    sizes = sum(part.numel() for part in parts.values())
    gradients = [p.grad for p in net.net.parameters() if p.grad is not None]
    assert len(gradients) == len(parts) == len(used)
    assert sum(int((g != 0).sum()) for g in gradients) <= sizes
    assert sum(int((g != 0).sum()) for g in gradients) > sizes / 2
    kernel = next(n for n, p in parts.items() if p.ndim == 4 and p.shape[1] == 1) \
        if name != "ofa_resnet" else None  # fmt: skip
    if kernel is not None:
        assert parts[kernel].shape[2] in (3, 5, 7)


def test_networks_with_common_blocks_share_their_weights() -> None:
    net = supernet("ofa_mbv3")
    first, second = some_specs("ofa_mbv3", 2)
    places = []
    for spec in (first, second):
        views = net.weights(spec, net.network(spec))
        places.append({view.untyped_storage().data_ptr() for view in views.values()})
    assert places[0] & places[1]
    before = net.logits(second, some_images()).detach()
    with torch.no_grad():
        for view in net.weights(first, net.network(first)).values():
            view.mul_(1.5)
    assert not torch.equal(net.logits(second, some_images()).detach(), before)


def test_a_network_of_another_supernet_is_refused() -> None:
    net = supernet("ofa_mbv3")
    spec = {**net.family.normalise(net.family.example), "width": 1.0}
    with pytest.raises(NapeError, match="is of another supernet"):
        net.network(spec)


def test_a_family_that_shares_no_weights_is_refused() -> None:
    with pytest.raises(NapeError, match="hiaml is no once-for-all family"):
        Supernet("hiaml", TINY, SCALE, 0)


def test_recalibration_takes_the_mean_over_batches() -> None:
    net = supernet()
    data = net.images()[0]
    sub = net.network(net.largest)
    recalibrate(sub, data, dataclasses.replace(TINY, recalibration=32))
    norms = [m for m in sub.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    once = [norm.running_mean.clone() for norm in norms]
    recalibrate(sub, data, dataclasses.replace(TINY, recalibration=32))
    assert all(torch.equal(a, norm.running_mean) for a, norm in zip(once, norms, strict=True))
    assert {int(norm.num_batches_tracked) for norm in norms} == {1}


def test_a_training_that_was_ended_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    class EndedError(Exception):
        pass

    def end(training: Training) -> None:
        save(path, ended, training, {"a": 1})
        if len(training.losses) == 2:
            raise EndedError

    path = tmp_path / "supernet.npz"
    whole, ended, again = supernet(), supernet(), supernet(seed=7)
    train_supernet(whole, TINY, 0, Training(), lambda _: None)
    with pytest.raises(EndedError):
        train_supernet(ended, TINY, 0, Training(), end)
    training = load(path, again, {"a": 1})
    assert training is not None
    assert len(training.losses) == 2
    assert not training.is_over(TINY)
    train_supernet(again, TINY, 0, training, lambda _: None)
    assert len(training.losses) == TINY.epochs
    assert equal(weights_of(whole), weights_of(again))
    assert not equal(weights_of(whole), weights_of(supernet()))
    with pytest.raises(DataError, match="other settings"):
        load(path, again, {"a": 2})
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="no supernet can be read"):
        load(path, again, {"a": 1})


def test_training_is_the_same_for_a_seed_and_scores_too() -> None:
    scores = []
    for seed in (0, 0, 1):
        torch.rand(3)
        net = supernet(seed=seed)
        train_supernet(net, TINY, seed, Training(), lambda _: None)
        outcome = score(net, net.family.example, TINY)
        scores.append((outcome.answers, weights_of(net)))
        assert outcome.accuracy == pytest.approx(
            np.mean([outcome.answers[name] for name in TINY.task.scored])
        )
    assert scores[0][0] == scores[1][0]
    assert equal(scores[0][1], scores[1][1])
    assert not equal(scores[0][1], scores[2][1])


@pytest.mark.slow
def test_training_learns() -> None:
    recipe = dataclasses.replace(TINY, task=Attributes(train=320, test=100), epochs=12)
    net = Supernet("ofa_pn", recipe, dataclasses.replace(SCALE, width=0.25, depth=1), 0)
    training = Training()
    train_supernet(net, recipe, 0, training, lambda _: None)
    assert training.losses[-1] < training.losses[0] - 0.02


def test_the_largest_network_is_trained_first() -> None:
    net, rng = supernet(), np.random.default_rng(0)
    recipe = dataclasses.replace(TINY, largest_epochs=2)
    steps = [drawn(net, recipe, epoch, rng) for epoch in range(4)]
    assert steps[:2] == [[net.largest]] * 2
    assert [len(specs) for specs in steps] == [1, 1, 2, 2]
    assert net.largest not in steps[2] + steps[3]


def test_a_divergence_is_told(tmp_path: Path) -> None:
    wild = dataclasses.replace(TINY, learning_rate=1e30, warmup=0.0)
    for _ in range(2):  # the second time without training
        with pytest.raises(NapeError, match="the supernet diverged"):
            trained("ofa_pn", wild, SCALE, 0, tmp_path / "supernets")
        (path,) = (tmp_path / "supernets").glob("*.npz")
    assert path.name == "tiny-shared-ofa_pn-0.npz"


def measure(**more: Any) -> SharedMicro:
    return SharedMicro("ofa_mbv3", TINY, SCALE, **more)


@pytest.mark.parametrize("jobs", [0, 2])
def test_labels_end_in_the_store(tmp_path: Path, jobs: int) -> None:
    trained.cache_clear()
    specs = some_specs("ofa_mbv3", 3)
    store = tmp_path / "store"
    how: dict[str, Any] = {"store": store, "measure": measure(), "progress": False}
    report = label_specs("ofa_mbv3", specs, seeds=2, jobs=jobs, **how)
    assert (report.done, report.failed) == (6, 0)
    files = sorted(path.name for path in (store / "supernets").glob("*.npz"))
    assert files == ["tiny-shared-ofa_mbv3-0.npz", "tiny-shared-ofa_mbv3-1.npz"]
    settings = json.loads((store / "settings" / "micro-tiny-shared-ofa_mbv3.json").read_text())
    assert settings["recalibration"] == 40
    rows = read_labels(store)
    assert {row["version"] for row in rows} == {"tiny-shared"}
    stamps = [(store / "supernets" / name).stat().st_mtime_ns for name in files]
    trained.cache_clear()
    for row in rows:
        values = (
            measure().in_store(store, progress=False).run_spec("ofa_mbv3", row["spec"], row["seed"])
        )
        assert values["answers"] == row["answers"]
        assert values["supernet_seconds"] == row["supernet_seconds"] > 0
        assert row["seconds"] > 0
    assert [(store / "supernets" / name).stat().st_mtime_ns for name in files] == stamps


def label_some(store: Path, n: int = 2, **more: Any) -> Report:
    """Label architectures with a supernet that this process does not have yet."""
    trained.cache_clear()
    how: dict[str, Any] = {"measure": measure(), "progress": False, "seeds": 1, "jobs": 0, **more}
    return label_specs("ofa_mbv3", some_specs("ofa_mbv3", n), store=store, **how)


@pytest.mark.parametrize("jobs", [0, 2])
def test_supernets_that_cannot_be_kept_end_the_run_and_are_no_results(
    tmp_path: Path, jobs: int
) -> None:
    blocked = tmp_path / "supernets"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="the supernet cannot be kept or read"):
        label_some(tmp_path, jobs=jobs)
    assert read_labels(tmp_path) == []
    blocked.unlink()
    assert label_some(tmp_path).done == 2
    (path,) = blocked.glob("*.npz")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(StoreError, match=r"no supernet can be read: .*; remove it"):
        label_some(tmp_path, 3, jobs=jobs)
    assert len(read_labels(tmp_path)) == 2
    path.unlink()
    assert label_some(tmp_path, 3).ran == 1


def test_a_disk_that_is_full_while_a_supernet_is_trained_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def full(path: Path, *_: object) -> None:
        tries.append(path)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nape_bench.labels.micro.shared.trained.save", full)
    with pytest.raises(StoreError, match=r"tiny-shared-ofa_mbv3-0\.npz: .*No space left") as told:
        label_some(tmp_path)
    assert "\n" not in str(told.value)
    assert len(tries) == 1
    assert read_labels(tmp_path) == []
    monkeypatch.undo()
    assert (report := label_some(tmp_path)).done == report.ran == 2
    assert report.failed == 0


def test_an_architecture_of_another_supernet_fails_before_any_is_trained(tmp_path: Path) -> None:
    own = family("ofa_mbv3")
    spec = {**own.normalise(own.example), "width": 1.0}
    how: dict[str, Any] = {"store": tmp_path, "measure": measure(), "seeds": 1, "jobs": 0}
    report = label_specs("ofa_mbv3", [spec], progress=False, **how)
    assert "is of another supernet" in report.rows[0]["error"]
    assert not (tmp_path / "supernets").exists()


def test_the_time_left_leaves_out_supernets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noted(TimeLeft):
        def __init__(self, todo: Any, before: Any) -> None:
            inherited.append(dict(before))
            super().__init__(todo, before)

        def ended(self, kind: Any, seconds: float | None) -> None:
            noted.append(seconds)

    inherited: list[dict[Any, Any]] = []
    noted: list[float | None] = []
    monkeypatch.setattr("nape_bench.labels.session.TimeLeft", Noted)
    seconds = [row["seconds"] for row in label_some(tmp_path).rows]
    assert noted == seconds
    label_some(tmp_path)
    assert inherited == [{}, {("micro", "tiny-shared"): seconds}]


def test_where_a_training_goes_on_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def kept_and_ended(*given: Any) -> None:
        save(*given)
        raise KeyboardInterrupt

    def train(*, progress: bool) -> None:
        trained.cache_clear()
        trained("ofa_pn", TINY, SCALE, 0, tmp_path / "supernets", progress=progress)

    monkeypatch.setattr("nape_bench.labels.micro.shared.trained.KEPT_EVERY", 0.0)
    monkeypatch.setattr("nape_bench.labels.micro.shared.trained.save", kept_and_ended)
    for progress, told in [
        (True, ""),
        (False, ""),
        (True, "supernet tiny-shared ofa_pn 0: goes on from epoch 3 of 3\n"),
    ]:
        with pytest.raises(KeyboardInterrupt):
            train(progress=progress)
        assert capsys.readouterr().err == told


def test_without_the_stores_disk_there_are_no_labels(tmp_path: Path) -> None:
    far = measure().in_store(tmp_path / "elsewhere", progress=False)
    with pytest.raises(StoreError, match="is not on this machine"):
        far.run_spec("ofa_mbv3", space("ofa_mbv3").example, 0)


def test_graphs_and_other_families_are_refused() -> None:
    graph = measure().build("ofa_mbv3", space("ofa_mbv3").example)
    with pytest.raises(NapeError, match="a graph by itself has none"):
        measure().run(graph, 0)
    with pytest.raises(NapeError, match="not graphs"):
        Micro(TINY).run(graph, 0)
    with pytest.raises(NapeError, match="shared within ofa_mbv3, not with ofa_pn"):
        measure().settings("ofa_pn")
    with pytest.raises(NapeError, match="not with graphs"):
        measure().settings(None)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_families_labels_are_of_shared_weights(name: str) -> None:
    fitted = Micro().for_space(name)
    assert isinstance(fitted, SharedMicro)
    assert fitted.version == SCALES[name].recipe
    assert isinstance(RECIPES[fitted.version], SharedRecipe)
    spec = space(name).example
    assert fitted.build(name, spec).hash == Micro().build(name, spec).hash
