"""Message passing, then attention of all nodes of a graph to each other: a graph transformer.

Nodes that have the same state (`states`) say the same and hear the same, so that attention is over
the distinct states of a graph, each weighted by how many nodes have it: what it would be over all
nodes, to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from nape_bench.predictors.gnn.layers import Convolution, Slots
from nape_bench.predictors.gnn.model import GraphModel, NodeEmbedding
from nape_bench.predictors.gnn.told import PLACES, Told, places

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gnn.encoding import NodeFeatures
    from nape_bench.predictors.gnn.plan import Plan
    from nape_bench.predictors.gnn.states import SharedStates


class TransformerModel(GraphModel):
    """Graph convolutions with residuals, blocks of attention, and an MLP on what they say.

    The MLP reads a token of the whole, which hears all nodes and starts the same for every graph,
    and the mean over nodes.

    Args:
        hidden: Features of a node, a multiple of `heads`.
        layers: Graph convolutions.
        blocks: Blocks of attention.
        heads: Of each block.
    """

    def __init__(self, hidden: int, layers: int, blocks: int, heads: int) -> None:
        super().__init__()
        self.levels = layers
        self.embedding = NodeEmbedding(hidden)
        self.layers = nn.ModuleList(Convolution(hidden) for _ in range(layers))
        self.place = nn.Linear(PLACES, hidden)
        self.whole = nn.Parameter(torch.zeros(hidden))
        self.blocks = nn.ModuleList(Block(hidden, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(2 * hidden)
        self.head = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def tell(self, graphs: GraphTable, states: SharedStates) -> Told:
        """Return positions of states."""
        return Told(places(graphs, states))

    def forward(self, nodes: NodeFeatures, plan: Plan) -> torch.Tensor:
        """Predict for a batch: float32 [graphs of the batch]; arguments as for `KGNNModel`."""
        assert plan.told is not None  # noqa: S101 - `tell` gives it
        x = self.embedding(nodes.take(plan.inputs))
        for layer, links in zip(self.layers, plan.layers, strict=True):
            x = layer(x, links)
        assert plan.pool.weight is not None  # noqa: S101 - a mean has weights
        slots = Slots(plan.pool)
        tokens = slots.spread(x[plan.pool.source.long()] + self.place(plan.told.place))
        tokens = torch.cat([self.whole.expand(len(tokens), 1, -1), tokens], dim=1)
        # The token of the whole is heard as if it were as many nodes as there are.
        bias = functional.pad(slots.spread(plan.pool.weight[:, None]).squeeze(2), (1, 0), value=1.0)
        for block in self.blocks:
            tokens = block(tokens, bias.log()[:, None, None])
        mean = (tokens[:, 1:] * bias[:, 1:, None]).sum(dim=1)
        said = self.norm(torch.cat([tokens[:, 0], mean], dim=1))
        result: torch.Tensor = self.head(said).squeeze(1)
        return result


class Block(nn.Module):
    """Attention and an MLP, each with a residual and normalised before (Xiong et al., ICML 2020).

    Args:
        hidden: Features of a token.
        heads: Heads of attention.
    """

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(hidden)
        self.three = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.between = nn.LayerNorm(hidden)
        self.mlp = nn.Sequential(
            nn.Linear(hidden, 2 * hidden), nn.ReLU(), nn.Linear(2 * hidden, hidden)
        )

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Let tokens hear each other.

        Args:
            x: float32 [graphs, tokens, hidden].
            bias: What is added to how far a token is heard, float32 [graphs, 1, 1, tokens].
        """
        three = self.three(self.before(x)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = three
        heard = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        x = x + self.out(heard.transpose(1, 2).flatten(2))
        result: torch.Tensor = x + self.mlp(self.between(x))
        return result
