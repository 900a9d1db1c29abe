"""GENNAPE's members on contrastive embeddings, each a predictor of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nape_bench.predictors.gennape.base import ContrastivePredictor
from nape_bench.predictors.gennape.level import Level
from nape_bench.predictors.registry import register
from nape_bench.predictors.weights import starting

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gennape.members import Member


class SinglePredictor(ContrastivePredictor):
    """One member; settings as of `ContrastivePredictor`.

    Attributes:
        fuzzy: Whether there is a head for each cluster, weighted by memberships ("FCM").
    """

    fuzzy: ClassVar[bool] = False

    def _new_member(self) -> Member:
        raise NotImplementedError

    def _fit(
        self,
        graphs: GraphTable,
        y: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None,
    ) -> None:
        self._embedder = self._pretrained(graphs)
        self._member = self._new_member()
        held_out = None if validation is None else (self._embedder(validation[0]), validation[1])
        data = self._embedder(graphs)
        self._member.fit(data, y, self._schedule(), held_out)
        self._set_level(self._member.predict(data), y)

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        data = self._embedder(graphs)
        self._member.fine_tune(data, y, self._fine_tune_schedule())
        self._set_level(self._member.predict(data), y)

    def _set_level(self, scores: np.ndarray, y: np.ndarray) -> None:
        """Keep what puts scores on the scale of labels, where they are not on it."""

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return self._member.predict(self._embedder(graphs))

    def _learnt(self) -> dict[str, Any]:
        heads = {f"heads.{name}": value for name, value in self._member.learnt().items()}
        return {**self._embedder.learnt, **heads}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._embedder = self._loaded(learnt)
        self._member = self._new_member()
        self._member.set_learnt(starting(learnt, "heads."), self._torch_device())


class _Regressor(SinglePredictor):
    by_flops: ClassVar[bool]

    def _new_member(self) -> Member:
        from nape_bench.predictors.gennape.members import Regression

        return Regression(
            fuzzy=self.fuzzy,
            seed=self.seed,
            by_flops=self.by_flops,
            told=self.flops_input,
            floor=self.floor if self.by_flops else None,
        )


class _Classifier(SinglePredictor):
    def _new_member(self) -> Member:
        from nape_bench.predictors.gennape.members import Pairwise

        return Pairwise(fuzzy=self.fuzzy, seed=self.seed)

    def _set_level(self, scores: np.ndarray, y: np.ndarray) -> None:
        self._level = Level.of(scores, y)

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return self._level(super()._predict(graphs))

    def _learnt(self) -> dict[str, Any]:
        return {**super()._learnt(), "level": list(self._level)}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        super()._set_learnt(learnt)
        self._level = Level(*learnt["level"])


@register
class CL(_Regressor):
    """An MLP on contrastive embeddings."""

    name = "gennape_cl"
    title = "CL (GENNAPE)"
    by_flops = False


@register
class CLT(_Regressor):
    """An MLP on contrastive embeddings; labels transformed by FLOPs."""

    name = "gennape_cl_t"
    title = "CL+T (GENNAPE)"
    by_flops = True


@register
class CLFCMT(_Regressor):
    """An MLP for each fuzzy cluster of contrastive embeddings; labels transformed by FLOPs."""

    name = "gennape_cl_fcm_t"
    title = "CL+FCM+T (GENNAPE)"
    fuzzy = True
    by_flops = True


@register
class CLPairwise(_Classifier):
    """A classifier of which of two contrastive embeddings has the higher label."""

    name = "gennape_cl_pairwise"
    title = "CL+Pairwise (GENNAPE)"


@register
class CLPairwiseFCM(_Classifier):
    """A classifier for each fuzzy cluster of which of two embeddings has the higher label."""

    name = "gennape_cl_pairwise_fcm"
    title = "CL+Pairwise+FCM (GENNAPE)"
    fuzzy = True
