"""Shared by the benchmarks: timing, and tables of graphs to time on."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from nape_bench.graph import GraphTable
from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Callable

torch.set_num_threads(1)


def best_of(action: Callable[[], object], repeats: int = 3) -> float:
    """Return the least wall time of some runs in seconds: what the machine can do undisturbed."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def sampled(name: str, count: int, seed: int = 0, **scale: float) -> GraphTable:
    """Return a table of architectures drawn from a space."""
    family, rng = space(name), np.random.default_rng(seed)
    return GraphTable.from_graphs(family.build(family.sample(rng), **scale) for _ in range(count))
