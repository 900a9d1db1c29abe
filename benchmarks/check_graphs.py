"""How far two seeds agree on networks that are in no table: mutated ones, given as graphs.

    python benchmarks/check_graphs.py hiaml
    python benchmarks/check_graphs.py nb201 --n 14

They are made small and trained as `nape-bench label --graph` does it.
"""

from __future__ import annotations

import argparse

import common  # noqa: F401 (one thread for all libraries)
import numpy as np

from nape_bench.labels.measures import MEASURES
from nape_bench.metrics import spearman
from nape_bench.spaces import space


def main() -> None:
    """Train, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("space")
    parser.add_argument("--n", type=int, default=14, help="networks (14)")
    args = parser.parse_args()
    family, rng, micro = space(args.space), np.random.default_rng(11), MEASURES["micro"]
    graphs = [family.build(family.mutate(family.sample(rng), rng)) for _ in range(args.n)]
    rows = [[micro.run(graph, seed) for seed in range(2)] for graph in graphs]
    accuracy = np.array([[row["accuracy"] for row in pair] for pair in rows], dtype=np.float64)
    seconds = np.median([row["seconds"] for pair in rows for row in pair])
    print(
        f"{args.space}, {args.n} mutated networks, {micro.version}: two seeds "
        f"{spearman(*accuracy.T):.3f}, accuracy {accuracy.mean():.1f}, sd "
        f"{accuracy.mean(1).std():.2f}, {seconds:.1f} s a training"
    )


if __name__ == "__main__":
    main()
