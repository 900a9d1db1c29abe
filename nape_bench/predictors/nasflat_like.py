"""A small NASFLAT: a graph encoder with a vector for each device, for latencies of a new one."""

from __future__ import annotations

import math
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors import weights
from nape_bench.predictors.base import Predictor, SettingError
from nape_bench.predictors.multi_predict.encodings import Scale, encode
from nape_bench.predictors.multi_predict.predictor import correlation, standardised
from nape_bench.predictors.registry import register
from nape_bench.predictors.spec_encoding import SpecEncoding

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gnn.device_model import DeviceModel


@register
class NasflatLike(Predictor):
    """Graph convolutions, a learnt vector of each device told to every layer, then an MLP.

    Other labels that were taken in (`learn_known`: latencies on other devices) are trained on
    first, all devices by one model. The vector of the new device starts from that of the device
    whose predictions correlate most with its few labels; then all weights are trained on these,
    with a loss that ranks pairs too. Labels that are all positive are taken by their logarithm,
    and standardised device by device. Beside the graph the model is told its statistics and what
    its specification says (`multi_predict_latency`), where NASFLAT has proxies and other encodings
    of cells. Where no other labels were taken in, it is trained on the few alone.

    Where it departs from NASFLAT: graph convolutions of the whole network in place of an ensemble
    of two kinds of attention on the cell; a device's vector joins a layer behind the convolutions,
    not before; squared error in pretraining, where theirs is a hinge loss of pairs; samples are
    those that the protocol draws, not chosen.

    Args:
        seed: Seed of weights and batches.
        progress: Whether a bar of epochs is shown.
        steps: Steps on other labels, about.
        few_steps: Steps on the few labels where no others were taken in.
        learning_rate: AdamW's in the beginning; it falls as half a cosine.
        batch_size: Rows a step: a graph on a device each.
        fine_tune_epochs: Passes over the few labels of the new device.
        fine_tune_learning_rate: AdamW's in the beginning, there.
        hidden: Features of a node, above 18.
        layers: Graph convolutions.
        vector: Length of a device's vector.
        device: Where torch computes: "cpu", "cuda", "cuda:1" ... On the processor it takes one
            thread.
    """

    name = "nasflat_like"
    title = "Graph encoder with a learnt vector of each device (like NASFLAT)"
    source = "Akhauri and Abdelfattah, NASFLAT, AutoML 2024"

    def __init__(
        self,
        *,
        seed: int = 0,
        progress: bool = False,
        steps: int = 800,
        few_steps: int = 400,
        learning_rate: float = 2e-3,
        batch_size: int = 64,
        fine_tune_epochs: int = 60,
        fine_tune_learning_rate: float = 5e-4,
        hidden: int = 64,
        layers: int = 3,
        vector: int = 8,
        device: str = "cpu",
    ) -> None:
        super().__init__(seed=seed, progress=progress)
        self.steps = steps
        self.few_steps = few_steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.fine_tune_epochs = fine_tune_epochs
        self.fine_tune_learning_rate = fine_tune_learning_rate
        self.hidden = hidden
        self.layers = layers
        self.vector = vector
        self.device = device
        if hidden < 19 or min(layers, vector, batch_size, steps, few_steps) < 1:
            raise SettingError(
                "nasflat_like: hidden must be 19 or more, layers, vector, batch_size and steps 1 "
                "or more"
            )
        self._before: DeviceModel | None = None

    def _learn_known(self, graphs: GraphTable, labels: dict[str, np.ndarray]) -> None:
        known = np.stack([standardised(values) for values in labels.values()], axis=1)
        graph, device = np.nonzero(np.isfinite(known))
        model = self._new(self._take_columns(graphs), known.shape[1])
        self._train(
            model, graphs, graph, device, known[graph, device], self.steps, self.learning_rate
        )
        self._before, self._number = model, known.shape[1]

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        self._positive = bool((y > 0).all())
        labels = np.log(y) if self._positive else y
        self._level, self._spread = float(labels.mean()), float(labels.std()) or 1.0
        few, every = (labels - self._level) / self._spread, np.arange(len(y))
        if self._before is None:
            self._number = 0
            self._model = self._new(self._take_columns(graphs), 0)
            steps, rate = self.few_steps, self.learning_rate
        else:
            self._model = deepcopy(self._before)
            self._take_vector(graphs, few)
            steps = self.fine_tune_epochs * math.ceil(len(y) / self.batch_size)
            rate = self.fine_tune_learning_rate
        device = np.full(len(y), self._number)
        self._train(self._model, graphs, every, device, few, steps, rate, rank_weight=1.0)

    def _take_vector(self, graphs: GraphTable, labels: np.ndarray) -> None:
        """Give the new device the vector of the one that its labels correlate with most."""
        import torch

        alike = [correlation(self._say(graphs, device), labels) for device in range(self._number)]
        with torch.no_grad():
            weight = self._model.devices.weight
            weight[self._number] = weight[int(np.argmax(alike))]

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        values: np.ndarray = self._say(graphs, self._number) * self._spread + self._level
        return np.exp(values) if self._positive else values

    def _say(self, graphs: GraphTable, device: int) -> np.ndarray:
        from nape_bench.predictors.gnn.device_model import say

        return say(self._model, graphs, self._columns(graphs), device)

    def _train(
        self,
        model: DeviceModel,
        graphs: GraphTable,
        graph: np.ndarray,
        device: np.ndarray,
        labels: np.ndarray,
        steps: int,
        rate: float,
        rank_weight: float = 0.0,
    ) -> None:
        from nape_bench.predictors.gnn.device_model import Rows
        from nape_bench.predictors.gnn.losses import squared_and_pairs
        from nape_bench.predictors.gnn.train import Schedule, train

        epochs = math.ceil(steps / math.ceil(len(labels) / self.batch_size))
        train(
            model,
            Rows(graphs, self._columns(graphs), graph, device, model),
            labels,
            Schedule(epochs, self.batch_size, rate, clip=1.0, weight_decay=5e-4, cosine=True),
            seed=self.seed,
            progress=f"{self.name}, seed {self.seed}" if self.progress else None,
            loss=partial(squared_and_pairs, weight=rank_weight),
        )

    def _take_columns(self, graphs: GraphTable) -> int:
        """Scale what is told beside graphs by these from now on; return how many columns it has."""
        self._spec = SpecEncoding.of(graphs)
        raw = encode(graphs, "statistics", (), self._spec)
        self._scale = Scale.of(raw)
        return int(raw.shape[1])

    def _columns(self, graphs: GraphTable) -> np.ndarray:
        return self._scale(encode(graphs, "statistics", (), self._spec))

    def _new(self, columns: int, devices: int) -> DeviceModel:
        from nape_bench.predictors.gnn.device_model import DeviceModel
        from nape_bench.predictors.gnn.train import device_named, seeded

        return seeded(
            self.seed,
            lambda: DeviceModel(columns, devices, self.hidden, self.layers, self.vector),
            device_named(self.device, self.name),
        )

    def _learnt(self) -> dict[str, Any]:
        learnt: dict[str, Any] = {
            "positive": self._positive,
            "level": self._level,
            "spread": self._spread,
            "number": self._number,
            "scale": self._scale.parts,
            "spec": [list(column) for column in self._spec.columns],
        }
        return {**learnt, **weights.to_arrays(self._model, "model/")}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._positive, self._number = bool(learnt["positive"]), int(learnt["number"])
        self._level, self._spread = float(learnt["level"]), float(learnt["spread"])
        self._scale, self._spec = Scale(learnt["scale"]), SpecEncoding(learnt["spec"])
        self._model = self._new(self._scale.parts.shape[1], self._number)
        weights.load(self._model, learnt, "model/")
