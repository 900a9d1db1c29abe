"""A graph transformer: message passing, then attention over the whole graph."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from nape_bench.predictors.base import SettingError
from nape_bench.predictors.gnn.regressor import GraphRegressor
from nape_bench.predictors.registry import register

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import torch

    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gnn.train import Schedule
    from nape_bench.predictors.gnn.transformer import TransformerModel


@register
class GraphTransformer(GraphRegressor):
    """Four graph convolutions, two blocks of attention, and a loss that ranks.

    Nodes are embedded as in `kgnn`. A convolution is GIN's (Xu et al., ICLR 2019) but that a node
    and what it reads have matrices of their own, with a normalisation before and a residual. In the
    blocks every node hears every other one, and a token of the whole. Positions are depths: those
    of the nodes that have a state, over that of the graph. An MLP reads the token and the mean over
    nodes. The loss is the squared error of standardised labels plus a logistic loss of each pair of
    a batch, which asks for the order alone. (Statistics of the graph, told beside it, harmed.)

    `fine_tune` standardises anew, by its own labels, and goes on with batches of 16.

    Where it departs from GraphGPS (Rampasek et al., NeurIPS 2022): attention comes after all
    convolutions (as in GraphTrans, Wu et al., NeurIPS 2021) and not beside each, since nodes that
    are told the same are worked out once.

    Args:
        seed: Seed of weights and batches.
        progress: Whether a bar of epochs is shown.
        epochs: Passes over the training graphs; None: 40, or as many as make 1,600 steps where that
            is more.
        learning_rate: AdamW's in the beginning; it falls as half a cosine.
        weight_decay: AdamW's.
        batch_size: Graphs a step.
        clip: Norm at which gradients are clipped.
        rank_weight: Of the loss of pairs; 0 leaves the squared error alone.
        hidden: Features of a node, above 18, a multiple of `heads`.
        layers: Graph convolutions.
        blocks: Blocks of attention.
        heads: Of each block.
        fine_tune_epochs: Passes over the graphs of `fine_tune`.
        fine_tune_learning_rate: AdamW's in the beginning, there.
        device: Where torch computes: "cpu", "cuda", "cuda:1" ... On the processor it takes one
            thread.
    """

    name = "graph_transformer"
    title = "Graph transformer: GIN layers, attention over the graph, ranking loss"
    source = "Wu et al., GraphTrans, NeurIPS 2021; Rampasek et al., GraphGPS, NeurIPS 2022"
    STEPS = 1600
    LEAST = MappingProxyType(
        {
            "epochs": 1, "learning_rate": 0, "weight_decay": 0, "batch_size": 1, "clip": 0,
            "rank_weight": 0, "hidden": 19, "layers": 1, "blocks": 0, "heads": 1,
            "fine_tune_epochs": 0, "fine_tune_learning_rate": 0,
        }
    )  # fmt: skip

    def __init__(
        self,
        *,
        seed: int = 0,
        progress: bool = False,
        epochs: int | None = None,
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-2,
        batch_size: int = 32,
        clip: float = 1.0,
        rank_weight: float = 1.0,
        hidden: int = 32,
        layers: int = 4,
        blocks: int = 2,
        heads: int = 4,
        fine_tune_epochs: int = 100,
        fine_tune_learning_rate: float = 5e-4,
        device: str = "cpu",
    ) -> None:
        super().__init__(seed=seed, progress=progress)
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.clip = clip
        self.rank_weight = rank_weight
        self.hidden = hidden
        self.layers = layers
        self.blocks = blocks
        self.heads = heads
        self.fine_tune_epochs = fine_tune_epochs
        self.fine_tune_learning_rate = fine_tune_learning_rate
        self.device = device
        self._check_settings()
        if hidden % heads:
            raise SettingError(f"{self.name}: hidden is {hidden}, no multiple of {heads} heads")

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        self._take_scale(y)
        super()._fine_tune(graphs, y)

    def _make(self) -> TransformerModel:
        from nape_bench.predictors.gnn.transformer import TransformerModel

        return TransformerModel(self.hidden, self.layers, self.blocks, self.heads)

    def _schedule(self, epochs: int) -> Schedule:
        from nape_bench.predictors.gnn.train import Schedule

        return Schedule(
            epochs, self.batch_size, self.learning_rate, self.clip, self.weight_decay, cosine=True
        )

    def _fine_tune_schedule(self) -> Schedule:
        return self._schedule(self.fine_tune_epochs)._replace(
            batch_size=min(16, self.batch_size), learning_rate=self.fine_tune_learning_rate
        )

    def _loss(self) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        from nape_bench.predictors.gnn.losses import squared_and_pairs

        return lambda said, wanted: squared_and_pairs(said, wanted, self.rank_weight)
