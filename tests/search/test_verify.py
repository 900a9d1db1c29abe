"""The check of a search: trainings are read right, and numbers and pages follow from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.errors import DataError, NapeError
from nape_bench.labels import Report
from nape_bench.search import Plan, check, closed, report, study, verify
from nape_bench.search.study import BEST, SPACE, Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nape_bench.graph import ArchGraph

Trained = dict[str, list[float]]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[ArchGraph, int], Any]], None]:
    """Put a function of graph and seed in the place of training; None is a failure."""

    def put(accuracy: Callable[[ArchGraph, int], Any]) -> None:
        def label(graphs: list[ArchGraph], *, seeds: int, **_: object) -> Report:
            rows = [
                {"text": graph.hash, "seed": seed, "accuracy": accuracy(graph, seed),
                 "error": None if accuracy(graph, seed) is not None else "diverged: at once"}
                for graph in graphs for seed in range(seeds)
            ]  # fmt: skip
            return Report(len(rows), 0, 0, len(rows), rows=rows)

        monkeypatch.setattr(verify, "label_graphs", label)

    return put


def small(**more: object) -> Study:
    plan = Plan(steps=3, batch=20, pool=10, keep=3)
    how = {"cuts": {"flops": -0.05}, "plan": plan, "runs": 2, **more}
    return Study("hiaml", "z-t31-src8-l20", "flops", "in-family/hiaml", **how)


@pytest.mark.parametrize("moves", ["graph", "space"])
def test_numbers_and_page(tmp_path: Path, trained: Any, moves: str) -> None:
    given = study.ready(small(moves=moves))
    outcomes = study.run(given, tmp_path / "found")
    found = {member.facts.hash for member in check.found_by(outcomes)}
    trained(lambda graph, seed: (95.0 if graph.hash in found else 90.0) + seed / 10)
    numbers = check.checked(given, outcomes, tmp_path / "found", seeds=3)
    assert numbers == check.checked(given, outcomes, tmp_path / "found", seeds=3)
    sets = [row["set"] for row in numbers["networks"]]
    assert sets.count(check.FOUND) == sets.count(check.OTHERS) == len(found)
    assert sets.count(check.MUTANTS) == (len(found) if moves == "graph" else 0)
    for compared in numbers["found less"].values():
        assert compared["value"] == pytest.approx(5)
        assert compared["low"] > 4.8
        assert compared["verdict"] == "above"
    for row in numbers["networks"]:
        assert row["measured"] == pytest.approx(np.mean(row["accuracy"]))
    report.write(tmp_path / "report", given, outcomes, numbers, "nape-bench search")
    page = (tmp_path / "report" / "README.md").read_text()
    assert page.count("**better**") == len(numbers["found less"])
    assert json.loads((tmp_path / "report" / "results.json").read_text())["rank"]
    pictures = {path.name for path in (tmp_path / "report").glob("*.svg")}
    assert pictures == {"front.svg", "path.svg", "before.svg", "after.svg"}
    assert all(f"({name})" in page for name in pictures)


def test_what_failed_is_told_and_left_out(tmp_path: Path, trained: Any) -> None:
    given = study.ready(small(moves=SPACE))
    outcomes = study.run(given, tmp_path)
    bad = check.found_by(outcomes)[0].facts.hash
    trained(lambda graph, seed: None if (graph.hash, seed) == (bad, 1) else 90.0)
    numbers = check.checked(given, outcomes, tmp_path, seeds=2)
    assert numbers["failed"] == [
        {"set": check.FOUND, "hash": bad, "reason": "seed 1: diverged: at once"}
    ]
    assert list(numbers["rank"]) == ["mae"], "what is all the same has no order"
    report.write(tmp_path / "report", given, outcomes, numbers, "nape-bench search")
    page = (tmp_path / "report" / "README.md").read_text()
    assert f"{check.FOUND} {bad[:8]}, seed 1: diverged: at once" in page
    assert bad not in [row["hash"] for row in numbers["networks"]]
    trained(lambda graph, seed: None)
    with pytest.raises(DataError, match="every training of start failed"):
        check.checked(given, outcomes, tmp_path, seeds=2)


def test_the_best_labelled_is_a_start() -> None:
    given = study.ready(small())
    best = study.ready(Study("hiaml", BEST, "flops", "in-family/hiaml"))
    place = int(np.argmax(given.lesson.y))
    assert best.spec == given.lesson.ids[place].removeprefix("hiaml:")
    assert best.start == best.lesson.graphs[place]


@pytest.mark.parametrize("moves", ["graph", "space"])
def test_rounds_learn_from_what_they_found(tmp_path: Path, trained: Any, moves: str) -> None:
    asked: list[int] = []

    def accuracy(graph: ArchGraph, seed: int) -> float:
        asked.append(seed)
        return 50.0

    trained(accuracy)
    how = {"predictor": "gbdt", "fit": "in-family/hiaml", "cuts": {"flops": -0.05}, "moves": moves}
    plan = Plan(steps=2, batch=20, pool=10, keep=3)
    begun = study.ready(Study("hiaml", "z-t31-src8-l20", plan=plan, rounds=2, **how))
    given, outcomes = closed.rounds(begun, tmp_path)
    assert set(asked) == {0}
    more = given.lesson.seen - begun.lesson.seen
    assert 3 <= more <= 6
    assert given.lesson.y[-more:].tolist() == [50.0] * more
    assert (tmp_path / "round0" / "seed0" / "steps.jsonl").is_file()
    learnt = given.lesson.graphs[np.arange(len(given.lesson.y) - more, len(given.lesson.y))]
    before, after = (of.objective.predictor.predict(learnt) for of in (begun, given))
    assert after.mean() < before.mean()
    again = closed.rounds(begun, tmp_path)[1]
    assert repr(again[0].best[0].facts) == repr(outcomes[0].best[0].facts)


def test_rounds_need_a_predictor_that_can_be_fitted_anew() -> None:
    with pytest.raises(NapeError, match="rounds train networks of micro scale"):
        small(rounds=2, scale="full")
    with pytest.raises(NapeError, match="rounds is at least 1"):
        small(rounds=0)


def test_differences_have_the_right_width() -> None:
    rng = np.random.default_rng(0)
    first = [rng.normal(1.0, 1.0, 1) + np.zeros(3) for _ in range(400)]
    second = [rng.normal(0.0, 1.0, 1) + np.zeros(3) for _ in range(400)]
    found = verify.difference(first, second)
    # Two standard errors of two means of 400, either way.
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(2 / 400), rel=0.1)
    assert found.low < 1 < found.high
    assert verify.difference(first, first).verdict == "open"
    assert verify.difference(second, first).verdict == "below"
