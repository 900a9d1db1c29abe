"""A machine whose clocks are set by what is done on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.labels.latency.blocks import Block
from nape_bench.labels.latency.clock import Reading
from nape_bench.labels.latency.settings import LatencySettings

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = LatencySettings(seconds=1.0, repeats=10, blocks=5, extra_blocks=5, extra_seconds=100.0)
"""What tests of turns and blocks count with, whatever the settings in use are."""


QUIET = Block((), 1.0, 1.0, 1.0, 0.0)
"""A second in which nothing disturbed this process."""


class Machine:
    """Clocks that stand still unless work is done.

    Args:
        knows: Whether it tells what its processors do, as Linux does.
    """

    def __init__(self, knows: bool = True) -> None:
        self.wall = self.own = self.busy = self.stolen = 0.0
        self.knows = knows

    def now(self) -> float:
        return self.wall

    def read(self) -> Reading:
        if not self.knows:
            return Reading(self.wall, self.own)
        return Reading(self.wall, self.own, self.busy, self.stolen)

    def work(
        self,
        seconds: float,
        *,
        waits: float = 0.0,
        others: float = 0.0,
        threads: float = 0.0,
        stolen: float = 0.0,
    ) -> None:
        """Compute for `seconds`, after a wait, while others do; each in seconds of a processor."""
        self.wall += seconds + waits
        self.own += seconds + threads
        self.busy += seconds + threads + others
        self.stolen += stolen

    def call(self, seconds: float, **more: float) -> Callable[[], None]:
        """Return a call that works so."""
        return lambda: self.work(seconds, **more)
