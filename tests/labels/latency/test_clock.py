"""Clocks of the machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nape_bench.labels.latency.clock import SystemClock, processors

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_processors_reads_proc_stat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_CLK_TCK": 100}.__getitem__)
    stat = tmp_path / "stat"
    stat.write_text("cpu  1000 200 300 99999 77777 10 40 250 900 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n")
    assert processors(stat) == (15.5, 2.5)


def test_processors_are_unknown_without_it(tmp_path: Path) -> None:
    assert processors(tmp_path / "none") == (None, None)


def test_the_clocks_of_this_machine_go_forward() -> None:
    clock = SystemClock()
    first = clock.read()
    sum(range(1000))
    second = clock.read()
    assert second.wall > first.wall
    assert second.own > first.own
    assert clock.now() >= second.wall
