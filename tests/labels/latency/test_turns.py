"""Blocks take turns until enough of them were undisturbed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from nape_bench.labels.latency import LATENCY, LatencySettings
from nape_bench.labels.latency.blocks import Block
from nape_bench.labels.latency.turns import chosen, interference, take_turns
from tests.labels.latency.machine import SETTINGS, Machine

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = SETTINGS.blocks + SETTINGS.extra_blocks


def block(own: float = 0.2) -> Block:
    """A block of two runs in 0.2 s, while which this process had a processor for `own` s."""
    return Block((0.1, 0.1), 0.2, own, own, 0.0)


def test_on_a_quiet_machine_every_call_has_as_many_blocks_as_are_asked_for() -> None:
    machine = Machine()
    calls = {"fast": machine.call(0.001), "medium": machine.call(0.03), "slow": machine.call(2.0)}
    blocks, _ = take_turns(calls, SETTINGS, machine)
    assert {name: len(found) for name, found in blocks.items()} == dict.fromkeys(calls, 5)
    runs = {name: [len(b.times) for b in found] for name, found in blocks.items()}
    assert runs == {"fast": [200] * 5, "medium": [7] * 5, "slow": [2] * 5}
    assert not any(interference(found, SETTINGS) for found in blocks.values())


def test_brief_calls_get_a_fifth_of_the_time() -> None:
    machine = Machine()
    calls = {"long": machine.call(0.001), "brief": machine.call(0.001)}
    blocks, _ = take_turns(calls, SETTINGS, machine, brief=["brief"])
    runs = {name: [len(b.times) for b in found] for name, found in blocks.items()}
    assert runs == {"long": [200] * 5, "brief": [40] * 5}


def test_rounds_go_through_the_calls_in_turn_and_back() -> None:
    machine, order = Machine(), []

    def call(name: str) -> Callable[[], None]:
        def run() -> None:
            order.append(name)
            machine.work(1.0)

        return run

    take_turns({"a": call("a"), "b": call("b")}, SETTINGS, machine)
    rounds = "".join(order[4:])  # what is before is warm-up
    assert rounds == "aabb" + "bbaa" + "aabb" + "bbaa" + "aabb"


def test_runs_before_a_block_are_for_short_ones() -> None:
    machine, runs = Machine(), {"short": 0, "long": 0}

    def call(name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            runs[name] += 1
            machine.work(seconds)

        return run

    calls = {"short": call("short", 0.01), "long": call("long", 0.3)}
    found, _ = take_turns(calls, SETTINGS, machine)
    timed = {name: sum(len(b.times) for b in blocks) for name, blocks in found.items()}
    assert runs["short"] - timed["short"] == 6 + 5 * 5
    assert runs["long"] - timed["long"] == 2


def test_what_disturbs_a_few_blocks_is_timed_again() -> None:
    machine, runs = Machine(), 0

    def call() -> None:
        nonlocal runs
        runs += 1
        # Runs 5 to 8, which are two blocks after two runs of warm-up, wait for a processor.
        machine.work(1.0, waits=0.5 if 5 <= runs <= 8 else 0.0)

    blocks = take_turns({"a": call}, SETTINGS, machine)[0]["a"]
    assert len(blocks) == SETTINGS.blocks + 2
    counted = chosen(blocks, SETTINGS)
    assert [b.median for b in counted] == pytest.approx([1.0] * 5)
    assert not interference(blocks, SETTINGS)


def test_only_disturbed_calls_are_timed_again() -> None:
    machine = Machine()
    calls = {"a": machine.call(1.0), "b": machine.call(1.0, others=0.5), "c": machine.call(1.0)}
    blocks, _ = take_turns(calls, SETTINGS, machine)
    assert {name: len(found) for name, found in blocks.items()} == {"a": 5, "b": ALL, "c": 5}
    assert interference(blocks["b"], SETTINGS) == [
        "other processes ran in 10 of 10 blocks (up to 50% of the time)"
    ]


def blocks_of(slower: Callable[[int], float], settings: LatencySettings = SETTINGS) -> list[Block]:
    """The blocks of a call that takes a second times what `slower` says of the block."""
    machine, runs = Machine(), 0

    def call() -> None:
        nonlocal runs
        runs += 1
        machine.work(slower((runs - 3) // 2))  # two runs of warm-up, then blocks of two

    return take_turns({"a": call}, settings, machine)[0]["a"]


def test_what_no_clock_shows_is_known_by_the_fastest_blocks() -> None:
    blocks = blocks_of(lambda block: 1.2 if block % 2 == 0 else 1.0 + 0.004 * block)
    assert len(blocks) == ALL
    assert [b.median for b in chosen(blocks, SETTINGS)] == pytest.approx(
        [1.004, 1.012, 1.02, 1.028, 1.036]
    )
    assert not interference(blocks, SETTINGS)


def test_a_block_faster_than_all_before_needs_others_beside_it() -> None:
    blocks = blocks_of(lambda block: 1.0 if block in {4, 5} else 1.2)
    assert len(blocks) == ALL
    assert sorted(b.median for b in chosen(blocks, SETTINGS)) == pytest.approx(
        [1.0] * 2 + [1.2] * 3
    )
    assert interference(blocks, SETTINGS) == ["medians of blocks lie 20.0% apart"]


def test_where_too_few_agree_the_fastest_count_and_it_is_said() -> None:
    blocks = blocks_of(lambda block: 1.1**block)
    assert len(blocks) == ALL
    assert chosen(blocks, SETTINGS) == blocks[: SETTINGS.blocks]
    assert interference(blocks, SETTINGS) == ["medians of blocks lie 46.4% apart"]


def test_all_blocks_that_agree_count() -> None:
    blocks = [Block((time,) * 2, 2 * time, 2 * time) for time in (1.0, 1.02, 1.2, *[1.04] * 5)]
    assert chosen(blocks, SETTINGS) == [block for block in blocks if block.median < 1.2]


def test_extra_blocks_end_with_the_time_for_them() -> None:
    settings = dataclasses.replace(SETTINGS, extra_seconds=3.0)
    assert len(blocks_of(lambda block: 1.1**-block, settings)) == 5 + 3
    assert len(blocks_of(lambda _: 1.0, settings)) == 5


def test_a_machine_that_was_slow_at_first_is_measured_afterwards() -> None:
    machine, runs = Machine(), 0

    def call() -> None:
        nonlocal runs
        runs += 1
        machine.work(1.2 if runs <= 6 else 1.0)

    blocks = take_turns({"a": call}, SETTINGS, machine)[0]["a"]
    assert len(blocks) == 7
    assert [b.median for b in chosen(blocks, SETTINGS)] == pytest.approx([1.0] * 5)
    assert not interference(blocks, SETTINGS)


def test_all_blocks_count_where_too_few_are_undisturbed() -> None:
    waits = block(own=0.1)
    assert chosen([block()] * 4 + [waits] * 6, SETTINGS) == [block()] * 4 + [waits] * 6
    said = interference([block()] * 4 + [waits] * 6, SETTINGS)
    assert said == ["this process waited for a processor in 6 of 10 blocks (up to 50% of the time)"]


def test_what_ticks_hide_in_a_block_shows_over_all() -> None:
    # 40 ms of others in a block of 0.2 s are within two ticks of what is allowed; in 1 s they
    # are not.
    noisy = Block((0.1, 0.1), 0.2, 0.2, 0.24, 0.0)
    assert chosen([noisy] * 5, SETTINGS) == [noisy] * 5
    assert interference([noisy] * 5, SETTINGS) == [
        "other processes ran in 5 of 5 blocks (up to 20% of the time)"
    ]


def on_four_calls(machine: Machine, **more: float) -> list[list[str]]:
    """What is said to disturb each of four calls of a millisecond, as a small network has them."""
    calls = dict.fromkeys("abcd", machine.call(0.001, **more))
    blocks, whole = take_turns(calls, LATENCY, machine)
    assert not any(interference(found, LATENCY) for found in blocks.values())
    assert 1.2 <= whole.wall < 1.5
    return [interference(found, LATENCY, whole) for found in blocks.values()]


@pytest.mark.parametrize(
    ("more", "what", "amount"),
    [
        ({"others": 0.00018}, "other processes ran", "18%"),
        ({"others": 0.00013}, "other processes ran", "13%"),
        ({"stolen": 0.00004}, "the host of this virtual machine took processors", "4%"),
    ],
)
def test_what_is_steady_and_hidden_by_ticks_shows_over_the_whole(
    more: dict[str, float], what: str, amount: str
) -> None:
    said = f"{what} over the whole measurement ({amount} of the time)"
    assert on_four_calls(Machine(), **more) == [[said]] * 4


@pytest.mark.parametrize("more", [{}, {"others": 0.0001, "stolen": 0.00001}])
def test_a_whole_within_the_limits_is_clean(more: dict[str, float]) -> None:
    assert on_four_calls(Machine(), **more) == [[]] * 4


def test_a_machine_that_does_not_tell_is_not_judged_over_the_whole() -> None:
    assert on_four_calls(Machine(knows=False), others=0.001) == [[]] * 4


def test_the_whole_has_what_is_not_timed_between_blocks() -> None:
    machine, runs = Machine(), 0

    def call() -> None:
        nonlocal runs
        runs += 1
        # Of each block of 33 runs after 5 that are not timed, and of 6 runs of warm-up, only
        # those are disturbed that are not timed.
        timed = runs <= 6 or (runs - 7) % 38 >= 5
        machine.work(0.003, others=0.0 if timed else 0.006)

    blocks, whole = take_turns({"a": call}, dataclasses.replace(LATENCY, seconds=0.297), machine)
    assert len(blocks["a"]) == 3
    assert sum(len(block.times) for block in blocks["a"]) == 99
    assert whole.wall == pytest.approx(3 * 38 * 0.003)
    assert whole.busy == pytest.approx(whole.wall + 3 * 5 * 0.006)
    assert interference(blocks["a"], LATENCY) == []
    assert interference(blocks["a"], LATENCY, whole) == [
        "other processes ran over the whole measurement (26% of the time)"
    ]


def test_blocks_that_were_timed_again_do_not_count_in_the_whole() -> None:
    machine, runs = Machine(), 0

    def call() -> None:
        nonlocal runs
        runs += 1
        machine.work(1.0, others=1.0 if 3 <= runs <= 6 else 0.0)

    blocks, whole = take_turns({"a": call}, SETTINGS, machine)
    assert len(blocks["a"]) == 7
    assert (whole.wall, whole.own, whole.busy) == pytest.approx((10, 10, 10))
    assert interference(blocks["a"], SETTINGS, whole) == []


def test_what_blocks_say_is_not_said_again_of_the_whole() -> None:
    machine = Machine()
    blocks, whole = take_turns({"a": machine.call(1.0, others=0.5)}, SETTINGS, machine)
    assert interference(blocks["a"], SETTINGS, whole) == [
        "other processes ran in 10 of 10 blocks (up to 50% of the time)"
    ]
