"""Turns: settings are timed in blocks that alternate, until enough of them were undisturbed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nape_bench.labels.latency.blocks import (
    WARM,
    WARM_RUNS,
    Block,
    disagreement,
    timed,
    troubles,
    troubles_outside,
    warm_up,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import TypeVar

    from nape_bench.labels.latency.clock import Clock
    from nape_bench.labels.latency.settings import LatencySettings

    Name = TypeVar("Name")


BRIEF = 0.2
"""Share of the time of a setting that what is timed beside them gets."""


def take_turns(
    calls: Mapping[Name, Callable[[], object]],
    settings: LatencySettings,
    clock: Clock,
    brief: Collection[Name] = (),
) -> tuple[dict[Name, list[Block]], Block]:
    """Time calls in blocks that take turns.

    Each round goes through the calls in the other direction, so that slow changes of the machine
    reach all alike. Calls that have not enough undisturbed blocks then get more by themselves.

    Args:
        calls: What to time, by name.
        settings: How.
        clock: What times it.
        brief: Calls that are timed for a shorter time.

    Returns:
        All blocks of each call, in the order in which they were timed; and the whole time from
        the first block to the last, as a block without runs: with all that was not timed in
        between, but without blocks that were disturbed and do not count.
    """
    plans = {
        name: _plan(
            warm_up(call, settings, clock),
            settings,
            settings.seconds * (BRIEF if name in brief else 1),
        )
        for name, call in calls.items()
    }
    blocks: dict[Name, list[Block]] = {name: [] for name in calls}
    waiting = list(calls)
    start = clock.read()
    for number in range(1, settings.blocks + settings.extra_blocks + 1):
        for name in waiting:
            blocks[name].append(timed(calls[name], *plans[name], clock))
        waiting = [
            name for name in reversed(waiting) if _wants_another(blocks[name], number, settings)
        ]
    whole = Block.between((), start, clock.read())
    return blocks, whole.without([bad for each in blocks.values() for bad in _left(each, settings)])


def _plan(seconds: float, settings: LatencySettings, budget: float) -> tuple[int, int]:
    """Return the runs of a block that are timed, and those before it.

    Args:
        seconds: Of a run.
        settings: How many runs at least, in how many blocks.
        budget: Seconds for the timed runs of all blocks.
    """
    seconds = max(seconds, 1e-9)
    least = math.ceil(settings.repeats / settings.blocks)
    runs = max(least, round(budget / settings.blocks / seconds))
    # What a run of more than 0.1 s finds in caches is not worth the time of another.
    return runs, min(WARM_RUNS, int(WARM / seconds))


def _wants_another(blocks: list[Block], number: int, settings: LatencySettings) -> bool:
    """Return whether a call is to have another block after round `number`."""
    if number < settings.blocks:
        return True
    spent = sum(block.wall for block in blocks[settings.blocks :])
    return spent < settings.extra_seconds and bool(interference(blocks, settings))


def chosen(blocks: list[Block], settings: LatencySettings) -> list[Block]:
    """Return the blocks that count, in the order in which they were timed.

    Whatever disturbs a run makes it slower, never faster. So those blocks count that no clock
    shows to be disturbed and whose median is within `settings.disagreement` of the fastest of
    them. Where these are fewer than `settings.blocks`, so many of the fastest count; where clocks
    show too many to be disturbed, all do. What is wrong with them is told by `interference`.
    """
    clean = [block for block in blocks if not troubles(block, settings)]
    if len(clean) < settings.blocks:
        return blocks
    medians = [block.median for block in clean]
    limit = (1 + settings.disagreement) * min(medians)
    fastest = sorted(range(len(clean)), key=medians.__getitem__)[: settings.blocks]
    return [
        block for place, block in enumerate(clean) if medians[place] <= limit or place in fastest
    ]


def _left(blocks: list[Block], settings: LatencySettings) -> list[Block]:
    """Return the blocks that were disturbed and do not count."""
    counted = chosen(blocks, settings)
    return [block for block in blocks if block not in counted and troubles(block, settings)]


def interference(
    blocks: list[Block], settings: LatencySettings, whole: Block | None = None
) -> list[str]:
    """Say what disturbed the blocks that count; nothing if the measurement is good.

    Args:
        blocks: All blocks of a call.
        settings: What counts as interference.
        whole: The whole time in which they lie, as `take_turns` gives it; None if it is not over.
    """
    counted = chosen(blocks, settings)
    found: dict[str, list[float]] = {}
    for block in counted:
        for what, amount in troubles(block, settings).items():
            found.setdefault(what, []).append(amount)
    if not found:
        # Over all of them ticks of the machine's clocks are finer.
        over_all = troubles(Block.joined(counted), settings)
        found = {what: [amount] * len(counted) for what, amount in over_all.items()}
    said = [
        f"{what} in {len(amounts)} of {len(counted)} blocks (up to {max(amounts):.0%} of the time)"
        for what, amounts in found.items()
    ]
    if whole is not None:
        said += [
            f"{what} over the whole measurement ({amount:.0%} of the time)"
            for what, amount in troubles_outside(whole, settings).items()
            if what not in found
        ]
    apart = disagreement(counted)
    if apart > settings.disagreement:
        said.append(f"medians of blocks lie {apart:.1%} apart")
    return said
