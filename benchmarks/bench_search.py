"""Speed of a search: networks proposed and scored a second, by one core, and what bounds it.

    python benchmarks/bench_search.py [--space hiaml] [--with kgnn] [--networks 2000] [--full]

Members of a pool are mutated, mutants are checked, named (`hash`, `group`) and scored, as a step
of `nape-bench search` does it; seconds are of the processor. Times of parts are told beside.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from nape_bench.graph import GraphTable
from nape_bench.predictors import predictor
from nape_bench.search import GraphMoves, Known, Objective
from nape_bench.search.loop import members_of
from nape_bench.search.scales import FULL, MICRO, builder
from nape_bench.search.teach import lesson, taught
from nape_bench.spaces import space
from nape_bench.torch_threads import one_thread

POOL, BATCH, REPEATS = 100, 200, 5


def main() -> None:
    """Measure, and print a line a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--space", default="hiaml")
    parser.add_argument("--with", dest="predictor", default="kgnn")
    parser.add_argument("--networks", type=int, default=2000)
    parser.add_argument("--full", action="store_true", help="networks as papers have them")
    args = parser.parse_args()
    drawn, scale = space(args.space), FULL if args.full else MICRO
    build, rng = builder(drawn, scale), np.random.default_rng(0)
    given = lesson(f"in-family/{args.space}", scale)
    # How well it is trained says nothing of its speed.
    short = {"epochs": 1} if args.predictor == "kgnn" else {}
    objective = Objective(
        taught(predictor(args.predictor, **short), given), True, {}, known=Known(given.graphs)
    )
    graphs = GraphTable.from_graphs([build(drawn.sample(rng)) for _ in range(POOL)])
    pool = members_of(graphs, objective)
    moves = GraphMoves()
    sizes = np.diff(graphs.node_ptr)
    print(f"{args.space}, {scale} scale, {sizes.mean():.0f} nodes; {args.predictor}")
    best: dict[str, float] = {}
    for _ in range(REPEATS):
        spent = dict.fromkeys(
            ("propose and check", "hash and group", "known", "score", "members"), 0.0
        )
        made = 0
        while made < args.networks:
            of = rng.integers(POOL, size=BATCH).tolist()
            marks = [time.process_time()]
            found = moves.propose(pool, of, rng)
            marks.append(time.process_time())
            found.graphs.groups  # noqa: B018 (worked out when first asked for)
            marks.append(time.process_time())
            objective.known.strange(found.graphs)
            marks.append(time.process_time())
            objective.scores(found.graphs)
            marks.append(time.process_time())
            [found.graphs[number] for number in range(len(found.graphs))]
            marks.append(time.process_time())
            for part, seconds in zip(spent, np.diff(marks), strict=True):
                spent[part] += float(seconds)
            made += len(found.graphs)
        each = {part: 1e3 * seconds / made for part, seconds in spent.items()}
        if not best or sum(each.values()) < sum(best.values()):
            best = each
    for part, milliseconds in best.items():
        print(f"  {part:18} {milliseconds:.3f} ms")
    total = sum(best.values())
    print(f"  {1e3 / total:,.0f} networks a second (the best of {REPEATS} times)")


if __name__ == "__main__":
    with one_thread():
        main()
