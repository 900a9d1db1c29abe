from __future__ import annotations

import ast
import csv
from typing import TYPE_CHECKING

import pytest

from nape_bench.errors import SpecError
from nape_bench.graph import GraphTable
from nape_bench.spaces import space
from tests.spaces.reading import conv, nodes_of, sources, windows
from tests.spaces.test_every_space import run_steps

if TYPE_CHECKING:
    from pathlib import Path

MBV3 = space("ofa_mbv3")
SMALLEST = "r160_" + "-".join(["e3k3.e3k3"] * 5)


def depthwise(c: int, k: int, s: int = 1) -> tuple[object, ...]:
    return ("Depthwise", c, c, (k, k), (s, s))


def test_the_smallest_network() -> None:
    expected = [conv(3, 24, 3, 2), depthwise(24, 3), conv(24, 24)]
    c = 24
    # The gates' widths: a quarter of the expanded channels, to the nearest multiple of 8:
    # 96 -> 24, 144 -> 36 -> 40; 288 -> 72, 408 -> 102 -> 104; 408 -> 104, 576 -> 144.
    gates = {1: (24, 40), 3: (72, 104), 4: (104, 144)}
    for stage, (c_out, stride) in enumerate(((32, 2), (48, 2), (96, 2), (136, 1), (192, 2))):
        for i, (c_in, s) in enumerate(((c, stride), (c_out, 1))):
            h = 3 * c_in
            gate = [conv(h, gates[stage][i]), conv(gates[stage][i], h)] if stage in gates else []
            expected += [conv(c_in, h), depthwise(h, 3, s), *gate, conv(h, c_out)]
        c = c_out
    expected += [conv(192, 1152), conv(1152, 1536), ("MatMul", 1536, 1000, (0, 0), (1, 1))]
    graph = MBV3.build(SMALLEST)
    assert windows(graph) == expected
    # Biases: the two convolutions of each of six gates, and the classifier.
    assert graph.column("bias").sum() == 2 * 6 + 1


def test_activations() -> None:
    ops = MBV3.build(SMALLEST).ops
    assert ops[1:5] == ["Conv", "BatchNorm", "ReLU6", "Mul"]
    # The first block: no expansion, ReLU, residual.
    assert ops[5:11] == ["Depthwise", "BatchNorm", "ReLU", "Conv", "BatchNorm", "Add"]
    # The head: h-swish twice, no BatchNorm behind the mean.
    assert ops[-10:] == ["Conv", "BatchNorm", "ReLU6", "Mul", "Mean", "Conv", "ReLU6", "Mul",
                         "MatMul", "Output"]  # fmt: skip
    # ReLU in the first two stages, h-swish in the other three: two a block.
    assert ops.count("ReLU") == 1 + 2 * 4 + 6
    assert ops.count("ReLU6") == 1 + 2 * 6 + 2 + 6


def test_a_gate_comes_first_and_its_size_is_the_products() -> None:
    graph = MBV3.build(SMALLEST)
    gate, features = sources(graph, mul := nodes_of(graph, "Mul")[1])
    assert [graph.ops[i] for i in (gate, features)] == ["ReLU6", "ReLU"]
    assert graph.nodes[mul, 1:7].tolist() == [1, 20, 1, 20, 96, 96]
    swish = nodes_of(graph, "Mul")[0]
    assert sources(graph, swish) == [swish - 2, swish - 1]


@pytest.mark.parametrize("resolution", [1, 40])
def test_products_run_as_h_swish_and_h_sigmoid(resolution: int) -> None:
    import torch
    from torch.nn import functional

    torch.manual_seed(0)
    graph = MBV3.build(SMALLEST, width=0.2, resolution=resolution)
    module = graph.to_torch()
    with torch.no_grad():
        values = run_steps(module, 3 * torch.randn(4, 3, resolution, resolution))
    swishes = gates = 0
    for mul in nodes_of(graph, "Mul"):
        first, second = sources(graph, mul)
        if sources(graph, second) == [first]:
            expected = functional.hardswish(values[first])
            # The nodes' own meaning, with the scalars that are no nodes.
            assert torch.allclose(expected, values[first] * functional.relu6(values[first] + 3) / 6)
            swishes += 1
        else:
            (excite,) = sources(graph, first)
            expected = functional.hardsigmoid(values[excite]) * values[second]
            gates += 1
        assert torch.allclose(values[mul], expected)
    assert (swishes, gates) == (1 + 2 * 6 + 2, 6)


