"""Blocks of timed runs, and how a disturbed one is known.

A run is not timed alone: what else happens on the machine shows over a block of runs. A block is
disturbed if this process did not have a processor for all of it, if other processes, or the host
of a virtual machine, used processors meanwhile (caches, memory and clock rates are shared, even
if processors are not), or if other threads of this process ran. What none of these clocks shows (a
neighbour of the virtual machine, a processor that grows hot) shows where a block is slower than
another of the same runs.

The clocks of the machine count in ticks that are long beside a block, so that within a block they
find what is short and strong; what is weak and steady they find over the whole measurement.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nape_bench.labels.latency.clock import Clock, Reading
    from nape_bench.labels.latency.settings import LatencySettings

WARM, WARM_RUNS = 0.1, 5
"""A block begins with runs that are not timed, no more than this, and no longer than this (s)."""


class Block(NamedTuple):
    """Runs that were timed one after another.

    Attributes:
        times: Seconds of each.
        wall: Seconds of all.
        own: Seconds that this process had processors meanwhile.
        busy: Seconds that the machine's processors were busy, in sum; None if that is not known.
        stolen: Seconds that the host took from them; None if that is not known.
    """

    times: tuple[float, ...]
    wall: float
    own: float
    busy: float | None = None
    stolen: float | None = None

    @property
    def median(self) -> float:
        """Median time of a run in seconds."""
        return statistics.median(self.times)

    @classmethod
    def between(cls, times: Sequence[float], start: Reading, end: Reading) -> Block:
        """Return the block of runs that lies between two readings of the clocks."""
        return cls(
            tuple(times),
            end.wall - start.wall,
            end.own - start.own,
            _difference(end.busy, start.busy),
            _difference(end.stolen, start.stolen),
        )

    @classmethod
    def joined(cls, blocks: Sequence[Block]) -> Block:
        """Return blocks as one."""
        return cls(
            tuple(time for block in blocks for time in block.times),
            sum(block.wall for block in blocks),
            sum(block.own for block in blocks),
            _sum([block.busy for block in blocks]),
            _sum([block.stolen for block in blocks]),
        )

    def without(self, parts: Sequence[Block]) -> Block:
        """Return the block with the clocks' times of some of its parts taken away."""
        part = Block.joined(parts)
        return Block(
            self.times,
            self.wall - part.wall,
            self.own - part.own,
            _difference(self.busy, part.busy),
            _difference(self.stolen, part.stolen),
        )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _difference(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def troubles(block: Block, settings: LatencySettings) -> dict[str, float]:
    """Say what disturbed a block.

    Returns:
        What happened, and in how many processors' time on average; empty if nothing did.
    """
    waited = block.wall - block.own
    found = {
        "this process waited for a processor": (waited, settings.waited * block.wall),
        "other threads of this process ran": (-waited, settings.others * block.wall),
    }
    return {**_beyond(found, block.wall), **troubles_outside(block, settings)}


def troubles_outside(block: Block, settings: LatencySettings) -> dict[str, float]:
    """Say what outside of this process disturbed a block, as `troubles` does."""
    found = {}
    if block.busy is not None:
        allowed = settings.others * block.wall + settings.ticks
        found["other processes ran"] = (block.busy - block.own, allowed)
    if block.stolen is not None:
        allowed = settings.stolen * block.wall + settings.ticks
        found["the host of this virtual machine took processors"] = (block.stolen, allowed)
    return _beyond(found, block.wall)


def _beyond(found: dict[str, tuple[float, float]], wall: float) -> dict[str, float]:
    """Return as shares of the time what took more seconds than are allowed."""
    return {what: spent / wall for what, (spent, allowed) in found.items() if spent > allowed}


def disagreement(blocks: Sequence[Block]) -> float:
    """Return how far medians of blocks lie apart, as a share of the smallest."""
    medians = [block.median for block in blocks]
    return max(medians) / min(medians) - 1


def warm_up(call: Callable[[], object], settings: LatencySettings, clock: Clock) -> float:
    """Run until times are stable: three runs are, in the median, no faster than three before.

    There are two runs at least: the first one may be slow for other reasons than the network.

    Returns:
        About how many seconds an undisturbed run takes.
    """
    times: list[float] = []
    begun = clock.now()
    while True:
        before = clock.now()
        call()
        times.append(clock.now() - before)
        last, earlier = times[-3:], times[-6:-3]
        stable = len(earlier) == 3 and (
            statistics.median(last) >= (1 - settings.stable) * statistics.median(earlier)
        )
        if stable or (len(times) > 1 and clock.now() - begun > settings.warm_up_seconds):
            return min(times)


def timed(call: Callable[[], object], runs: int, untimed: int, clock: Clock) -> Block:
    """Time a block of runs; those before it put caches in the state that they have within it."""
    for _ in range(untimed):
        call()
    times = []
    start = clock.read()
    for _ in range(runs):
        before = clock.now()
        call()
        times.append(clock.now() - before)
    return Block.between(times, start, clock.read())
