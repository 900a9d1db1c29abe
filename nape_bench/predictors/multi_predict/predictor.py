"""Multi-Predict as a predictor of accuracies, and as one of latencies on a new device."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.labels.proxies import PROXIES
from nape_bench.predictors import weights
from nape_bench.predictors.base import Predictor, SettingError
from nape_bench.predictors.multi_predict.encodings import ENCODINGS, Scale, encode
from nape_bench.predictors.registry import register
from nape_bench.predictors.spec_encoding import SpecEncoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph import GraphTable
    from nape_bench.predictors.multi_predict.network import Network

SOURCE = "Akhauri and Abdelfattah, Multi-Predict, AutoML 2023, released code"


@register
class MultiPredict(Predictor):
    """An MLP on proxies, trained on one space and task and fine-tuned on a few labels of another.

    Architectures are told by the zero-cost encoding (13 proxies), which all search spaces share.
    Four layers of 128, absolute error, AdamW with a rate that falls as a cosine, 250 epochs, then
    50 at a tenth of the rate. Other labels that were taken in (`learn_known`: latencies on other
    devices) are trained on first, each with a learnt vector of 8 numbers; the new device starts
    from the vector of the one that its few labels correlate with most.

    Where it departs from the released code: columns and labels are scaled by the few networks that
    are fine-tuned on, not by the whole of the target space; labels are standardised and the last
    layer is linear (theirs a sigmoid of labels between 0 and 1); latencies by their logarithm;
    at most `steps` steps, the same architecture for all spaces.

    Args:
        seed: Seed of weights and batches.
        progress: Nothing to show.
        encoding: "zero_cost", or "statistics" (of graphs, and of specifications that ids tell).
        proxies: Which proxies the encoding has.
        epochs: Passes over labels; `steps` bounds them.
        fine_tune_epochs: Passes over the few labels of another space, task or device.
        learning_rate: AdamW's in the beginning.
        fine_tune_learning_rate: The same for the few.
        steps: Steps of training at most.
        width: Width of layers.
        depth: Hidden layers.
        device: Where torch computes.
    """

    name = "multi_predict"
    title = "MLP on zero-cost proxies (Multi-Predict)"
    source = SOURCE

    def __init__(
        self,
        *,
        seed: int = 0,
        progress: bool = False,
        encoding: str = "zero_cost",
        proxies: Sequence[str] = PROXIES,
        epochs: int = 250,
        fine_tune_epochs: int = 50,
        learning_rate: float = 4e-3,
        fine_tune_learning_rate: float = 4e-4,
        steps: int = 3000,
        width: int = 128,
        depth: int = 4,
        device: str = "cpu",
    ) -> None:
        super().__init__(seed=seed, progress=progress)
        self.encoding = encoding
        self.proxies = tuple(proxies)
        self.epochs = epochs
        self.fine_tune_epochs = fine_tune_epochs
        self.learning_rate = learning_rate
        self.fine_tune_learning_rate = fine_tune_learning_rate
        self.steps = steps
        self.width = width
        self.depth = depth
        self.device = device
        if encoding not in ENCODINGS:
            raise SettingError(f"{self.name}: encoding is one of {ENCODINGS}, not {encoding!r}")
        self._known: tuple[GraphTable, dict[str, np.ndarray]] | None = None
        self._before: Network | None = None

    def _learn_known(self, graphs: GraphTable, labels: dict[str, np.ndarray]) -> None:
        self._known = graphs, labels
        self._before = self._learn_devices(graphs, labels)

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        self._positive = self._known is not None and bool((y > 0).all())
        if self._known is None:
            self._spec = SpecEncoding.of(graphs)
            columns = self._take_scales(graphs, y)
            self._network = self._new(columns.shape[1], 0, 0)
            self._number = 0
            self._train(columns, np.zeros(len(y), dtype=np.int64), self._standard(y))
        else:
            if self._before is not None:
                self._network = deepcopy(self._before)
            self._adapt(graphs, y)

    def _learn_devices(self, graphs: GraphTable, labels: dict[str, np.ndarray]) -> Network | None:
        """Train on other labels, each by its logarithm and standardised; return the network."""
        self._spec = SpecEncoding.of(graphs)
        raw = self._encode(graphs)
        self._columns_scale = Scale.of(raw)
        columns = self._columns_scale(raw)
        known = np.stack([standardised(values) for values in labels.values()], axis=1)
        rows, device = np.nonzero(np.isfinite(known))
        self._number = known.shape[1]
        self._network = self._new(columns.shape[1], self._number, 8)
        self._train(columns[rows], device, known[rows, device])
        return self._network

    def _adapt(self, graphs: GraphTable, y: np.ndarray) -> None:
        """Give the new device the vector of the most correlated one, and fine-tune."""
        import torch

        from nape_bench.predictors.multi_predict.network import Schedule, say, train

        columns = self._columns(graphs)
        labels = self._take_labels(y)
        devices = range(self._number)
        alike = [correlation(say(self._network, columns, each), labels) for each in devices]
        vectors = self._network.devices
        if vectors is not None:
            with torch.no_grad():
                vectors.weight[self._number] = vectors.weight[int(np.argmax(alike))]
        schedule = Schedule(self.fine_tune_epochs, self.fine_tune_learning_rate, 128, self.steps)
        number = np.full(len(y), self._number)
        train(self._network, columns, number, labels, schedule, self.seed)

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        from nape_bench.predictors.multi_predict.network import Schedule, train

        columns = self._take_scales(graphs, y)
        schedule = Schedule(self.fine_tune_epochs, self.fine_tune_learning_rate, 128, self.steps)
        number = np.full(len(y), self._number)
        train(self._network, columns, number, self._standard(y), schedule, self.seed)

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        from nape_bench.predictors.multi_predict.network import say

        said = say(self._network, self._columns(graphs), self._number)
        values: np.ndarray = said * self._spread + self._level
        return np.exp(values) if self._positive else values

    def _train(self, columns: np.ndarray, device: np.ndarray, labels: np.ndarray) -> None:
        from nape_bench.predictors.multi_predict.network import Schedule, train

        schedule = Schedule(self.epochs, self.learning_rate, 128, self.steps)
        train(self._network, columns, device, labels, schedule, self.seed)

    def _encode(self, graphs: GraphTable) -> np.ndarray:
        return encode(graphs, self.encoding, self.proxies, self._spec)

    def _columns(self, graphs: GraphTable) -> np.ndarray:
        """Return what the network is told of each architecture, float64 [n, columns]."""
        return self._columns_scale(self._encode(graphs))

    def _take_scales(self, graphs: GraphTable, y: np.ndarray) -> np.ndarray:
        """Scale columns and labels by these networks from now on, and return their columns."""
        raw = self._encode(graphs)
        self._columns_scale = Scale.of(raw)
        self._take_labels(y)
        return self._columns_scale(raw)

    def _take_labels(self, y: np.ndarray) -> np.ndarray:
        labels = np.log(y) if self._positive else y
        self._level, self._spread = float(labels.mean()), float(labels.std()) or 1.0
        return (labels - self._level) / self._spread

    def _standard(self, y: np.ndarray) -> np.ndarray:
        return (y - self._level) / self._spread

    def _new(self, columns: int, devices: int, embedding: int) -> Network:
        from nape_bench.predictors.gnn.train import device_named, seeded
        from nape_bench.predictors.multi_predict.network import Network

        return seeded(
            self.seed,
            lambda: Network(columns, devices, self.width, self.depth, embedding),
            device_named(self.device, self.name),
        )

    def _learnt(self) -> dict[str, Any]:
        learnt: dict[str, Any] = {
            "positive": self._positive,
            "level": self._level,
            "spread": self._spread,
            "number": self._number,
            "scale": self._columns_scale.parts,
            "spec": [list(column) for column in self._spec.columns],
        }
        return {**learnt, **weights.to_arrays(self._network, "network/")}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._positive, self._number = bool(learnt["positive"]), int(learnt["number"])
        self._level, self._spread = float(learnt["level"]), float(learnt["spread"])
        self._columns_scale = Scale(learnt["scale"])
        self._spec = SpecEncoding(learnt["spec"])
        own = weights.starting(learnt, "network/")
        vectors = own.get("devices.weight")
        embedding = 0 if vectors is None else int(vectors.shape[1])
        columns = int(own["layers.0.weight"].shape[1]) - embedding
        self._network = self._new(columns, self._number, embedding)
        weights.load(self._network, own)


@register
class MultiPredictLatency(MultiPredict):
    """Multi-Predict for latencies: statistics of graphs in place of proxies, else the same.

    Args:
        settings: Those of `MultiPredict`; `encoding` is "statistics" where it is not said.
    """

    name = "multi_predict_latency"
    title = "MLP on graph statistics and a learnt vector of each device (Multi-Predict)"

    def __init__(
        self,
        *,
        seed: int = 0,
        progress: bool = False,
        epochs: int = 250,
        fine_tune_epochs: int = 50,
        learning_rate: float = 4e-3,
        fine_tune_learning_rate: float = 4e-4,
        steps: int = 3000,
        width: int = 128,
        depth: int = 4,
        device: str = "cpu",
    ) -> None:
        super().__init__(
            seed=seed,
            progress=progress,
            encoding="statistics",
            epochs=epochs,
            fine_tune_epochs=fine_tune_epochs,
            learning_rate=learning_rate,
            fine_tune_learning_rate=fine_tune_learning_rate,
            steps=steps,
            width=width,
            depth=depth,
            device=device,
        )


def standardised(values: np.ndarray) -> np.ndarray:
    """Return a label by its logarithm if it is positive, standardised; NaN stays."""
    there = np.isfinite(values)
    taken = np.log(values) if (values[there] > 0).all() else values
    standard: np.ndarray = (taken - np.nanmean(taken)) / (float(np.nanstd(taken)) or 1.0)
    return standard


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's correlation, 0 where one of both does not vary."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
