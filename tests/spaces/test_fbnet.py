"""FBNet: its layers, what a skip leaves behind, and the published costs of 5,000 networks."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph, GraphTable
from nape_bench.graph.vocabulary import OP_INDEX
from nape_bench.spaces import space
from nape_bench.spaces.fbnet import LAYERS, OPS
from tests.spaces.reading import conv, nodes_of, sources, windows

if TYPE_CHECKING:
    from pathlib import Path

FBNET = space("fbnet")
CHANNELS = [16, *[24] * 4, *[32] * 4, *[64] * 4, *[112] * 4, *[184] * 4, 352]
STRIDES = [1] * 5 + [2, 1, 1, 1] * 2 + [1] * 4 + [2, 1, 1, 1] + [1]
INPUTS = [16, *CHANNELS[:-1]]
CHANGES = [i for i in range(LAYERS) if STRIDES[i] == 2 or INPUTS[i] != CHANNELS[i]]
STEM = conv(3, 16, 3)
HEAD = [conv(352, 1504), ("MatMul", 1504, 100, (0, 0), (1, 1))]

# Parameters and, by a counter that also takes other layers in, operations.
PUBLISHED = {
    "2_8_6_3_8_4_8_4_1_8_7_8_0_6_2_5_2_6_0_2_7_7": (2447972, 72783744),
    "1_3_3_7_8_3_4_5_1_2_1_7_4_6_4_7_7_4_8_7_6_4": (2020004, 88888960),
}


def depthwise(c: int, k: int, s: int) -> tuple[object, ...]:
    return ("Depthwise", c, c, (k, k), (s, s))


@pytest.mark.parametrize(
    ("op", "kernel", "expansion", "groups"),
    [
        ("k3_e1", 3, 1, 1), ("k3_e1_g2", 3, 1, 2), ("k3_e3", 3, 3, 1), ("k3_e6", 3, 6, 1),
        ("k5_e1", 5, 1, 1), ("k5_e1_g2", 5, 1, 2), ("k5_e3", 5, 3, 1), ("k5_e6", 5, 6, 1),
    ],
)  # fmt: skip
def test_blocks(op: str, kernel: int, expansion: int, groups: int) -> None:
    graph = FBNET.build([op] * LAYERS)
    expected = [STEM]
    for c_in, c, stride in zip(INPUTS, CHANNELS, STRIDES, strict=True):
        h = expansion * c_in
        expected += [conv(c_in, h), depthwise(h, kernel, stride), conv(h, c)]
    assert windows(graph) == expected + HEAD
    convolutions = nodes_of(graph, "Conv")
    assert graph.column("groups")[convolutions].tolist() == [1] + [groups] * 2 * LAYERS + [1]
    assert graph.ops[4:12] == ["Conv", "BatchNorm", "ReLU", "Depthwise", "BatchNorm", "ReLU",
                               "Conv", "BatchNorm"]  # fmt: skip
    adds = nodes_of(graph, "Add")
    assert len(adds) == LAYERS - len(CHANGES)
    assert sources(graph, adds[0]) == [adds[0] - 1, adds[0] - 9]  # the block's input
    assert graph.ops[-5:] == ["BatchNorm", "ReLU", "Mean", "MatMul", "Output"]
    assert graph.column("bias").sum() == 1


def test_a_skip_is_a_convolution_where_the_shape_changes_and_nothing_elsewhere() -> None:
    graph = FBNET.build(["skip"] * LAYERS)
    assert CHANGES == [1, 5, 9, 13, 17, 21]
    expected = [conv(INPUTS[i], CHANNELS[i], 1, STRIDES[i]) for i in CHANGES]
    assert windows(graph) == [STEM, *expected, *HEAD]
    assert graph.ops[1:-3] == ["Conv", "BatchNorm", "ReLU"] * 8
    assert graph.nodes[-4, 1:3].tolist() == [4, 4]  # 32 pixels, halved three times


def test_skips_may_stand_anywhere_in_a_stage() -> None:
    ops = FBNET.normalise(FBNET.example)
    ops[2:5] = ["k3_e1", "skip", "k5_e3"]
    other = [*ops[:2], "skip", "k3_e1", "k5_e3", *ops[5:]]
    assert FBNET.format(ops) != FBNET.format(other)
    assert FBNET.build(ops).hash == FBNET.build(other).hash


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_parameters(text: str) -> None:
    graph = FBNET.build(text)
    params, flops = PUBLISHED[text]
    assert graph.params() == params
    assert graph.flops() + other_operations(GraphTable.from_graphs([graph]))[0] == flops


def other_operations(table: GraphTable) -> np.ndarray:
    """Return what the published FLOPs count besides multiply-adds of convolutions and the head.

    BatchNorm counts two for each element, ReLU and the mean one; a block has one ReLU module for
    both its ReLUs, of which the last call alone counts.
    """
    columns = table.columns
    op = columns["op"]
    elements = columns["h_out"].astype(np.int64) * columns["w_out"] * columns["c_out"]
    pixels = columns["h_in"].astype(np.int64) * columns["w_in"] * columns["c_in"]
    counted = np.where(op == OP_INDEX["BatchNorm"], 2 * elements, 0)
    before_depthwise = np.append(op[1:] == OP_INDEX["Depthwise"], False)
    counted += np.where((op == OP_INDEX["ReLU"]) & ~before_depthwise, elements, 0)
    counted += np.where(op == OP_INDEX["Mean"], pixels, 0)
    sums: np.ndarray = np.add.reduceat(counted, table.node_ptr[:-1])
    return sums


def test_published_costs_of_all_5000_networks(shared: Path) -> None:
    file = shared / "labels/help_latency/fbnet_zero_cost_proxies.json"
    published = json.loads(file.read_text())
    table = GraphTable.from_graphs([FBNET.build(text) for text in published])
    assert table.params().tolist() == [each["params"] for each in published.values()]
    flops = table.flops() + other_operations(table)
    assert flops.tolist() == [each["flops"] for each in published.values()]
    with (shared / "labels/help_latency/fbnet_latency_ms.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    specs = [FBNET.normalise({"op_idx": row["op_idx"], "ops": row["ops"]}) for row in rows]
    assert {FBNET.format(spec) for spec in specs} == set(published)
    assert len(rows) == len(published) == 5000


@pytest.mark.parametrize("width", [0.05, 0.1, 0.33, 1.7])
def test_any_width_can_have_two_groups(width: float) -> None:
    graph = FBNET.build(["k3_e1_g2"] * LAYERS, width=width)
    assert ArchGraph(graph.nodes, graph.edges) == graph
    assert len(graph) == len(FBNET.build(["k3_e1_g2"] * LAYERS))
    groups = graph.column("groups")[nodes_of(graph, "Conv")]
    assert (groups == 2).sum() == 2 * LAYERS


def test_depth_keeps_the_first_layers_of_a_stage() -> None:
    ops = [*["k3_e1"], *["k5_e3", "k3_e6", "k5_e6", "k3_e3"] * 5, *["k5_e1"]]
    graph = FBNET.build(ops, depth=2)
    kernels = graph.column("kernel_h")[nodes_of(graph, "Depthwise")]
    assert kernels.tolist() == [3, *[5, 3] * 5, 5]


def test_all_published_forms_are_one_specification() -> None:
    indices = [int(i) for i in FBNET.example.split("_")]
    names = [OPS[i] for i in indices]
    forms = (
        FBNET.example, indices, tuple(indices), names, str(indices), json.dumps(names),
        {"op_idx": indices}, {"op_idx": str(indices), "ops": json.dumps(names)},
    )  # fmt: skip
    assert all(FBNET.normalise(form) == names for form in forms)
    for text in (f" {FBNET.example}\n", str(indices), json.dumps(names), str({"ops": names})):
        assert FBNET.parse(text) == names
    assert FBNET.format(names) == FBNET.example


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("0_1_2", "22 operations expected"),
        (["skip"] * 21, "22 operations expected"),
        ([9] * LAYERS, "unknown operation '9'"),
        (["k3_e2"] * LAYERS, "did you mean k3_e"),
        ([True] * LAYERS, "unknown operation"),
        ({"ops": ["skip"] * LAYERS, "op_idx": [0] * LAYERS}, "different networks"),
        ({"ops": ["skip"] * LAYERS, "resolution": 32}, "has ops or op_idx"),
        (int("1" * LAYERS), "22 operations expected"),
    ],
)
def test_what_is_no_network_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        FBNET.normalise(wrong)


def test_a_mutation_changes_one_layer() -> None:
    rng = np.random.default_rng(0)
    spec = FBNET.sample(rng)
    found = [FBNET.mutate(spec, rng) for _ in range(200)]
    changed = [[i for i in range(LAYERS) if new[i] != spec[i]] for new in found]
    assert all(len(places) == 1 for places in changed)
    assert {places[0] for places in changed} == set(range(LAYERS))
