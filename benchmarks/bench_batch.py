"""An epoch of shuffled batches of 256, beside torch_geometric's DataLoader and a plain copy.

python benchmarks/bench_batch.py
"""

from __future__ import annotations

import numpy as np
import torch
from common import best_of, sampled
from tabulate import tabulate
from torch_geometric.loader import DataLoader

from nape_bench.graph import GraphBuilder, GraphTable
from nape_bench.graph.loader import PackedLoader

BATCH = 256


def small_graphs(count: int) -> GraphTable:
    """Return chains of ten nodes with random widths."""
    rng = np.random.default_rng(0)
    graphs = []
    for _ in range(count):
        b = GraphBuilder(8)
        x = b.input
        for c in rng.integers(4, 64, size=2).tolist():
            x = b.relu(b.batch_norm(b.conv(x, c, 3)))
        graphs.append(b.finish(b.dense(b.mean(x), 10)))
    return GraphTable.from_graphs(graphs)


def plain_gather(table: GraphTable, y: torch.Tensor, order: torch.Tensor) -> None:
    """Gather batches as a few lines of torch would, features kept per node."""
    x = plain_gather.x  # type: ignore[attr-defined]
    op = plain_gather.op  # type: ignore[attr-defined]
    edge = plain_gather.edge  # type: ignore[attr-defined]
    node_ptr, edge_ptr = torch.from_numpy(table.node_ptr), torch.from_numpy(table.edge_ptr)
    for graphs in order.split(BATCH):
        counts = []
        for ptr in (node_ptr, edge_ptr):
            length = ptr[graphs + 1] - ptr[graphs]
            ends = length.cumsum(0)
            shift = torch.repeat_interleave(ptr[graphs] - ends + length, length)
            counts.append((length, ends, torch.arange(len(shift)) + shift))
        (length, ends, nodes), (edge_length, _, edges) = counts
        shift = torch.repeat_interleave(ends - length, edge_length)
        x[nodes], op[nodes], edge[:, edges] + shift, y[graphs]
        torch.repeat_interleave(torch.arange(len(graphs)), length)


def row(name: str, table: GraphTable) -> list[object]:
    """Time one table."""
    y = np.random.default_rng(1).normal(size=len(table))
    loader = PackedLoader(table, y, batch_size=BATCH, shuffle=True)
    datas = [table.to_pyg(i) for i in range(len(table))]
    for data, value in zip(datas, y, strict=True):
        data.y = torch.tensor([value], dtype=torch.float32)
    ours = best_of(lambda: list(map(id, loader)))
    theirs = best_of(lambda: list(map(id, DataLoader(datas, BATCH, shuffle=True))))
    whole = next(iter(PackedLoader(table, y, batch_size=len(table))))
    plain_gather.x, plain_gather.op = whole.x, whole.op  # type: ignore[attr-defined]
    edge = torch.from_numpy(np.stack([table.source, table.target]).astype(np.int64))
    plain_gather.edge = edge  # type: ignore[attr-defined]
    label, order = torch.from_numpy(y), torch.randperm(len(table))
    plain = best_of(lambda: plain_gather(table, label, order))
    tensors = [whole.x, whole.op, whole.edge_index, whole.batch, whole.y]
    places = [torch.empty_like(tensor) for tensor in tensors]
    copied = best_of(lambda: [a.copy_(b) for a, b in zip(places, tensors, strict=True)])
    nodes = len(whole.op) / len(table)
    return [name, len(table), nodes, ours, theirs, theirs / ours, theirs / plain, ours / copied]


def main() -> None:
    """Print the table."""
    tables = {
        "10 nodes": small_graphs(20_000),
        "hiaml": sampled("hiaml", 5_000),
        "nb201": sampled("nb201", 5_000),
    }
    headers = ["graphs", "number", "nodes", "ours s", "PyG s", "PyG / ours", "PyG / plain gather",
               "ours / copy"]  # fmt: skip
    print(tabulate([row(name, table) for name, table in tables.items()], headers, floatfmt=".3f"))


if __name__ == "__main__":
    main()
