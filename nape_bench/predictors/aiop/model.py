"""A k-GNN backbone with one K-adapter (AIO-P, section 3.1 and Fig. 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from nape_bench.predictors.gnn.layers import GraphConv, itself, sparse_sum
from nape_bench.predictors.gnn.model import GraphModel

if TYPE_CHECKING:
    from nape_bench.predictors.gnn.encoding import NodeFeatures
    from nape_bench.predictors.gnn.model import KGNNModel
    from nape_bench.predictors.gnn.plan import Plan


class AdaptedModel(GraphModel):
    """What a backbone's layers say goes through further layers, and both into a new MLP.

    Layer i of the adapter reads the output of the backbone's layer i and of its own layer before;
    the means over nodes of both last outputs, one after the other, are the MLP's input.

    Args:
        backbone: Its embedding and convolutions are shared, and change with whoever trains them.
        hidden: Features of a node, those of the backbone.
    """

    def __init__(self, backbone: KGNNModel, hidden: int) -> None:
        super().__init__()
        self.backbone = backbone
        layers = backbone.levels
        # An adapter's layer stands one level above the layer of the backbone that it reads.
        self.levels = layers + 1
        self.adapter = nn.ModuleList(GraphConv(2 * hidden, hidden) for _ in range(layers))
        self.mlp = nn.Sequential(
            nn.Linear(2 * hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def train_adapter(self) -> None:
        """Let the adapter and the MLP be trained, and the backbone stay as it is."""
        self.requires_grad_(True).backbone.requires_grad_(False)

    def fine_tune(self) -> None:
        """Let the MLP and the backbone's convolutions be trained, and all else stay as it is."""
        self.requires_grad_(False).mlp.requires_grad_(True)
        self.backbone.convolutions.requires_grad_(True)

    def forward(self, nodes: NodeFeatures, plan: Plan) -> torch.Tensor:
        """Predict for a batch: float32 [graphs of the batch]; arguments as for `KGNNModel`."""
        x = self.backbone.embedding(nodes.take(plan.inputs))
        convolutions = self.backbone.convolutions
        x = torch.tanh(convolutions[0](x, plan.layers[0]))
        own = torch.zeros_like(x)
        for place, links in enumerate(plan.layers[1:]):
            both = torch.cat([x, own], dim=1)
            own = torch.tanh(self.adapter[place](both, links))
            if place + 1 < len(convolutions):
                x = torch.tanh(convolutions[place + 1](x, links))
            else:
                x = x[itself(links)]
        pooled = torch.cat([sparse_sum(x, plan.pool), sparse_sum(own, plan.pool)], dim=1)
        result: torch.Tensor = self.mlp(pooled).squeeze(1)
        return result
