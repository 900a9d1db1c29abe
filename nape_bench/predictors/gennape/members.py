"""Members of the ensemble that see embeddings: regression and comparison by heads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch.nn import functional

from nape_bench.errors import DataError
from nape_bench.metrics import spearman
from nape_bench.predictors.gennape.embedding import Embedded
from nape_bench.predictors.gennape.heads import PairMLP, SoftMLP
from nape_bench.predictors.gennape.training import train_heads
from nape_bench.predictors.label_transform import LabelTransform
from nape_bench.predictors.weights import to_arrays

if TYPE_CHECKING:
    from nape_bench.predictors.gennape.training import Schedule

HIDDEN = 64
"""Hidden units of each MLP."""

OPPONENTS = 256
"""Training graphs at most that a graph is compared with."""

CHUNK = 256
"""Graphs that are compared at once, to bound memory."""


class Member(ABC):
    """Heads on embeddings.

    Args:
        fuzzy: Whether there is a head for each cluster; else one for all graphs.
        seed: Seed of weights and batches.
    """

    model: SoftMLP | PairMLP
    FIRST: ClassVar[str]
    """Name of weights [clusters, width of an embedding, units]."""

    def __init__(self, *, fuzzy: bool, seed: int) -> None:
        self.fuzzy = fuzzy
        self.seed = seed

    def fit(
        self,
        data: Embedded,
        y: np.ndarray,
        how: Schedule,
        validation: tuple[Embedded, np.ndarray] | None,
    ) -> None:
        """Learn anew; of the epochs, the one of highest SRCC on the validation graphs is kept.

        Args:
            data: Training graphs, n >= 1.
            y: Their labels, float64 [n].
            how: How to train.
            validation: Held-out graphs and their labels.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            seen = self._seen(data)
            self.model = self._new(seen.shares.shape[1], seen.x.shape[1]).to(data.x.device)
        self._prepare(data, y)
        self._learn(data, y, how, validation)

    def fine_tune(self, data: Embedded, y: np.ndarray, how: Schedule) -> None:
        """Go on learning; arguments as in `fit`."""
        self._learn(data, y, how, None)

    @abstractmethod
    def predict(self, data: Embedded) -> np.ndarray:
        """Return a number for each graph, higher for more of the label, float64 [n]."""

    def learnt(self) -> dict[str, Any]:
        """Return arrays and plain numbers by name."""
        return dict(to_arrays(self.model))

    def set_learnt(self, learnt: dict[str, Any], device: torch.device) -> None:
        """Take over what `learnt` returned."""
        clusters, width, _ = learnt[self.FIRST].shape
        self.model = self._new(clusters, width).to(device)
        names = self.model.state_dict()
        self.model.load_state_dict({name: torch.from_numpy(learnt[name]) for name in names})

    def _seen(self, data: Embedded) -> Embedded:
        return data if self.fuzzy else data.alone()

    @abstractmethod
    def _new(self, clusters: int, width: int) -> SoftMLP | PairMLP:
        """Return heads with weights drawn from torch's seed, for embeddings of this width."""

    @abstractmethod
    def _prepare(self, data: Embedded, y: np.ndarray) -> None:
        """Keep what the training labels say, before heads are trained on them."""

    @abstractmethod
    def _learn(
        self,
        data: Embedded,
        y: np.ndarray,
        how: Schedule,
        validation: tuple[Embedded, np.ndarray] | None,
    ) -> None: ...

    def _train(
        self,
        loss_of: Any,
        rows: int,
        how: Schedule,
        validation: tuple[Embedded, np.ndarray] | None,
    ) -> None:
        quality = None
        # Labels that are all the same have no order to be right about.
        if validation is not None and np.ptp(validation[1]) > 0:
            held_out, truth = validation
            quality = lambda: spearman(truth, self.predict(held_out))  # noqa: E731
        train_heads(self.model, loss_of, rows, how, seed=self.seed, quality=quality)


