from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

import nape_bench
from nape_bench.errors import DataError, NapeError, UnknownNameError
from nape_bench.labels import Micro, draw, label, label_specs, read_labels
from nape_bench.labels.__main__ import main
from nape_bench.labels.micro.images import Task
from nape_bench.labels.micro.recipe import Recipe

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Fake:
    """Measures nothing, and fails where it is told to."""

    name: str = "fake"
    version: str = "fake-1"
    fails: tuple[str, ...] = ()
    calls: list[tuple[str, int]] = field(default_factory=list)

    def check(self) -> None:
        pass

    def settings(self, space: str) -> dict[str, Any]:
        return {"space": space}

    def run(self, space: str, spec: Any, seed: int) -> dict[str, Any]:
        text = nape_bench.space(space).format(spec)
        self.calls.append((text, seed))
        if text in self.fails:
            raise RuntimeError(f"no luck with {text}")
        return {"accuracy": float(seed)}


SCRIPT = textwrap.dedent(
    """
    import os, sys, time
    from nape_bench.labels import label

    class Slow:
        name, version = "slow", "slow-1"
        def check(self): pass
        def settings(self, space): return {}
        def run(self, space, spec, seed):
            time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 0.02)
            return {"accuracy": 1.0, "pid": os.getpid()}

    print(label("hiaml", int(sys.argv[2]), store=sys.argv[1], measure=Slow(), seeds=2,
                progress=False))
    """
)


def start(script: Path, store: Path, n: int, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(script), str(store), str(n), *more],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "run.py"
    path.write_text(SCRIPT)
    return path


def every_line(store: Path) -> list[bytes]:
    return [ln for p in (store / "results").iterdir() for ln in p.read_bytes().splitlines()]


def test_real_training_ends_in_the_store(tmp_path: Path) -> None:
    tiny = Recipe(version="tiny", task=Task(train=64, test=50, pieces=1), epochs=1, batch=32)
    report = label(
        "hiaml", 1, store=tmp_path, measure=Micro(tiny), seeds=2, progress=False, draw_seed=4
    )
    rows = read_labels(tmp_path, space="hiaml", version="tiny")
    assert (report.done, report.failed, report.ran) == (2, 0, 2)
    assert [row["seed"] for row in rows] == [0, 1]
    for row in rows:
        assert row["spec"] == draw("hiaml", 1, 4)[0]
        assert nape_bench.space("hiaml").parse(row["text"]) == row["spec"]
        assert 0 <= row["accuracy"] <= 100
        assert row["seconds"] > 0
        assert row["error"] is None
    with pytest.raises(DataError, match=r"made with other settings \(epochs\)"):
        label("hiaml", 1, store=tmp_path, measure=Micro(dataclasses.replace(tiny, epochs=2)))


def test_a_run_goes_on_where_it_was_and_grows(tmp_path: Path) -> None:
    fake = Fake()
    assert label("hiaml", 3, store=tmp_path, measure=fake, progress=False).ran == 6
    assert label("hiaml", 3, store=tmp_path, measure=fake, progress=False).ran == 0
    report = label("hiaml", 4, store=tmp_path, measure=fake, seeds=3, progress=False)
    assert (report.ran, report.done) == (6, 12)
    assert set(Counter(fake.calls).values()) == {1}
    assert len(every_line(tmp_path)) == 12


def test_a_job_that_fails_is_recorded_and_done_again_when_asked(tmp_path: Path) -> None:
    first, second = (nape_bench.space("hiaml").format(s) for s in draw("hiaml", 2))
    report = label("hiaml", 2, store=tmp_path, measure=Fake(fails=(first,)), seeds=1)
    assert (report.done, report.failed, report.ran) == (2, 1, 2)
    errors = {row["text"]: row["error"] for row in read_labels(tmp_path)}
    assert errors == {first: f"RuntimeError: no luck with {first}", second: None}
    assert label("hiaml", 2, store=tmp_path, measure=Fake(), seeds=1, progress=False).ran == 0
    again = label("hiaml", 2, store=tmp_path, measure=Fake(), seeds=1, retry=True, progress=False)
    assert (again.ran, again.failed) == (1, 0)
    assert all(row["error"] is None for row in read_labels(tmp_path))


