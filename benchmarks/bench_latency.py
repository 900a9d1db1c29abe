"""What a measurement of latency costs, and how well it is repeated.

    python benchmarks/bench_latency.py                      # two networks of every family, twice
    python benchmarks/bench_latency.py --n 20 hiaml nb201   # with rank correlations

Each network is measured twice, the second time after all others of its family and with other
weights and images. Nothing else may run meanwhile: what does is counted as disturbed.
"""

from __future__ import annotations

import argparse
import time

import common  # noqa: F401 (one thread for all libraries)
import numpy as np
from tabulate import tabulate

from nape_bench.labels.latency import LATENCY, Latency, latency, quiet
from nape_bench.metrics import spearman
from nape_bench.spaces import space

FAMILIES = [
    "nb101", "nb201", "nb301", "ofa_pn", "ofa_mbv3", "ofa_resnet", "hiaml", "inception", "two_path"
]  # fmt: skip


def rows(name: str, count: int) -> list[list[object]]:
    """Measure networks of a family, and tell of each setting."""
    family, rng = space(name), np.random.default_rng(0)
    graphs = [family.build(family.sample(rng)) for _ in range(count)]
    start = time.perf_counter()
    rounds: list[list[Latency]] = [
        [latency(graph, seed=seed) for graph in graphs] for seed in range(2)
    ]
    seconds = (time.perf_counter() - start) / (2 * count)
    found: list[list[object]] = []
    for place, timing in enumerate(rounds[0][0].timings):
        first, again = (
            np.array([result.timings[place].median_ms for result in results]) for results in rounds
        )
        spread = [
            (t.p90_ms - t.p10_ms) / t.median_ms
            for results in rounds
            for t in (result.timings[place] for result in results)
        ]
        apart = np.abs(again / first - 1)
        disturbed = sum(bool(r.timings[place].interference) for rs in rounds for r in rs)
        rank = spearman(first, again) if count >= 5 else None
        found.append(
            [
                name if place == 0 else "",
                round(seconds, 1) if place == 0 else "",
                f"{timing.runtime}, {timing.batch}",
                f"{np.median(first):.2f}",
                f"{first.min():.2f} - {first.max():.2f}",
                f"{np.median(spread):.1%}",
                f"{np.median(apart):.1%}",
                f"{apart.max():.1%}",
                "" if rank is None else f"{rank:.3f}",
                f"{disturbed} of {2 * count}",
            ]
        )
    return found


def main() -> None:
    """Print a table, a row a family and setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", default=FAMILIES, metavar="FAMILY")
    parser.add_argument("--n", type=int, default=2, help="networks of each family (2)")
    args = parser.parse_args()
    print(f"{LATENCY.version}; before: {quiet()}")
    headers = [
        "family", "s a network", "runtime, batch", "median ms", "range ms", "p90 - p10",
        "repeats differ", "at most", "SRCC", "disturbed",
    ]  # fmt: skip
    table = [row for name in args.families for row in rows(name, args.n)]
    print(tabulate(table, headers, disable_numparse=True))


if __name__ == "__main__":
    main()
