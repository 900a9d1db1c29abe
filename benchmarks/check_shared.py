"""Micro accuracy with shared weights beside published accuracies of the same sub-networks.

    nape-bench import dynas DyNAS-T/notebooks/data --on-duplicate mean
    python benchmarks/check_shared.py --store labels --networks 100 --out scores.csv

Published are those that DyNAS-T measured with the weights of the once-for-all MobileNetV3 supernet
of width 1.0 (dataset nape/ofa_mbv3, config imagenet). The micro supernet is that of width 1.2, so
that blocks, kernels, expansions and depths are the published ones, and channels are not. It is
trained where the store does not have it, which takes about ten minutes a seed. The networks are
drawn uniformly from the published ones, which a search had found, so that the strong are many.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import common  # noqa: F401 (one thread for all libraries)
import numpy as np
from tabulate import tabulate

import nape_bench
from nape_bench.labels.measures.micro import Micro
from nape_bench.metrics import bootstrap_interval, spearman

SPACE = "ofa_mbv3"


def main() -> None:
    """Print correlations with the published accuracies, and between seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, required=True, help="label store with supernets")
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write what was scored to this CSV file")
    args = parser.parse_args()

    published = nape_bench.load_dataset(f"nape/{SPACE}", "imagenet")
    family = nape_bench.space(SPACE)
    measure = Micro().for_space(SPACE).in_store(args.store, progress=True)
    specs = [spec for name in published for spec in published[name].specs]
    labels = np.concatenate([published[name].y for name in published])
    chosen = np.random.default_rng(0).choice(len(specs), args.networks, replace=False)
    accuracies = []
    for place in chosen:
        spec = {**specs[place], "width": 1.2}
        runs = [measure.run_spec(SPACE, spec, seed) for seed in range(args.seeds)]
        accuracies.append([run["accuracy"] for run in runs])
    micro = np.array(accuracies)
    if args.out:
        lines = ["architecture," + ",".join(f"micro_seed{s}" for s in range(args.seeds))]
        for place, row in zip(chosen, accuracies, strict=True):
            lines.append(",".join(map(str, [family.format(specs[place]), *row])))
        args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    flops = [family.build(specs[place]).flops() for place in chosen]
    rows = []
    for name, ours in [("micro accuracy", micro.mean(1)), ("multiply-adds", flops)]:
        found = bootstrap_interval(labels[chosen], ours)
        rows.append([name, found.value, found.low, found.high])
    print(tabulate(rows, ["with published", "SRCC", "2.5 %", "97.5 %"], floatfmt=".3f"))
    if args.seeds > 1:
        print(f"between two seeds: {spearman(micro[:, 0], micro[:, 1]):.3f}")
    print(f"spread: {micro.mean(1).std():.2f} % around {micro.mean():.1f} %")


if __name__ == "__main__":
    main()
