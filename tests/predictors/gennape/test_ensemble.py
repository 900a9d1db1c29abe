"""The ensemble, its members, and what pretraining and fine-tuning leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from nape_bench.errors import DataError
from nape_bench.predictors import NotFittedError, SettingError, predictor
from nape_bench.predictors.gennape import GENNAPE
from nape_bench.predictors.gennape.ensemble import MEMBERS
from nape_bench.predictors.gennape.unlabelled import unlabelled
from nape_bench.predictors.kgnn import KGNN

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled

BRIEF: dict[str, Any] = {"pool": 0, "pretrain_epochs": 2, "epochs": 3, "fine_tune_epochs": 2}
TRAIN, FEW, REST = slice(0, 40), slice(40, 60), slice(60, 120)


@pytest.fixture(scope="module")
def fitted(labelled: Labelled) -> GENNAPE:
    return GENNAPE(**BRIEF).fit(labelled.graphs[TRAIN], labelled.y[TRAIN])


@pytest.fixture(scope="module")
def tuned(labelled: Labelled) -> GENNAPE:
    few = labelled.take(FEW)
    one = GENNAPE(**BRIEF).fit(labelled.graphs[TRAIN], labelled.y[TRAIN])
    return one.fine_tune(few.graphs, few.y)


def averaged(
    said: dict[str, np.ndarray], known: dict[str, np.ndarray], weights: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Return the weighted mean of standardised members, on the scale of labels."""

    def mean(of: dict[str, np.ndarray]) -> np.ndarray:
        standard = [(of[name] - known[name].mean()) / known[name].std() for name in MEMBERS]
        return np.average(standard, axis=0, weights=weights)

    reference = mean(known)
    return (mean(said) - reference.mean()) / reference.std() * y.std() + y.mean()


def test_members_weigh_the_same_after_fit(fitted: GENNAPE, labelled: Labelled) -> None:
    said, known = (fitted.member_predictions(labelled.graphs[part]) for part in (REST, TRAIN))
    wanted = averaged(said, known, np.ones(6), labelled.y[TRAIN])
    np.testing.assert_allclose(fitted.predict(labelled.graphs[REST]), wanted, rtol=1e-6)


def test_weights_are_the_softmax_of_taus_after_fine_tuning(
    tuned: GENNAPE, labelled: Labelled
) -> None:
    said, known = (tuned.member_predictions(labelled.graphs[part]) for part in (REST, FEW))
    taus = [kendalltau(known[name], labelled.y[FEW]).statistic for name in MEMBERS]
    wanted = averaged(said, known, np.exp(taus), labelled.y[FEW])
    np.testing.assert_allclose(tuned.predict(labelled.graphs[REST]), wanted, rtol=1e-6)
    assert np.ptp(np.exp(taus)) > 0.1


@pytest.mark.parametrize("name", ["cl_fcm_t", "cl_t", "cl_pairwise_fcm", "cl_pairwise"])
def test_members_are_the_predictors_of_these_names(
    name: str, fitted: GENNAPE, labelled: Labelled
) -> None:
    alone = predictor(f"gennape_{name}", **BRIEF).fit(labelled.graphs[TRAIN], labelled.y[TRAIN])
    of_ensemble = fitted.member_predictions(labelled.graphs[REST])[name]
    values = alone.predict(labelled.graphs[REST])
    if name.startswith("cl_pairwise"):
        # On the scale of labels there, as logits here.
        values, of_ensemble = ((v - v.mean()) / v.std() for v in (values, of_ensemble))
    np.testing.assert_allclose(values, of_ensemble, rtol=1e-6, atol=1e-9)


def test_the_others_are_the_kgnn_and_flops(fitted: GENNAPE, labelled: Labelled) -> None:
    said = fitted.member_predictions(labelled.graphs[REST])
    kgnn = KGNN(epochs=3).fit(labelled.graphs[TRAIN], labelled.y[TRAIN])
    np.testing.assert_array_equal(said["kgnn"], kgnn.predict(labelled.graphs[REST]))
    order = np.argsort(labelled.graphs[REST].flops(), kind="stable")
    assert (np.diff(said["flops"][order]) >= 0).all()


def test_fine_tuning_leaves_encoder_and_clusters(
    fitted: GENNAPE, tuned: GENNAPE, labelled: Labelled
) -> None:
    before, after = fitted.learnt(), tuned.learnt()
    same = {name for name in before if np.array_equal(before[name], after[name])}
    shared = {n for n in before if n.startswith("encoder.") or n in {"centroids", "mean", "scale"}}
    assert len(shared) > 10
    assert shared <= same
    assert not any(name.endswith("layers.0.weight") for name in same)


def test_members_before_fit_are_refused(labelled: Labelled) -> None:
    with pytest.raises(NotFittedError, match="fit before member_predictions"):
        GENNAPE().member_predictions(labelled.graphs)


def test_pretraining_changes_the_encoder_and_follows_the_seed(labelled: Labelled) -> None:
    def encoder(**settings: Any) -> np.ndarray:
        one = predictor("gennape_cl", **{**BRIEF, **settings})
        weights = one.fit(labelled.graphs[TRAIN], labelled.y[TRAIN]).learnt()
        return np.asarray(weights["encoder.convolutions.0.lin_rel.weight"])

    once = encoder()
    np.testing.assert_array_equal(encoder(), once)
    assert not np.array_equal(encoder(pretrain_epochs=0), once)
    assert not np.array_equal(encoder(seed=1), once)
    assert not np.array_equal(encoder(pool=8), once)
    # Labels have no part in it.
    other = predictor("gennape_cl", **BRIEF).fit(labelled.graphs[TRAIN], -labelled.y[TRAIN])
    np.testing.assert_array_equal(other.learnt()["encoder.convolutions.0.lin_rel.weight"], once)


