"""A graph encoder that is told the device: what each layer takes there, added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from nape_bench.predictors.gnn.layers import Convolution, Slots
from nape_bench.predictors.gnn.model import GraphModel, NodeEmbedding
from nape_bench.predictors.gnn.plan import plan_batch
from nape_bench.predictors.gnn.told import PLACES, Told, places
from nape_bench.predictors.gnn.train import prepare
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gnn.encoding import NodeFeatures
    from nape_bench.predictors.gnn.plan import Plan

CHUNK_GRAPHS = 1000
"""Graphs that are asked for at once, to bound memory."""


class DeviceModel(GraphModel):
    """Graph convolutions; an MLP on each state and the device's vector; a mean; an MLP.

    Args:
        columns: What else is told of a graph.
        devices: Devices that have a vector; a further one waits for the new device.
        hidden: Features of a node.
        layers: Graph convolutions.
        vector: Length of a device's vector.
    """

    def __init__(self, columns: int, devices: int, hidden: int, layers: int, vector: int) -> None:
        super().__init__()
        self.levels = layers
        self.embedding = NodeEmbedding(hidden)
        self.layers = nn.ModuleList(Convolution(hidden) for _ in range(layers))
        self.devices = nn.Embedding(devices + 1, vector)
        self.joint = nn.Sequential(
            nn.Linear(hidden + PLACES + vector, hidden), nn.ReLU(), nn.Linear(hidden, hidden)
        )
        self.head = nn.Sequential(
            nn.Linear(hidden + columns + vector, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, nodes: NodeFeatures, plan: Plan) -> torch.Tensor:
        """Predict for a batch of graphs, each on a device: float32 [rows of the batch]."""
        told, pool = plan.told, plan.pool
        assert told is not None  # noqa: S101 - `Rows` gives it, and what follows
        assert told.columns is not None  # noqa: S101
        assert told.device is not None  # noqa: S101
        x = self.embedding(nodes.take(plan.inputs))
        for layer, links in zip(self.layers, plan.layers, strict=True):
            x = layer(x, links)
        vectors = self.devices(told.device)
        slots = Slots(pool)
        vector = vectors[slots.graph]
        each = self.joint(torch.cat([x[pool.source.long()], told.place, vector], dim=1))
        assert pool.weight is not None  # noqa: S101 - a mean has weights
        mean = slots.spread(each * pool.weight[:, None]).sum(dim=1)
        said: torch.Tensor = self.head(torch.cat([mean, told.columns, vectors], dim=1)).squeeze(1)
        return said


class Rows:
    """Graphs on devices as `train` takes them: a row is one graph on one device.

    Args:
        graphs: The graphs.
        columns: What else is told of them, float64 [graphs, columns].
        graph: Number of the graph of each row, int64 [rows].
        device: Number of the device of each row, int64 [rows].
        model: The model.
    """

    def __init__(
        self,
        graphs: GraphTable,
        columns: np.ndarray,
        graph: np.ndarray,
        device: np.ndarray,
        model: DeviceModel,
    ) -> None:
        self.nodes, self.states = prepare(graphs, model)[:2]
        self._place = places(graphs, self.states)
        self._columns = torch.from_numpy(columns.astype(np.float32))
        self._graph, self._device = graph, torch.from_numpy(device)

    def plan(self, graphs: np.ndarray, *, gradient: bool) -> Plan:
        """Plan a batch of the rows of these numbers, on the device of the features."""
        told = Told(self._place, self._columns).take(self.states, self._graph[graphs])
        told = told._replace(device=self._device[torch.from_numpy(graphs)])
        plan = plan_batch(self.states, self._graph[graphs], gradient=gradient)._replace(told=told)
        return plan.to(self.nodes.op.device)


def say(model: DeviceModel, graphs: GraphTable, columns: np.ndarray, device: int) -> np.ndarray:
    """Return what a model says of graphs on one device, float64 [graphs].

    Args:
        model: The model.
        graphs: The graphs.
        columns: What else is told of them, float64 [graphs, columns].
        device: Number of the device.
    """
    parts = []
    with torch.no_grad(), one_thread():
        for start in range(0, len(graphs), CHUNK_GRAPHS):
            part = graphs[start : start + CHUNK_GRAPHS]
            every = np.arange(len(part))
            told = columns[start : start + CHUNK_GRAPHS]
            rows = Rows(part, told, every, np.full(len(part), device), model)
            parts.append(model(rows.nodes, rows.plan(every, gradient=False)).double().cpu().numpy())
    return np.concatenate(parts)