@pytest.mark.parametrize(
    ("spec", "macs", "params"),
    # Two rows of DyNAS-T's published measurements of the supernet of width 1.0 (Intel Labs).
    [
        (
            {
                "ks": [5, 7, 5, 5, 3, 3, 3, 7, 5, 5, 3, 7, 7, 3, 3, 3, 5, 5, 5, 5],
                "e": [4, 3, 4, 4, 4, 6, 3, 4, 4, 3, 4, 3, 3, 6, 6, 6, 4, 3, 4, 4],
                "d": [2, 3, 2, 4, 3],
            },
            255_502_624,
            5_029_656,
        ),
        (
            {
                "ks": [7, 3, 3, 7, 5, 3, 3, 3, 7, 3, 7, 7, 7, 3, 7, 5, 3, 3, 3, 3],
                "e": [3, 6, 6, 3, 6, 3, 6, 6, 6, 6, 4, 3, 4, 6, 4, 3, 3, 6, 4, 4],
                "d": [3, 2, 2, 3, 2],
            },
            244_945_104,
            4_536_768,
        ),
    ],
)
def test_published_costs(spec: dict[str, object], macs: int, params: int) -> None:
    graph = MBV3.build({**spec, "r": [224], "wid": None, "width": 1.0})
    assert graph.flops() == macs
    assert graph.params() == params


def test_all_published_costs(shared: Path) -> None:
    rows: list[dict[str, str]] = []
    for path in (shared / "labels" / "ofa_mbv3_dynas").glob("*.csv"):
        with path.open(newline="") as file:
            rows += csv.DictReader(file)
    assert len(rows) == 2373
    specs = [ast.literal_eval(row["Sub-network"]) for row in rows]
    table = GraphTable.from_graphs(MBV3.build({**spec, "width": 1.0}) for spec in specs)
    assert table.flops().tolist() == [int(row["MACs"]) for row in rows]
    assert table.params().tolist() == [int(row["Model Parameters"]) for row in rows]


def test_published_lists_are_read(shared: Path) -> None:
    path = shared / "labels" / "help_latency" / "ofa_mbv3_latency_ms.csv"
    with path.open(newline="") as file:
        cells = [{key: row[key] for key in ("ks", "e", "d", "r")} for row in csv.DictReader(file)]
    specs = [MBV3.normalise(row) for row in cells]
    assert len(specs) == 5000
    assert sorted({spec["resolution"] for spec in specs}) == list(range(128, 225, 4))
    for row, spec in zip(cells, specs, strict=True):
        depths = ast.literal_eval(row["d"])
        assert [len(stage) for stage in spec["config"]] == depths
        assert MBV3.parse(MBV3.format(spec)) == spec


def test_size_counts_blocks_of_every_depth() -> None:
    assert MBV3.size == (9**2 + 9**3 + 9**4) ** 5
    assert MBV3.size == pytest.approx(2.18e19, rel=0.01)


def test_the_supernet_is_named_where_it_is_not_the_usual_one() -> None:
    spec = MBV3.normalise(SMALLEST)
    assert "width" not in spec
    assert MBV3.normalise({**spec, "width": 1.2}) == spec
    small = MBV3.normalise({**spec, "width": 1})
    assert small == {**spec, "width": 1.0}
    assert MBV3.format(small) == f"w1.0_{SMALLEST}"
    assert MBV3.parse(f"w1.0_{SMALLEST}") == small
    assert MBV3.build(small).hash != MBV3.build(spec).hash
    # Stem 16, stages 24 to 160, head 960 and 1280 as they are.
    assert windows(MBV3.build(small))[0] == conv(3, 16, 3, 2)
    assert windows(MBV3.build(small))[-3:-1] == [conv(160, 960), conv(960, 1280)]


@pytest.mark.parametrize("width", [1.1, "wide", 0])
def test_only_published_supernets_are_read(width: object) -> None:
    with pytest.raises(SpecError, match=r"width is that of a supernet, 1\.2 or 1\.0"):
        MBV3.normalise({**MBV3.normalise(SMALLEST), "width": width})


def test_mutation_keeps_the_supernet() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    spec = MBV3.normalise(f"w1.0_{SMALLEST}")
    assert all(MBV3.mutate(spec, rng)["width"] == 1.0 for _ in range(50))
