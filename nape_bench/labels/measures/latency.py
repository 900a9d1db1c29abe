"""Latency in torch eager and onnxruntime on one thread of this machine's processor."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any

from nape_bench.labels.latency.settings import LATENCY, LatencySettings
from nape_bench.labels.measures.base import MEASURES
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Spec


@dataclass(frozen=True)
class LatencyMeasure:
    """Milliseconds for a batch (columns: `nape_bench.labels.latency.Latency.columns`).

    An architecture of a space is timed as its space builds it by default, with images of the
    size that its specification or its space names. Nothing else may run on the machine.
    """

    how: LatencySettings = field(default_factory=lambda: LATENCY)
    name: str = "latency"
    alone: bool = True

    @property
    def version(self) -> str:
        """That of the settings."""
        return self.how.version

    def check(self) -> None:
        """Make sure that onnxruntime is installed.

        Raises:
            NapeError: It is not; the message says how to install it.
        """
        from nape_bench.labels.latency.runtimes import check_runtimes

        check_runtimes(self.how)

    def settings(self, space: str | None) -> dict[str, Any]:
        """Return how latencies are measured, on what processor and with what runtimes."""
        import torch

        from nape_bench.labels.jobs import machine
        from nape_bench.labels.latency.memory import memory_can_be_kept

        if space is not None:
            space_of(space)
        return {
            **self.how.to_dict(),
            "processor": machine()["machine"],
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "system": platform.system(),
            "versions": {name: metadata.version(name) for name in self.how.runtimes},
            "threads": 1,
            "dtype": "float32",
            "memory_format": "NCHW",
            "freed_memory": "kept by the process" if memory_can_be_kept() else "as the system does",
            "torch": "eager, inference mode, BatchNorm as it stands",
            "onnxruntime": "ORT_ENABLE_ALL (folds BatchNorm), sequential, batch size fixed",
            "weights": "random, BatchNorm statistics of the calibration images",
            "images": "normal distribution",
            "build": "default",
        }

    def build(self, space: str, spec: Spec) -> ArchGraph:
        """Build an architecture as its space does by default."""
        return space_of(space).build(spec)

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        """Measure a network; times hardly depend on the seed, which tells repeats apart."""
        from nape_bench.labels.latency import latency

        return latency(graph, settings=self.how, seed=seed).columns()

    def disturbed(self, row: Mapping[str, Any]) -> int:
        """Return the number of settings that something interfered with to the end."""
        return row.get("interference") or 0


MEASURES.add("latency", LatencyMeasure())
