from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

import nape_bench
from nape_bench.errors import DataError, NapeError, UnknownNameError
from nape_bench.graph import GraphBuilder
from nape_bench.labels import (
    MEASURES,
    Micro,
    Report,
    draw,
    label,
    label_graphs,
    label_specs,
    pack,
    read_labels,
)
from nape_bench.labels.jobs import machine
from nape_bench.labels.micro.clutter import Clutter
from nape_bench.labels.micro.recipe import Recipe
from tests.labels.fakes import Deadly, Fake, Noisy

if TYPE_CHECKING:
    from pathlib import Path


def run(store: Path, n: int = 2, measure: Any = None, **more: Any) -> Report:
    """Label in this process, so that it is fast."""
    given = {"seeds": 1, "jobs": 0, "progress": False, **more}
    return label("hiaml", n, store=store, measure=Fake() if measure is None else measure, **given)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def stored(store: Path) -> list[str]:
    return [line for path in (store / "results").glob("*.jsonl") for line in lines(path)]


def test_real_training_ends_in_the_store(tmp_path: Path) -> None:
    tiny = Recipe(version="tiny", task=Clutter(train=64, test=50, pieces=1), epochs=1, batch=32)
    report = run(tmp_path, 1, Micro(tiny), seeds=2, draw_seed=4)
    rows = read_labels(tmp_path, space="hiaml", version="tiny")
    assert (report.done, report.failed, report.ran) == (2, 0, 2)
    assert [row["seed"] for row in rows] == [0, 1]
    assert report.rows == rows
    for row in rows:
        assert row["spec"] == draw("hiaml", 1, 4)[0]
        assert nape_bench.space("hiaml").parse(row["text"]) == row["spec"]
        assert 0 <= row["accuracy"] <= 100
        assert row["seconds"] > 0
        assert row["wall_seconds"] > 0
        assert row["error"] is None
    with pytest.raises(DataError, match=r"made with other settings \(epochs\)"):
        run(tmp_path, 1, Micro(dataclasses.replace(tiny, epochs=2)))


def test_a_run_goes_on_where_it_was_and_grows(tmp_path: Path) -> None:
    fake = Fake(calls=str(tmp_path / "calls"))
    store = tmp_path / "store"
    assert run(store, 3, fake, seeds=2).ran == 6
    assert run(store, 3, fake, seeds=2).ran == 0
    report = run(store, 4, fake, seeds=3)
    assert (report.ran, report.done) == (6, 12)
    assert len(set(lines(tmp_path / "calls"))) == len(lines(tmp_path / "calls")) == 12
    assert len(stored(store)) == 12


def test_several_measurements_in_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MEASURES._entries, "fake", Fake())
    monkeypatch.setitem(MEASURES._entries, "other", Fake(name="other", version="other-3"))
    assert run(tmp_path, 2, ["other", "fake"]).done == 4
    assert run(tmp_path, 2, "other, fake").ran == 0
    found = Counter((row["measure"], row["version"]) for row in read_labels(tmp_path))
    assert found == {("other", "other-3"): 2, ("fake", "fake-1"): 2}
    assert len(read_labels(tmp_path, measure="other")) == 2
    names = sorted(path.name for path in (tmp_path / "settings").iterdir())
    assert names == ["fake-fake-1-hiaml.json", "other-other-3-hiaml.json"]


def test_a_job_that_fails_is_recorded_and_done_again_when_asked(tmp_path: Path) -> None:
    space = nape_bench.space("hiaml")
    first, _second = draw("hiaml", 2)
    bad = Fake(fails=(space.build(first).hash,))
    assert (report := run(tmp_path, 2, bad)) == Report(2, 1, 0, 2, failed_now=1)
    assert [row["error"] for row in report.rows] == ["RuntimeError: no luck", None]
    assert run(tmp_path) == Report(2, 1, 0, 0), "it failed before"
    still = run(tmp_path, 2, bad, retry=True)
    assert (still.ran, still.failed) == (1, 1), "it is done again once, not for ever"
    again = run(tmp_path, retry=True)
    assert (again.ran, again.failed) == (1, 0)
    assert all(row["error"] is None for row in read_labels(tmp_path))


def test_what_was_disturbed_is_told_and_done_again_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MEASURES._entries, "fake", Noisy())

    def again(noise: int, *, retry: bool = True) -> tuple[int, int, set[int]]:
        report = run(tmp_path, 2, Noisy(noise=noise), retry=retry)
        told = f"2 results, 0 of them failures and {report.disturbed} of them disturbed; "
        assert str(report).startswith(told) == (report.disturbed > 0)
        kept = {row["noise"] for row in read_labels(tmp_path)}
        assert kept == {row["noise"] for row in report.rows}
        return report.ran, report.disturbed, kept

    assert again(2) == (2, 2, {2})
    assert again(0, retry=False) == (0, 2, {2})
    assert again(3) == (2, 2, {2}), "what was disturbed less is kept"
    assert again(1) == (2, 2, {1})
    pack(tmp_path)
    assert again(0) == (2, 0, {0})
    pack(tmp_path)
    assert again(5) == (0, 0, {0}), "what was not disturbed is not done again"


