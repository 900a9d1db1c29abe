"""What the k-GNN is told of a node, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from nape_bench.graph import GraphBuilder, GraphTable
from nape_bench.graph.vocabulary import OP_INDEX, OPS
from nape_bench.predictors.gnn.encoding import encode_rows, encode_table
from nape_bench.predictors.gnn.model import NodeEmbedding

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled


def table() -> GraphTable:
    b = GraphBuilder(64)
    x = b.conv(b.input, 128, (3, 9), stride=2, bias=True)
    x = b.relu(b.conv(x, 128, 1, groups=2))
    return GraphTable.from_graphs([b.finish(b.relu(x))])


def test_values() -> None:
    nodes = encode_rows(table()[0].nodes)
    assert [OPS[op] for op in nodes.op] == ["Input", "Conv", "Conv", "ReLU", "ReLU", "Output"]
    # h_in, h_out, w_in, w_out over 256 pixels, c_in, c_out over 512 channels.
    wanted = [64 / 256, 32 / 256, 64 / 256, 32 / 256, 3 / 512, 128 / 512]
    torch.testing.assert_close(nodes.shape[1], torch.tensor(wanted))
    assert nodes.kernel.tolist() == [[0, 0], [3, 7], [1, 1], [0, 0], [0, 0], [0, 0]]
    assert nodes.bias[:3].tolist() == [[1, 0], [0, 1], [1, 0]]


def test_nodes_that_look_alike_are_one() -> None:
    nodes, number = encode_table(table())
    assert number.tolist() == [0, 1, 2, 3, 3, 4]
    assert len(nodes.op) == 5


def test_strides_dilation_and_groups_are_not_told() -> None:
    graphs = []
    for groups, dilation in ((1, 1), (4, 1), (1, 2)):
        b = GraphBuilder(8)
        x = b.conv(b.input, 4, 3)
        graphs.append(b.finish(b.conv(x, 4, 3, groups=groups, dilation=dilation)))
    number = encode_table(GraphTable.from_graphs(graphs))[1]
    assert number.reshape(3, -1).tolist() == [[0, 1, 2, 3]] * 3


def test_rows_and_numbers_give_every_node_back(labelled: Labelled) -> None:
    nodes, number = encode_table(labelled.graphs)
    flat = labelled.graphs.flat()
    rows = np.stack([flat.columns[name] for name in flat.columns], axis=1).astype(np.int32)
    for told, wanted in zip(nodes.take(torch.from_numpy(number)), encode_rows(rows), strict=True):
        torch.testing.assert_close(told, wanted)


def test_embedding_is_what_its_parts_say() -> None:
    torch.manual_seed(0)
    embedding, nodes = NodeEmbedding(32), encode_rows(table()[0].nodes)
    found = embedding(nodes)
    assert found.shape == (6, 32)
    relu, conv = OP_INDEX["ReLU"], OP_INDEX["Conv"]
    torch.testing.assert_close(found[3, :24], embedding.regular_op.weight[relu])
    torch.testing.assert_close(found[3, 24:], embedding.shape(nodes.shape[3]))
    torch.testing.assert_close(found[1, :14], embedding.weighted_op.weight[conv])
    torch.testing.assert_close(found[1, 14:22], embedding.shape(nodes.shape[1]))
    torch.testing.assert_close(found[1, 22:26], embedding.kernel.weight[3])
    torch.testing.assert_close(found[1, 26:30], embedding.kernel.weight[7])
    assert found[1, 30:].tolist() == [0, 1]
