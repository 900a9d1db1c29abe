"""The NASFLAT-like predictor: what it takes from other devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import spearmanr

from nape_bench.predictors import SettingError
from nape_bench.predictors.gnn.device_model import say
from nape_bench.predictors.nasflat_like import NasflatLike

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled

QUICK = {"steps": 200, "hidden": 32, "layers": 2}


def latencies(labelled: Labelled) -> dict[str, np.ndarray]:
    """Of a device that goes by FLOPs, and of one that goes by the number of nodes, reversed."""
    flops = labelled.graphs.flops().astype(np.float64)
    nodes = np.diff(labelled.graphs.node_ptr).astype(np.float64)
    return {"sums": flops * 1e-6, "turned": 100 / nodes}


def test_the_new_device_starts_from_the_one_that_goes_with_its_labels(labelled: Labelled) -> None:
    known = latencies(labelled)
    p = NasflatLike(fine_tune_epochs=0, **QUICK).learn_known(labelled.graphs, known)
    few = np.arange(0, 20)
    for place, wanted in enumerate(known.values()):
        p.fit(labelled.graphs[few], 3 * wanted[few])
        vectors = p._model.devices.weight.detach().numpy()
        np.testing.assert_array_equal(vectors[2], vectors[place])
        assert spearmanr(p.predict(labelled.graphs), wanted).statistic > 0.8


def test_other_devices_help_where_labels_are_few(labelled: Labelled) -> None:
    known = latencies(labelled)
    y, few, rest = known["sums"] ** 0.9 + 1, labelled.graphs[:8], labelled.graphs[20:]
    alone = NasflatLike(few_steps=60, **QUICK).fit(few, y[:8]).predict(rest)
    taught = NasflatLike(**QUICK).learn_known(labelled.graphs, known).fit(few, y[:8]).predict(rest)
    assert spearmanr(taught, y[20:]).statistic > spearmanr(alone, y[20:]).statistic
    assert (taught > 0).all()


def test_labels_that_some_graphs_lack_are_left_out(labelled: Labelled) -> None:
    known = latencies(labelled)
    gaps = {**known, "sums": np.where(np.arange(180) % 3 == 0, np.nan, known["sums"])}
    p = NasflatLike(**QUICK).learn_known(labelled.graphs, gaps)
    p.fit(labelled.graphs[:20], known["sums"][:20])
    assert np.isfinite(p.predict(labelled.graphs)).all()


def test_what_is_said_does_not_depend_on_how_tables_are_cut(
    labelled: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nape_bench.predictors.gnn import device_model

    p = NasflatLike(few_steps=5).fit(labelled.graphs[:20], labelled.y[:20])
    columns = p._columns(labelled.graphs)
    whole = say(p._model, labelled.graphs, columns, 0)
    monkeypatch.setattr(device_model, "CHUNK_GRAPHS", 7)
    parts = say(p._model, labelled.graphs, columns, 0)
    np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-5)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingError, match="hidden must be 19 or more"):
        NasflatLike(hidden=8)
    with pytest.raises(SettingError, match="steps 1 or more"):
        NasflatLike(steps=0)
