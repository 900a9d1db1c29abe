"""The graph encoder: what a graph becomes for the heads, and for the contrastive loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from nape_bench.predictors.gnn.layers import GraphConv, sparse_sum
from nape_bench.predictors.gnn.model import NodeEmbedding

if TYPE_CHECKING:
    from nape_bench.predictors.gnn.encoding import NodeFeatures
    from nape_bench.predictors.gnn.plan import Plan


class Encoder(nn.Module):
    """Node embedding, graph convolutions each with tanh and dropout, a mean over nodes.

    The projection to the unit sphere, on which views are compared, serves pretraining alone.

    Args:
        hidden: Features of a node, and of a graph.
        layers: Graph convolutions.
        dropout: Probability that a feature is dropped in a view.
    """

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.embedding = NodeEmbedding(hidden)
        self.convolutions = nn.ModuleList(GraphConv(hidden, hidden) for _ in range(layers))
        # Mean states differ little between graphs: without the normalisation, all views are alike.
        self.projection = nn.Sequential(
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden, track_running_stats=False),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
        )

    def forward(
        self, nodes: NodeFeatures, plan: Plan, dice: torch.Generator | None = None
    ) -> torch.Tensor:
        """Encode a batch.

        Args:
            nodes: Features of the states of all graphs before the first layer.
            plan: What the batch computes.
            dice: What dropout draws with, on the processor; None for no dropout. States that nodes
                share are dropped together.

        Returns:
            float32 [graphs of the batch, hidden].
        """
        x = self.embedding(nodes.take(plan.inputs))
        for convolution, links in zip(self.convolutions, plan.layers, strict=True):
            x = self._dropped(torch.tanh(convolution(x, links)), dice)
        return sparse_sum(x, plan.pool)

    def view(self, nodes: NodeFeatures, plan: Plan, dice: torch.Generator) -> torch.Tensor:
        """Return a view of each graph of a batch, on the unit sphere, float32 [graphs, hidden]."""
        encoded = self._dropped(self(nodes, plan, dice), dice)
        return functional.normalize(self.projection(encoded), dim=1)

    def _dropped(self, x: torch.Tensor, dice: torch.Generator | None) -> torch.Tensor:
        if dice is None or self.dropout == 0:
            return x
        # Drawn on the processor: the same views on every device.
        kept = torch.rand(x.shape, generator=dice) >= self.dropout
        return x * (kept.to(x.device) / (1 - self.dropout))
