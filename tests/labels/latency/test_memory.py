"""What is freed is kept while latencies are measured."""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nape_bench.labels.latency import LatencySettings, measure, memory
from nape_bench.labels.latency.clock import Reading, SystemClock
from nape_bench.labels.latency.memory import kept_memory
from tests.graph.networks import tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = """
import resource
from nape_bench.labels.latency.memory import kept_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        bytearray(64 * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

usual, small = faults(), resident()
with kept_memory():
    faults()
    kept = faults()
print(usual, kept, faults(), resident() - small)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's allocator")
def test_large_tensors_cost_new_pages_only_outside_and_all_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    usual, kept, afterwards, left = map(int, done.stdout.split())
    assert kept < 100
    assert usual > 10 * kept + 100
    assert afterwards > 10 * kept + 100
    assert left < 16 * 2**20 / 4096


def test_what_was_set_is_set_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[int, int]] = []
    monkeypatch.setattr(memory, "_set", lambda _, parameters: seen.append(parameters))
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    with pytest.raises(ValueError, match="within"), kept_memory():
        raise ValueError("within")
    assert [each[memory.M_MMAP_MAX] for each in seen] == [0, memory.MMAP_MAX]


def test_a_measurement_keeps_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[bool] = []

    @contextlib.contextmanager
    def watched() -> Iterator[None]:
        inside.append(True)
        yield
        inside.append(False)

    class Clock(SystemClock):
        def read(self) -> Reading:
            assert inside == [True]
            return super().read()

    monkeypatch.setattr(measure, "kept_memory", watched)
    settings = LatencySettings(runtimes=("torch",), seconds=0.01, warm_up_seconds=0.01)
    measure.latency(tiny(), settings=settings, clock=Clock())
    assert inside == [True, False]


def test_without_glibc_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(memory.ctypes, "CDLL", None)
    with kept_memory():
        pass
