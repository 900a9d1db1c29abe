"""Importing caches in the format of GENNAPE's authors, beside unpickling them.

    python benchmarks/bench_gennape.py            # 2,000 graphs of each of three families
    python benchmarks/bench_gennape.py --full     # 100,000 of NAS-Bench-101
    python benchmarks/bench_gennape.py --families nb101 --graphs 20000 --folder caches/

Architectures are chosen at random and written as the authors' classes would be pickled
(`authors_cache.py`); labels are made up. Each cache is then imported in a fresh process of one
thread: read by our own reader, the graph built from its specification, both graphs hashed and
compared, the dataset written. Beside it stands what a user would do instead: unpickle the cache
with Python's own unpickler, restricted to the authors' classes, and do nothing with it. It needs
Linux, which tells of peak memory. Rates are of processor seconds; wall times stand beside them,
since others may use the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from authors_cache import Writer
from tabulate import tabulate

from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHES = {"nb101": "nb101", "nb201": "nb201c10", "ofa_resnet": "ofa_resnet"}
"""Family -> what stands in the name of its cache."""
NAMES = {"nb101": "NB101-Net", "nb201": "NB201-Net", "ofa_resnet": "OFA-ResNet"}

PROGRAM = """
import json, sys, time
def peak():  # ru_maxrss would begin at what the parent took
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
def timed(name, action):
    wall, cpu = time.perf_counter(), time.process_time()
    count = action()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps(dict(way=name, wall=wall, cpu=cpu, count=count, before=before, peak=peak())))
path = sys.argv[1]
"""
IMPORT = (
    PROGRAM
    + """
import pyarrow.parquet
from nape_bench.data.importers import import_gennape
from nape_bench.data.pickles import Limits, read_entries
from nape_bench.data.pickles.references import scan
before = peak()
def read():
    references = scan(open(path, "rb"), path, Limits())
    return sum(1 for _ in read_entries(open(path, "rb"), path, references))
def whole():
    ((_, report),) = import_gennape(path, progress=False)
    assert report.graphs_same == report.kept == report.read, report.summary()
    return report.kept
timed("read alone", read)
timed("import", whole)
"""
)
UNPICKLE = (
    PROGRAM
    + """
import pickle
class Stub: pass
KNOWN = {("model_src.comp_graph.tf_comp_graph", name)
         for name in ("ComputeGraph", "RegularNode", "WeightedNode")}
class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) in KNOWN:
            return Stub
        raise pickle.UnpicklingError(f"{module}.{name}")
before = peak()
timed("unpickle", lambda: len(Reader(open(path, "rb")).load()))
"""
)


def main() -> None:
    """Make the caches, import them, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="+", default=list(CACHES), choices=CACHES)
    parser.add_argument("--graphs", type=int, default=2000)
    parser.add_argument("--full", action="store_true", help="100,000 graphs of NAS-Bench-101")
    parser.add_argument("--folder", type=Path, help="where the caches lie or are to be made")
    args = parser.parse_args()
    families, graphs = (["nb101"], 100_000) if args.full else (args.families, args.graphs)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for family in families:
            folder = args.folder or Path(scratch)
            path = folder / f"gpi_{CACHES[family]}_comp_graph_cache.pkl"
            nodes = make(path, family, graphs) if not path.exists() else float("nan")
            # 2,000 values a graph are never freed: 100,000 graphs would take 30 GB.
            programs = [IMPORT] if args.full else [IMPORT, UNPICKLE]
            for program in programs:
                found = run(program, path, Path(scratch) / family)
                rows += [row(family, nodes, path, each) for each in found]
            rows.append([])
    headers = ["family", "way", "graphs", "nodes", "KB a graph", "cpu s", "wall s",
               "ms a graph", "graphs a second", "before MB", "peak MB"]  # fmt: skip
    print(
        tabulate(rows[:-1], headers, floatfmt=(*[""] * 3, ".0f", *[".1f"] * 3, ".2f", *[".0f"] * 3))
    )
    print(f"load of the machine: {os.getloadavg()[0]:.1f} over {os.cpu_count()} cores")


def make(path: Path, family: str, count: int) -> float:
    """Write a cache of distinct architectures; return how many nodes a graph has on average."""
    start = time.perf_counter()
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn, seen, nodes = space(family), set(), 0
    chosen, rng = specs(family, count), np.random.default_rng(1)
    with path.open("wb") as file:
        writer = Writer(file)
        while len(seen) < count:
            spec = next(chosen)
            text = drawn.format(spec)
            if text in seen or (family == "nb201" and "none" in spec["ops"]):
                continue
            graph = drawn.build(spec)
            labels = {"acc": float(rng.uniform(0.8, 0.95)), "flops": 1.5e9, "n_params": 1e6}
            config = {"original config": config_of(family, spec)}
            writer.entry(graph, f"{NAMES[family]}{len(seen)}", {**labels, **config})
            seen.add(text)
            nodes += len(graph)
        writer.end()
    print(f"made {path.name} in {time.perf_counter() - start:.0f} s: {path.stat().st_size:,} bytes")
    return nodes / count


def specs(family: str, count: int) -> Iterator[Any]:
    """Go through specifications at random; cells of NAS-Bench-101 are not drawn, which is slow."""
    drawn, rng = space(family), np.random.default_rng(0)
    if family == "nb101":
        cells = list(islice(drawn.enumerate(), 0, None, drawn.size // count))
        for number in rng.permutation(len(cells)):
            yield cells[number]
    while True:
        yield drawn.sample(rng)


def config_of(family: str, spec: Any) -> Any:
    """Return a specification in the form in which the authors' caches hold it."""
    if family == "nb101":
        return spec["ops"], spec["matrix"]
    if family == "nb201":
        return spec["ops"], ((0,), (0,), (1,), (0,), (1,), (2, 3))
    return spec["resolution"], spec["config"]


def run(program: str, path: Path, home: Path) -> list[dict[str, Any]]:
    """Run a program on a cache in a fresh process; return what it measured."""
    environment = {**os.environ, "NAPE_BENCH_HOME": str(home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def row(family: str, nodes: float, path: Path, found: dict[str, Any]) -> list[Any]:
    """Return a row of the table."""
    count = found["count"]
    return [
        family, found["way"], count, nodes, path.stat().st_size / count / 1024, found["cpu"],
        found["wall"], 1e3 * found["cpu"] / count, count / found["cpu"], found["before"],
        found["peak"],
    ]  # fmt: skip


if __name__ == "__main__":
    main()
