"""A small HELP: a meta-learnt regression that is told a device by latencies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors.latency.others import Others
from nape_bench.predictors.multi_predict.encodings import Scale
from nape_bench.predictors.multi_predict.predictor import MultiPredictLatency, standardised
from nape_bench.predictors.registry import register
from nape_bench.predictors.spec_encoding import SpecEncoding
from nape_bench.predictors.statistics import graph_statistics

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.multi_predict.network import Network

REFERENCES = 10
"""Networks whose latencies tell a device."""


@register
class HelpLike(MultiPredictLatency):
    """An MLP that is told a network and latencies of ten others on the device, meta-learnt.

    The first ten of the few labelled networks are the references; what other devices take for them
    is expected by a Gaussian process where it is not known. Meta-learning is of first order: on
    each step a device is drawn, weights are adapted on 20 of its latencies by gradient descent and
    scored on others. The new device is adapted to in the same way, with more steps. Where no other
    labels were taken in there is nothing to learn from, and it is a plain MLP.

    Where it departs from HELP (Lee et al., NeurIPS 2021): graph statistics and specifications in
    place of its encodings, no modulation of the starting weights, references that are not chosen.

    Args:
        settings: Those of `MultiPredictLatency`; `steps` of meta-training.
    """

    name = "help_like"
    title = "Meta-learnt regression, a device told by latencies of ten networks (like HELP)"
    source = "Lee et al., HELP, NeurIPS 2021"

    def _fit(self, graphs: GraphTable, y: np.ndarray, validation: object) -> None:
        self._told: np.ndarray | None = None
        super()._fit(graphs, y, validation)

    def _learn_devices(self, graphs: GraphTable, labels: dict[str, np.ndarray]) -> Network | None:
        self._others = Others.learn(graphs, labels)
        self._spec = SpecEncoding.of(graphs)
        self._columns_scale = Scale.of(self._encode(graphs))
        return None

    def _adapt(self, graphs: GraphTable, y: np.ndarray) -> None:
        import torch

        from nape_bench.predictors.multi_predict.meta import MetaSchedule, adapt, meta_train

        assert self._known is not None  # noqa: S101 - told by the class above
        known, labels = self._known
        plain = self._columns_scale(self._encode(known))
        told = self._others(graphs[:REFERENCES], graph_statistics(graphs[:REFERENCES])[0])
        devices = (told.expected + told.beyond).T
        columns = np.concatenate(
            [
                np.repeat(plain[:, None], len(devices), axis=1),
                np.repeat(devices[None], len(plain), axis=0),
            ],
            axis=2,
        )
        given = np.stack([standardised(values) for values in labels.values()], axis=1)
        few = self._take_labels(y)
        self._number = 0
        self._network = self._new(columns.shape[2], 0, 0)
        schedule = MetaSchedule(self.steps)
        meta_train(self._network, columns, given, schedule, self.seed)
        self._told = few[:REFERENCES]
        where = next(self._network.parameters()).device
        own = torch.as_tensor(self._columns(graphs), dtype=torch.float32, device=where)
        weights = adapt(
            self._network,
            own,
            torch.as_tensor(few, dtype=torch.float32, device=where),
            schedule._replace(inner_steps=self.fine_tune_epochs),
        )
        self._network.load_state_dict({name: part.detach() for name, part in weights.items()})

    def _columns(self, graphs: GraphTable) -> np.ndarray:
        columns = super()._columns(graphs)
        if self._told is None:
            return columns
        return np.concatenate([columns, np.repeat(self._told[None], len(graphs), axis=0)], axis=1)

    def _learnt(self) -> dict[str, Any]:
        return super()._learnt() | ({} if self._told is None else {"told": self._told})

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        super()._set_learnt(learnt)
        self._told = learnt.get("told")
