"""Runs that are really killed, that meet, and that find the disk full."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nape_bench
from nape_bench.labels import pack, read_labels
from nape_bench.labels.engines import Workers
from nape_bench.labels.jobs import Job, Target
from tests.labels.fakes import Fake

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = textwrap.dedent(
    """
    import os, sys, time
    from nape_bench.labels import label

    class Slow:
        name, version = "slow", "slow-1"
        def check(self): pass
        def settings(self, space): return {}
        def build(self, space, spec): return spec
        def run(self, graph, seed):
            time.sleep(0.01)
            return {"accuracy": 1.0, "pid": os.getpid()}

    n, jobs = int(sys.argv[2]), int(sys.argv[3])
    print(label("hiaml", n, store=sys.argv[1], measure=Slow(), jobs=jobs, progress=False))
    """
)


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a run in a process group of its own: `start(n, jobs)`; two seeds each."""
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)

    def begin(n: int, jobs: int, **more: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "store"), str(n), str(jobs)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            **more,
        )  # fmt: skip

    return begin


def every_line(store: Path) -> list[bytes]:
    return [
        line for p in (store / "results").glob("*.jsonl") for line in p.read_bytes().splitlines()
    ]


def until(met: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 300
    while not met():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.002)


def count(store: Path) -> int:
    return len(every_line(store)) if (store / "results").exists() else 0


def report_of(process: subprocess.Popen[str]) -> str:
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return out


def test_a_run_killed_at_any_moment_goes_on(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    store = tmp_path / "store"
    rng = random.Random(5)
    measured = 0
    for round_ in range(4):
        process = start(50, 2)
        wanted = measured + rng.randrange(1, 15)
        until(lambda wanted=wanted: count(store) >= wanted, f"{wanted} rows are stored")
        time.sleep(rng.random() * 0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        measured = len(read_labels(store))
        assert wanted <= measured < 100, "it was killed before its end"
        if round_ == 2:
            assert pack(store).rows == measured
    assert "100 results, 0 of them failures" in report_of(start(50, 2))
    rows = read_labels(store)
    assert len(rows) == 100
    assert pack(store).rows == 100
    assert read_labels(store) == rows


def test_workers_end_with_a_run_that_is_killed(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    store = tmp_path / "store"
    process = start(400, 2)
    until(lambda: len({json.loads(line)["pid"] for line in every_line(store)}) == 2, "both work")
    workers = {row["pid"] for row in read_labels(store)}
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(workers) == 2
    until(lambda: not any(alive(pid) for pid in workers), "no worker is left")
    assert count(store) < 800


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody asked after does not."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_worker_that_is_killed_is_replaced(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    store = tmp_path / "store"
    process = start(40, 2)
    killed: set[int] = set()
    for number in range(3):
        until(lambda: bool({json.loads(x)["pid"] for x in every_line(store)} - killed), "a worker")
        pid = ({json.loads(x)["pid"] for x in every_line(store)} - killed).pop()
        killed.add(pid)
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
        assert len(killed) == number + 1
    assert "80 results, 0 of them failures; 80 are of this run" in report_of(process)
    assert len(every_line(store)) == 80
    assert len({row["pid"] for row in read_labels(store)}) >= 3


def test_a_worker_that_is_killed_while_it_is_idle_is_replaced(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    space = nape_bench.space("hiaml")
    target = Target("hiaml", "x", spec=space.example)
    engine = Workers(1)
    try:
        for seed in range(2):
            engine.start(Job(target, Fake(calls=str(calls)), seed))
            ((_, row),) = engine.ended()
            assert isinstance(row, dict)
            assert row["accuracy"] == seed
            (executor,) = engine._idle
            os.kill(int(calls.read_text().split()[-1]), signal.SIGKILL)
            until(lambda: executor._flags.broken is not None, "the death is noticed")  # noqa: B023
    finally:
        engine.close()


def test_two_runs_at_once_share_the_work(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    store = tmp_path / "store"
    processes = [start(60, 1) for _ in range(2)]
    for process in processes:
        report_of(process)
    assert len(read_labels(store)) == 120
    assert len(every_line(store)) == 120, "no job was done twice"


def test_a_full_disk_ends_the_run_and_spoils_nothing(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    store = tmp_path / "store"

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    process = start(20, 1, preexec_fn=small_files)
    _, error = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "OSError" in error
    before = read_labels(store)
    assert 1 <= len(before) < 40
    assert all(path.read_bytes().endswith(b"\n") for path in (store / "results").glob("*.jsonl"))
    assert "40 results, 0 of them failures" in report_of(start(20, 1))
    assert read_labels(store)[: len(before)] == before
    assert len(every_line(store)) == 40


def test_a_measurement_that_workers_cannot_read_ends_the_run(tmp_path: Path) -> None:
    from nape_bench.errors import NapeError
    from nape_bench.labels import label

    with pytest.raises(NapeError, match="a worker process cannot read its job"):
        label("hiaml", 1, store=tmp_path, measure=Unreadable(), jobs=1, progress=False)
    assert read_labels(tmp_path) == []


class Unreadable(Fake):
    """Cannot be read where it is sent to."""

    def __reduce__(self) -> tuple[object, ...]:
        return (int, ("no number",))
