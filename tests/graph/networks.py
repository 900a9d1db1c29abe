"""Small networks that graph tests share."""

from __future__ import annotations

import numpy as np

from nape_bench.graph import ArchGraph, GraphBuilder, GraphTable


def tiny(resolution: int = 8, classes: int = 10) -> ArchGraph:
    """Convolution, BatchNorm, ReLU, mean, classifier."""
    b = GraphBuilder(resolution)
    x = b.relu(b.batch_norm(b.conv(b.input, 4, 3, 2)))
    return b.finish(b.dense(b.mean(x), classes))


def sliced(op: str, read: int) -> ArchGraph:
    """conv of 4 channels -> ReLU6 of `read` of them -> Mul with the convolution, or its mean."""
    b = GraphBuilder(4)
    x = b.conv(b.input, 4, 3)
    source = b.mean(x) if op == "gate" else x
    clipped = b.relu6(source)
    data = b.finish(b.mul(clipped, x)).to_dict()
    for node in data["nodes"][clipped:]:
        node["c_in"] = node["c_out"] = read
    return ArchGraph.from_dict(data)


def random_network(seed: int, length: int = 12) -> ArchGraph:
    """A random network of convolutions, sums, products, concatenations and pools."""
    rng = np.random.default_rng(seed)
    b = GraphBuilder(8)
    nodes = [b.conv(b.input, int(rng.integers(1, 6)), 3)]
    for _ in range(length):
        x, y = (nodes[i] for i in rng.integers(len(nodes), size=2))
        kind = int(rng.integers(7))
        if kind == 0:
            nodes.append(b.conv(x, int(rng.integers(1, 6)), int(rng.integers(1, 4))))
        elif kind == 1:
            nodes.append(b.add(x, y))
        elif kind == 2:
            nodes.append(b.mul(x, y))
        elif kind == 3:
            nodes.append(b.concat(x, y))
        elif kind == 4:
            nodes.append(b.depthwise(x, 3))
        elif kind == 5:
            nodes.append(b.max_pool(x, 3))
        else:
            nodes.append(b.h_swish(b.batch_norm(x)))
    read = set(b._sources)
    loose = [x for x in nodes if x not in read]
    out = b.concat(*loose) if len(loose) > 1 else loose[0]
    return b.finish(b.dense(b.mean(out), 3))


def shuffled(graph: ArchGraph, seed: int) -> ArchGraph:
    """The same graph, its nodes told in another order and unordered inputs swapped."""
    rng = np.random.default_rng(seed)
    data = graph.to_dict()
    order = rng.permutation(len(graph))
    place = np.argsort(order)
    edges = [[int(place[s]), int(place[t])] for s, t in data["edges"]]
    rng.shuffle(edges)
    nodes = [data["nodes"][i] for i in order]
    for i, node in enumerate(nodes):
        if node["op"] == "Concat":  # its own columns tell of whichever input comes first
            node["c_in"] = nodes[next(s for s, t in edges if t == i)]["c_out"]
    return ArchGraph.from_dict({"nodes": nodes, "edges": edges})


def table(count: int = 20) -> GraphTable:
    return GraphTable.from_graphs(random_network(seed) for seed in range(count))
