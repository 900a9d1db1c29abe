"""Training the k-GNN, in graphs a second, beside one written plainly with torch_geometric.

    python benchmarks/bench_kgnn.py [--graphs 1280] [--spaces nb101 nb201 ...]

Both are GENNAPE's regressor (hidden 32, six layers, batches of 32, Adam, clipped gradients) on one
thread. The plain one is what a user would write: GraphConv and a DataLoader of torch_geometric.
Ours evaluates a layer once for each distinct in-tree; how far that goes depends on the family, so
that several are measured, and, as the worst case, graphs of which no two nodes are alike (random
channels). An epoch of each is timed in turn, in processor seconds, and the least of the repeats is
kept; what ours does once per fit (encoding, finding states) is given apart.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from common import sampled
from tabulate import tabulate
from torch.nn import functional
from torch_geometric.loader import DataLoader
from torch_geometric.nn import GraphConv, global_mean_pool

from nape_bench.graph import GraphBuilder, GraphTable
from nape_bench.graph.pyg import X_COLUMNS
from nape_bench.predictors.gnn.encoding import LARGEST_KERNEL, NodeFeatures
from nape_bench.predictors.gnn.model import KGNNModel
from nape_bench.predictors.gnn.train import Schedule, prepare, train

if TYPE_CHECKING:
    from torch_geometric.data import Batch

BATCH = 32
SCHEDULE = Schedule(epochs=1, batch_size=BATCH, learning_rate=1e-3, clip=5.0)
AT = {name: i for i, name in enumerate(X_COLUMNS)}


class Plain(torch.nn.Module):
    """The same regressor on nodes, with torch_geometric's layers."""

    def __init__(self) -> None:
        super().__init__()
        model = KGNNModel(32, 6)
        self.embedding, self.mlp, self.head = model.embedding, model.mlp, model.head
        self.convolutions = torch.nn.ModuleList(GraphConv(32, 32) for _ in range(6))

    def forward(self, batch: Batch) -> torch.Tensor:
        """Predict for a batch, float32 [graphs]."""
        shape = batch.x[:, [AT[n] for n in ("h_in", "h_out", "w_in", "w_out", "c_in", "c_out")]]
        kernel = batch.x[:, [AT["kernel_h"], AT["kernel_w"]]].long().clamp(max=LARGEST_KERNEL)
        bias = functional.one_hot(batch.x[:, AT["bias"]].long(), 2).float()
        scale = torch.tensor([256.0] * 4 + [512.0] * 2)
        x = self.embedding(NodeFeatures(batch.op, shape / scale, kernel, bias))
        for convolution in self.convolutions:
            x = torch.tanh(convolution(x, batch.edge_index))
        return self.head(self.mlp(global_mean_pool(x, batch.batch))).squeeze(1)


def plain_epoch(model: Plain, loader: DataLoader) -> None:
    """Train for one epoch the usual way."""
    optimizer = torch.optim.Adam(model.parameters(), lr=SCHEDULE.learning_rate)
    for batch in loader:
        optimizer.zero_grad()
        functional.mse_loss(model(batch), batch.y).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), SCHEDULE.clip)
        optimizer.step()


def all_different(count: int, nodes: int = 270) -> GraphTable:
    """Return chains with residuals whose channels are random: hardly two nodes are alike."""
    rng = np.random.default_rng(0)
    graphs = []
    for _ in range(count):
        b = GraphBuilder(32)
        x = b.input
        for c in rng.integers(8, 4096, size=nodes // 6):
            y = b.relu(b.batch_norm(b.conv(x, int(c), 3)))
            x = b.add(y, b.batch_norm(b.conv(y, int(c), 1)))
        graphs.append(b.finish(b.dense(b.mean(x), 10)))
    return GraphTable.from_graphs(graphs)


def row(name: str, graphs: GraphTable, repeats: int) -> list[object]:
    """Time one table."""
    y = np.random.default_rng(1).normal(size=len(graphs))
    datas = [graphs.to_pyg(i) for i in range(len(graphs))]
    for data, value in zip(datas, y, strict=True):
        data.y = torch.tensor([value], dtype=torch.float32)
    loader = DataLoader(datas, BATCH, shuffle=True)
    model, plain = KGNNModel(32, 6), Plain()
    start = time.process_time()
    data = prepare(graphs, model)
    once = time.process_time() - start
    first = data.plan(np.arange(BATCH), gradient=False)
    states = sum(len(links.ptr) - 1 for links in first.layers) / 6
    ours, theirs = [], []
    for repeat in range(repeats):
        start = time.process_time()
        train(model, data, y, SCHEDULE, seed=repeat)
        ours.append(time.process_time() - start)
        start = time.process_time()
        plain_epoch(plain, loader)
        theirs.append(time.process_time() - start)
    count, nodes = len(graphs), int(graphs.node_ptr[-1])
    of_batch = int(graphs.node_ptr[BATCH])
    speed, speed_plain = count / min(ours), count / min(theirs)
    return [
        name, nodes / count, states / of_batch, speed, speed_plain, speed / speed_plain,
        once / count * 1e6,
    ]  # fmt: skip


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graphs", type=int, default=1280)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--spaces", nargs="*", default=["nb101", "nb201", "nb301", "inception"])
    args = parser.parse_args()
    torch.manual_seed(0)
    tables = [(name, sampled(name, args.graphs)) for name in args.spaces]
    tables += [("hiaml, depth 5", sampled("hiaml", args.graphs, depth=5))]
    tables += [("all different", all_different(args.graphs))]
    header = [
        "graphs", "nodes", "states a node", "graphs/s", "torch_geometric", "ratio",
        "once, us/graph",
    ]  # fmt: skip
    rows = [row(name, table, args.repeats) for name, table in tables]
    print(tabulate(rows, header, floatfmt=("", ".0f", ".3f", ".0f", ".0f", ".1f", ".0f")))


if __name__ == "__main__":
    main()
