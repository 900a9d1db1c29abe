"""The k-GNN regressor of GENNAPE's released code: node embedding, convolutions, mean, MLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from nape_bench.graph.vocabulary import GENNAPE_OPS, OPS, WEIGHTED
from nape_bench.predictors.gnn.layers import GraphConv, sparse_sum

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gnn.encoding import NodeFeatures
    from nape_bench.predictors.gnn.plan import Plan
    from nape_bench.predictors.gnn.states import SharedStates
    from nape_bench.predictors.gnn.told import Told

SHAPE, KERNEL, BIAS = 8, 4, 2
"""Width of the embedding of sizes, of one kernel side, of the bias flag."""

KERNELS = 8
"""Rows of the kernel table: sides 0 to 6, and 7 with all larger ones."""


class NodeEmbedding(nn.Module):
    """Embed nodes: [operation, sizes], with weights also [kernel height, kernel width, bias].

    Args:
        width: Features of a node; the operation takes what the others leave of it (24 and 14 of
            32).
    """

    weighted: torch.Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        weighted = torch.zeros(GENNAPE_OPS, dtype=torch.bool)
        weighted[[OPS.index(op) for op in sorted(WEIGHTED)]] = True
        self.register_buffer("weighted", weighted, persistent=False)
        self.regular_op = nn.Embedding(GENNAPE_OPS, width - SHAPE)
        self.weighted_op = nn.Embedding(GENNAPE_OPS, width - SHAPE - 2 * KERNEL - BIAS)
        self.shape = nn.Linear(6, SHAPE)
        self.kernel = nn.Embedding(KERNELS, KERNEL)

    def forward(self, nodes: NodeFeatures) -> torch.Tensor:
        """Return the embedding, float32 [nodes, width]."""
        # Words that are not GENNAPE's are out of its vocabulary.
        op = torch.where(nodes.op < GENNAPE_OPS, nodes.op, 0)
        shape = self.shape(nodes.shape)
        kernel = self.kernel(nodes.kernel).flatten(1)
        regular = torch.cat([self.regular_op(op), shape], dim=1)
        weighted = torch.cat([self.weighted_op(op), shape, kernel, nodes.bias], dim=1)
        return torch.where(self.weighted[op].unsqueeze(1), weighted, regular)


class GraphModel(nn.Module):
    """What `train` and `predict` take: a module that predicts for a plan of so many levels.

    Attributes:
        levels: Graph convolutions that follow each other, as many as the plan has layers.
    """

    levels: int

    def tell(self, graphs: GraphTable, states: SharedStates) -> Told | None:  # noqa: ARG002
        """Return what the model is told of graphs beside their states; nothing by default."""
        return None


class KGNNModel(GraphModel):
    """Embedding, graph convolutions each followed by tanh, mean over nodes, MLP, linear head.

    Args:
        hidden: Features of a node.
        layers: Graph convolutions.
    """

    def __init__(self, hidden: int, layers: int) -> None:
        super().__init__()
        self.levels = layers
        self.embedding = NodeEmbedding(hidden)
        self.convolutions = nn.ModuleList(GraphConv(hidden, hidden) for _ in range(layers))
        self.mlp = nn.Sequential(
            nn.Linear(hidden, hidden),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.Linear(hidden, hidden),
        )
        self.head = nn.Linear(hidden, 1)

    def forward(self, nodes: NodeFeatures, plan: Plan) -> torch.Tensor:
        """Predict for a batch.

        Args:
            nodes: Features of the states of all graphs before the first layer.
            plan: What the batch computes.

        Returns:
            float32 [graphs of the batch].
        """
        result: torch.Tensor = self.head(self.features(nodes, plan)).squeeze(1)
        return result

    def features(self, nodes: NodeFeatures, plan: Plan) -> torch.Tensor:
        """Return what the head reads, float32 [graphs of the batch, hidden]."""
        x = self.embedding(nodes.take(plan.inputs))
        for convolution, links in zip(self.convolutions, plan.layers, strict=True):
            x = torch.tanh(convolution(x, links))
        result: torch.Tensor = self.mlp(sparse_sum(x, plan.pool))
        return result
