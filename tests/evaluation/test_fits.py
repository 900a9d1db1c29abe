"""Fits that protocols share: done once, the same as alone, and never across other labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nape_bench.evaluation import Evaluator, evaluate
from nape_bench.evaluation.fits import Fits
from nape_bench.predictors import Predictor, predictor

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

FT, ZERO = "aiop/ofa_resnet-detection-ft20", "aiop/ofa_resnet-detection-zero-shot"
SISTER, OTHER = "aiop/ofa_resnet-keypoints-ft20", "aiop/ofa_pn-keypoints-ft20"


class Counting(Predictor):
    """Adds up all labels that it has seen, and counts its fits."""

    name = "counting"
    title = "Counting"
    source = "tests"
    fits: ClassVar[list[int]] = []

    def _learn_auxiliary(self, tasks: dict[str, tuple[GraphTable, np.ndarray]]) -> None:
        self.total = sum(float(y.sum()) for _, y in tasks.values())

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        self.fits.append(self.seed)
        self.total += float(y.sum())

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        self.total += float(y.sum())

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return self.total + np.log10(graphs.flops())


class Untuned(Predictor):
    """Is fitted to the few labels alone where there are any."""

    name = "untuned"
    title = "Untuned"
    source = "tests"

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        self.total = float(y.sum())

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return self.total + np.log10(graphs.flops())


def predictions(protocol: str, kind: type[Predictor], fits: Fits | None) -> np.ndarray:
    told = evaluate(kind, protocol, seeds=2, fits=fits).predictions
    return np.stack(list(told.values()))


def test_protocols_with_the_same_labels_share_a_fit_and_predict_what_they_do_alone() -> None:
    Counting.fits.clear()
    fits = Fits()
    shared = [predictions(name, Counting, fits) for name in (FT, ZERO, SISTER)]
    assert Counting.fits == [0, 1]
    for name, told in zip((FT, ZERO, SISTER), shared, strict=True):
        np.testing.assert_array_equal(told, predictions(name, Counting, None))


def test_other_labels_are_fitted_to_anew() -> None:
    fits = Fits()
    predictions(FT, Counting, fits)
    Counting.fits.clear()
    told = predictions(OTHER, Counting, fits)
    assert Counting.fits == [0, 1]
    np.testing.assert_array_equal(told, predictions(OTHER, Counting, None))


def test_who_cannot_be_fine_tuned_shares_nothing_of_the_few() -> None:
    fits = Fits()
    for name in (ZERO, FT, SISTER):
        told = predictions(name, Untuned, fits)
        np.testing.assert_array_equal(told, predictions(name, Untuned, None))


def test_seconds_of_a_shared_fit_are_told_each_time() -> None:
    fits, task = Fits(), Evaluator(ZERO).task
    first = fits.take(predictor("cost_ridge"), task, 0)
    second = fits.take(predictor("cost_ridge"), task, 0)
    assert first[1] == second[1] > 0
    assert first[0] is not second[0]
