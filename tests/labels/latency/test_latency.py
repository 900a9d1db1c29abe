"""Latencies are measured, by themselves and as a measurement of labelling runs."""

from __future__ import annotations

import dataclasses
import gc
import json
import math
import sys

import pytest
import torch

from nape_bench.errors import NapeError, UnknownNameError
from nape_bench.labels.latency import LATENCY, LatencySettings, latency
from nape_bench.labels.latency.clock import Reading
from nape_bench.labels.measures import MEASURES
from nape_bench.labels.measures.base import is_alone
from nape_bench.labels.measures.latency import LatencyMeasure
from nape_bench.spaces import space
from tests.graph.networks import tiny
from tests.labels.workers import sent

QUICK = LatencySettings(
    seconds=0.01,
    repeats=2,
    blocks=2,
    extra_blocks=1,
    warm_up_seconds=0.01,
    calibration_images=2,
    batches=(1, 2),
)
TORCH = dataclasses.replace(QUICK, runtimes=("torch",))


class Ticking:
    """A clock that goes on by a millisecond whenever it is looked at."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        self.time += 0.001
        return self.time

    def read(self) -> Reading:
        return Reading(self.now(), self.time)


def test_times_are_the_clocks() -> None:
    result = latency(tiny(), settings=TORCH, clock=Ticking())
    assert [(t.runtime, t.batch) for t in result.timings] == [("torch", 1), ("torch", 2)]
    for timing in result.timings:
        assert timing.median_ms == pytest.approx(1)
        assert (timing.p10_ms, timing.p90_ms) == pytest.approx((1, 1))
        assert timing.repeats == 2 * 5
        assert not timing.interference
    assert result.standard_ms == pytest.approx(1)


def test_a_steady_disturbance_between_ticks_disturbs_every_setting() -> None:
    class Shared(Ticking):
        def read(self) -> Reading:
            now = self.now()
            return Reading(now, now, 1.14 * now, 0.0)

    settings = LatencySettings(runtimes=("torch",), batches=(1, 2), calibration_images=2)
    result = latency(tiny(), settings=settings, clock=Shared())
    said = "other processes ran over the whole measurement (14% of the time)"
    assert [t.interference for t in result.timings] == [(said,)] * 2
    assert result.columns()["interference"] == 2


def test_torch_has_one_thread_meanwhile_and_its_own_number_afterwards() -> None:
    seen = []

    class Watching(Ticking):
        def read(self) -> Reading:
            seen.append((torch.get_num_threads(), gc.isenabled()))
            return super().read()

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        latency(tiny(), settings=TORCH, clock=Watching())
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {(1, False)}
    assert gc.isenabled()


def test_this_machine_is_measured() -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'nape-bench[latency]'")
    row = LatencyMeasure(QUICK).run(tiny(), seed=1)
    json.dumps(row, allow_nan=False)
    names = [f"{runtime}_b{batch}" for batch in (1, 2) for runtime in ("torch", "onnxruntime")]
    ends = ("ms", "p10_ms", "p90_ms", "repeats")
    timed = [f"{name}_{end}" for name in names for end in ends]
    assert list(row) == [*timed, "standard_ms", "interference", "interference_reasons"]
    assert all(row[name] > 0 and math.isfinite(row[name]) for name in timed)
    assert all(row[f"{n}_p10_ms"] <= row[f"{n}_ms"] <= row[f"{n}_p90_ms"] for n in names)
    assert 0 <= row["interference"] <= 4
    assert (row["interference"] == 0) == (row["interference_reasons"] is None)


def test_the_measurement_is_registered_and_can_be_sent() -> None:
    measure = MEASURES["latency"]
    assert (measure.name, measure.version) == ("latency", "latency-2")
    assert is_alone(measure)
    assert sent(measure) == measure


def test_its_settings_tell_processor_versions_and_threads() -> None:
    settings = MEASURES["latency"].settings("hiaml")
    assert json.loads(json.dumps(settings)) == settings
    assert settings == MEASURES["latency"].settings(None)
    assert settings["versions"]["torch"] == torch.__version__
    assert (settings["threads"], settings["dtype"]) == (1, "float32")
    assert settings["processor"]
    assert {f.name for f in dataclasses.fields(LATENCY)} <= set(settings)
    with pytest.raises(UnknownNameError, match="hiaml"):
        MEASURES["latency"].settings("hiamll")


def test_it_builds_what_the_space_builds_by_default() -> None:
    family = space("ofa_pn")
    graph = MEASURES["latency"].build("ofa_pn", family.example)
    assert graph.hash == family.build(family.example).hash


def test_without_onnxruntime_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(NapeError, match=r"pip install 'nape-bench\[latency\]'"):
        MEASURES["latency"].check()