def test_divergence_is_recorded_with_its_reason(tmp_path: Path) -> None:
    wild = Recipe(
        version="wild", task=Clutter(train=64, test=50, pieces=1), epochs=2, batch=32,
        learning_rate=1e30,
    )  # fmt: skip
    report = run(tmp_path, 1, Micro(wild))
    (row,) = report.rows
    assert report.failed == 1
    assert row["accuracy"] is None
    assert row["error"].startswith("diverged: the loss is ")


def test_what_is_no_json_is_a_failure_of_the_job(tmp_path: Path) -> None:
    class Odd(Fake):
        def run(self, graph: Any, seed: int) -> dict[str, Any]:
            return {"accuracy": float("nan") if seed else {1, 2}}

    rows = run(tmp_path, 1, Odd(), seeds=2).rows
    assert "TypeError" in rows[0]["error"]
    assert "ValueError" in rows[1]["error"]
    assert not any("accuracy" in row for row in rows)


def test_rows_tell_of_the_processor_and_not_of_the_host(tmp_path: Path) -> None:
    import platform

    run(tmp_path, 1)
    (text,) = stored(tmp_path)
    (row,) = read_labels(tmp_path)
    assert {name: row[name] for name in ("machine", "torch", "python")} == machine()
    assert machine()["python"] == platform.python_version()
    assert platform.node() not in text
    assert not any(platform.node() in str(path) for path in tmp_path.rglob("*"))


def test_graphs_are_measured_as_they_are(tmp_path: Path) -> None:
    space = nape_bench.space("hiaml")
    small, large = (space.build(space.example, resolution=r) for r in (16, 32))
    report = label_graphs(
        [small, large, small], store=tmp_path, measure=Fake(), seeds=2, jobs=0, progress=False
    )
    assert report == Report(4, 0, 0, 4)
    assert {(row["space"], row["text"]) for row in report.rows} == {
        ("graph", small.hash),
        ("graph", large.hash),
    }
    import json

    from nape_bench.graph import ArchGraph

    kept = json.loads((tmp_path / "graphs" / f"{small.hash}.json").read_text())
    assert ArchGraph.from_dict(kept).hash == small.hash
    settings = json.loads((tmp_path / "settings" / "fake-fake-1-graph.json").read_text())
    assert settings == {"space": None}


def test_micro_trains_a_graph_and_says_what_it_cannot(tmp_path: Path) -> None:
    tiny = Recipe(version="tiny", task=Clutter(train=64, test=50, pieces=1), epochs=1, batch=32)
    space = nape_bench.space("hiaml")
    good = space.build(space.example, width=0.125, resolution=16)
    b = GraphBuilder(16, channels=1)
    bad = b.finish(b.dense(b.mean(b.conv(b.input, 4)), 7))
    report = label_graphs(
        [good, bad], store=tmp_path, measure=Micro(tiny), seeds=1, jobs=0, progress=False
    )
    assert [row["error"] is None for row in report.rows] == [True, False]
    assert "square images of 3 channels, the graph reads 16 x 16 x 1" in report.rows[1]["error"]


def test_jobs_of_a_killed_worker_are_done_again_then_failed(tmp_path: Path) -> None:
    specs = draw("hiaml", 3)
    hashes = [nape_bench.space("hiaml").build(spec).hash for spec in specs]
    calls = tmp_path / "calls"
    for n, times, failed in ((1, 1, 0), (2, 9, 1)):
        calls.unlink(missing_ok=True)
        store = tmp_path / str(n)
        deadly = Deadly(fails=(hashes[1],), times=times, calls=str(calls))
        report = label_specs(
            "hiaml", specs, store=store, measure=deadly, seeds=1, jobs=2, progress=False
        )
        assert report == Report(3, failed, 0, 3, failed_now=failed)
        assert len(set(lines(calls))) == 2, "two processes took it up"
    (error,) = (row["error"] for row in report.rows if row["error"])
    assert error.startswith("its worker process was killed 2 times (SIGKILL(-9))")


def test_what_must_be_alone_comes_last_in_one_process(tmp_path: Path) -> None:
    calls = str(tmp_path / "calls")
    alone = Fake(name="latency", calls=calls, alone=True)
    beside = Fake(name="fake", calls=calls)
    report = run(tmp_path / "store", 2, [alone, beside], jobs=2, seeds=2)
    assert report == Report(8, 0, 0, 8)
    pids = [line.split()[2] for line in lines(tmp_path / "calls")]
    assert len(set(pids[4:])) == 1
    assert set(pids[4:]).isdisjoint(pids[:4])


def test_what_is_given_by_hand_is_read_in_any_form(tmp_path: Path) -> None:
    label_specs("hiaml", ["z-z-z-z"], store=tmp_path, measure=Fake(), jobs=0, progress=False)
    row, _ = read_labels(tmp_path)
    assert row["spec"] == ["hiaml_z"] * 4
    assert row["text"] == "z-z-z-z"


def test_unknown_names_and_numbers_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="micro"):
        run(tmp_path, 1, "mikro")
    with pytest.raises(UnknownNameError, match="hiaml"):
        label("hiamll", 1, store=tmp_path)
    with pytest.raises(NapeError, match="seeds is at least 1, not 0"):
        run(tmp_path, 1, seeds=0)
    with pytest.raises(NapeError, match="jobs is at least 0, not -1"):
        run(tmp_path, 1, jobs=-1)
    with pytest.raises(NapeError, match="no measurement is named"):
        run(tmp_path, 1, ())
    assert list(tmp_path.iterdir()) == []
