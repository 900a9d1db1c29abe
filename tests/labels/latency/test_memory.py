"""What is freed is kept while latencies are measured."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from nape_bench.labels.latency import memory
from nape_bench.labels.latency.memory import kept_memory

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


def test_without_glibc_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(memory.ctypes, "CDLL", None)
    with kept_memory():
        pass
