"""The check of a study: what was found is trained beside its rivals, and the numbers are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.errors import DataError
from nape_bench.evaluation.environment import environment
from nape_bench.graph.vocabulary import OPS, WEIGHTED
from nape_bench.metrics.bootstrap import bootstrap_intervals
from nape_bench.search.node import Node
from nape_bench.search.rivals import random_mutants, random_of_space
from nape_bench.search.study import GRAPH
from nape_bench.search.verify import Difference, Measured, difference, measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.search.loop import Outcome
    from nape_bench.search.member import Facts, Member
    from nape_bench.search.study import Ready

START, FOUND, MUTANTS, OTHERS = "start", "found", "random mutants", "random of the space"


def found_by(outcomes: Sequence[Outcome]) -> list[Member]:
    """Return what is checked: the best of each search, or all that one search kept.

    What several searches found counts once.
    """
    if len(outcomes) == 1:
        return outcomes[0].best
    return list({o.best[0].facts.group: o.best[0] for o in outcomes}.values())


def networks(given: Ready, outcomes: Sequence[Outcome]) -> dict[str, list[ArchGraph]]:
    """Return the networks to train: what was found, as many rivals of each kind, and the start."""
    found, start = found_by(outcomes), outcomes[0].start
    sets = {START: [given.start], FOUND: [member.graph for member in found]}
    if given.study.moves == GRAPH:
        sets[MUTANTS] = random_mutants(start, found, given.moves, given.objective, given.rng())
    sets[OTHERS] = random_of_space(given.space, given.build, found, given.rng())
    return sets


def checked(
    given: Ready,
    outcomes: Sequence[Outcome],
    folder: Path,
    *,
    seeds: int,
    progress: bool = False,
) -> dict[str, Any]:
    """Train what a study found and its rivals, and return the numbers as plain JSON.

    Args:
        given: The study.
        outcomes: What its searches came to.
        folder: Of the study: trainings go to the label store `labels` in it.
        seeds: Trainings of each network.
        progress: Whether to show progress.

    Raises:
        DataError: As for `verify.measure`.
    """
    sets = networks(given, outcomes)
    every = list({graph.hash: graph for graphs in sets.values() for graph in graphs}.values())
    measured = measure(every, given.study.space, folder / "labels", seeds=seeds, progress=progress)
    return told(given, outcomes, sets, measured, seeds)


def told(
    given: Ready,
    outcomes: Sequence[Outcome],
    sets: Mapping[str, Sequence[ArchGraph]],
    measured: Measured,
    seeds: int,
) -> dict[str, Any]:
    """Return the numbers of a check as plain JSON.

    Networks of which a training failed are listed, and left out of means: of those that were found
    too, so that a reader must look at how many they are.

    Raises:
        DataError: Nothing of a set is left.
    """
    from nape_bench.graph import GraphTable

    accuracy = measured.accuracy
    failed = [
        {"set": name, "hash": graph.hash, "reason": measured.failed[graph.hash]}
        for name, graphs in sets.items()
        for graph in graphs
        if graph.hash in measured.failed
    ]
    sets = {name: [g for g in graphs if g.hash in accuracy] for name, graphs in sets.items()}
    empty = [name for name, graphs in sets.items() if not graphs]
    if empty:
        raise DataError(f"every training of {empty[0]} failed, the first: {failed[0]['reason']}")
    rows = []
    for name, graphs in sets.items():
        scores = given.objective.scores(GraphTable.from_graphs(graphs))
        for number, graph in enumerate(graphs):
            rows.append(
                {
                    "set": name,
                    "hash": graph.hash,
                    "nodes": len(graph),
                    "flops": int(scores.flops[number]),
                    "params": int(scores.params[number]),
                    "predicted": float(scores.value[number]),
                    "measured": float(accuracy[graph.hash].mean()),
                    "accuracy": accuracy[graph.hash].tolist(),
                }
            )
    values = {name: [accuracy[graph.hash] for graph in of] for name, of in sets.items()}
    compared = {
        name: _plain(difference(values[FOUND], values[name])) for name in sets if name != FOUND
    }
    listed = [row for row in rows if row["set"] != START]
    y_true, y_pred = (np.array([row[k] for row in listed]) for k in ("measured", "predicted"))
    dataset = given.lesson.dataset
    start = outcomes[0].start
    limits = dict(given.objective.limits)
    best = found_by(outcomes)[0]
    return {
        "study": {
            **given.study.facts(),
            "runs": given.study.runs,
            "rounds": given.study.rounds,
            **asdict(given.study.plan),
        },
        "dataset": {
            "name": dataset.name,
            "config": dataset.config,
            "version": dataset.version,
            "content_hash": dataset.content_hash,
            "target": dataset.target,
            "labels": given.lesson.seen,
        },
        "training": {
            "recipe": f"{_recipe(given.study.space)}",
            "seeds": seeds,
        },
        "limits": limits,
        "start": {
            "spec": given.spec,
            "flops": start.facts.flops,
            "params": start.facts.params,
            "predicted": start.facts.value,
        },
        "search": [_told_search(outcome) for outcome in outcomes],
        "networks": rows,
        "failed": failed,
        "found less": compared,
        "rank": _rank(y_true, y_pred),
        "bias": {
            name: float(np.mean([r["predicted"] - r["measured"] for r in rows if r["set"] == name]))
            for name in sets
        },
        "best": {
            "hash": best.facts.hash,
            "changes": [f"{f.kind}: {f.change}" for f in lineage(outcomes[0], best.facts)],
            "layers": layers_changed(given.start, best.graph),
        },
        "environment": environment(),
    }


def _recipe(space: str) -> str:
    from nape_bench.search.scales import recipe_for

    recipe = recipe_for(space)
    return f"{recipe.version}, {recipe.epochs} epochs"


def _rank(y_true: np.ndarray, y_pred: np.ndarray) -> dict[str, Any]:
    """Return how predictions of the trained networks rank, if these differ, and how far off."""
    ordered = ["spearman"] if len(np.unique(y_true)) > 1 else []
    found = bootstrap_intervals(y_true, y_pred, [*ordered, "mae"])
    return {name: {"value": i.value, "low": i.low, "high": i.high} for name, i in found.items()}


def _told_search(outcome: Outcome) -> dict[str, Any]:
    rejected: Counter[str] = Counter()
    for line in outcome.lines:
        rejected.update(line["rejected"])
    best = outcome.best[0].facts
    return {
        "steps": len(outcome.lines) - 1,
        "scored": sum(line["scored"] for line in outcome.lines),
        "rejected": dict(rejected.most_common()),
        "best": {
            "hash": best.hash,
            "predicted": best.value,
            "flops": best.flops,
            "edits": best.edits,
            "spec": best.spec,
        },
    }


def lineage(outcome: Outcome, facts: Facts) -> list[Facts]:
    """Return what led from the start to a network, as far as it was kept, the first change first.

    What was never in a pool is not noted, but a parent always was.
    """
    known = {kept["hash"]: kept for line in outcome.lines for kept in line["kept"]}
    found, at = [facts], facts.parent
    while at in known and known[at]["parent"]:
        kept = {**known[at], "latency": float("nan")}
        found.append(facts._replace(**kept))
        at = kept["parent"]
    return found[::-1]


def layers_changed(before: ArchGraph, after: ArchGraph) -> dict[str, list[int]]:
    """Return of which kinds of layers there are more or fewer: words -> how many before, after."""
    counts = [Counter(Node(*row).told for row in g.nodes.tolist()) for g in (before, after)]
    kinds = sorted(set(counts[0]) | set(counts[1]))
    return {kind: [c[kind] for c in counts] for kind in kinds if counts[0][kind] != counts[1][kind]}


def nodes_changed(before: ArchGraph, after: ArchGraph) -> tuple[list[int], list[int]]:
    """Return the nodes of each graph that the other has no counterpart of, in the order of nodes.

    Layers are alike that have the same operation, window and, where they have weights, channels.
    """
    words = [
        [
            (Node(*row).told, row[6] if OPS[row[0]] in WEIGHTED else 0)
            for row in graph.nodes.tolist()
        ]
        for graph in (before, after)
    ]
    gone: list[int] = []
    new: list[int] = []
    matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
    for kind, first, end, other, other_end in matcher.get_opcodes():
        if kind != "equal":
            gone += range(first, end)
            new += range(other, other_end)
    return gone, new


def best_so_far(outcome: Outcome, *, higher_is_better: bool) -> list[tuple[int, float]]:
    """Return (step, value) of the best that keeps the limits, wherever it changed, and the last."""
    best: float | None = None
    found: list[tuple[int, float]] = []
    for line in outcome.lines:
        for kept in line["kept"]:
            better = best is None or (kept["value"] > best) == higher_is_better
            if kept["excess"] == 0 and better and kept["value"] != best:
                best = kept["value"]
                found.append((line["step"], kept["value"]))
    if found and found[-1][0] != outcome.lines[-1]["step"]:
        found.append((outcome.lines[-1]["step"], found[-1][1]))
    return found


def _plain(compared: Difference) -> dict[str, Any]:
    return {**asdict(compared), "verdict": compared.verdict}
