"""GENNAPE: the ensemble of six."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.metrics import kendall_tau_b
from nape_bench.predictors.gennape.base import ContrastivePredictor
from nape_bench.predictors.gennape.level import Level
from nape_bench.predictors.kgnn import KGNN
from nape_bench.predictors.registry import register
from nape_bench.predictors.weights import starting

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gennape.embedding import Embedded
    from nape_bench.predictors.gennape.members import Member

MEMBERS = ("cl_fcm_t", "cl_t", "cl_pairwise_fcm", "cl_pairwise", "kgnn", "flops")
"""In the paper's order."""


@register
class GENNAPE(ContrastivePredictor):
    """CL+FCM+T, CL+T, CL+Pairwise+FCM, CL+Pairwise, k-GNN and FLOPs, averaged.

    The first four share one encoder. What members say is standardised by what they say of the
    graphs that were learnt from last, FLOPs by their logarithm; the mean is put on the scale of
    these graphs' labels. After `fit` all weigh the same; after `fine_tune` weights are the softmax
    of each member's Kendall tau on its graphs. Settings as of `ContrastivePredictor`; `epochs` and
    `device` are those of the k-GNN too, whose other settings are its own.
    """

    name = "gennape"
    title = "GENNAPE"

    def _fit(
        self,
        graphs: GraphTable,
        y: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None,
    ) -> None:
        self._embedder = self._pretrained(graphs)
        data = self._embedder(graphs)
        held_out = None if validation is None else (self._embedder(validation[0]), validation[1])
        self._heads = self._new_heads()
        for member in self._heads.values():
            member.fit(data, y, self._schedule(), held_out)
        self._kgnn = self._new_kgnn()
        self._kgnn.fit(graphs, y, validation=validation)
        said = self._said(graphs, data)
        self._average(said, y, np.full(len(MEMBERS), 1 / len(MEMBERS)))

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        data = self._embedder(graphs)
        for member in self._heads.values():
            member.fine_tune(data, y, self._fine_tune_schedule())
        self._kgnn.fine_tune(graphs, y)
        said = self._said(graphs, data)
        # Labels that are all the same tell no member from another.
        taus = np.array([kendall_tau_b(y, row) if np.ptp(y) > 0 else 0.0 for row in said])
        shares = np.exp(taus)
        self._average(said, y, shares / shares.sum())

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return self._level(self._mean(self._said(graphs, self._embedder(graphs))))

    def member_predictions(self, graphs: GraphTable) -> dict[str, np.ndarray]:
        """Return what each member says of each graph, not standardised, float64 [n] by name.

        Raises:
            NotFittedError: It was not fitted.
        """
        self._check_fitted("member_predictions")
        return dict(zip(MEMBERS, self._said(graphs, self._embedder(graphs)), strict=True))

    def _said(self, graphs: GraphTable, data: Embedded) -> np.ndarray:
        """Return what each member says of each graph, float64 [members, n]."""
        heads = [member.predict(data) for member in self._heads.values()]
        # The smallest networks may have no multiply-adds.
        return np.stack([*heads, self._kgnn.predict(graphs), np.log10(data.flops + 1.0)])

    def _average(self, said: np.ndarray, y: np.ndarray, weights: np.ndarray) -> None:
        """Keep how members are standardised and weighed, and the scale of labels."""
        deviation = said.std(axis=1)
        self._means, self._deviations = said.mean(axis=1), np.where(deviation > 0, deviation, 1.0)
        self._weights = weights
        self._level = Level.of(self._mean(said), y)

    def _mean(self, said: np.ndarray) -> np.ndarray:
        standard = (said - self._means[:, None]) / self._deviations[:, None]
        mean: np.ndarray = self._weights @ standard
        return mean

    def _new_heads(self) -> dict[str, Member]:
        from nape_bench.predictors.gennape.members import Pairwise, Regression

        fuzzy, plain = (
            Regression(
                fuzzy=by_cluster,
                seed=self.seed,
                by_flops=True,
                told=self.flops_input,
                floor=self.floor,
            )
            for by_cluster in (True, False)
        )
        fuzzy_pairs, pairs = (Pairwise(fuzzy=each, seed=self.seed) for each in (True, False))
        return dict(zip(MEMBERS, (fuzzy, plain, fuzzy_pairs, pairs), strict=False))

    def _new_kgnn(self) -> KGNN:
        return KGNN(
            seed=self.seed,
            progress=self.progress,
            epochs=self.epochs,
            fine_tune_epochs=self.fine_tune_epochs,
            device=self.device,
        )

    def _learnt(self) -> dict[str, Any]:
        members: dict[str, Member | KGNN] = {**self._heads, "kgnn": self._kgnn}
        return {
            **self._embedder.learnt,
            **{f"{at}.{k}": v for at, one in members.items() for k, v in one.learnt().items()},
            "means": self._means,
            "deviations": self._deviations,
            "weights": self._weights,
            "level": list(self._level),
        }

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._embedder = self._loaded(learnt)
        self._heads, self._kgnn = self._new_heads(), self._new_kgnn()
        for name, member in self._heads.items():
            member.set_learnt(starting(learnt, f"{name}."), self._torch_device())
        self._kgnn.set_learnt(starting(learnt, "kgnn."))
        self._means, self._deviations = learnt["means"], learnt["deviations"]
        self._weights, self._level = learnt["weights"], Level(*learnt["level"])
