from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nape_bench.labels.claims import Claims
from nape_bench.labels.turns import Turns

if TYPE_CHECKING:
    from pathlib import Path


def test_runs_beside_others_do_not_wait(tmp_path: Path) -> None:
    said: list[str] = []
    turns = Turns(said.append, tmp_path)
    with turns.shared() as one, turns.shared() as other:
        assert not one.is_over()
        assert not other.is_over()
    assert said == []


def test_one_that_must_be_alone_waits_for_others_and_they_for_it(tmp_path: Path) -> None:
    """The order of events is held by the locks alone, so that no sleep decides."""
    events: list[str] = []
    wishes, goes = threading.Event(), threading.Event()

    def wish(text: str) -> None:
        events.append(text)
        wishes.set()

    def measure_alone() -> None:
        with Turns(wish, tmp_path).alone():
            events.append("alone")
            goes.wait(60)
            events.append("alone no more")

    with Turns(lambda text: goes.set(), tmp_path).shared() as turn:
        thread = threading.Thread(target=measure_alone)
        thread.start()
        assert wishes.wait(60)
        assert turn.is_over()
        events.append("stopped")
        turn.resume()
        events.append("resumed")
        assert not turn.is_over()
    thread.join(60)
    assert events == [
        "waiting for other labelling runs on this machine to stop",
        "stopped",
        "alone",
        "alone no more",
        "resumed",
    ]


def test_two_that_must_be_alone_take_turns(tmp_path: Path) -> None:
    waits = threading.Event()
    events: list[str] = []

    def second() -> None:
        with Turns(lambda _: waits.set(), tmp_path).alone():
            events.append("second")

    with Turns(events.append, tmp_path).alone():
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(60)
        events.append("first")
    thread.join(60)
    assert events == ["first", "second"]


def test_claims_are_of_a_process(tmp_path: Path) -> None:
    """What another process claims is told in `test_kills`: two runs at once."""
    file = tmp_path / "store.json"
    file.write_text("{}\n")
    with Claims(file) as claims:
        assert claims.take(("a", 1))
        assert claims.take(("b", 1))
        claims.release(("a", 1))
        assert claims.take(("a", 1))
    assert file.read_text() == "{}\n"
