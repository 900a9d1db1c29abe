"""What a measurement gives."""

from __future__ import annotations

import json

import pytest

from nape_bench.errors import UnknownNameError
from nape_bench.labels.latency import Latency, Timing
from nape_bench.labels.latency.blocks import Block
from tests.labels.latency.machine import QUIET, SETTINGS


def blocks(times: list[float], *, own: float = 1.0, count: int = 5) -> list[Block]:
    """Blocks of these runs, during which this process had `own` processors."""
    wall = sum(times)
    return [Block(tuple(times), wall, own * wall)] * count


def test_medians_and_percentiles_are_over_all_runs_in_milliseconds() -> None:
    timing = Timing.of("torch", 16, blocks([0.010, 0.011, 0.012, 0.013, 0.020]), QUIET, SETTINGS)
    assert (timing.median_ms, timing.repeats) == (pytest.approx(12), 25)
    assert (timing.p10_ms, timing.p90_ms) == pytest.approx((10, 20))
    assert timing.interference == ()


def test_a_disturbed_whole_is_told_of_a_setting_whose_blocks_are_clean() -> None:
    noisy = QUIET._replace(busy=1.3)
    timing = Timing.of("torch", 1, blocks([0.01]), noisy, SETTINGS)
    said = "other processes ran over the whole measurement (30% of the time)"
    assert timing.interference == (said,)


def test_percentiles_of_three_runs_lie_between_them() -> None:
    timing = Timing.of("torch", 16, blocks([1.0, 1.1, 1.3], count=1), QUIET, SETTINGS)
    assert (timing.median_ms, timing.repeats) == (pytest.approx(1100), 3)
    assert (timing.p10_ms, timing.p90_ms) == pytest.approx((1020, 1260))


def result() -> Latency:
    good = Timing.of("torch", 1, blocks([0.01]), QUIET, SETTINGS)
    bad = Timing.of("onnxruntime", 16, blocks([0.02], own=0.5, count=10), QUIET, SETTINGS)
    return Latency((good, bad), 3.5)


def test_columns_are_flat_and_plain() -> None:
    row = result().columns()
    said = "this process waited for a processor in 10 of 10 blocks (up to 50% of the time)"
    assert json.loads(json.dumps(row, allow_nan=False)) == {
        "torch_b1_ms": pytest.approx(10),
        "torch_b1_p10_ms": pytest.approx(10),
        "torch_b1_p90_ms": pytest.approx(10),
        "torch_b1_repeats": 5,
        "onnxruntime_b16_ms": pytest.approx(20),
        "onnxruntime_b16_p10_ms": pytest.approx(20),
        "onnxruntime_b16_p90_ms": pytest.approx(20),
        "onnxruntime_b16_repeats": 10,
        "standard_ms": 3.5,
        "interference": 1,
        "interference_reasons": f"onnxruntime_b16: {said}",
    }


def test_without_interference_none_is_told() -> None:
    good = Latency(result().timings[:1], 3.5)
    assert good.columns()["interference"] == 0
    assert good.columns()["interference_reasons"] is None
    assert "interference" not in str(good)


def test_timings_are_known_by_runtime_and_batch() -> None:
    assert result()["onnxruntime", 16].median_ms == pytest.approx(20)
    with pytest.raises(UnknownNameError, match="torch, 1"):
        result()["torch", 2]


def test_it_shows_as_a_table() -> None:
    lines = str(result()).splitlines()
    assert lines[1].split() == ["torch", "1", "10.000", "10.000", "-", "10.000", "5"]
    assert lines[3].strip().startswith("interference: this process waited")
