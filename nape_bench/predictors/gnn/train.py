"""Training and prediction of a k-GNN on shared states."""

from __future__ import annotations

import itertools
import math
from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from torch.nn import functional
from torch.optim.lr_scheduler import CosineAnnealingLR
from tqdm import tqdm

from nape_bench.predictors.base import SettingError
from nape_bench.predictors.gnn.encoding import encode_table
from nape_bench.predictors.gnn.plan import plan_batch
from nape_bench.predictors.gnn.states import share_states
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gnn.encoding import NodeFeatures
    from nape_bench.predictors.gnn.model import GraphModel
    from nape_bench.predictors.gnn.plan import Plan
    from nape_bench.predictors.gnn.states import SharedStates
    from nape_bench.predictors.gnn.told import Told

M = TypeVar("M", bound=torch.nn.Module)

CHUNK_NODES = 2_000_000
"""Nodes that a prediction takes at once, to bound memory."""


def device_named(name: str, who: str) -> torch.device:
    """Return the device of this name.

    Args:
        name: As in "cpu", "cuda:1".
        who: The predictor that asks.

    Raises:
        SettingError: It is a CUDA device, and torch sees none.
    """
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SettingError(
            f"{who}: device {name!r} asked for, but torch sees no CUDA device; use 'cpu'"
        )
    return device


def seeded(seed: int, make: Callable[[], M], device: torch.device) -> M:
    """Make a module with weights drawn on the processor: the same ones on every device."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make().to(device)


class Batches(Protocol):
    """What `train` takes batches from."""

    @property
    def nodes(self) -> NodeFeatures:
        """Features of the distinct states before the first layer, on the model's device."""

    def plan(self, graphs: np.ndarray, *, gradient: bool) -> Plan:
        """Plan a batch of the rows of these numbers, on the device of the features."""


class Prepared(NamedTuple):
    """A table as the k-GNN takes it.

    Attributes:
        nodes: Features of the distinct states before the first layer, on the model's device.
        states: The distinct states of all layers.
        told: What the model is told of the graphs beside them, or None.
    """

    nodes: NodeFeatures
    states: SharedStates
    told: Told | None = None

    def plan(self, graphs: np.ndarray, *, gradient: bool) -> Plan:
        """Plan a batch of the graphs of these numbers, on the device of the features."""
        plan = plan_batch(self.states, graphs, gradient=gradient)
        if self.told is not None:
            plan = plan._replace(told=self.told.take(self.states, graphs))
        return plan.to(self.nodes.op.device)


class Schedule(NamedTuple):
    """How to train.

    Attributes:
        epochs: Passes over the training graphs.
        batch_size: Graphs a step.
        learning_rate: Adam's step size.
        clip: Norm to which the gradient is cut.
        weight_decay: AdamW's; 0 is Adam.
        cosine: Whether the step size falls as half a cosine to 0; else it does not change.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    clip: float
    weight_decay: float = 0.0
    cosine: bool = False


def prepare(graphs: GraphTable, model: GraphModel) -> Prepared:
    """Encode a table and find its shared states, for this model."""
    nodes, number = encode_table(graphs)
    states = share_states(graphs.flat(), number, model.levels)
    told = model.tell(graphs, states)
    return Prepared(nodes.to(next(model.parameters()).device), states, told)


def train(
    model: GraphModel,
    data: Batches,
    y: np.ndarray,
    schedule: Schedule,
    *,
    seed: int,
    validation: tuple[Prepared, np.ndarray] | None = None,
    progress: str | None = None,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = functional.mse_loss,
) -> None:
    """Minimise a loss; where there is validation, keep the epoch of least MAE on it.

    Args:
        model: Is changed.
        data: Training graphs.
        y: Their standardised labels, [graphs].
        schedule: How to train.
        seed: Seed of the order of graphs.
        validation: Held-out graphs and their standardised labels.
        progress: What a progress bar says; None shows none.
        loss: Of predictions and labels of a batch; the squared error by default.
    """
    rng = np.random.default_rng(seed)
    device = data.nodes.op.device
    labels = torch.as_tensor(y, dtype=torch.float32, device=device)
    weights = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(
        weights, schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
    )
    steps = schedule.epochs * math.ceil(len(y) / schedule.batch_size)
    rate = CosineAnnealingLR(optimizer, max(1, steps)) if schedule.cosine else None
    check = None if validation is None else _Validation(*validation)
    # Batches of one graph come again every epoch; larger ones never do.
    kept = len(y) if schedule.batch_size == 1 else 0
    plans = lru_cache(kept)(lambda batch: data.plan(np.array(batch), gradient=True))
    bar = tqdm(range(schedule.epochs), progress, leave=False, disable=progress is None)
    with one_thread():
        for _ in bar:
            order = rng.permutation(len(y))
            for start in range(0, len(y), schedule.batch_size):
                batch = order[start : start + schedule.batch_size]
                said = model(data.nodes, plans(tuple(batch.tolist())))
                wanted = labels[torch.from_numpy(batch).to(device)]
                optimizer.zero_grad()
                torch.autograd.backward(loss(said, wanted))
                torch.nn.utils.clip_grad_norm_(weights, schedule.clip)
                optimizer.step()
                if rate is not None:
                    rate.step()
            if check is not None:
                best = check.update(model)
                bar.set_postfix_str(f"best validation MAE {best:.3f} sd", refresh=False)
    if check is not None:
        model.load_state_dict(check.weights)


class _Validation:
    """Keeps the weights that do best on held-out graphs."""

    def __init__(self, data: Prepared, y: np.ndarray) -> None:
        self._nodes = data.nodes
        self._plan = data.plan(np.arange(data.states.graphs), gradient=False)
        self._y = torch.as_tensor(y, dtype=torch.float32, device=data.nodes.op.device)
        self._best = float("inf")
        self.weights: dict[str, torch.Tensor] = {}

    def update(self, model: GraphModel) -> float:
        """Look at the weights of now; return the least mean absolute error so far."""
        with torch.no_grad():
            error = float((model(self._nodes, self._plan) - self._y).abs().mean())
        if error < self._best or not self.weights:
            self._best, self.weights = error, deepcopy(model.state_dict())
        return self._best


def predict(
    model: GraphModel, graphs: GraphTable, ask: Callable[..., torch.Tensor] | None = None
) -> np.ndarray:
    """Return the prediction for each graph, standardised, float64 [graphs].

    Args:
        model: The model.
        graphs: One graph or more.
        ask: What is called with nodes and plan, if not the model: a method of it.
    """
    ask = ask or model
    cuts = np.searchsorted(graphs.node_ptr, np.arange(0, graphs.node_ptr[-1], CHUNK_NODES))
    bounds = [*dict.fromkeys(cuts.tolist()), len(graphs)]
    parts = []
    with torch.no_grad(), one_thread():
        for start, stop in itertools.pairwise(bounds):
            data = prepare(graphs[start:stop], model)
            plan = data.plan(np.arange(stop - start), gradient=False)
            parts.append(ask(data.nodes, plan).double().cpu().numpy())
    return np.concatenate(parts)
