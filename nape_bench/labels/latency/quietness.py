"""Is the machine quiet enough to measure latencies?"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nape_bench.labels.latency.blocks import disagreement
from nape_bench.labels.latency.clock import SystemClock
from nape_bench.labels.latency.settings import LATENCY
from nape_bench.labels.latency.turns import interference, take_turns

if TYPE_CHECKING:
    from nape_bench.labels.latency.clock import Clock
    from nape_bench.labels.latency.settings import LatencySettings

LOOK = dataclasses.replace(LATENCY, seconds=1.0, blocks=5, extra_blocks=5)
"""With the limits of a measurement, but for as long as one takes with all its settings together:
the clocks of the machine's processors are coarse."""


@dataclass(frozen=True)
class Quiet:
    """Whether a machine is quiet; it is true or false itself.

    Attributes:
        reasons: What would disturb measurements; empty if nothing does.
        load: Mean number of tasks that ran or waited in the last minute, which tells of what has
            just ended too; None where the system does not say.
    """

    reasons: tuple[str, ...]
    load: float | None

    def __bool__(self) -> bool:
        """Return whether latencies can be measured now."""
        return not self.reasons

    def __str__(self) -> str:
        """Return a sentence."""
        load = "" if self.load is None else f" (load of the last minute: {self.load:.2f})"
        return f"{'; '.join(self.reasons) or 'quiet'}{load}"


def quiet(*, settings: LatencySettings = LOOK, clock: Clock | None = None) -> Quiet:
    """Work for a second, or for two if anything interferes, and tell what does.

        if not quiet():
            ...  # wait, or stop what else runs

    The one setting that is timed is this work. Interference is what `LatencySettings` says, over
    each block and over the whole second.

    Args:
        settings: What counts as interference, and how long to look. The default has the limits
            of a measurement, but more and longer blocks than a setting of it.
        clock: Where times come from; None: this machine's clocks.
    """
    name = "work"
    blocks, whole = take_turns({name: _work}, settings, clock or SystemClock())
    reasons = interference(blocks[name], settings, whole)
    apart = disagreement(blocks[name])
    if apart > settings.disagreement and not reasons:
        reasons = [f"medians of all blocks lie {apart:.1%} apart"]
    return Quiet(tuple(reasons), _load())


def _work() -> int:
    """Keep one thread busy for about a millisecond, without memory or a library."""
    return sum(range(100_000))


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows has none
        return None
