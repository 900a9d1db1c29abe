"""All 13 zero-cost proxies together, beside the sum of what each takes alone.

    python benchmarks/bench_proxies.py                      # made smaller, a few seconds a space
    python benchmarks/bench_proxies.py --full nb101 nb201   # as the spaces build them by default
    python benchmarks/bench_proxies.py --full --together    # what a network costs, in all spaces

Times are processor time on one thread, so that they hardly depend on what else runs. Both sides
are this package's code; alone, a proxy does what it needs and no more. With a forward pass as the
unit and a backward pass to weights as two, alone takes about 28: 2 each for jacov and epe_nas, 3
each for fisher, grad_norm, plain and snip, 9 for grasp, 1 for nwot, 2 for zen. Together takes about
12: one forward pass, one backward pass to the images, one to the weights, two more of both for
grasp, and zen's two forward passes.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from tabulate import tabulate

from nape_bench.labels.proxies import PROXIES, proxies
from nape_bench.spaces import space, spaces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph import ArchGraph

DRAWN = 9
"""Architectures that are drawn; the one in the middle by FLOPs is timed."""


def typical(name: str, *, full: bool) -> ArchGraph:
    """Return an architecture of a space in the middle by FLOPs."""
    family, rng = space(name), np.random.default_rng(0)
    specs = [family.sample(rng) for _ in range(DRAWN)]
    scale = {} if full else {"width": 0.5, "depth": 1, "resolution": 32}
    return sorted((family.build(spec, **scale) for spec in specs), key=lambda g: g.flops())[
        DRAWN // 2
    ]


def seconds(graph: ArchGraph, batch: int, names: Sequence[str], repeats: int = 1) -> float:
    """Return the least processor time of some proxies, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        proxies(graph, batch=batch, names=names)
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("spaces", nargs="*", default=list(spaces()))
    parser.add_argument("--full", action="store_true", help="default builds")
    parser.add_argument("--together", action="store_true", help="leave out each alone")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the least counts")
    args = parser.parse_args()
    seconds(typical("nb201", full=False), 2, PROXIES)  # what torch does once
    rows = []
    for name in args.spaces:
        graph = typical(name, full=args.full)
        together = seconds(graph, args.batch, PROXIES, args.repeats)
        row = [name, int(graph.column("h_out")[0]), graph.flops() / 1e6, together]
        if not args.together:
            alone = [seconds(graph, args.batch, [each], args.repeats) for each in PROXIES]
            row += [sum(alone), together / sum(alone), *alone]
        rows.append(row)
    headers = ["space", "pixels", "MFLOPs", "together s", "alone s", "ratio", *PROXIES]
    print(tabulate(rows, headers[: len(rows[0])], floatfmt=".2f"))


if __name__ == "__main__":
    main()
