"""Networks are made ready to run, the same in every runtime."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from nape_bench.errors import NapeError, UnknownNameError
from nape_bench.graph import GraphBuilder
from nape_bench.labels.latency import LatencySettings, runtimes
from nape_bench.labels.latency.runtimes import check_runtimes, prepare
from nape_bench.spaces import space
from tests.graph.networks import random_network, tiny

TORCH = LatencySettings(runtimes=("torch",), batches=(1, 4), calibration_images=4)
BOTH = LatencySettings(batches=(1, 4), calibration_images=4)


@pytest.fixture
def needs_onnxruntime() -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'nape-bench[latency]'")


@pytest.mark.usefixtures("needs_onnxruntime")
@pytest.mark.parametrize("seed", range(3))
def test_runtimes_compute_the_same(seed: int) -> None:
    calls = prepare(random_network(seed), BOTH, seed=0)
    assert list(calls) == [("torch", 1), ("onnxruntime", 1), ("torch", 4), ("onnxruntime", 4)]
    for batch in (1, 4):
        result, other = calls["torch", batch](), calls["onnxruntime", batch]()
        assert result.shape == (batch, 3)
        assert np.abs(result - other).max() < 1e-4 * np.abs(result).max()
    # The one image of batch 1 is the first of batch 4.
    np.testing.assert_allclose(calls["torch", 4]()[:1], calls["torch", 1](), rtol=1e-3, atol=1e-4)


def test_the_seed_decides_weights_and_images_and_leaves_torch_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = (prepare(tiny(), TORCH, s)["torch", 4]() for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_activations_of_deep_networks_stay_in_range() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 64, 3)
    for _ in range(60):  # torch's first weights shrink activations about fivefold in each
        x = b.batch_norm(b.depthwise(x, 3))
    graph = b.finish(b.mean(b.relu(x)))
    torch.manual_seed(0)
    with torch.no_grad():
        small = graph.to_torch().eval()(torch.randn(1, 3, 8, 8)).abs().max()
    assert small < torch.finfo(torch.float32).tiny
    assert np.abs(prepare(graph, TORCH, 0)["torch", 4]()).max() > 0.1


@pytest.mark.usefixtures("needs_onnxruntime")
def test_every_family_runs_at_a_small_scale() -> None:
    for name in ("nb101", "nb201", "two_path"):
        family = space(name)
        graph = family.build(family.example, width=0.25, resolution=32)
        assert len(prepare(graph, BOTH, 0)) == 4


def test_values_that_are_not_finite_are_refused() -> None:
    b = GraphBuilder(4)
    x = b.conv(b.input, 8, 3)
    for _ in range(8):
        x = b.mul(x, x)  # to the power of 256
    with pytest.raises(NapeError, match="torch puts out values that are not finite"):
        prepare(b.finish(b.mean(x)), TORCH, 0)


def test_runtimes_that_differ_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**runtimes._RUNTIMES, "onnxruntime": lambda *_: lambda: np.ones((4, 10))}
    monkeypatch.setattr(runtimes, "_RUNTIMES", wrong)
    with pytest.raises(NapeError, match="onnxruntime and another runtime differ by"):
        prepare(tiny(), LatencySettings(batches=(4,)), 0)


def test_without_onnxruntime_the_command_that_installs_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    check_runtimes(TORCH)
    for attempt in (lambda: check_runtimes(BOTH), lambda: prepare(tiny(), BOTH, 0)):
        with pytest.raises(NapeError, match=r"pip install 'nape-bench\[latency\]'"):
            attempt()


def test_an_unknown_runtime_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean torch"):
        prepare(tiny(), LatencySettings(runtimes=("torhc",)), 0)
