"""ArchGraph: what it holds, what it refuses, and how it reads and writes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from nape_bench.errors import GraphError, UnknownNameError
from nape_bench.graph import COLUMNS, ArchGraph, GraphBuilder
from tests.graph.networks import random_network, shuffled, tiny


def changed(node: int, **columns: Any) -> dict[str, list[Any]]:
    """`tiny` with some columns of one node set to other values."""
    data = tiny().to_dict()
    data["nodes"][node].update(columns)
    return data


def test_columns_of_a_small_network_are_those_worked_out_by_hand() -> None:
    graph = tiny()
    assert graph.ops == ["Input", "Conv", "BatchNorm", "ReLU", "Mean", "MatMul", "Output"]
    assert graph.to_dict()["nodes"][1] == {
        "op": "Conv", "h_in": 8, "h_out": 4, "w_in": 8, "w_out": 4, "c_in": 3, "c_out": 4,
        "kernel_h": 3, "kernel_w": 3, "stride_h": 2, "stride_w": 2, "dilation": 1, "groups": 1,
        "bias": 0,
    }  # fmt: skip
    assert graph.column("bias").tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert graph.edges.tolist() == [[i, i + 1] for i in range(6)]
    assert graph.flops() == 4 * 4 * 4 * 3 * 9 + 4 * 10
    assert graph.params() == 4 * 3 * 9 + 2 * 4 + 4 * 10 + 10


def test_dict_round_trip_through_json() -> None:
    for seed in range(10):
        graph = random_network(seed)
        assert ArchGraph.from_dict(json.loads(json.dumps(graph.to_dict()))) == graph


def test_from_dict_fills_plain_columns_and_sorts_nodes() -> None:
    data = tiny().to_dict()
    for node in data["nodes"]:
        for name in ("dilation", "groups"):
            del node[name]
    assert ArchGraph.from_dict(data) == tiny()
    turned = shuffled(tiny(), 3)
    assert turned.ops == tiny().ops


def test_arrays_are_read_only() -> None:
    graph = tiny()
    with pytest.raises(ValueError, match="read-only"):
        graph.nodes[0, 0] = 3
    with pytest.raises(ValueError, match="read-only"):
        graph.edges[0, 0] = 3


def test_equality_and_repr() -> None:
    assert tiny() == tiny()
    assert len({tiny(), tiny()}) == 1
    assert tiny() != tiny(classes=11)
    assert repr(tiny()) == "ArchGraph(7 nodes, 6 edges, 8x8x3 -> 1x1x10)"


def test_every_random_network_is_valid() -> None:
    for seed in range(50):
        graph = random_network(seed)
        assert ArchGraph(graph.nodes, graph.edges) == graph


MALFORMED = {
    "a cycle": (
        {**tiny().to_dict(), "edges": [[0, 1], [1, 2], [2, 3], [3, 2], [3, 4], [4, 5], [5, 6]]},
        r"node [23] \((BatchNorm|ReLU)\) is on a cycle",
    ),
    "a self loop": (
        {**tiny().to_dict(), "edges": [[0, 1], [1, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 6]]},
        r"node 1 \(Conv\) is on a cycle: it reads itself",
    ),
    "read by nothing": (
        {**tiny().to_dict(), "edges": [[0, 1], [1, 2], [1, 3], [3, 4], [4, 5], [5, 6]]},
        r"node 2 \(BatchNorm\): is read by nothing",
    ),
    "reads nothing": (
        {**tiny().to_dict(), "edges": [[0, 1], [1, 3], [2, 3], [3, 4], [4, 5], [5, 6]]},
        r"node 2 \(BatchNorm\): reads nothing",
    ),
    "an edge to nowhere": (
        {**tiny().to_dict(), "edges": [[0, 1], [1, 9]]},
        r"edge 1 \(1, 9\) names a node that is not there: nodes are 0 to 6",
    ),
    "more channels than given": (
        changed(2, c_in=5, c_out=5),
        r"node 2 \(BatchNorm\): .* node 1 \(Conv\) gives 4",
    ),
    "other rows": (changed(2, h_in=2, h_out=2), r"node 2 \(BatchNorm\): .* rows: node 1"),
    "a shape that is not kept": (changed(3, c_out=3), r"node 3 \(ReLU\): keeps the shape"),
    "an impossible window": (changed(1, h_out=6), r"node 1 \(Conv\): no padding gives this size"),
    "a window too small": (changed(1, h_out=2), r"node 1 \(Conv\): no padding gives this size"),
    "groups that do not divide": (changed(1, groups=2), r"node 1 \(Conv\): groups must divide"),
    "a kernel on a ReLU": (changed(3, kernel_h=3), r"node 3 \(ReLU\): kernel is 0"),
    "a stride on a ReLU": (changed(3, stride_h=2), r"node 3 \(ReLU\): stride_h is 1"),
    "no kernel on a Conv": (changed(1, kernel_w=0), r"node 1 \(Conv\): a window needs a kernel"),
    "a bias on a ReLU": (changed(3, bias=1), r"node 3 \(ReLU\): only weighted"),
    "a bias of two": (changed(1, bias=2), r"node 1 \(Conv\): bias is 0 or 1"),
    "no channels": (changed(1, c_out=0), r"node 1 \(Conv\): sizes must be 1 or more"),
    "a negative size": (changed(1, c_out=-4), r"node 1: c_out=-4 is outside"),
    "a huge size": (changed(1, h_in=70_000), r"node 1: h_in=70000 is outside"),
    "a fraction": (changed(1, c_out=4.5), r"node 1 \(Conv\): c_out=4.5 is no integer"),
    "a mean of many pixels": (changed(4, h_out=2), r"node 4 \(Mean\): gives one pixel"),
    "two inputs to a Conv": (
        {**tiny().to_dict(), "edges": [[0, 1], [0, 1], *([i, i + 1] for i in range(1, 6))]},
        r"node 1 \(Conv\): reads one input only",
    ),
    "an Add of one": (changed(3, op="Add"), r"node 3 \(Add\): needs two inputs or more"),
    "an Identity": (changed(3, op="Identity"), r"node 3 \(Identity\): has no place"),
    "no nodes": ({"nodes": [], "edges": []}, "no nodes"),
    "no edges": ({"nodes": tiny().to_dict()["nodes"]}, "edges missing"),
    "a missing column": (
        {"nodes": [{"op": "Conv"}], "edges": []},
        r"node 0 \(Conv\): h_in, .* missing",
    ),
    "an unknown column": (changed(1, padding="same"), r"node 1 \(Conv\): unknown padding"),
    "a dilated average": (
        changed(3, op="Avgpool", kernel_h=3, kernel_w=3, dilation=2),
        r"node 3 \(Avgpool\): an average pool is not dilated",
    ),
    "text for a number": (changed(1, c_out="4"), r"node 1 \(Conv\): c_out='4' is no integer"),
    "nothing for a number": (changed(1, bias=None), r"node 1 \(Conv\): bias=None is no integer"),
    "no number": (changed(1, h_in=float("nan")), r"node 1 \(Conv\): h_in=nan is no integer"),
    "an index for a name": (changed(1, op=3), "node 1: a mapping with a name as `op` expected"),
    "a second Input": (changed(3, op="Input"), r"node 3 \(Input\): a graph has one Input"),
    "a first node that is none": (changed(0, op="ReLU"), r"node 0 \(ReLU\): the first node"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_graphs_are_refused_with_the_node_named(what: str) -> None:
    data, message = MALFORMED[what]
    with pytest.raises(GraphError, match=message):
        ArchGraph.from_dict(data)


def test_unknown_operation_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match=r"node 1: unknown operation 'Convv': did you mean .*Conv"
    ):
        ArchGraph.from_dict(changed(1, op="Convv"))


def test_arrays_of_other_shapes_are_refused() -> None:
    with pytest.raises(GraphError, match=r"nodes must be integers \[n, 14\]"):
        ArchGraph(np.zeros((3, 4), dtype=int), [[0, 1]])
    with pytest.raises(GraphError, match="nodes must be integers"):
        ArchGraph(np.zeros((3, len(COLUMNS))), [[0, 1]])
    with pytest.raises(GraphError, match="nodes must be rows of 14 integers"):
        ArchGraph([[1, 2], [3]], [[0, 1]])


def two_wide(op: str, channels: int) -> ArchGraph:
    """Two convolutions of 6 and 4 channels into an Add or Mul that says it reads `channels`."""
    b = GraphBuilder(8)
    wide, narrow = b.conv(b.input, 6, 3), b.conv(b.input, 4, 3)
    data = b.finish(b.add(wide, narrow)).to_dict()
    data["nodes"][3].update(op=op, c_in=channels, c_out=channels)
    data["nodes"][4].update(c_in=channels, c_out=channels)
    return ArchGraph.from_dict(data)


def test_inputs_of_sums_are_slices_and_those_of_products_the_smallest() -> None:
    assert two_wide("Add", 4).column("c_in")[3] == 4
    assert two_wide("Add", 3).column("c_in")[3] == 3
    assert two_wide("Mul", 4).column("c_in")[3] == 4
    with pytest.raises(GraphError, match=r"node 3 \(Mul\): reads the smallest of its inputs"):
        two_wide("Mul", 3)
    with pytest.raises(GraphError, match=r"node 3 \(Add\): .* node 2 \(Conv\) gives 4"):
        two_wide("Add", 5)


def test_concat_must_give_the_sum_of_its_channels() -> None:
    b = GraphBuilder(8)
    graph = b.finish(b.concat(b.conv(b.input, 2), b.conv(b.input, 3)))
    data = graph.to_dict()
    for node in data["nodes"][3:]:
        node["c_out"] = 6
    data["nodes"][4]["c_in"] = 6
    with pytest.raises(GraphError, match=r"node 3 \(Concat\): does not concatenate"):
        ArchGraph.from_dict(data)


def test_messages_name_nodes_as_they_were_given() -> None:
    data = changed(2, c_out=5)
    order = [6, 5, 4, 3, 2, 1, 0]
    turned = {
        "nodes": [data["nodes"][i] for i in order],
        "edges": [[6 - s, 6 - t] for s, t in data["edges"]],
    }
    with pytest.raises(GraphError, match=r"node 4 \(BatchNorm\): keeps the shape"):
        ArchGraph.from_dict(turned)
    turned["nodes"][4].update(c_in=5)
    with pytest.raises(GraphError, match=r"node 4 \(BatchNorm\): .* node 5 \(Conv\) gives 4"):
        ArchGraph.from_dict(turned)
