"""Proxies beside published values of the same networks, where these are at hand.

`benchmarks/check_proxies.py` does so for hundreds of networks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nape_bench
from nape_bench.labels.proxies import proxies
from nape_bench.metrics import spearman

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.graph import ArchGraph

    Pairs = list[tuple[ArchGraph, dict[str, float]]]


@pytest.fixture(scope="module")
def nb101(shared: Path) -> Pairs:
    """500 cells with the values that NASLib published."""
    folder = shared / "labels" / "nb101_naslib500"
    published = json.loads((folder / "zero_cost_proxies.json").read_text())
    space = nape_bench.space("nb101")
    rows = published["nasbench101"]["cifar10"].items()
    return [(space.build(nb101_spec(key)), values) for key, values in rows]


def nb101_spec(key: str) -> dict[str, Any]:
    numbers = json.loads(f"[{key.strip('()')}]")
    n = next(n for n in range(2, 8) if n * (n + 1) == len(numbers))
    names = ["input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu"]
    ops = [names[code] for code in numbers[n * n + 1 : -1]]
    matrix = [numbers[row * n : (row + 1) * n] for row in range(n)]
    return {"matrix": matrix, "ops": ["input", *ops, "output"]}


def elements(graph: ArchGraph, of: str) -> np.ndarray:
    """Numbers that each node puts out; 0 for other operations."""
    sizes = [graph.column(name).astype(int) for name in ("h_out", "w_out", "c_out")]
    return np.prod(sizes, axis=0) * (np.array(graph.ops) == of)


def test_nb101_params_and_flops(nb101: Pairs) -> None:
    for graph, values in nb101:
        ours = proxies(graph, names=["flops", "params"])
        assert ours["params"] == round(values["params"] * 1e6)
        # NASLib counts 2 an element of BatchNorm, 1 of ReLU, and all that a pool looks at.
        window = graph.column("kernel_h") * graph.column("kernel_w")
        more = 2 * elements(graph, "BatchNorm") + elements(graph, "ReLU")
        more += window * elements(graph, "Maxpool")
        assert ours["flops"] + more.sum() == round(values["flops"] * 1e6)


def test_fbnet_params_and_flops(shared: Path) -> None:
    folder = shared / "labels" / "help_latency"
    published = json.loads((folder / "fbnet_zero_cost_proxies.json").read_text())
    space = nape_bench.space("fbnet")
    for key, values in list(published.items())[:100]:
        graph = space.build(key)
        ours = proxies(graph, names=["flops", "params"])
        assert ours["params"] == values["params"]
        # Counted were 2 an element of BatchNorm, 1 of ReLU and of what the mean reads, but of a
        # block's two ReLUs, which are one module, only the second.
        op = np.array(graph.ops)
        into_depthwise = graph.edges[op[graph.edges[:, 1]] == "Depthwise", 0]
        relu = elements(graph, "ReLU")
        relu[into_depthwise] = 0
        more = (2 * elements(graph, "BatchNorm") + relu).sum() + 1504 * 4 * 4
        assert ours["flops"] + more == values["flops"]


def test_nb101_ranks(nb101: Pairs) -> None:
    """Cells of under 200 M multiply-adds, spread over their range."""
    distinct = {graph.hash: (graph, values) for graph, values in nb101}.values()
    few = sorted((pair for pair in distinct if pair[0].flops() < 2e8), key=lambda p: p[0].flops())
    few = [few[i] for i in np.linspace(0, len(few) - 1, 10).astype(int)]
    least = {"fisher": 0.85, "grad_norm": 0.85, "l2_norm": 0.97, "snip": 0.85, "synflow": 0.97}
    ours = [proxies(graph, batch=4, names=least) for graph, _ in few]
    for name, threshold in least.items():
        pairs = np.array([(a[name], b[name]) for a, (_, b) in zip(ours, few, strict=True)], float)
        assert spearman(*pairs.T) > threshold, name
        if name in ("l2_norm", "synflow"):  # these depend on no image
            assert pairs[:, 0] == pytest.approx(pairs[:, 1], rel=0.01)
