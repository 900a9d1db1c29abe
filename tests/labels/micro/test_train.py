from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import nape_bench
from nape_bench.errors import NapeError, UnknownNameError
from nape_bench.labels.micro.attributes import Attributes
from nape_bench.labels.micro.clutter import Clutter
from nape_bench.labels.micro.images import images, outputs
from nape_bench.labels.micro.optimisers import kernels, normalised, schedule
from nape_bench.labels.micro.recipe import RECIPES, SCALES, Recipe
from nape_bench.labels.micro.train import predict, train

TINY = Recipe(
    version="tiny", task=Clutter(train=128, test=100, pieces=1), epochs=2, batch=32, averaged=1
)


def graph(resolution: int = 12, num_classes: int = 10, width: float = 0.125):  # type: ignore[no-untyped-def]
    space = nape_bench.space("hiaml")
    return space.build(
        space.example, width=width, depth=1, resolution=resolution, num_classes=num_classes
    )


def test_a_seed_gives_the_same_accuracy_whatever_was_drawn_before() -> None:
    first = train(graph(), TINY, 3)
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    torch.rand(5)
    again = train(graph(), TINY, 3)
    assert first.accuracy == again.accuracy
    assert first.epochs == 2
    assert first.diverged is None
    assert first.seconds > 0


def test_seeds_differ() -> None:
    slow = dataclasses.replace(TINY, learning_rate=1e-6)  # what differs is where training starts
    assert len({train(graph(), slow, seed).accuracy for seed in range(4)}) > 1


def test_torchs_own_state_is_left_as_it_was() -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(graph(), TINY, 0)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_training_learns() -> None:
    easy = Recipe(
        version="easy", task=Clutter(train=640, test=300, pieces=0), epochs=6, batch=32, averaged=1
    )
    accuracy = train(graph(width=0.25), easy, 0).accuracy
    assert accuracy is not None
    assert accuracy > 30  # of ten classes


def test_divergence_is_told_and_has_no_accuracy() -> None:
    wild = dataclasses.replace(TINY, learning_rate=1e30, warmup=0.0)
    outcome = train(graph(), wild, 0)
    assert outcome.accuracy is None
    assert outcome.diverged is not None
    assert "the loss is nan in epoch" in outcome.diverged
    assert outcome.epochs < wild.epochs


def test_scored_is_the_mean_over_the_last_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    from nape_bench.labels.micro import train as module

    classes = torch.from_numpy(images(TINY.task, 12)[1].answers[:, 0])
    right, wrong = torch.eye(10)[classes], torch.eye(10)[(classes + 1) % 10]
    given = iter([0.9 * wrong, right])
    monkeypatch.setattr(module, "predict", lambda *_: next(given))
    assert train(graph(), dataclasses.replace(TINY, averaged=2), 0).accuracy == 100.0
    given = iter([wrong])
    assert train(graph(), TINY, 0).accuracy == 0.0


def test_predictions_are_probabilities_whatever_the_part_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from nape_bench.labels.micro import train as module

    test = images(TINY.task, 12)[1]
    net = graph().to_torch()
    whole = predict(net, test, TINY.task)
    monkeypatch.setattr(module, "SCORED_AT_ONCE", 33)
    assert whole.shape == (100, 10)
    torch.testing.assert_close(whole.sum(1), torch.ones(100))
    torch.testing.assert_close(predict(net, test, TINY.task), whole)


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    rates = [schedule(RECIPES["micro-3"].warmup, p) for p in np.linspace(0, 1, 101)]
    top = int(np.argmax(rates))
    assert rates[0] == 0
    assert rates[top] == pytest.approx(1)
    assert top == round(100 * RECIPES["micro-3"].warmup)
    assert np.all(np.diff(rates[:top]) > 0)
    assert np.all(np.diff(rates[top:]) < 0)
    assert rates[-1] == pytest.approx(0, abs=1e-12)


SEVERAL = Recipe(
    "several", Attributes(train=256, test=300), epochs=4, batch=32, averaged=1,
    learning_rate=0.05, muon_rate=0.2,
)  # fmt: skip


def test_the_accuracy_is_the_mean_of_the_scored_questions() -> None:
    outcome = train(graph(num_classes=outputs(SEVERAL.task)), SEVERAL, 0)
    assert set(outcome.answers) == {name for name, _ in SEVERAL.task.questions}
    scored = [outcome.answers[name] for name in SEVERAL.task.scored]
    assert outcome.accuracy == pytest.approx(np.mean(scored))
    assert outcome.accuracy != pytest.approx(np.mean(list(outcome.answers.values())))


def test_muon_gets_further_in_few_steps() -> None:
    """Colours are learnt within 32 steps with it, and hardly without."""
    slow = dataclasses.replace(SEVERAL, muon_rate=None)
    net = graph(num_classes=outputs(SEVERAL.task), width=0.25)
    fast = [train(net, SEVERAL, seed).answers["hue"] for seed in range(2)]
    assert min(fast) > max(train(net, slow, seed).answers["hue"] for seed in range(2))


def test_muon_trains_the_kernels_that_a_batch_norm_reads_and_no_others() -> None:
    space = nape_bench.space("ofa_mbv3")  # its squeeze-and-excite convolutions have no BatchNorm
    mobile = space.build(space.example, width=0.125, resolution=32)
    net = mobile.to_torch()
    turned = kernels(net, normalised(mobile))
    biased = {id(m.weight) for m in net.modules() if getattr(m, "bias", None) is not None}
    convolutions = {id(m.weight) for m in net.modules() if isinstance(m, torch.nn.Conv2d)}
    assert set(turned) < convolutions - biased
    assert len(convolutions - biased - set(turned)) == 1  # the one before the classifier
    depthwise = [groups for weight, groups in turned.values() if weight.shape[1] == 1]
    assert max(depthwise) > 1


def test_recipes_have_the_version_that_they_are_registered_under() -> None:
    assert {name: RECIPES[name].version for name in RECIPES} == {name: name for name in RECIPES}


def test_a_graph_of_other_classes_is_refused() -> None:
    with pytest.raises(NapeError, match="build it with num_classes=10"):
        train(graph(num_classes=7), TINY)


def test_a_family_without_a_scale_is_an_error_with_names() -> None:
    assert SCALES["hiaml"].recipe in RECIPES
    with pytest.raises(UnknownNameError, match="hiaml"):
        SCALES["hiamll"]
