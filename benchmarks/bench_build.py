"""Building graphs from specifications, beside tracing the same networks with torch.fx.

    python benchmarks/bench_build.py            # samples of every space
    python benchmarks/bench_build.py --nb101    # besides, all 423,624 cells of NAS-Bench-101

The papers' own TensorFlow builder, which does not run on a current Python, is reported to take
1 to 14 seconds a graph.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from common import best_of
from tabulate import tabulate
from torch.fx.passes.shape_prop import ShapeProp

from nape_bench.spaces import spaces

SAMPLES = 200


def trace(module: torch.nn.Module, image: torch.Tensor) -> None:
    """Get a graph with shapes from a torch network, as one would without a builder."""
    ShapeProp(torch.fx.symbolic_trace(module)).propagate(image)


def row(name: str) -> list[object]:
    """Time one space."""
    family, rng = spaces()[name], np.random.default_rng(0)
    specs = [family.sample(rng) for _ in range(SAMPLES)]
    graphs = [family.build(spec) for spec in specs]
    nodes = sum(len(graph) for graph in graphs) / SAMPLES
    build = best_of(lambda: [family.build(spec) for spec in specs]) / SAMPLES
    few = [
        (graph.to_torch().eval(), torch.zeros(1, 3, *graph.nodes[0, 1:4:2].tolist()))
        for graph in graphs[:3]
    ]
    with torch.no_grad():
        traced = best_of(lambda: [trace(*each) for each in few], 1) / len(few)
    per_100 = 100 * build / nodes
    return [name, nodes, 1e3 * build, 1e3 * per_100, 1e3 * traced, traced / build]


def whole_nb101() -> None:
    """Build every cell of NAS-Bench-101 once."""
    family = spaces()["nb101"]
    start = time.perf_counter()
    specs = list(family.enumerate())
    listed = time.perf_counter()
    for spec in specs:
        family.build(spec)
    end = time.perf_counter()
    print(
        f"NAS-Bench-101: {len(specs)} cells listed in {listed - start:.1f} s, "
        f"built in {end - listed:.1f} s"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nb101", action="store_true", help="build all 423,624 cells (minutes)")
    args = parser.parse_args()
    headers = ["space", "nodes", "build ms", "ms per 100 nodes", "torch.fx ms", "ratio"]
    print(tabulate([row(name) for name in spaces()], headers, floatfmt=".3f"))
    if args.nb101:
        whole_nb101()


if __name__ == "__main__":
    main()
