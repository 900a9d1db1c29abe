"""What regressors on graphs by gradient descent have in common: all but the model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from nape_bench.predictors import weights
from nape_bench.predictors.base import Predictor, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import torch

    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gnn.model import GraphModel
    from nape_bench.predictors.gnn.train import Schedule

EPOCHS = 40
"""Epochs where none are asked for, unless `STEPS` ask for more."""


class GraphRegressor(Predictor):
    """A model of graphs, trained on labels standardised by those of `fit`.

    A subclass has the settings, and says what model it is (`_make`), how it is trained
    (`_schedule`, `_fine_tune_schedule`) and on which loss.

    Attributes:
        STEPS: Steps that are made at least where no epochs are asked for.
        LEAST: The least value of each setting that has one.
    """

    STEPS: ClassVar[int]
    LEAST: ClassVar[Mapping[str, float]]

    epochs: int | None
    batch_size: int
    device: str
    _model: Any
    _mean: float
    _scale: float

    def _make(self) -> GraphModel:
        """Return the model, its weights drawn from torch's generator."""
        raise NotImplementedError

    def _schedule(self, epochs: int) -> Schedule:
        raise NotImplementedError

    def _fine_tune_schedule(self) -> Schedule:
        raise NotImplementedError

    def _loss(self) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        from torch.nn import functional

        return functional.mse_loss

    def _check_settings(self) -> None:
        """Refuse settings below `LEAST`."""
        for name, least in self.LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise SettingError(f"{self.name}: {name} must be {least} or more, not {value!r}")

    def _fit(
        self,
        graphs: GraphTable,
        y: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None,
    ) -> None:
        from nape_bench.predictors.gnn.train import prepare, train

        self._model = self._new_model()
        self._take_scale(y)
        held_out = None
        if validation is not None:
            held_out = prepare(validation[0], self._model), self._standardise(validation[1])
        batches = math.ceil(len(y) / self.batch_size)
        train(
            self._model,
            prepare(graphs, self._model),
            self._standardise(y),
            self._schedule(self.epochs or max(EPOCHS, math.ceil(self.STEPS / batches))),
            seed=self.seed,
            validation=held_out,
            progress=f"{self.name}, seed {self.seed}" if self.progress else None,
            loss=self._loss(),
        )

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        from nape_bench.predictors.gnn.train import predict

        values: np.ndarray = predict(self._model, graphs) * self._scale + self._mean
        return values

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        from nape_bench.predictors.gnn.train import prepare, train

        train(
            self._model,
            prepare(graphs, self._model),
            self._standardise(y),
            self._fine_tune_schedule(),
            seed=self.seed,
            progress=f"{self.name}, fine-tuning" if self.progress else None,
            loss=self._loss(),
        )

    def _learnt(self) -> dict[str, Any]:
        return {**weights.to_arrays(self._model), "mean": self._mean, "scale": self._scale}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._mean, self._scale = learnt.pop("mean"), learnt.pop("scale")
        self._model = self._new_model()
        weights.load(self._model, learnt)

    def _take_scale(self, y: np.ndarray) -> None:
        # Labels that are all the same leave nothing to scale by.
        self._mean, self._scale = float(y.mean()), float(y.std()) or 1.0

    def _standardise(self, y: np.ndarray) -> np.ndarray:
        """Return labels less the mean, over the deviation, of those of `_take_scale`."""
        standard: np.ndarray = (y - self._mean) / self._scale
        return standard

    def _new_model(self) -> Any:
        from nape_bench.predictors.gnn.train import device_named, seeded

        return seeded(self.seed, self._make, device_named(self.device, self.name))
