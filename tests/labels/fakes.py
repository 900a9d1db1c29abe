"""Measurements that measure nothing, for tests of the runner."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nape_bench

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.graph import ArchGraph


@dataclass(frozen=True)
class Fake:
    """Gives the seed as accuracy, and notes every call in a file if it has one."""

    name: str = "fake"
    version: str = "fake-1"
    fails: tuple[str, ...] = ()
    """Hashes of graphs that it fails with."""
    calls: str = ""
    seconds: float = 0.0
    alone: bool = False

    def check(self) -> None:
        pass

    def settings(self, space: str | None) -> dict[str, Any]:
        return {"space": space}

    def build(self, space: str, spec: Any) -> ArchGraph:
        return nape_bench.space(space).build(spec)

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        time.sleep(self.seconds)
        if self.calls:
            with Path(self.calls).open("a") as file:
                file.write(f"{graph.hash} {seed} {os.getpid()}\n")
        if graph.hash in self.fails:
            raise RuntimeError("no luck")
        return {"accuracy": float(seed)}


@dataclass(frozen=True)
class Noisy(Fake):
    """Is disturbed in as many respects as it says."""

    noise: int = 0

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        return {**super().run(graph, seed), "noise": self.noise}

    def disturbed(self, row: Mapping[str, Any]) -> int:
        return row["noise"]


@dataclass(frozen=True)
class Deadly(Fake):
    """Kills its process the first `times` times that it is run with a graph in `fails`."""

    times: int = 9

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        values = {"accuracy": float(seed)}
        if graph.hash in self.fails:
            with Path(self.calls).open("a") as file:
                file.write(f"{graph.hash} {seed} {os.getpid()}\n")
            if len(Path(self.calls).read_text().splitlines()) <= self.times:
                os.kill(os.getpid(), signal.SIGKILL)
        return values