class Regression(Member):
    """Squared error on labels, transformed by FLOPs (`transform`) or only standardised.

    Args:
        fuzzy: As of `Member`.
        seed: As of `Member`.
        by_flops: Whether labels are transformed by FLOPs.
        told: Whether heads are then told what labels were divided by.
        floor: Training labels below it are left out; None leaves none out.
    """

    model: SoftMLP
    FIRST = "layers.0.weight"
    transform: LabelTransform

    def __init__(
        self, *, fuzzy: bool, seed: int, by_flops: bool, told: bool, floor: float | None = None
    ) -> None:
        super().__init__(fuzzy=fuzzy, seed=seed)
        self.by_flops = by_flops
        self.told = by_flops and told
        self.floor = floor

    def fit(
        self,
        data: Embedded,
        y: np.ndarray,
        how: Schedule,
        validation: tuple[Embedded, np.ndarray] | None,
    ) -> None:
        """Learn as `Member.fit`, from labels of `floor` or more.

        Raises:
            DataError: No label is.
        """
        kept = np.flatnonzero(y >= self.floor) if self.floor is not None else np.arange(len(y))
        if len(kept) == 0:
            raise DataError(
                f"floor {self.floor} leaves none of {len(y)} training labels, the highest of which "
                f"is {y.max()}; set a lower one"
            )
        super().fit(data.take(kept), y[kept], how, validation)

    def predict(self, data: Embedded) -> np.ndarray:
        """Return labels, float64 [n]."""
        seen = self._seen(data)
        with torch.no_grad():
            said = self.model(seen.x, seen.shares).double().cpu().numpy()
        return self.transform.inverse(said, data.flops)

    def learnt(self) -> dict[str, Any]:
        """Return arrays and plain numbers by name."""
        return {**super().learnt(), "mean": self.transform.mean, "scale": self.transform.scale}

    def set_learnt(self, learnt: dict[str, Any], device: torch.device) -> None:
        """Take over what `learnt` returned."""
        super().set_learnt(learnt, device)
        self.transform = LabelTransform(learnt["mean"], learnt["scale"], self.by_flops)

    def _seen(self, data: Embedded) -> Embedded:
        seen = super()._seen(data)
        if not self.told:
            return seen
        return seen._replace(x=torch.cat([seen.x, seen.divisor], dim=1))

    def _new(self, clusters: int, width: int) -> SoftMLP:
        return SoftMLP(clusters, (width, HIDDEN))

    def _prepare(self, data: Embedded, y: np.ndarray) -> None:
        self.transform = LabelTransform.of(y, data.flops, by_flops=self.by_flops)

    def _learn(
        self,
        data: Embedded,
        y: np.ndarray,
        how: Schedule,
        validation: tuple[Embedded, np.ndarray] | None,
    ) -> None:
        seen = self._seen(data)
        wanted = torch.tensor(
            self.transform(y, data.flops), dtype=torch.float32, device=data.x.device
        )

        def loss_of(rows: torch.Tensor) -> torch.Tensor:
            said = self.model(seen.x[rows], seen.shares[rows])
            return functional.mse_loss(said, wanted[rows])

        self._train(loss_of, len(y), how, validation)


class Pairwise(Member):
    """A classifier of which of two graphs has the higher label; all pairs of a batch are seen.

    The score of a graph is the mean logit of its being better than the graphs that were learnt
    from last: of the training family, or the few of `fine_tune`. So it depends on that graph alone.
    """

    model: PairMLP
    FIRST = "first.weight"
    opponents: Embedded

    def predict(self, data: Embedded) -> np.ndarray:
        """Return mean logits, float64 [n]."""
        seen, known = self._seen(data), self._seen(self.opponents)
        parts = []
        with torch.no_grad():
            for start in range(0, len(seen.x), CHUNK):
                few = slice(start, start + CHUNK)
                logits = self.model(seen.x[few], seen.shares[few], known.x, known.shares)
                parts.append(logits.double().mean(dim=1).cpu().numpy())
        return np.concatenate(parts)

    def learnt(self) -> dict[str, Any]:
        """Return arrays by name."""
        *tensors, flops = self.opponents
        arrays = [*(tensor.cpu().numpy() for tensor in tensors), flops]
        kept = zip(Embedded._fields, arrays, strict=True)
        return {**super().learnt(), **{f"opponents.{name}": value for name, value in kept}}

    def set_learnt(self, learnt: dict[str, Any], device: torch.device) -> None:
        """Take over what `learnt` returned."""
        super().set_learnt(learnt, device)
        *arrays, flops = (learnt[f"opponents.{name}"] for name in Embedded._fields)
        x, shares, divisor = (torch.from_numpy(array).to(device) for array in arrays)
        self.opponents = Embedded(x, shares, divisor, flops)

    def _new(self, clusters: int, width: int) -> PairMLP:
        return PairMLP(clusters, width, HIDDEN)

    def _prepare(self, data: Embedded, y: np.ndarray) -> None:
        """Nothing: labels are compared as they are."""

    def _learn(
        self,
        data: Embedded,
        y: np.ndarray,
        how: Schedule,
        validation: tuple[Embedded, np.ndarray] | None,
    ) -> None:
        rng = np.random.default_rng(self.seed)
        self.opponents = data.take(rng.permutation(len(y))[:OPPONENTS])
        seen = self._seen(data)
        labels = torch.tensor(y, device=data.x.device)

        def loss_of(rows: torch.Tensor) -> torch.Tensor:
            better = labels[rows][:, None] > labels[rows][None]
            logits = self.model.among(seen.x[rows], seen.shares[rows])
            # A batch may have no pair of different labels.
            return (functional.softplus(-logits) * better).sum() / better.sum().clamp(min=1)

        self._train(loss_of, len(y), how, validation)