def test_pretraining_brings_views_of_a_graph_together(labelled: Labelled) -> None:
    from nape_bench.predictors.gennape.encoder import Encoder
    from nape_bench.predictors.gennape.pretrain import Contrast, embed, pretrain
    from nape_bench.predictors.gennape.spectrum import laplacian_spectra

    graphs = labelled.graphs[:60]
    spectra = laplacian_spectra(graphs, 21)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = Encoder(32, 3, 0.1)

    def agreement() -> float:
        """Return how well distances of embeddings go with those of spectra."""
        x = embed(encoder, graphs)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        upper = np.triu_indices(len(x), 1)
        far, wanted = (np.linalg.norm(of[:, None] - of, axis=2)[upper] for of in (x, spectra))
        return float(np.corrcoef(far, wanted)[0, 1])

    before = agreement()
    pretrain(encoder, graphs, spectra, Contrast(40, 30, 2e-3, 0.1, 0.05), seed=0)
    assert agreement() > before + 0.1


def test_one_graph_is_enough(labelled: Labelled) -> None:
    one = predictor("gennape_cl_fcm_t", **BRIEF).fit(labelled.graphs[:1], labelled.y[:1])
    assert one.predict(labelled.graphs[:1]) == pytest.approx(labelled.y[:1], abs=0.1)


def test_networks_without_labels_are_the_same_ones_and_different() -> None:
    assert len(unlabelled(0)) == 0
    few = unlabelled(3)
    assert unlabelled(3) is few
    assert len(set(few.hashes.tolist())) == 3


def test_labels_below_the_floor_are_left_out(labelled: Labelled) -> None:
    graphs, y = labelled.graphs[TRAIN], labelled.y[TRAIN].copy()
    floor = float(np.median(y))

    def said(labels: np.ndarray, name: str, **settings: Any) -> np.ndarray:
        one = predictor(name, **BRIEF, **settings).fit(graphs, labels)
        return one.predict(labelled.graphs[REST])

    spoilt = np.where(y < floor, y - 50, y)
    with_floor = said(y, "gennape_cl_t", floor=floor)
    np.testing.assert_array_equal(said(spoilt, "gennape_cl_t", floor=floor), with_floor)
    assert not np.allclose(said(y, "gennape_cl_t"), with_floor)
    # Labels that are not transformed are all there.
    np.testing.assert_array_equal(said(y, "gennape_cl", floor=floor), said(y, "gennape_cl"))
    with pytest.raises(DataError, match=r"floor 1000\.0 leaves none of 40 training labels"):
        said(y, "gennape_cl_t", floor=1000.0)


def test_the_epoch_that_ranks_validation_graphs_best_is_kept(labelled: Labelled) -> None:
    train, held_out = labelled.take(TRAIN), labelled.take(REST)

    def srcc(epochs: int, with_validation: bool) -> float:
        from scipy.stats import spearmanr

        settings = {**BRIEF, "epochs": epochs, "learning_rate": 0.05}
        one = predictor("gennape_cl_t", **settings)
        validation = (held_out.graphs, held_out.y) if with_validation else None
        one.fit(train.graphs, train.y, validation=validation)
        return float(spearmanr(one.predict(held_out.graphs), held_out.y).statistic)

    by_epoch = [srcc(epochs, with_validation=False) for epochs in range(1, 6)]
    assert srcc(5, with_validation=True) == pytest.approx(max(by_epoch), abs=1e-6)
    assert max(by_epoch) > by_epoch[-1]


def test_leaves_threads_and_random_numbers_alone(labelled: Labelled) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    try:
        one = GENNAPE(**BRIEF).fit(labelled.graphs[:8], labelled.y[:8])
        one.fine_tune(labelled.graphs[:4], labelled.y[:4]).predict(labelled.graphs[:2])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(torch.rand(3), wanted)


def test_progress_goes_to_stderr_and_is_cleared(
    labelled: Labelled, capsys: pytest.CaptureFixture[str]
) -> None:
    predictor("gennape_cl", **BRIEF, progress=True).fit(labelled.graphs[:8], labelled.y[:8])
    out, err = capsys.readouterr()
    assert out == ""
    assert "gennape_cl, seed 0, pretraining" in err
    assert err.endswith("\r")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": 18}, "hidden must be 19 or more, not 18"),
        ({"pretrain_batch_size": 1}, "pretrain_batch_size must be 2 or more, not 1"),
        ({"fuzziness": 1.0}, r"fuzziness must be above 1, not 1\.0"),
        ({"temperature": float("nan")}, "temperature must be above 0, not nan"),
        ({"dropout": 1.0}, r"dropout must be below 1, not 1\.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=f"gennape: {message}"):
        GENNAPE(**settings)


def test_papers_settings() -> None:
    p = GENNAPE(**GENNAPE.PAPER)
    assert (p.epochs, p.fine_tune_epochs, p.eigenvalues, p.floor) == (40, 100, 21, 80.0)
    assert not p.flops_input


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused(labelled: Labelled) -> None:
    with pytest.raises(SettingError, match="torch sees no CUDA device"):
        GENNAPE(device="cuda").fit(labelled.graphs[:4], labelled.y[:4])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_same_on_a_gpu(labelled: Labelled) -> None:
    few = labelled.take(TRAIN)
    fits = [GENNAPE(**BRIEF, device=d).fit(few.graphs, few.y) for d in ("cpu", "cuda", "cuda")]
    on_cpu, on_gpu, again = (p.predict(few.graphs) for p in fits)
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=1e-3)
    np.testing.assert_allclose(on_gpu, again, rtol=1e-5)