def test_divergence_is_recorded_with_its_reason(tmp_path: Path) -> None:
    wild = Recipe(
        version="wild", task=Task(train=64, test=50, pieces=1), epochs=2, batch=32,
        learning_rate=1e30, warmup=0.0,
    )  # fmt: skip
    report = label("hiaml", 1, store=tmp_path, measure=Micro(wild), seeds=1, progress=False)
    (row,) = read_labels(tmp_path)
    assert (report.done, report.failed) == (1, 1)
    assert row["accuracy"] is None
    assert row["error"].startswith("diverged: the loss is nan in epoch")


def test_killed_it_goes_on_and_loses_only_jobs_in_flight(tmp_path: Path, script: Path) -> None:
    store = tmp_path / "store"
    process = start(script, store, 30)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (store / "results").exists() and len(every_line(store)) >= 5:
            break
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    before = read_labels(store)
    assert 5 <= len(before) < 60
    process = start(script, store, 30, "0")
    out, _ = process.communicate(timeout=60)
    after = read_labels(store)
    assert f"60 results, 0 of them failures; {60 - len(before)} are of this run" in out
    assert len(after) == 60
    assert len(every_line(store)) == 60
    assert after[: len(before)] == before


def test_two_runs_at_once_share_the_work(tmp_path: Path, script: Path) -> None:
    store = tmp_path / "store"
    processes = [start(script, store, 30) for _ in range(2)]
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0]
    rows = read_labels(store)
    assert len(rows) == 60
    assert len(every_line(store)) == 60, "no job was done twice"


def test_several_processes_do_each_job_once(tmp_path: Path) -> None:
    report = label("hiaml", 4, store=tmp_path, measure=Fake(), seeds=2, jobs=2, progress=False)
    assert (report.done, report.ran, report.elsewhere) == (8, 8, 0)
    assert len(every_line(tmp_path)) == 8


def test_a_worker_that_is_killed_stops_the_run_with_words(tmp_path: Path) -> None:
    class Deadly(Fake):
        def run(self, space: str, spec: Any, seed: int) -> dict[str, Any]:
            os.kill(os.getpid(), signal.SIGKILL)
            return {}

    with pytest.raises(NapeError, match="a worker process was killed"):
        label("hiaml", 1, store=tmp_path, measure=Deadly(), jobs=2, progress=False)


def test_architectures_differ_and_fewer_are_the_first_of_more() -> None:
    space = nape_bench.space("hiaml")
    specs = draw("hiaml", 30, seed=1)
    assert len({space.build(spec).group for spec in specs}) == 30
    assert draw("hiaml", 10, seed=1) == specs[:10]
    assert draw("hiaml", 10, seed=2) != specs[:10]


def test_what_is_given_by_hand_is_read_in_any_form(tmp_path: Path) -> None:
    label_specs("hiaml", ["z-z-z-z"], store=tmp_path, measure=Fake(), seeds=1, progress=False)
    (row,) = read_labels(tmp_path)
    assert row["spec"] == ["hiaml_z"] * 4
    assert row["text"] == "z-z-z-z"


def test_unknown_names_and_numbers_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="micro"):
        label("hiaml", 1, store=tmp_path, measure="mikro")
    with pytest.raises(UnknownNameError, match="hiaml"):
        label("hiamll", 1, store=tmp_path)
    with pytest.raises(NapeError, match="seeds is at least 1, not 0"):
        label("hiaml", 1, store=tmp_path, seeds=0)
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_errors_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--space", "hiamll", "--n", "1", "--store", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: unknown space 'hiamll': did you mean hiaml")


def test_the_command_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from nape_bench.labels import MEASURES

    monkeypatch.setitem(MEASURES._entries, "fake", Fake())
    command = ["--space", "hiaml", "--n", "2", "--store", str(tmp_path), "--measure", "fake"]
    assert main(command) == 0
    assert "4 results, 0 of them failures; 4 are of this run" in capsys.readouterr().out
