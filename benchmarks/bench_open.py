"""How long it takes to open 50,000 labelled graphs (8 million nodes), and what they take.

    python benchmarks/bench_open.py [--folder DIR] [--graphs 50000] [--repeats 5]

Architectures of nb201, nb101, hiaml and ofa_mbv3 are made into one dataset (once; `--folder` keeps
it). It is then opened by `load_dataset`, each time in a fresh process on two threads: from Parquet,
with every content hash verified, and from the memory-mapped cache. Beside it stands what a user
would do instead: unpickle the papers' authors' caches, here through a reader that knows their
three classes and refuses all others. Times are the least of the repeats, after all libraries are
imported; files are in the page cache. It needs Linux, which tells of peak memory and lets a process
be kept to two cores.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

NAME = "bench/open"
SHARES = {"nb201": 0.3, "nb101": 0.25, "hiaml": 0.3, "ofa_mbv3": 0.15}
"""Of all graphs; on average they have 160 nodes."""

CLASSES = {
    ("model_src.comp_graph.tf_comp_graph", name)
    for name in ("ComputeGraph", "RegularNode", "WeightedNode")
}
OPEN = """
import json, os, sys, time
def peak():  # ru_maxrss would begin at what the parent took
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
start = time.perf_counter()
import pyarrow.parquet
from nape_bench.data import cache, load, parquet
imports = time.perf_counter() - start
before = peak()
wall, cpu = time.perf_counter(), time.process_time()
ds = load.load_dataset("bench/open", path=sys.argv[1])
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
after = peak()
graphs = sum(len(ds[s]) for s in ds)
nodes = sum(int(ds[s].graphs.node_ptr[-1]) for s in ds)
edges = sum(len(ds[s].graphs.source) for s in ds)
cache.wait()
print(json.dumps(dict(wall=wall, cpu=cpu, before=before, peak=after, graphs=graphs, nodes=nodes,
                      edges=edges, imports=imports)))
"""


def main() -> None:
    """Make the dataset, open it, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where the dataset lies or is to be made")
    parser.add_argument("--graphs", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.folder or Path(scratch) / "dataset"
        if not folder.exists():
            make(folder, args.graphs)
        report(folder, Path(scratch), args.repeats)


def make(folder: Path, count: int) -> None:
    """Write the dataset: distinct architectures in random order, two random labels."""
    import pyarrow as pa

    from nape_bench.data.build import RowsBuilder, split_rows
    from nape_bench.data.info import ConfigData, DatasetInfo, LabelInfo
    from nape_bench.data.rows import TEXT_COLUMNS, Rows
    from nape_bench.data.write import describe, write_folder
    from nape_bench.graph import GraphTable
    from nape_bench.spaces import space

    start = time.perf_counter()
    rng = np.random.default_rng(0)
    parts = []
    for family, share in SHARES.items():
        builder, seen = RowsBuilder(space(family)), set()
        while len(seen) < round(share * count):
            spec = builder.space.sample(rng)
            if builder.id_of(spec) not in seen:
                seen.add(builder.id_of(spec))
                builder.add(spec)
        labels = {
            "accuracy": rng.uniform(80, 95, len(seen)),
            "latency": rng.uniform(1, 9, len(seen)),
        }
        parts.append(builder.rows(labels))
    rows = Rows(
        {n: pa.concat_arrays([part.texts[n] for part in parts]) for n in TEXT_COLUMNS},
        GraphTable.concatenate([part.graphs for part in parts]),
        {n: np.concatenate([part.labels[n] for part in parts]) for n in parts[0].labels},
    )
    order = rng.permutation(len(rows))
    said = {n: LabelInfo("random", "", True, "this benchmark") for n in rows.labels}
    data = ConfigData("accuracy", said, {}, split_rows(rows.take(order)))
    info = DatasetInfo("bench_open", "nb201", "Made by benchmarks/bench_open.py.", "unknown", "")
    manifest = describe(NAME, "v1.0", info, {"random": data})
    write_folder(folder, manifest, {"random": data})
    print(f"made {len(rows)} graphs in {time.perf_counter() - start:.0f} s: {folder}")


def report(folder: Path, home: Path, repeats: int) -> None:
    """Open the dataset in each way and print what that takes."""
    cold = [opened(folder, home / f"home{i}") for i in range(repeats)]
    off = [opened(folder, home / "off", NAPE_BENCH_CACHE="0") for _ in range(repeats)]
    warm = [opened(folder, home / "home0") for _ in range(repeats)]
    graphs, nodes, edges = (cold[0][key] for key in ("graphs", "nodes", "edges"))
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    load = os.getloadavg()[0]
    print(f"{graphs} graphs, {nodes / 1e6:.2f} million nodes, {edges / 1e6:.2f} million edges")
    print(f"on disk: {disk / 1e6:.1f} MB, {disk / graphs:.0f} bytes a graph")
    print(f"load of the machine meanwhile: {load:.1f} over {os.cpu_count()} cores")
    print(f"imports before the first open: {min(run['imports'] for run in cold):.2f} s")
    print("way                              wall s   (all)               cpu s  peak MB  before MB")
    for title, runs in (
        ("Parquet, verified", off),
        ("Parquet, verified, then cached", cold),
        ("memory-mapped cache", warm),
    ):
        best = min(runs, key=lambda run: run["wall"])
        every = " ".join(f"{run['wall']:.2f}" for run in runs)
        peak = max(run["peak"] for run in runs)
        print(
            f"{title:31} {best['wall']:7.3f}   {every:18} {best['cpu']:6.2f} {peak:8.0f} "
            f"{best['before']:8.0f}"
        )
    mine = min(run["wall"] for run in off) / graphs * 1e3
    print(f"a graph: {mine:.4f} ms, {disk / graphs / 1024:.2f} KB")
    pickles(mine)


def opened(folder: Path, home: Path, **variables: str) -> dict[str, Any]:
    """Open the dataset in a fresh process and return what it measured."""
    environment = {**os.environ, "NAPE_BENCH_HOME": str(home), **variables}
    command = [sys.executable, "-c", OPEN, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout))


class _Stub:
    """Stands for any of the authors' classes: keeps what a pickle sets."""


class _Genotype(tuple):
    """Stands for the named tuple of NB-301's genotypes."""

    __slots__ = ()

    def __new__(cls, *fields: Any) -> _Genotype:
        return super().__new__(cls, fields)


class _Reader(pickle.Unpickler):
    """Reads the authors' pickles: their three classes, named tuples of genotypes, nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in CLASSES:
            return _Stub
        if (module, name) == ("model_src.darts.model_darts", "Genotype"):
            return _Genotype
        if (module, name) == ("builtins", "range"):
            return range
        raise pickle.UnpicklingError(f"{module}.{name} is not a class of these files")


def pickles(mine: float) -> None:
    """Time the authors' caches, where the reference material is at hand."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("NAPE_SHARED", default)) / "samples" / "gennape_release" / "cache"
    files = sorted(folder.glob("*.pkl"))
    if not files:
        print(f"authors' pickles: skipped, none in {folder} (set NAPE_SHARED)")
        return
    for path in files:
        content, took = path.read_bytes(), []
        for _ in range(20):
            start = time.perf_counter()
            read = _Reader(io.BytesIO(content)).load()
            took.append((time.perf_counter() - start) * 1e3 / len(read))
        print(
            f"authors' {path.name:44} {min(took):6.3f} ms a graph ({min(took) / mine:4.0f} times), "
            f"{len(content) / len(read) / 1024:5.1f} KB a graph"
        )


if __name__ == "__main__":
    main()
