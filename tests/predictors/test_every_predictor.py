"""What holds for every predictor of the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from nape_bench.errors import DataError, UnknownNameError
from nape_bench.graph import GraphTable
from nape_bench.predictors import NotFittedError, Predictor, predictor, predictors
from nape_bench.predictors.base import Predictor as Base

if TYPE_CHECKING:
    from pathlib import Path

    from tests.predictors.conftest import Labelled

_FEW_EPOCHS = {"epochs": 100, "learning_rate": 3e-3}
QUICK: dict[str, dict[str, Any]] = {
    "aiop": {"backbone_steps": 400, "learning_rate": 3e-3},
    "adaproxy": _FEW_EPOCHS,
    "kgnn": _FEW_EPOCHS,
    "graph_transformer": {"epochs": 40, "blocks": 1},
    "nasflat_like": {"few_steps": 150, "hidden": 32},
    "gennape": {"pool": 0, "pretrain_epochs": 5, "epochs": 100},
    **{
        name: {"pool": 0, "pretrain_epochs": 1, "epochs": 40, "hidden": 64}
        for name in predictors()
        if name.startswith("gennape_")
    },
    "multi_predict": {"proxies": ("flops", "params")},
    "zero_cost": {"proxy": "flops"},
}
"""Settings under which a fit on 120 graphs takes a second, where the defaults take more."""

LEARNT: dict[str, tuple[float, float]] = {
    "gennape_cl": (0.5, 0.8),
    "gennape_cl_pairwise": (0.5, 0.8),
    "gennape_cl_pairwise_fcm": (0.5, 0.8),
}
"""SRCC at least, and MAE over that of a constant at most, where embeddings that labels have no part
in tell less than graphs do; (0.7, 0.7) for others."""

BRIEF: dict[str, dict[str, Any]] = {
    "aiop": {"backbone_steps": 4, "fine_tune_epochs": 10, "fine_tune_learning_rate": 1e-2},
    "adaproxy": {"epochs": 2},
    "multi_predict": {"epochs": 10, "proxies": ("flops", "params")},
    "zero_cost": {"proxy": "flops"},
    "multi_predict_latency": {"epochs": 10},
    "help_like": {"epochs": 10},
    "nasflat_like": {"steps": 10, "few_steps": 10, "fine_tune_epochs": 5, "hidden": 32},
    "gbdt": {"trees": 10},
    "path_gbdt": {"trees": 10},
    "kgnn": {"epochs": 2, "fine_tune_epochs": 10, "fine_tune_learning_rate": 1e-2},
    "graph_transformer": {"epochs": 2, "fine_tune_epochs": 10},
    **{
        name: {
            "pool": 0,
            "pretrain_epochs": 1,
            "epochs": 2,
            "fine_tune_epochs": 30,
            "fine_tune_learning_rate": 1e-2,
        }
        for name in predictors()
        if name.startswith("gennape")
    },
}
"""Settings under which a fit is quick, and need not be good."""

TRAIN, HELD_OUT = slice(0, 120), slice(120, 180)

every = pytest.mark.parametrize("name", list(predictors()))
trainable = pytest.mark.parametrize(
    "name", [n for n in predictors() if predictors()[n].needs_training]
)


def make(name: str, seed: int = 0) -> Predictor:
    return predictor(name, seed=seed, **BRIEF.get(name, {}))


@pytest.fixture(scope="module")
def fitted(labelled: Labelled) -> dict[str, Predictor]:
    train = labelled.take(TRAIN)
    return {
        name: predictor(name, **QUICK.get(name, {})).fit(train.graphs, train.y)
        for name in predictors()
    }


@every
def test_describes_itself(name: str) -> None:
    cls = predictors()[name]
    assert cls.name == name
    assert cls.title
    assert cls.source
    assert cls.__doc__


@every
def test_settings_make_it_again(name: str) -> None:
    first = make(name, seed=3)
    assert first.settings["seed"] == 3
    assert type(first)(**first.settings).settings == first.settings


@every
def test_predicts_a_finite_number_for_each_graph(
    name: str, fitted: dict[str, Predictor], labelled: Labelled
) -> None:
    predicted = fitted[name].predict(labelled.graphs[HELD_OUT])
    assert predicted.shape == (60,)
    assert predicted.dtype == np.float64
    assert np.isfinite(predicted).all()


@every
def test_one_seed_gives_one_prediction_whatever_was_fitted_before(
    name: str, labelled: Labelled
) -> None:
    few, held_out = labelled.take(slice(0, 30)), labelled.graphs[HELD_OUT]
    first = make(name).fit(few.graphs, few.y)
    other = make(name).fit(few.graphs[10:], -few.y[10:])
    again = other.fit(few.graphs, few.y)
    np.testing.assert_array_equal(again.predict(held_out), first.predict(held_out))


@every
def test_a_prediction_depends_on_its_graph_alone(
    name: str, fitted: dict[str, Predictor], labelled: Labelled
) -> None:
    graphs = labelled.graphs[HELD_OUT]
    whole = fitted[name].predict(graphs)
    order = np.random.default_rng(1).permutation(len(graphs))
    np.testing.assert_allclose(fitted[name].predict(graphs[order]), whole[order], rtol=1e-5)
    np.testing.assert_allclose(fitted[name].predict(graphs[7:8]), whole[7:8], rtol=1e-5)


@trainable
def test_learns_what_graphs_tell(
    name: str, fitted: dict[str, Predictor], labelled: Labelled
) -> None:
    held_out = labelled.take(HELD_OUT)
    predicted = fitted[name].predict(held_out.graphs)
    srcc, share = LEARNT.get(name, (0.7, 0.7))
    assert spearmanr(predicted, held_out.y).statistic > srcc
    constant = np.abs(held_out.y - labelled.y[TRAIN].mean()).mean()
    assert np.abs(predicted - held_out.y).mean() < share * constant


@every
def test_scores_need_no_labels_and_rank(name: str, labelled: Labelled) -> None:
    fresh = make(name)
    if fresh.needs_training:
        with pytest.raises(NotFittedError, match=f"{name}.*fit before predict"):
            fresh.predict(labelled.graphs)
    else:
        assert spearmanr(fresh.predict(labelled.graphs), labelled.y).statistic > 0.3


@every
def test_validation_graphs_are_taken(name: str, labelled: Labelled) -> None:
    train, held_out = labelled.take(slice(0, 30)), labelled.take(HELD_OUT)
    p = make(name).fit(train.graphs, train.y, validation=(held_out.graphs, held_out.y))
    assert np.isfinite(p.predict(held_out.graphs)).all()


@every
def test_no_graphs_no_predictions(name: str, fitted: dict[str, Predictor]) -> None:
    assert fitted[name].predict(GraphTable.from_graphs([])).shape == (0,)


@every
def test_labels_that_are_all_the_same(name: str, labelled: Labelled) -> None:
    p = make(name).fit(labelled.graphs[:20], np.full(20, 5.0))
    predicted = p.predict(labelled.graphs[20:40])
    assert np.isfinite(predicted).all()
    if p.is_value:
        np.testing.assert_allclose(predicted, 5.0, atol=0.5)


@every
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda y: y[:-1], r"labels of shape \[19\] for 20 graphs"),
        (lambda y: y[:, None], r"labels of shape \[20, 1\] for 20 graphs"),
        (lambda y: np.where(np.arange(20) == 4, np.nan, y), "label of graph 4 is nan"),
        (lambda y: np.where(np.arange(20) == 6, np.inf, y), "label of graph 6 is inf"),
    ],
)
def test_labels_of_another_shape_are_refused(
    name: str, spoil: Any, message: str, labelled: Labelled
) -> None:
    few = labelled.take(slice(0, 20))
    with pytest.raises(DataError, match=f"training: .*{message}"):
        make(name).fit(few.graphs, spoil(few.y))
    with pytest.raises(DataError, match=f"validation: .*{message}"):
        make(name).fit(few.graphs, few.y, validation=(few.graphs, spoil(few.y)))


@every
def test_what_is_no_table_is_refused(
    name: str, fitted: dict[str, Predictor], labelled: Labelled
) -> None:
    graphs: Any = list(labelled.graphs[:3])
    with pytest.raises(DataError, match="GraphTable, not list"):
        make(name).fit(graphs, labelled.y[:3])
    with pytest.raises(DataError, match="GraphTable, not list"):
        fitted[name].predict(graphs)
    with pytest.raises(DataError, match="there are no graphs"):
        make(name).fit(GraphTable.from_graphs([]), np.zeros(0))


@every
def test_fine_tuning_works_or_says_that_it_does_not(name: str, labelled: Labelled) -> None:
    few = labelled.take(slice(0, 20))
    fresh = make(name)
    if type(fresh)._fine_tune is Base._fine_tune:
        with pytest.raises(NotImplementedError, match=f"{name}.*cannot be fine-tuned"):
            fresh.fit(few.graphs, few.y).fine_tune(few.graphs, few.y)
        return
    with pytest.raises(NotFittedError, match="fit before fine_tune"):
        fresh.fine_tune(few.graphs, few.y)
    shifted = few.y + 3 * few.y.std()
    fresh.fit(few.graphs, few.y)
    before = np.abs(fresh.predict(few.graphs) - shifted).mean()
    assert fresh.fine_tune(few.graphs, shifted) is fresh
    assert np.abs(fresh.predict(few.graphs) - shifted).mean() < 0.5 * before


@every
def test_saved_and_read_again_it_predicts_the_same(
    name: str, labelled: Labelled, tmp_path: Path
) -> None:
    few, held_out = labelled.take(slice(0, 30)), labelled.graphs[HELD_OUT]
    fresh = make(name)
    if fresh.needs_training:
        with pytest.raises(NotFittedError, match=f"{name}.*fit before"):
            fresh.save(tmp_path / "unfitted")
    if fresh.can_learn_known:
        fresh.learn_known(labelled.graphs, {"other": labelled.y * 2 + 1})
    folder = fresh.fit(few.graphs, few.y).save(tmp_path / "saved")
    assert sorted(path.name for path in folder.iterdir()) == [
        "learnt.safetensors",
        "predictor.json",
    ]
    again = Predictor.load(folder)
    assert again.settings == fresh.settings
    np.testing.assert_allclose(again.predict(held_out), fresh.predict(held_out), rtol=1e-9)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown predictor 'kgn': did you mean kgnn"):
        predictor("kgn")
    with pytest.raises(UnknownNameError, match="did you mean epochs"):
        predictor("kgnn", epoch=3)


def test_listing_predictors_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, nape_bench.predictors as p; list(p.predictors());"
        "print([m for m in ('torch', 'sklearn', 'torch_geometric') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
