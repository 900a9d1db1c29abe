"""Searches: what they keep to, that they repeat themselves, and that they go on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.errors import DataError, NapeError, UnknownNameError
from nape_bench.graph import ArchGraph, GraphTable
from nape_bench.predictors import predictor
from nape_bench.search import (
    GraphMoves,
    Known,
    Objective,
    Outcome,
    Plan,
    SpaceMoves,
    check,
    loop,
    mutate,
    search,
)
from nape_bench.search import state as states
from nape_bench.search.rivals import NEAR, random_mutants, random_of_space
from nape_bench.search.scales import MICRO, builder, recipe_for
from nape_bench.spaces import space

if TYPE_CHECKING:
    from pathlib import Path

HIAML = space("hiaml")
BUILD = builder(HIAML, MICRO)
START = BUILD(HIAML.parse("z-t31-src8-l20"))
PLAN = Plan(steps=6, batch=30, pool=20, keep=4, save_every=2)


def objective(**more: object) -> Objective:
    """Most parameters for few multiply-adds: a search that needs no training."""
    limits = {"flops": 0.9 * START.flops()}
    return Objective(predictor("params"), **{"higher_is_better": True, "limits": limits, **more})


def run(folder: Path, plan: Plan = PLAN, **more: object) -> Outcome:
    return search(START, objective(**more), GraphMoves(), plan, folder)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("method", ["evolution", "local"])
def test_a_search_improves_and_keeps_its_limits(tmp_path: Path, method: str) -> None:
    found = run(tmp_path, replace(PLAN, method=method))
    values = [member.facts.value for member in found.best]
    assert values == sorted(values, reverse=True)
    assert values[0] > found.start.facts.value
    groups = set()
    for member in found.best:
        graph, facts = member.graph, member.facts
        assert ArchGraph(graph.nodes, graph.edges) == graph
        assert (graph.hash, graph.group) == (facts.hash, facts.group)
        assert graph.flops() == facts.flops <= 0.9 * START.flops()
        assert graph.params() == facts.params == facts.value
        groups.add(facts.group)
    assert len(groups) == len(found.best) == PLAN.keep
    scored = [group for line in found.lines for group in line["groups"]]
    assert len(scored) == len(set(scored)), "a function is scored once"


def test_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(tmp_path / name)
    run(tmp_path / "c", replace(PLAN, seed=1))
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert files(tmp_path / "a")["steps.jsonl"] != files(tmp_path / "c")["steps.jsonl"]


@pytest.mark.parametrize("at", [0, 1, 2, 3, 5])
def test_what_was_killed_goes_on_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    whole = run(tmp_path / "whole")
    made = loop._step

    def dies(folder: Path, state: states.State, *rest: object) -> None:
        if state.step == at:
            with (folder / states.STEPS).open("a") as file:
                file.write('{"step": half a li')
            raise KeyboardInterrupt
        made(folder, state, *rest)

    monkeypatch.setattr(loop, "_step", dies)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed")
    monkeypatch.setattr(loop, "_step", made)
    again = run(tmp_path / "killed")
    assert files(tmp_path / "whole") == files(tmp_path / "killed")
    assert [m.facts for m in again.best] != []
    assert repr([m.facts for m in again.best]) == repr([m.facts for m in whole.best])


def test_more_steps_go_on_from_fewer(tmp_path: Path) -> None:
    run(tmp_path / "once")
    run(tmp_path / "twice", replace(PLAN, steps=3))
    run(tmp_path / "twice")
    assert files(tmp_path / "once") == files(tmp_path / "twice")


def test_a_folder_holds_one_search(tmp_path: Path) -> None:
    run(tmp_path, replace(PLAN, steps=1))
    with pytest.raises(DataError, match="holds a search with seed = 0, not 1"):
        run(tmp_path, replace(PLAN, steps=1, seed=1))
    (tmp_path / states.SETTINGS).write_text("[1]")
    with pytest.raises(DataError, match="settings of a search"):
        run(tmp_path)


def test_a_damaged_folder_is_told(tmp_path: Path) -> None:
    run(tmp_path, replace(PLAN, steps=2))
    steps = tmp_path / states.STEPS
    lines = steps.read_text().splitlines(keepends=True)
    steps.write_text(lines[0] + "no JSON\n" + lines[2])
    with pytest.raises(DataError, match=r"steps\.jsonl, line 2: the line of step 1 expected"):
        run(tmp_path)
    (tmp_path / states.KEPT).write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"kept\.parquet cannot be read as Parquet"):
        run(tmp_path)


def test_what_keeps_no_limit_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NapeError, match="no network keeps the limits"):
        run(tmp_path, replace(PLAN, steps=1), limits={"flops": 1.0})


def test_plans_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="did you mean evolution"):
        Plan("evolutoin")
    with pytest.raises(NapeError, match="batch is at least 1"):
        Plan(batch=0)


def test_changes_are_bounded(tmp_path: Path) -> None:
    found = run(tmp_path, replace(PLAN, edits=2))
    kept = [facts for line in found.lines for facts in line["kept"]]
    assert max(facts["edits"] for facts in kept) == 2
    assert max(facts["step"] for facts in kept) > 2, "it begins anew where all have as many"


def test_the_search_stays_with_what_the_predictor_knows(tmp_path: Path) -> None:
    known = Known(GraphTable.from_graphs([START]))
    found = run(tmp_path, known=known)
    words = {tuple(row) for row in START.nodes[:, [0, 7, 8]].tolist()}
    for member in found.best:
        assert {tuple(row) for row in member.graph.nodes[:, [0, 7, 8]].tolist()} <= words
        assert len(member.graph) <= len(START)
    assert sum(line["rejected"].get("unseen layer", 0) for line in found.lines) > 0


def test_latency_is_a_limit_of_a_second_predictor(tmp_path: Path) -> None:
    slow = predictor("params")
    limits = {"latency": 0.8 * START.params()}
    found = search(
        START, Objective(predictor("flops"), True, limits, slow), GraphMoves(), PLAN, tmp_path
    )
    assert all(m.facts.latency == m.facts.params <= limits["latency"] for m in found.best)
    assert found.best[0].facts.value == found.best[0].facts.flops


def test_moves_inside_a_space_stay_there(tmp_path: Path) -> None:
    moves = SpaceMoves(HIAML, BUILD)
    found = search(START, objective(), moves, PLAN, tmp_path, spec="z-t31-src8-l20")
    for member in found.best:
        assert BUILD(HIAML.parse(member.facts.spec)).hash == member.facts.hash
        assert member.facts.kind == "space"


def test_rivals_cost_as_much(tmp_path: Path) -> None:
    found = run(tmp_path)
    rng = np.random.default_rng(0)
    mutants = random_mutants(found.start, found.best, GraphMoves(), objective(), rng)
    others = random_of_space(HIAML, BUILD, found.best, rng)
    assert len({graph.hash for graph in others}) == len(others) == len(found.best)
    for rivals in (mutants, others):
        for graph, member in zip(rivals, found.best, strict=True):
            assert abs(graph.flops() / member.facts.flops - 1) <= NEAR
    assert not {g.group for g in mutants} & {START.group}


def test_the_path_from_the_start_is_told(tmp_path: Path) -> None:
    found = run(tmp_path)
    facts = found.best[0].facts
    path = check.lineage(found, facts)
    assert len(path) == facts.edits
    assert path[0].parent == START.hash
    assert [f.hash for f in path[:-1]] == [f.parent for f in path[1:]]
    steps = check.best_so_far(found, higher_is_better=True)
    assert [v for _, v in steps] == sorted(v for _, v in steps)
    assert steps[-1] == (PLAN.steps, facts.value)
    mutant, _ = mutate(START, np.random.default_rng(0), kinds=["kernel"])
    changed = check.layers_changed(START, mutant)
    assert sorted(after - before for before, after in changed.values()) == [-1, 1]
    gone, new = check.nodes_changed(START, mutant)
    assert gone == new == np.flatnonzero((START.nodes != mutant.nodes).any(axis=1)).tolist()
    assert mutant.draw(fold=False, marked=new).count('class="mark"') == len(new) == 1
    assert 'class="mark"' not in START.draw()


def test_lines_are_plain_json(tmp_path: Path) -> None:
    run(tmp_path, replace(PLAN, steps=1))
    for text in (tmp_path / states.STEPS).read_text().splitlines():
        json.loads(text, parse_constant=pytest.fail)


def test_recipes_of_searches() -> None:
    assert recipe_for("hiaml").version == "micro-1"
    assert recipe_for("ofa_resnet").version == "micro-4"
    with pytest.raises(DataError, match="no scale for micro training"):
        recipe_for("transnas_micro")
