"""Few labels of the test's own: who sees which, and what is scored."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nape_bench import metrics
from nape_bench.data.build import RowsBuilder, split_rows
from nape_bench.data.info import ConfigData
from nape_bench.data.store import put
from nape_bench.errors import ProtocolError, UnknownNameError
from nape_bench.evaluation import Evaluator, evaluate, protocol
from nape_bench.evaluation.few_labels import draw
from nape_bench.evaluation.protocols.base import Source
from nape_bench.evaluation.run import FEW_ALONE, ONCE, UNKNOWN
from nape_bench.evaluation.task import open_task
from nape_bench.spaces import space
from tests.evaluation.tiny import ACCURACY, INFO, LATENCY, Line, architectures, labels_of, put_tiny

NAMES = [f"a{i}" for i in range(40)]
GROUPS = np.array([f"g{i // 2}" for i in range(40)])


class Remembers(Line):
    """A line that writes down the labels which it is given, for all instances."""

    name = "remembers"
    fitted: list[tuple[int, list[float]]] = []  # noqa: RUF012
    tuned: list[tuple[int, list[float]]] = []  # noqa: RUF012

    def _fit(self, graphs, y, validation) -> None:
        super()._fit(graphs, y, validation)
        self.fitted.append((self.seed, y.tolist()))

    def _fine_tune(self, graphs, y) -> None:
        self.tuned.append((self.seed, y.tolist()))


@pytest.fixture
def remembers() -> type[Remembers]:
    Remembers.fitted.clear()
    Remembers.tuned.clear()
    return Remembers


def test_a_draw_follows_from_ids_and_seed_and_has_no_isomorphs() -> None:
    first = draw(NAMES, GROUPS, 12, 0)
    assert len({GROUPS[row] for row in first}) == 12
    turned = np.random.default_rng(0).permutation(40)
    again = draw([NAMES[i] for i in turned], GROUPS[turned], 12, 0)
    assert [NAMES[turned[row]] for row in again] == [NAMES[row] for row in first]
    assert set(draw(NAMES, GROUPS, 12, 1)) != set(first)
    assert draw(NAMES, GROUPS, 5, 0).tolist() == first[:5].tolist()
    # What others draw with the same rule, in any language: sha256("0 a0") and so on.
    assert [NAMES[row] for row in first[:3]] == ["a36", "a25", "a18"]


def test_every_row_is_drawn_about_as_often() -> None:
    often = np.bincount(
        np.concatenate([draw(NAMES, np.array(NAMES), 10, seed) for seed in range(400)])
    )
    assert often.mean() == 100
    assert 60 < often.min() <= often.max() < 140


def test_more_labels_than_architectures_are_refused(tiny: object) -> None:
    with pytest.raises(ProtocolError, match="few-shot/tiny-120: 120 labels cannot be drawn of 120"):
        open_task(protocol("few-shot/tiny-120"))


def test_each_seed_is_fitted_to_its_sample_and_scored_on_the_rest(tiny: object, remembers) -> None:
    evaluator = Evaluator("few-shot/tiny-30")
    task = evaluator.task
    result = evaluate(remembers, evaluator)
    assert result.seeds == (0, 1, 2, 3, 4)
    assert (result.counts.train, result.counts.label_budget) == (30, 30)
    assert result.counts.test == 120
    for seed, given in remembers.fitted:
        assert given == task.test.y[task.drawn(seed)].tolist()
    parts = task.parts(result.seeds)
    assert parts is not None
    assert (parts.sum(axis=1) == 90).all()
    alone = [
        metrics.spearman(task.test.y[part], result.predictions[seed][part])
        for seed, part in enumerate(parts)
    ]
    assert result.metrics["spearman"].per_seed == pytest.approx(alone, rel=1e-12)
    assert result.metrics["spearman"].n == 90
    assert any("it is scored on the others" in note for note in result.notes)


def test_isomorphs_of_the_sample_are_not_scored(own_home: object) -> None:
    nb201 = space("nb201")
    built = RowsBuilder(nb201)
    skip, none = "skip_connect", "none"
    # The other two edges lead nowhere, so that all of these compute the same.
    for op in ("nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", none):
        built.add(nb201.parse(f"|{op}~0|+|{none}~0|{none}~1|+|{skip}~0|{none}~1|{none}~2|"))
    for op in ("nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"):
        built.add(nb201.parse(f"|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|"))
    put_tiny(splits={"test": built.rows({"accuracy": np.arange(7.0)})}, family="nb201")
    task = open_task(protocol("few-shot/tiny-2"))
    assert len(np.unique(task.test.groups)) == 4
    parts = task.parts(range(20))
    assert parts is not None
    for seed, part in enumerate(parts):
        drawn = task.drawn(seed)
        assert not np.isin(task.test.groups[part], task.test.groups[drawn]).any()
        assert {int((~part).sum())} <= {2, 5}
    assert {int((~part).sum()) for part in parts} == {2, 5}


def test_what_needs_no_training_is_run_once_and_scored_for_every_seed(tiny: object) -> None:
    result = evaluate("flops", "few-shot/tiny-30")
    assert result.seeds == (0, 1, 2, 3, 4)
    assert all(np.array_equal(result.predictions[0], row) for row in result.predictions.values())
    assert len(set(result.metrics["spearman"].per_seed)) > 1
    assert result.counts.train == 0
    assert ONCE in result.notes


def with_source(shots: int):
    """Few labels of a dataset of another family than the one that is trained on."""
    put_tiny(name="nape/theirs", family="inception", count=60)
    made = protocol(f"few-shot/tiny-{shots or 1}")
    return dataclasses.replace(
        made,
        shots=shots,
        train="train",
        validation="validation",
        source=Source("nape/theirs", "micro"),
    )


def test_a_source_is_fitted_to_and_the_sample_fine_tunes(tiny: object, remembers) -> None:
    task = Evaluator(with_source(10)).task
    assert task.train is not None
    assert task.source is not None
    assert task.source.name == "nape/theirs"
    result = evaluate(remembers, with_source(10))
    assert [labels for _, labels in remembers.fitted] == [task.train.y.tolist()] * 5
    for seed, labels in remembers.tuned:
        assert labels == task.test.y[task.drawn(seed)].tolist()
    assert result.counts.train == len(task.train) + 10
    assert result.counts.label_budget == len(task.train) + len(task.validation) + 10
    assert any(task.source.content_hash in note for note in result.notes)


def test_what_cannot_be_fine_tuned_is_fitted_to_the_sample_alone(tiny: object) -> None:
    assert not Line.can_fine_tune
    result = evaluate(Line(), with_source(10))
    alone = evaluate(Line(), "few-shot/tiny-10")
    assert FEW_ALONE in result.notes
    assert FEW_ALONE not in alone.notes
    assert all(np.array_equal(result.predictions[s], alone.predictions[s]) for s in result.seeds)


def test_without_a_sample_the_source_alone_is_fitted_to(tiny: object, remembers) -> None:
    result = evaluate(remembers, with_source(0))
    assert len(remembers.fitted) == 5
    assert not remembers.tuned
    assert result.metrics["spearman"].n == 120


def test_predictions_from_elsewhere_are_scored_by_their_seeds(tiny: object) -> None:
    evaluator = Evaluator("few-shot/tiny-30")
    truth = evaluator.task.test.y
    noise = np.random.default_rng(0).normal(size=(2, 120))
    given = {seed: truth + noise[i] for i, seed in enumerate((3, 8))}
    result = evaluator.evaluate(given)
    for seed, value in zip((3, 8), result.metrics["mae"].per_seed, strict=True):
        part = evaluator.task.parts([seed])[0]
        assert value == pytest.approx(np.abs(given[seed] - truth)[part].mean())


class Takes(Remembers):
    """One that writes down which other labels it is given."""

    name = "takes"
    known: list[tuple[int, list[str]]] = []  # noqa: RUF012

    def _learn_known(self, graphs, labels) -> None:
        self.known.append((len(graphs), list(labels)))


def with_known():
    """Few labels, and of every row another one, which the first row lacks."""
    y = labels_of("hiaml", 120)
    built, flops = architectures("hiaml", 120)
    other = flops.copy()
    other[0] = np.nan
    rows = split_rows(built.rows({"accuracy": y, "other": other}))
    config = ConfigData("accuracy", {"accuracy": ACCURACY, "other": LATENCY}, {}, rows)
    put("nape/two", "v1.0", "micro", INFO, config)
    return dataclasses.replace(protocol("few-shot/two-10"), known=("other",))


def test_other_labels_of_every_row_are_handed_over_and_counted(own_home: object) -> None:
    Takes.known.clear()
    result = evaluate(Takes, with_known(), seeds=2)
    assert Takes.known == [(120, ["other"])] * 2
    assert result.counts.label_budget == 10 + 119
    assert any("counted: other" in note for note in result.notes)


def test_what_makes_no_use_of_other_labels_is_told_so(own_home: object) -> None:
    assert UNKNOWN in evaluate(Line(), with_known(), seeds=1).notes


def test_other_labels_that_there_are_not_are_named(own_home: object) -> None:
    with pytest.raises(UnknownNameError, match="unknown label of nape/two 'othr'"):
        open_task(dataclasses.replace(with_known(), known=("othr",)))


def test_rows_of_which_other_labels_are_known_are_not_tested(own_home: object) -> None:
    task = open_task(dataclasses.replace(with_known(), known_rows=30))
    assert task.known is not None
    known, test = task.known.graphs.ids, set(task.test.ids)
    assert known is not None
    assert (len(known), len(test)) == (30, 90)
    assert test.isdisjoint(known)
    assert not np.isin(task.test.groups, task.known.graphs.groups).any()
    assert task.label_budget == 10 + task.known.count <= 10 + 30
    with pytest.raises(ProtocolError, match="120 labels cannot be drawn"):
        open_task(dataclasses.replace(with_known(), known_rows=120))


def test_transfer_within_a_dataset_has_none_of_the_source_in_the_test(
    own_home: object, remembers: type[Remembers]
) -> None:
    put_tiny(count=120)
    put_tiny(config="other", count=120, y=labels_of("hiaml", 120)[::-1].copy())
    evaluator = Evaluator("transfer/tiny-to-tiny/other")
    task = evaluator.task
    assert task.train is not None
    assert not np.isin(task.test.groups, task.train.groups).any()
    result = evaluate(remembers, evaluator, seeds=2)
    assert [len(given) for _, given in remembers.fitted] == [len(task.train)] * 2
    assert [len(given) for _, given in remembers.tuned] == [20, 20]
    assert result.counts.label_budget == task.label_budget
    assert task.label_budget == len(task.train) + len(task.validation or ()) + 20
