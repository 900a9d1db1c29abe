"""Blocks of runs, and what disturbs them."""

from __future__ import annotations

import pytest

from nape_bench.labels.latency.blocks import Block, disagreement, timed, troubles, warm_up
from tests.labels.latency.machine import SETTINGS, Machine

WAITED, THREADS, OTHERS, STOLEN = (
    "this process waited for a processor",
    "other threads of this process ran",
    "other processes ran",
    "the host of this virtual machine took processors",
)


def test_a_block_has_the_time_of_each_run_and_of_all() -> None:
    machine = Machine()
    seconds = iter([9, 9, 0.1, 0.3, 0.2])
    block = timed(lambda: machine.work(next(seconds)), 3, 2, machine)
    assert block.times == pytest.approx((0.1, 0.3, 0.2))
    assert block.median == pytest.approx(0.2)
    assert (block.wall, block.own, block.busy) == pytest.approx((0.6, 0.6, 0.6))
    assert block.stolen == 0


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, {}),
        ({"waits": 0.001}, {}),
        ({"waits": 0.1}, {WAITED: 0.5}),
        ({"others": 0.005}, {}),
        ({"others": 0.1}, {OTHERS: 1.0}),
        ({"threads": 0.005}, {}),
        ({"threads": 0.05}, {THREADS: 0.5}),
        ({"stolen": 0.0005}, {}),
        ({"stolen": 0.01}, {STOLEN: 0.1}),
        ({"waits": 0.1, "others": 0.3, "stolen": 0.02}, {WAITED: 0.5, OTHERS: 1.5, STOLEN: 0.1}),
    ],
)
def test_what_disturbs_a_block_is_found(more: dict[str, float], found: dict[str, float]) -> None:
    machine = Machine()
    block = timed(machine.call(0.1, **more), 10, 0, machine)
    assert troubles(block, SETTINGS) == pytest.approx(found)


def test_ticks_of_the_machine_are_no_interference() -> None:
    short = Block((0.02,), 0.02, 0.02, 0.04, 0.02)  # the clocks went on by two ticks
    assert not troubles(short, SETTINGS)
    assert troubles(Block.joined([short] * 10), SETTINGS)


def test_where_the_machine_does_not_tell_waits_are_still_found() -> None:
    machine = Machine(knows=False)
    block = timed(machine.call(0.1, waits=0.1, others=1.0, stolen=1.0), 10, 0, machine)
    assert (block.busy, block.stolen) == (None, None)
    assert troubles(block, SETTINGS) == pytest.approx({WAITED: 0.5})


def test_joined_blocks_add_up() -> None:
    first = Block((0.1, 0.2), 0.3, 0.3, 0.4, 0.1)
    assert Block.joined([first, first]) == Block((0.1, 0.2) * 2, 0.6, 0.6, 0.8, 0.2)
    assert Block.joined([first, first._replace(busy=None)]).busy is None


def test_parts_of_a_block_are_taken_away() -> None:
    part = Block((0.1, 0.2), 0.3, 0.3, 0.4, 0.1)
    whole = Block((), 2.0, 1.5, 3.0, 0.5)
    assert whole.without([]) == whole
    assert whole.without([part, part])[1:] == pytest.approx((1.4, 0.9, 2.2, 0.3))
    assert whole._replace(stolen=None).without([part]).stolen is None


def test_disagreement_is_between_the_fastest_and_the_slowest_block() -> None:
    blocks = [Block((time,), time, time) for time in (0.2, 0.25, 0.21)]
    assert disagreement(blocks) == pytest.approx(0.25)
    assert disagreement(blocks[:1]) == 0


def runs_of_warm_up(seconds: list[float]) -> tuple[int, float]:
    """How many runs a warm-up has, and what it returns; the last time goes on for ever."""
    machine, runs = Machine(), 0

    def call() -> None:
        nonlocal runs
        machine.work(seconds[min(runs, len(seconds) - 1)])
        runs += 1

    result = warm_up(call, SETTINGS, machine)
    return runs, result


def test_warm_up_ends_when_runs_grow_no_faster() -> None:
    assert runs_of_warm_up([0.001]) == (6, pytest.approx(0.001))
    falling = [0.01 * 0.7**i for i in range(20)]
    runs, typical = runs_of_warm_up(falling)
    assert runs > 20
    assert typical == pytest.approx(falling[-1])


def test_warm_up_of_slow_runs_is_bounded() -> None:
    assert runs_of_warm_up([3.0, 2.0]) == (2, pytest.approx(2.0))
    assert runs_of_warm_up([0.2, 0.19, 0.18]) == (3, pytest.approx(0.18))


def test_one_disturbed_run_does_not_make_a_network_slow() -> None:
    assert runs_of_warm_up([0.01, 0.01, 0.4, 0.01, 0.01])[1] == pytest.approx(0.01)
    assert runs_of_warm_up([0.9, 0.01])[1] == pytest.approx(0.01)
