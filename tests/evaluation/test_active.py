"""Protocols on which a predictor chooses what is labelled: who sees what, and what is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from nape_bench.errors import DataError, ProtocolError
from nape_bench.evaluation import Evaluator, evaluate, protocol
from nape_bench.evaluation.few_labels import draw
from nape_bench.predictors import predictor
from nape_bench.predictors.paths.additive_gp import most_telling
from tests.evaluation.tiny import Line

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

NAME = "active/tiny-6"


class Picky(Line):
    """Chooses the networks of most FLOPs, and writes down whose labels it is given."""

    name = "picky"
    given_ids: ClassVar[list[list[str]]] = []

    def _choose(self, graphs: GraphTable, count: int) -> np.ndarray:
        return np.argsort(-graphs.flops(), kind="stable")[:count]

    def _fit(self, graphs: GraphTable, y: np.ndarray, validation: Any) -> None:
        super()._fit(graphs, y, validation)
        assert graphs.ids is not None
        self.given_ids.append(graphs.ids.tolist())


class Unchoosing(Picky):
    name = "unchoosing"
    _choose = Line._choose


class Wrong(Picky):
    name = "wrong"
    said: ClassVar[Any] = None

    def _choose(self, graphs: GraphTable, count: int) -> np.ndarray:
        return np.asarray(self.said)


def test_a_predictor_sees_what_it_chose_and_is_scored_on_what_no_predictor_could(
    tiny: object,
) -> None:
    evaluator = Evaluator(NAME)
    test = evaluator.task.test
    Picky.given_ids.clear()
    result = evaluate(Picky, evaluator, seeds=2)
    flops = dict(zip(test.ids, test.graphs.flops().tolist(), strict=True))
    parts = evaluator.task.parts([0, 1])
    assert parts is not None
    for seed, given in enumerate(Picky.given_ids):
        pool = [test.ids[row] for row in draw(test.ids, test.groups, 30, seed)]
        assert given == sorted(pool, key=lambda name: -flops[name])[:6]
        unscored = {name for name, scored in zip(test.ids, parts[seed], strict=True) if not scored}
        assert set(pool) <= unscored
        groups = {test.groups[test.ids.index(name)] for name in pool}
        assert not groups & set(test.groups[parts[seed]])
    assert result.counts.label_budget == 6
    assert any("of which a predictor may choose 6" in note for note in result.notes)


def test_who_does_not_choose_has_those_drawn_first_and_the_same_test(tiny: object) -> None:
    evaluator = Evaluator(NAME)
    test = evaluator.task.test
    Picky.given_ids.clear()
    result = evaluate(Unchoosing, evaluator, seeds=1)
    drawn = draw(test.ids, test.groups, 6, 0)
    assert Picky.given_ids == [[test.ids[row] for row in drawn]]
    choosing = evaluate(Picky, evaluator, seeds=1)
    np.testing.assert_array_equal(np.isnan(result.truth), np.isnan(choosing.truth))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([0, 1, 2, 3, 4], "was to choose 6, and chose"),
        ([0, 1, 2, 3, 4, 30], "was to choose 6, and chose"),
        ([-1, 1, 2, 3, 4, 5], "was to choose 6, and chose"),
        ([0, 1, 2, 3, 4, 4], "chose a graph twice"),
    ],
)
def test_a_choice_that_is_none_is_refused(
    tiny: object, monkeypatch: pytest.MonkeyPatch, said: list[int], message: str
) -> None:
    monkeypatch.setattr(Wrong, "said", said)
    with pytest.raises(DataError, match=message):
        evaluate(Wrong, NAME, seeds=1)


def test_a_pool_needs_rows(tiny: object) -> None:
    assert protocol("active/tiny-20").pool == 100
    with pytest.raises(ProtocolError, match="active/tiny-30: 150 labels cannot be drawn of"):
        Evaluator("active/tiny-30")
    with pytest.raises(ProtocolError, match=r"active/.*then -<labels> expected"):
        protocol("active/tiny")


def test_path_gp_active_chooses_different_networks_whatever_their_order(tiny: object) -> None:
    graphs = Evaluator(NAME).task.test.graphs[:40]
    chooser = predictor("path_gp_active")
    chosen = chooser.choose(graphs, 8)
    turned = np.random.default_rng(0).permutation(40)
    again = turned[chooser.choose(graphs[turned], 8)]
    assert sorted(graphs.hashes[chosen]) == sorted(graphs.hashes[again])
    with pytest.raises(DataError, match="41 of 40 graphs cannot be chosen"):
        chooser.choose(graphs, 41)
    with pytest.raises(NotImplementedError, match=r"path_gp.*chooses no networks"):
        predictor("path_gp").choose(graphs, 3)


def test_the_most_telling_rows_are_the_middles_of_crowds() -> None:
    # Two crowds, of five and of three, and one by itself.
    places = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 5.0, 5.1, 5.2, 20.0])
    covariance = np.exp(-((places[:, None] - places) ** 2))
    assert most_telling(covariance, 3).tolist() == [2, 6, 8]
    assert sorted(most_telling(covariance, 9).tolist()) == list(range(9))
