"""Zero-cost proxies beside published values of the same networks.

    python benchmarks/check_proxies.py nb101 --networks 300 --store nb101.jsonl
    python benchmarks/check_proxies.py fbnet --networks 300 --store fbnet.jsonl

Published values are read from the folder `labels` of $NAPE_SHARED, or of ../shared beside the
repository. Each network is written to the store as soon as it is done, and none that is there is
done again: the script may be killed and started with more networks or seeds.

Columns: `rank` is the Spearman correlation of one seed with the published values, mean over seeds;
`averaged` that of the mean over seeds with the mean over published repeats; `ours` between two
seeds of this package; `theirs` between two published values of one network, which the NAS-Bench-101
file has: some of its cells are isomorphic. A proxy of low `theirs` cannot be met: it depends more
on the images and weights that were drawn than on the network.

So it is with epe_nas, grasp, jacov and plain. Published epe_nas is mostly the number of pairs of
images of one class in the batch, which was drawn for each network: of 32 images and 10 classes it
varies by 13 %, and the published values of all 500 cells vary by 15 %. Of 16 images and 100
classes, 28 % of batches have no such pair, which makes it 0, as it is for 23 % of FBNet networks.
In both files its rank correlation with each other proxy is under 0.1. Here classes are spread
evenly over a batch. grasp and plain are sums of terms of both signs that nearly cancel out; jacov
differs by under 1 % between networks.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.stats import spearmanr
from tabulate import tabulate

from nape_bench.graph import GraphTable
from nape_bench.labels.proxies import PROXIES
from nape_bench.labels.proxies.score import score
from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nape_bench.graph import ArchGraph

    Values = dict[str, float | None]
    Published = dict[str, list[Values]]

BATCH = {"nb101": 32, "fbnet": 16}
"""Images that the published values were taken of; jacov is close to minus this number."""

FILES = {
    "nb101": "nb101_naslib500/zero_cost_proxies.json",
    "fbnet": "help_latency/fbnet_zero_cost_proxies.json",
}

NB101_OPS = {2: "maxpool3x3", 3: "conv1x1-bn-relu", 4: "conv3x3-bn-relu"}
"""Codes of NASLib's cells; 0 is the input and 1 the output."""


def published(name: str) -> tuple[dict[str, ArchGraph], Published]:
    """Return graphs by hash, and the published values of each, in the order of the file."""
    default = Path(__file__).resolve().parents[2] / "shared"
    path = Path(os.environ.get("NAPE_SHARED", default)) / "labels" / FILES[name]
    rows = json.loads(path.read_text(encoding="utf-8"))
    rows = rows["nasbench101"]["cifar10"] if name == "nb101" else rows
    graphs: dict[str, ArchGraph] = {}
    values: Published = defaultdict(list)
    table = GraphTable.from_graphs(
        space(name).build(nb101_spec(key) if name == "nb101" else key) for key in rows
    )
    for graph, key, row in zip(table, table.hashes.tolist(), rows.values(), strict=True):
        graphs.setdefault(key, graph)
        values[key].append(row)
    return graphs, values


def nb101_spec(key: str) -> dict[str, Any]:
    """Read NASLib's "(0, 1, ..., 2, 4, 1)": an adjacency matrix, then operations."""
    numbers = json.loads(f"[{key.strip('()')}]")
    n = next(n for n in range(2, 8) if n * (n + 1) == len(numbers))
    inner = [NB101_OPS[code] for code in numbers[n * n + 1 : -1]]
    matrix = [numbers[row * n : (row + 1) * n] for row in range(n)]
    return {"matrix": matrix, "ops": ["input", *inner, "output"]}


def done(store: Path) -> dict[tuple[str, int], Values]:
    """Read what the store has; a line that was cut short is left out."""
    rows = {}
    for line in store.read_text(encoding="utf-8").splitlines() if store.exists() else ():
        if line.endswith("}"):
            row = json.loads(line)
            rows[row["hash"], row["seed"]] = row["values"]
    return rows


def measure(graphs: dict[str, ArchGraph], seeds: Iterable[int], batch: int, store: Path) -> None:
    """Measure what the store does not have yet."""
    have = done(store)
    with store.open("a", encoding="utf-8") as file:
        file.write("\n")  # ends a line that was cut short
        for seed, (name, graph) in itertools.product(seeds, graphs.items()):
            if (name, seed) in have:
                continue
            start = time.process_time()
            values = score(graph, batch=batch, seed=seed).values
            seconds = round(time.process_time() - start, 2)
            row = {"hash": name, "seed": seed, "seconds": seconds, "values": values}
            print(json.dumps(row), file=file, flush=True)


def rank(pairs: Iterable[tuple[float | None, float | None]]) -> float:
    """Return the Spearman correlation of pairs, leaving out those that lack a value."""
    whole = [pair for pair in pairs if None not in pair]
    return float(spearmanr(*zip(*whole, strict=True)).statistic) if len(whole) > 2 else np.nan


def rows(ours: dict[tuple[str, int], Values], theirs: Published) -> Iterator[list[object]]:
    """Return the table's rows."""
    seeds = sorted({seed for _, seed in ours})
    common = [key for key in theirs if all((key, seed) in ours for seed in seeds)]
    for name in PROXIES:
        known = name in next(iter(theirs.values()))[0]
        each = [
            rank((ours[key, seed][name], theirs[key][0][name]) for key in common if known)
            for seed in seeds
        ]
        averaged = rank(
            (_mean(ours[key, s][name] for s in seeds), _mean(row[name] for row in theirs[key]))
            for key in common
            if known
        )
        between = [
            rank((ours[key, a][name], ours[key, b][name]) for key in common)
            for a, b in itertools.combinations(seeds, 2)
        ]
        twice = [values for values in theirs.values() if len(values) > 1]
        repeats = rank((two[0][name], two[1][name]) for two in twice if known)
        yield [name, len(common), np.mean(each), averaged, np.mean(between or [np.nan]), repeats]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("space", choices=FILES)
    parser.add_argument("--networks", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--repeated", type=int, default=1, help="least published values of one")
    parser.add_argument("--store", type=Path, required=True)
    args = parser.parse_args()
    graphs, values = published(args.space)
    often = [key for key, rows in values.items() if len(rows) >= args.repeated]
    order = np.random.default_rng(0).permutation(len(often))[: args.networks]
    chosen = {often[i]: graphs[often[i]] for i in order}
    measure(chosen, range(args.seeds), BATCH[args.space], args.store)
    kept = {(k, s): v for (k, s), v in done(args.store).items() if k in chosen and s < args.seeds}
    headers = ["proxy", "networks", "rank", "averaged", "ours", "theirs"]
    print(tabulate(rows(kept, values), headers, floatfmt=".3f"))


if __name__ == "__main__":
    main()
