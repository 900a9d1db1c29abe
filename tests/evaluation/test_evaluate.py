"""Whole runs on tiny data: who sees which labels, what is scored, and that it repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nape_bench
from nape_bench import metrics
from nape_bench.errors import ProtocolError, UnknownNameError
from nape_bench.evaluation import Evaluator, Result
from nape_bench.evaluation.tables import describe
from nape_bench.predictors import Predictor
from nape_bench.predictors.base import SettingError
from tests.evaluation.tiny import LATENCY, Line, labels_of, put_tiny

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable


def without_seconds(result: Result) -> dict[str, Any]:
    told = result.to_dict()
    del told["seconds"]
    return told


def test_a_value_predictor_in_family(tiny: object) -> None:
    evaluator = Evaluator("in-family/tiny")
    result = nape_bench.evaluate(Line, "in-family/tiny")
    task = evaluator.task
    assert task.train is not None
    assert task.validation is not None
    assert result.seeds == result.protocol_seeds == (0, 1, 2, 3, 4)
    assert (result.predictor.name, result.predictor.is_value) == ("line", True)
    assert result.predictor.settings == {"wobble": 0.05}
    assert (result.counts.train, result.counts.validation) == (
        len(task.train),
        len(task.validation),
    )
    assert result.counts.label_budget == evaluator.label_budget
    assert result.counts.test == len(result.ids)
    assert list(result.ids) == evaluator.ids
    for seed in result.seeds:
        alone = Line(seed=seed).fit(task.train.graphs, task.train.y).predict(task.test.graphs)
        assert np.array_equal(result.predictions[seed], alone)
        assert result.metrics["mae"].per_seed[seed] == metrics.mae(task.test.y, alone)
    assert set(result.metrics) == set(metrics.METRICS)
    both = np.stack(list(result.predictions.values()))
    assert result.metrics == metrics.score(task.test.y, both)
    assert result.seconds is not None
    assert len(result.seconds.fit) == len(result.seconds.predict) == 5
    assert result.notes == ()
    assert result.environment["nape-bench"] == nape_bench.__version__
    assert "torch" in result.environment


def test_the_same_run_gives_the_same_result(tiny: object) -> None:
    first, again = (nape_bench.evaluate(Line, "in-family/tiny", seeds=2) for _ in range(2))
    assert without_seconds(first) == without_seconds(again)


def test_a_score_has_no_mae_and_runs_once_without_labels(tiny: object) -> None:
    result = nape_bench.evaluate("flops", "in-family/tiny", seeds=3)
    assert "mae" not in result.metrics
    assert result.seeds == (0,)
    assert (result.counts.train, result.counts.validation) == (0, 0)
    assert result.counts.label_budget > 0
    assert any("no training" in note for note in result.notes)
    assert result.metrics["spearman"].value > 0.3
    flops = Evaluator("in-family/tiny").task.test.graphs.flops()
    assert np.array_equal(result.predictions[0], flops)


def test_zero_shot_takes_what_needs_no_training_and_nothing_else(tiny: object) -> None:
    result = nape_bench.evaluate("flops", "zero-shot/tiny")
    assert result.counts.test == 120
    assert result.counts.label_budget == 0
    with pytest.raises(ProtocolError, match="line needs training: take one that needs none"):
        nape_bench.evaluate(Line, "zero-shot/tiny")


class Spy(Line):
    """Keeps what it was given."""

    name = "spy"
    seen: list[Any] = []  # noqa: RUF012

    def fit(self, graphs: GraphTable, y: Any, **more: Any) -> Any:
        self.seen.append((self, graphs, y, more))
        y[:] = y
        return super().fit(graphs, y, **more)

    def predict(self, graphs: GraphTable) -> np.ndarray:
        self.seen.append((self, graphs))
        return super().predict(graphs)


def test_each_seed_has_a_predictor_of_its_own_with_the_settings_given(tiny: object) -> None:
    Spy.seen.clear()
    given = Spy(wobble=0.5, seed=99)
    evaluator = Evaluator("in-family/tiny")
    task = evaluator.task
    assert task.train is not None
    result = nape_bench.evaluate(given, evaluator, seeds=[4, 2])
    assert result.seeds == (4, 2)
    fits, predicts = Spy.seen[::2], Spy.seen[1::2]
    assert [fit[0].seed for fit in fits] == [4, 2]
    assert all(fit[0].wobble == 0.5 for fit in fits)
    assert given.given == []
    for _, graphs, y, more in fits:
        assert graphs is task.train.graphs
        assert np.array_equal(y, task.train.y)
        assert y is not task.train.y
        assert list(more) == ["validation"]
    assert all(graphs is task.test.graphs for _, graphs in predicts)


class Broken(Line):
    """Predicts nonsense."""

    name = "broken"

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        made = np.ones(len(graphs))
        made[self.seed] = np.nan
        return made if self.seed else made[:-1]


def test_predictions_that_are_none_are_refused_with_the_predictor_and_seed(tiny: object) -> None:
    with pytest.raises(ProtocolError, match=r"broken, seed 0: predictions have the shape"):
        nape_bench.evaluate(Broken, "in-family/tiny")
    with pytest.raises(ProtocolError, match=r"broken, seed 1: 1 of \d+ predictions .* not finite"):
        nape_bench.evaluate(Broken, "in-family/tiny", seeds=[1])


@pytest.mark.parametrize("seeds", [0, -1, [], [1, 1], [-1], [0.5], ["a"]])
def test_seeds_that_are_none_are_refused(tiny: object, seeds: Any) -> None:
    with pytest.raises(ProtocolError, match="seeds are"):
        nape_bench.evaluate(Line, "in-family/tiny", seeds=seeds)


def test_what_is_no_predictor_is_refused(tiny: object) -> None:
    with pytest.raises(SettingError, match="is no predictor"):
        nape_bench.evaluate(object(), "in-family/tiny")
    with pytest.raises(UnknownNameError, match="did you mean flops"):
        nape_bench.evaluate("flop", "in-family/tiny")


def test_predictions_are_scored_by_id(tiny: object) -> None:
    evaluator = nape_bench.Evaluator("in-family/tiny")
    y = dict(zip(evaluator.ids, evaluator.task.test.y, strict=True))
    shuffled = {name: y[name] for name in sorted(y)}
    perfect = evaluator.evaluate(shuffled, predictor="truth")
    assert perfect.predictor.name == "truth"
    assert perfect.metrics["mae"].value == 0
    assert perfect.metrics["spearman"].value == pytest.approx(1)
    assert perfect.metrics["regret@1"].value == 0
    assert perfect.seconds is None
    scores = evaluator.evaluate({0: y, 1: {k: -v for k, v in y.items()}}, is_value=False)
    assert "mae" not in scores.metrics
    assert scores.metrics["spearman"].per_seed == pytest.approx((1, -1))
    with pytest.raises(ProtocolError, match="have no prediction"):
        evaluator.evaluate({k: v for k, v in y.items() if k != evaluator.ids[0]})


def test_less_is_better_turns_the_top_around(own_home: object) -> None:
    put_tiny(config="latency", label=("latency", LATENCY))
    evaluator = Evaluator("zero-shot/tiny/latency")
    y = evaluator.task.test.y
    assert evaluator.evaluate(y).metrics["regret@1"].value == 0
    assert evaluator.evaluate(-y).metrics["regret@1"].value == pytest.approx(np.ptp(y))
    assert evaluator.evaluate(y).metrics["spearman"].value == pytest.approx(1)


def test_each_subset_is_scored_alone(own_home: object) -> None:
    put_tiny("nape/cells", family="nb201", count=150)
    result = nape_bench.evaluate("flops", "zero-shot/cells")
    task = Evaluator("zero-shot/cells").task
    mask = task.subsets["no-none"]
    subset = result.subsets["no-none"]
    assert subset.n == mask.sum()
    expected = metrics.score(task.test.y[mask], task.test.graphs[mask].flops(), is_value=False)
    assert subset.metrics == expected
    assert subset.metrics["spearman"].value != result.metrics["spearman"].value


def test_left_out_rows_are_told(own_home: object) -> None:
    y = labels_of("hiaml", 120).copy()
    y[::4] = np.nan
    put_tiny(y=y)
    result = nape_bench.evaluate("flops", "zero-shot/tiny")
    assert result.counts.left_out == {"test": 30}
    assert result.notes[0] == "Rows without the label accuracy were left out: 30 of test."
    assert result.counts.test == 90


def test_equal_labels_have_no_order(own_home: object) -> None:
    put_tiny(y=np.full(120, 70.0))
    with pytest.raises(ProtocolError, match=r"zero-shot/tiny: all 120 true values are 70\.0"):
        nape_bench.evaluate("flops", "zero-shot/tiny")


def test_a_result_prints_as_a_table(tiny: object) -> None:
    text = str(nape_bench.evaluate(Line, "in-family/tiny", seeds=2))
    assert "in-family/tiny: nape/tiny (micro) v1.0, accuracy in %, higher is better" in text
    assert "line: 2 seeds, where the protocol asks for 5." in text
    rule = next(line for line in text.splitlines() if line.startswith("---"))
    assert len(rule) <= 120
    above, below = text.split(rule)
    assert {"MAE", "[%]", "SRCC", "Regret@1"} <= set(above.split())
    assert below.splitlines()[1].startswith("line ")


def test_columns_that_nobody_has_are_left_out_and_remarks_are_told_once(tiny: object) -> None:
    results = [nape_bench.evaluate(name, "in-family/tiny") for name in ("flops", "params")]
    text = describe(results)
    assert "MAE" not in text
    assert "flops, params: Needs no training" in text
    both = describe([*results, nape_bench.evaluate(Line, "in-family/tiny", seeds=1)])
    row = next(line for line in both.splitlines() if line.startswith("flops "))
    assert row.split()[1] == "-"
    assert "line: 1 seed, where the protocol asks for 5." in both


def test_progress_goes_to_standard_error(tiny: object, capsys: pytest.CaptureFixture[str]) -> None:
    nape_bench.evaluate(Line, "in-family/tiny", seeds=2, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "line" in captured.err


def test_a_predictor_is_any_class_of_its_kind() -> None:
    assert issubclass(Line, Predictor)
    assert Line().settings == {"wobble": 0.05, "seed": 0, "progress": False}


class Mean:
    """No Predictor: an object that has only learnt the mean."""

    def fit(self, graphs: GraphTable, y: np.ndarray) -> None:
        self.mean = y.mean()

    def predict(self, graphs: GraphTable) -> np.ndarray:
        return np.full(len(graphs), self.mean)


def test_an_object_of_ones_own_is_evaluated(tiny: object) -> None:
    result = nape_bench.evaluate(Mean(), "in-family/tiny", seeds=2)
    assert result.predictor.name == "Mean"
    assert result.metrics["spearman"].value == 0
    assert result.metrics["mae"].value > 0


class OwnFit(Predictor):
    """A Predictor by name, with `fit` and `predict` written out."""

    is_value = False

    def fit(self, graphs: GraphTable, y: np.ndarray) -> None:  # type: ignore[override]
        self.sign = np.sign(np.corrcoef(graphs.params(), y)[0, 1])

    def predict(self, graphs: GraphTable) -> np.ndarray:
        return self.sign * graphs.params()


def test_a_predictor_may_have_a_fit_of_its_own(tiny: object) -> None:
    result = nape_bench.evaluate(OwnFit(), "in-family/tiny", seeds=1)
    assert (result.predictor.name, result.predictor.is_value) == ("OwnFit", False)
    assert result.metrics["spearman"].value > 0


class Taught(Predictor):
    """Says the mean of its first other task's labels, or of what it is fitted to."""

    name = "taught"
    title = "Taught"
    source = "tests"

    def _learn_auxiliary(self, tasks: dict[str, tuple[GraphTable, np.ndarray]]) -> None:
        self.tasks = tasks

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        self.mean = next(iter(self.tasks.values()))[1].mean()

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return np.full(len(graphs), self.mean) + np.arange(len(graphs)) * 1e-9

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        assert len(y) == 20


def test_labels_of_other_tasks_are_seen_and_counted() -> None:
    name = "aiop/ofa_resnet-detection-ft20"
    evaluator = Evaluator(name)
    told = evaluator.task.auxiliary
    assert list(told) == [
        "nape/multitask/ofa_resnet-detection",
        "nape/multitask/ofa_resnet-keypoints",
    ]
    rows = told["nape/multitask/ofa_resnet-detection"]
    assert not set(rows.ids) & set(evaluator.ids)
    assert not set(rows.groups) & set(evaluator.task.test.groups)
    task = evaluator.task
    assert task.train is not None
    assert task.validation is not None
    assert evaluator.label_budget == (
        len(task.train) + len(task.validation) + sum(len(r) for r in told.values()) + 20
    )
    result = nape_bench.evaluate(Taught, evaluator, seeds=1)
    np.testing.assert_allclose(result.predictions[0], rows.y.mean(), atol=1e-6)
    note = next(note for note in result.notes if "other tasks" in note)
    assert f"{len(rows)} of nape/multitask/ofa_resnet-detection v1.0" in note
    flops = nape_bench.evaluate("cost_ridge", evaluator, seeds=1)
    assert "Does not learn from the labels of other tasks that may be seen." in flops.notes
