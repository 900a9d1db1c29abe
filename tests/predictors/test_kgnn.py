"""What is the k-GNN's own: its settings, the epoch that it keeps, what it leaves as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from nape_bench.predictors import SettingError
from nape_bench.predictors.gnn import train as training
from nape_bench.predictors.kgnn import KGNN

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled


@pytest.mark.parametrize(
    ("count", "settings", "epochs"),
    [
        (33, {"batch_size": 16}, 800),
        (33, {}, 1200),
        (180, {"batch_size": 1}, 40),
        (9, KGNN.PAPER, 40),
    ],
)
def test_epochs_are_forty_or_as_many_as_few_graphs_need(
    count: int, settings: dict[str, Any], epochs: int, labelled: Labelled, monkeypatch: Any
) -> None:
    asked = []
    monkeypatch.setattr(training, "train", lambda *args, **_: asked.append(args[3]))
    KGNN(**settings).fit(labelled.graphs[:count], labelled.y[:count])
    assert asked[0].epochs == epochs
    assert asked[0].clip == 5.0


def test_papers_settings() -> None:
    p = KGNN(**KGNN.PAPER)
    assert (p.hidden, p.layers, p.batch_size, p.clip) == (32, 6, 32, 5.0)
    assert (p.epochs, p.learning_rate, p.fine_tune_epochs) == (40, 1e-4, 100)


def test_model_is_the_papers() -> None:
    from nape_bench.predictors.gnn.model import KGNNModel

    model = KGNNModel(32, 6)
    assert len(model.convolutions) == 6
    kinds = [type(part).__name__ for part in model.mlp]
    assert kinds.count("Linear") == 4
    assert kinds.count("ReLU") == 1
    convolution, dense = 2 * 32 * 32 + 32, 32 * 32 + 32
    embedding = 32 * 24 + 32 * 14 + 6 * 8 + 8 + 8 * 4
    count = sum(p.numel() for p in model.parameters())
    assert count == embedding + 6 * convolution + 4 * dense + 33


def test_keeps_the_epoch_that_does_best_on_validation(labelled: Labelled) -> None:
    train, held_out = labelled.take(slice(0, 60)), labelled.take(slice(60, 120))

    def error(epochs: int, with_validation: bool) -> float:
        # A step size at which the error jumps about, so that epochs differ.
        p = KGNN(epochs=epochs, learning_rate=0.05, seed=1)
        validation = (held_out.graphs, held_out.y) if with_validation else None
        p.fit(train.graphs, train.y, validation=validation)
        return float(np.abs(p.predict(held_out.graphs) - held_out.y).mean())

    by_epoch = [error(epochs, with_validation=False) for epochs in range(1, 9)]
    assert error(8, with_validation=True) == pytest.approx(min(by_epoch), rel=1e-5)
    assert min(by_epoch) < by_epoch[-1]


def test_leaves_threads_and_random_numbers_alone(labelled: Labelled) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    try:
        p = KGNN(epochs=1, fine_tune_epochs=1).fit(labelled.graphs[:8], labelled.y[:8])
        p.fine_tune(labelled.graphs[:2], labelled.y[:2]).predict(labelled.graphs[:2])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(torch.rand(3), wanted)


def test_seeds_differ(labelled: Labelled) -> None:
    few = labelled.take(slice(0, 20))
    first, second = (KGNN(epochs=2, seed=seed).fit(few.graphs, few.y) for seed in (0, 1))
    assert not np.allclose(first.predict(few.graphs), second.predict(few.graphs))


def test_predictions_do_not_depend_on_how_tables_are_cut(
    labelled: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = KGNN(epochs=2).fit(labelled.graphs[:20], labelled.y[:20])
    whole = p.predict(labelled.graphs)
    monkeypatch.setattr(training, "CHUNK_NODES", 500)
    np.testing.assert_allclose(p.predict(labelled.graphs), whole, rtol=1e-6)


def test_progress_goes_to_stderr_and_is_cleared(
    labelled: Labelled, capsys: pytest.CaptureFixture[str]
) -> None:
    KGNN(epochs=2).fit(labelled.graphs[:8], labelled.y[:8])
    assert capsys.readouterr() == ("", "")
    KGNN(epochs=2, progress=True, seed=4).fit(labelled.graphs[:8], labelled.y[:8])
    out, err = capsys.readouterr()
    assert out == ""
    assert "kgnn, seed 4" in err
    assert err.endswith("\r")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs must be 1 or more, not 0"),
        ({"hidden": 18}, "hidden must be 19 or more, not 18"),
        ({"learning_rate": float("nan")}, "learning_rate must be 0 or more, not nan"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        KGNN(**settings)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused(labelled: Labelled) -> None:
    with pytest.raises(SettingError, match="torch sees no CUDA device"):
        KGNN(device="cuda").fit(labelled.graphs[:4], labelled.y[:4])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_same_on_a_gpu(labelled: Labelled) -> None:
    few = labelled.take(slice(0, 60))
    fits = [KGNN(epochs=3, device=d).fit(few.graphs, few.y) for d in ("cpu", "cuda", "cuda")]
    on_cpu, on_gpu, again = (p.predict(few.graphs) for p in fits)
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=1e-4)
    np.testing.assert_array_equal(on_gpu, again)
