"""The table of metrics, and `score` on top of it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench import metrics
from nape_bench.metrics import METRICS

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
TRUE = RNG.normal(90, 2, 64)
PRED = TRUE + RNG.normal(0, 1, 64)


def test_every_metric_is_described() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.title
        assert metric.unit in ("", "label")
        with pytest.raises(dataclasses.FrozenInstanceError):
            metric.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", METRICS)
def test_a_perfect_prediction_beats_a_useless_one(name: str) -> None:
    metric = METRICS[name]
    perfect = metric.compute(TRUE, TRUE, True)
    useless = metric.compute(TRUE, np.full(64, 50.0), True)
    assert (perfect > useless) == metric.higher_is_better


def test_the_unit_follows_the_label() -> None:
    for name, metric in METRICS.items():
        tenfold = metric.compute(10 * TRUE, 10 * PRED, True)
        factor = 10 if metric.unit == "label" else 1
        assert tenfold == pytest.approx(factor * metric.compute(TRUE, PRED, True)), name


def test_an_unknown_metric_gets_the_nearest_names() -> None:
    with pytest.raises(KeyError) as error:
        METRICS["spearmann"]
    assert str(error.value) == "unknown metric 'spearmann': did you mean spearman?"
    with pytest.raises(KeyError, match=r"known are mae, spearman, kendall, ndcg@10"):
        metrics.score(TRUE, PRED, metrics=["zzz"])


def test_scores_have_no_error_of_value() -> None:
    assert "mae" not in metrics.score(TRUE, PRED, is_value=False)
    assert "mae" in metrics.score(TRUE, PRED)
    with pytest.raises(ValueError, match=r"mae needs predictions in the unit of the label"):
        metrics.score(TRUE, PRED, is_value=False, metrics=["mae", "spearman"])


def test_metrics_may_be_chosen_and_own_ones_given() -> None:
    own = dataclasses.replace(METRICS["mae"], name="error", title="Error")
    result = metrics.score(TRUE, PRED, metrics=["spearman", own])
    assert list(result) == ["spearman", "error"]
    assert result["error"].value == pytest.approx(metrics.mae(TRUE, PRED))


def test_the_direction_of_the_label_matters_to_the_top_alone() -> None:
    up = metrics.score(TRUE, PRED)
    down = metrics.score(TRUE, PRED, higher_is_better=False)
    mirrored = metrics.score(-TRUE, -PRED)
    for name, metric in METRICS.items():
        assert (up[name] == down[name]) == (not metric.directed), name
        assert down[name].value == pytest.approx(mirrored[name].value), name


def test_values_are_those_of_the_functions() -> None:
    result = metrics.score(TRUE, PRED)
    expected = {
        "mae": metrics.mae(TRUE, PRED),
        "spearman": metrics.spearman(TRUE, PRED),
        "kendall": metrics.kendall_tau_b(TRUE, PRED),
        "ndcg@10": metrics.ndcg_at_k(TRUE, PRED, 10),
        "top10_overlap": metrics.top_k_overlap(TRUE, PRED, 10),
        "regret@1": metrics.regret_at_k(TRUE, PRED, 1),
        "regret@10": metrics.regret_at_k(TRUE, PRED, 10),
    }
    assert {name: interval.value for name, interval in result.items()} == pytest.approx(expected)


def test_published_correlations_are_reproduced(shared: Path) -> None:
    """Zero-shot predictions on NB-201 whose authors state .77835, .80411, and .84945 averaged."""
    table = np.genfromtxt(
        shared / "labels" / "gennape_zeroshot" / "nb201_true_pred.csv", delimiter=",", names=True
    )
    first = metrics.spearman(table["true_774"], table["pred_774"])
    second = metrics.spearman(table["true_804"], table["pred_804"])
    # Rows of both are sorted by truth, which differs by 0.0003 at most: the first one is meant.
    mean = (table["pred_774"] + table["pred_804"]) / 2
    averaged = metrics.spearman(table["true_774"], mean)
    assert [round(value, 5) for value in (first, second, averaged)] == [0.77835, 0.80411, 0.84945]

    interval = metrics.bootstrap_interval(table["true_774"], mean)
    assert interval.low < averaged < interval.high
    assert interval.n == 15_624
    test = metrics.paired_test(table["true_774"], mean, table["pred_774"])
    assert test.low > 0.06
    assert test.p_value == pytest.approx(2 / 1001)


def test_metrics_need_numpy_alone() -> None:
    code = """
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {
            "torch", "torch_geometric", "pyarrow", "sklearn", "datasets", "onnx", "pandas",
            "huggingface_hub",
        }:
            raise ImportError(f"{name} must not be needed")

sys.meta_path.insert(0, Refuse())
import nape_bench.metrics as metrics
result = metrics.score([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], draws=50)
test = metrics.paired_test([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], [3.0, 2.0, 1.0], draws=50)
print(result["spearman"].value, test.value_b)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0.5", "-1.0"]
