"""Whether a machine is quiet is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.labels.latency import LatencySettings, Quiet, quiet, quietness
from tests.labels.latency.machine import Machine

if TYPE_CHECKING:
    import pytest


def looked_at(monkeypatch: pytest.MonkeyPatch, **more: float) -> Quiet:
    machine = Machine()
    monkeypatch.setattr(quietness, "_work", machine.call(0.001, **more))
    return quiet(clock=machine)


def test_a_quiet_machine_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked_at(monkeypatch)
    assert found
    assert str(Quiet(found.reasons, None)) == "quiet"


def test_a_busy_one_is_not_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked_at(monkeypatch, others=0.0008)
    assert not found
    assert found.reasons == ("other processes ran in 10 of 10 blocks (up to 80% of the time)",)
    assert str(Quiet(found.reasons, 1.5)).endswith("(load of the last minute: 1.50)")


def test_one_that_is_slow_half_of_the_time_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()

    def work() -> None:
        machine.work(0.0012 if int(machine.wall / 0.25) % 2 else 0.001)

    monkeypatch.setattr(quietness, "_work", work)
    assert quiet(clock=machine).reasons == ("medians of all blocks lie 20.0% apart",)


def test_this_machine_is_looked_at() -> None:
    found = quiet(settings=LatencySettings(seconds=0.01, warm_up_seconds=0.01))
    assert isinstance(found, Quiet)
    assert bool(found) == (not found.reasons)
