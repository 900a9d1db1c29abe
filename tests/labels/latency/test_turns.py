"""Blocks take turns until enough of them were undisturbed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
    blocks = take_turns(calls, SETTINGS, machine)
    assert {name: len(found) for name, found in blocks.items()} == dict.fromkeys(calls, 5)
    runs = {name: [len(b.times) for b in found] for name, found in blocks.items()}
    assert runs == {"fast": [200] * 5, "medium": [7] * 5, "slow": [2] * 5}
    assert not any(interference(found, SETTINGS) for found in blocks.values())


def test_brief_calls_get_a_fifth_of_the_time() -> None:
    machine = Machine()
    calls = {"long": machine.call(0.001), "brief": machine.call(0.001)}
    blocks = take_turns(calls, SETTINGS, machine, brief=["brief"])
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

    found = take_turns({"short": call("short", 0.01), "long": call("long", 0.3)}, SETTINGS, machine)
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

    blocks = take_turns({"a": call}, SETTINGS, machine)["a"]
    assert len(blocks) == SETTINGS.blocks + 2
    counted = chosen(blocks, SETTINGS)
    assert [b.median for b in counted] == pytest.approx([1.0] * 5)
    assert not interference(blocks, SETTINGS)


def test_only_disturbed_calls_are_timed_again() -> None:
    machine = Machine()
    calls = {"a": machine.call(1.0), "b": machine.call(1.0, others=0.5), "c": machine.call(1.0)}
    blocks = take_turns(calls, SETTINGS, machine)
    assert {name: len(found) for name, found in blocks.items()} == {"a": 5, "b": ALL, "c": 5}
    assert interference(blocks["b"], SETTINGS) == [
        "other processes ran in 10 of 10 blocks (up to 50% of the time)"
    ]


def test_blocks_that_disagree_are_timed_again_and_said_to() -> None:
    machine, runs = Machine(), 0

    def call() -> None:
        nonlocal runs
        runs += 1
        machine.work(1.2 if (runs - 1) % 4 < 2 else 1.0)  # two runs of warm-up, then blocks of two

    blocks = take_turns({"a": call}, SETTINGS, machine)["a"]
    assert len(blocks) == ALL
    assert interference(blocks, SETTINGS) == ["medians of blocks lie 20.0% apart"]


def test_a_machine_that_was_slow_at_first_is_measured_afterwards() -> None:
    machine, runs = Machine(), 0

    def call() -> None:
        nonlocal runs
        runs += 1
        machine.work(1.2 if runs <= 6 else 1.0)

    blocks = take_turns({"a": call}, SETTINGS, machine)["a"]
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
