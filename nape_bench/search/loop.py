"""The loop of a search: propose, score, keep; deterministic, and resumed where it was ended."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from nape_bench.errors import NapeError
from nape_bench.graph import GraphTable
from nape_bench.search import state as states
from nape_bench.search.member import Facts, Member, rank
from nape_bench.search.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.search.moves import Moves
    from nape_bench.search.objective import Objective
    from nape_bench.search.state import State


@dataclass(frozen=True)
class Plan:
    """How to search.

    Attributes:
        method: Name of a way to search (`methods.METHODS`).
        steps: Rounds of proposing and keeping.
        batch: Mutants of a step, scored together.
        pool: Members that are mutated.
        keep: How many of the best are found in the end.
        edits: Changes from the start, at most, that a network may have; None sets no bound. The
            farther away, the less the predictor knows.
        seed: What everything is drawn from.
        save_every: Steps between two writings of graphs; what comes between is done again when a
            search that was killed goes on.
    """

    method: str = "evolution"
    steps: int = 100
    batch: int = 100
    pool: int = 100
    keep: int = 8
    edits: int | None = None
    seed: int = 0
    save_every: int = 10

    def __post_init__(self) -> None:
        METHODS[self.method]  # an unknown name is answered here
        for name in ("steps", "batch", "pool", "keep", "save_every"):
            if getattr(self, name) < 1:
                raise NapeError(f"{name} is at least 1, not {getattr(self, name)}")


@dataclass(frozen=True)
class Outcome:
    """What a search found.

    Attributes:
        start: Where it began.
        best: The best networks that keep the limits, the very best first.
        lines: What was noted of each step.
    """

    start: Member
    best: list[Member]
    lines: list[dict[str, Any]]


def search(
    start: ArchGraph,
    objective: Objective,
    moves: Moves,
    plan: Plan,
    folder: Path,
    *,
    spec: str = "",
    settings: Mapping[str, Any] | None = None,
    progress: bool = False,
) -> Outcome:
    """Search from a network, or go on with a search that was ended.

    Each step proposes `plan.batch` mutants, leaves out those whose function was scored before or
    whose layers the predictor does not know, scores the others in one packed batch, and keeps by
    the rules of the method. Step `s` draws from (`plan.seed`, `s`) alone, so that equal arguments
    give equal files, however often the search was ended in between.

    Args:
        start: The network.
        objective: What is wanted.
        moves: How networks are changed.
        plan: How to search.
        folder: Where files go (`state`).
        spec: The start as its space writes it, for moves inside a space.
        settings: What else says which search this is; plain JSON.
        progress: Whether to show progress.

    Raises:
        DataError: The folder holds another search, or is damaged.
        NapeError: Nothing was found that keeps the limits.
    """
    told = {**asdict(plan), "limits": dict(objective.limits), "start": start.hash}
    del told["steps"], told["save_every"]  # more steps are the same search, gone on with
    states.begin(folder, {**told, **(settings or {})})
    first = members_of(GraphTable.from_graphs([start]), objective, spec)[0]
    state = states.read(folder)
    if state is None:
        state = states.State(0, [first], [first], {first.facts.group})
        _note(folder, state, [first], Counter(), 1)
        states.save(folder, state)
    bar = tqdm(total=plan.steps, initial=min(state.step, plan.steps), unit="step",
               disable=not progress)  # fmt: skip
    with bar:
        while state.step < plan.steps:
            _step(folder, state, first, objective, moves, plan)
            bar.update()
            bar.set_postfix_str(_shown(state))
            if state.step % plan.save_every == 0 or state.step == plan.steps:
                states.save(folder, state)
    best = [member for member in state.best if member.facts.excess == 0]
    if not best:
        raise NapeError(
            f"{folder}: after {state.step} steps no network keeps the limits "
            f"{dict(objective.limits)}; the nearest is {state.best[0].facts.excess:.1%} above: "
            "ask for more steps"
        )
    return Outcome(first, best, state.lines)


def _step(
    folder: Path, state: State, first: Member, objective: Objective, moves: Moves, plan: Plan
) -> None:
    """Do one step; changes the state."""
    method, higher = METHODS[plan.method], objective.higher_is_better
    rng = np.random.default_rng([plan.seed, state.step + 1])
    parents = state.pool
    if plan.edits is not None:
        # Where all have as many changes as they may, it begins anew.
        parents = [m for m in state.pool if m.facts.edits < plan.edits] or [first]
    of = method.parents(parents, plan.batch, rng, higher=higher)
    found = moves.propose(parents, of, rng)
    rejected = found.rejected
    new = np.zeros(len(found.graphs), dtype=bool)
    strange = {} if objective.known is None else objective.known.strange(found.graphs)
    for number, group in enumerate(found.graphs.groups.tolist()):
        reason = next((name for name, which in strange.items() if which[number]), "")
        if group in state.seen:
            reason = "scored before"
        if reason:
            rejected[reason] += 1
        else:
            new[number] = True
            state.seen.add(group)
    children = []
    if new.any():
        scored = members_of(found.graphs[new], objective)
        for member, number in zip(scored, np.flatnonzero(new).tolist(), strict=True):
            mutant = found.mutants[number]
            parent = parents[mutant.parent].facts
            facts = member.facts._replace(
                step=state.step + 1, edits=parent.edits + 1, parent=parent.hash,
                kind=mutant.kind, change=mutant.change, spec=mutant.spec,
            )  # fmt: skip
            children.append(Member(facts, member.graph))
    every = {member.facts.group: member for member in [*children, *state.best]}
    best = sorted(every.values(), key=lambda m: rank(m.facts, higher_is_better=higher))
    state.best = best[: plan.keep]
    state.pool = method.survivors(state.pool, children, plan.pool, higher=higher)
    state.step += 1
    _note(folder, state, children, rejected, len(found.graphs))


def members_of(graphs: GraphTable, objective: Objective, spec: str = "") -> list[Member]:
    """Score networks."""
    scores = objective.scores(graphs)
    return [
        Member(
            Facts(
                hash=key,
                group=group,
                value=float(scores.value[number]),
                excess=float(scores.excess[number]),
                flops=int(scores.flops[number]),
                params=int(scores.params[number]),
                latency=float(scores.latency[number]),
                spec=spec,
            ),
            graphs[number],
        )
        for number, (key, group) in enumerate(
            zip(graphs.hashes.tolist(), graphs.groups.tolist(), strict=True)
        )
    ]


def _note(
    folder: Path, state: State, children: list[Member], rejected: Counter[str], proposed: int
) -> None:
    """Write down a step: the best, what of the new ones was kept, and all that was scored."""
    kept = {member.facts.hash for member in [*state.pool, *state.best]}
    line = {
        "step": state.step,
        "proposed": proposed,
        "scored": len(children),
        "rejected": dict(sorted(rejected.items())),
        "best": state.best[0].facts.hash,
        "kept": [_plain(m.facts) for m in children if m.facts.hash in kept],
        "groups": [member.facts.group for member in children],
    }
    states.note(folder, line)
    state.lines.append(line)


def _plain(facts: Facts) -> dict[str, Any]:
    """Return facts as JSON has them: NaN is null."""
    values = facts._asdict()
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in values.items()}


def _shown(state: State) -> str:
    facts = state.best[0].facts
    above = f", {facts.excess:.0%} above" if facts.excess else ""
    return f"best {facts.value:.4g}, {facts.flops / 1e6:.3g} M{above}; {len(state.seen)} scored"
