"""What GENNAPE's predictors on contrastive embeddings have in common: settings, pretraining."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from nape_bench.graph import GraphTable
from nape_bench.predictors import weights
from nape_bench.predictors.base import Predictor, SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from nape_bench.predictors.gennape.embedding import Embedder
    from nape_bench.predictors.gennape.encoder import Encoder
    from nape_bench.predictors.gennape.training import Schedule


class ContrastivePredictor(Predictor):
    """An encoder pretrained without labels, and heads trained on what it says; see the package.

    `fine_tune` trains heads alone: embeddings and clusters stay those of the training family. The
    defaults are made for hundreds of labels and one core: a minute. `PAPER` has what the paper
    tells of its settings, for tens of thousands.

    Args:
        seed: Seed of weights, dropout, batches and clusters.
        progress: Whether bars of epochs are shown.
        pool: Networks of NAS-Bench-101 without labels that are pretrained on beside the training
            graphs.
        hidden: Features of a node and of a graph, above 18.
        layers: Graph convolutions.
        dropout: Probability that a feature is dropped in a view; 0 or more, below 1.
        eigenvalues: Of the spectra that weigh pairs.
        temperature: Of likeness between views.
        spectral_temperature: Of distances between spectra.
        pretrain_epochs: Passes over the graphs without labels.
        pretrain_batch_size: Graphs a step, there.
        pretrain_learning_rate: Adam's, there.
        clusters: Of fuzzy C-means, at most.
        fuzziness: Its exponent m, above 1.
        epochs: Passes over the training graphs; None: 40, or as many as make 1,200 steps.
        learning_rate: AdamW's.
        batch_size: Graphs a step.
        weight_decay: AdamW's.
        fine_tune_epochs: Passes over the graphs of `fine_tune`.
        fine_tune_batch_size: Graphs a step, there.
        fine_tune_learning_rate: AdamW's, there.
        flops_input: Whether heads for labels transformed by FLOPs are told these beside the
            embedding.
        floor: Training labels below it are left out where labels are transformed by FLOPs; None
            leaves none out.
        device: Where torch computes: "cpu", "cuda", "cuda:1" ... On the processor it takes one
            thread.
    """

    source = "Mills et al., GENNAPE, AAAI 2023"
    PAPER: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "pool": 0,
            "pretrain_epochs": 40,
            "epochs": 40,
            "fine_tune_epochs": 100,
            "flops_input": False,
            "floor": 80.0,
        }
    )

    def __init__(
        self,
        *,
        seed: int = 0,
        progress: bool = False,
        pool: int = 1000,
        hidden: int = 32,
        layers: int = 6,
        dropout: float = 0.1,
        eigenvalues: int = 21,
        temperature: float = 0.1,
        spectral_temperature: float = 0.05,
        pretrain_epochs: int = 30,
        pretrain_batch_size: int = 128,
        pretrain_learning_rate: float = 2e-3,
        clusters: int = 4,
        fuzziness: float = 2.0,
        epochs: int | None = None,
        learning_rate: float = 2e-3,
        batch_size: int = 32,
        weight_decay: float = 1.0,
        fine_tune_epochs: int = 100,
        fine_tune_batch_size: int = 10,
        fine_tune_learning_rate: float = 1e-3,
        flops_input: bool = True,
        floor: float | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(seed=seed, progress=progress)
        self.pool = pool
        self.hidden = hidden
        self.layers = layers
        self.dropout = dropout
        self.eigenvalues = eigenvalues
        self.temperature = temperature
        self.spectral_temperature = spectral_temperature
        self.pretrain_epochs = pretrain_epochs
        self.pretrain_batch_size = pretrain_batch_size
        self.pretrain_learning_rate = pretrain_learning_rate
        self.clusters = clusters
        self.fuzziness = fuzziness
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.fine_tune_epochs = fine_tune_epochs
        self.fine_tune_batch_size = fine_tune_batch_size
        self.fine_tune_learning_rate = fine_tune_learning_rate
        self.flops_input = flops_input
        self.floor = floor
        self.device = device
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise SettingError(f"{self.name}: {name} must be {least} or more, not {value!r}")
        for name, bound in _ABOVE.items():
            value = getattr(self, name)
            if not value > bound:
                raise SettingError(f"{self.name}: {name} must be above {bound}, not {value!r}")
        if not dropout < 1:
            raise SettingError(f"{self.name}: dropout must be below 1, not {dropout!r}")

    def _pretrained(self, graphs: GraphTable) -> Embedder:
        """Return an embedder, its encoder pretrained on these graphs and the pool."""
        from nape_bench.predictors.gennape.embedding import Embedder
        from nape_bench.predictors.gennape.pretrain import Contrast, pretrain
        from nape_bench.predictors.gennape.spectrum import laplacian_spectra
        from nape_bench.predictors.gennape.unlabelled import unlabelled

        encoder = self._new_encoder()
        seen = GraphTable.concatenate([graphs, unlabelled(self.pool)])
        pretrain(
            encoder,
            seen,
            laplacian_spectra(seen, self.eigenvalues),
            Contrast(
                self.pretrain_epochs,
                self.pretrain_batch_size,
                self.pretrain_learning_rate,
                self.temperature,
                self.spectral_temperature,
            ),
            seed=self.seed,
            progress=f"{self.name}, seed {self.seed}, pretraining" if self.progress else None,
        )
        return Embedder.of(encoder, graphs, self.clusters, self.fuzziness, self.seed)

    def _new_encoder(self) -> Encoder:
        from nape_bench.predictors.gennape.encoder import Encoder
        from nape_bench.predictors.gnn.train import seeded

        return seeded(
            self.seed,
            lambda: Encoder(self.hidden, self.layers, self.dropout),
            self._torch_device(),
        )

    def _torch_device(self) -> torch.device:
        from nape_bench.predictors.gnn.train import device_named

        return device_named(self.device, self.name)

    def _schedule(self) -> Schedule:
        from nape_bench.predictors.gennape.training import Schedule

        return Schedule(self.epochs, self.batch_size, self.learning_rate, self.weight_decay)

    def _fine_tune_schedule(self) -> Schedule:
        from nape_bench.predictors.gennape.training import Schedule

        return Schedule(
            self.fine_tune_epochs,
            self.fine_tune_batch_size,
            self.fine_tune_learning_rate,
            self.weight_decay,
        )

    def _loaded(self, learnt: dict[str, Any]) -> Embedder:
        """Return the embedder whose `learnt` is among these arrays."""
        from nape_bench.predictors.gennape.embedding import Embedder

        encoder = self._new_encoder()
        weights.load(encoder, learnt, "encoder.")
        scales = {name: learnt[name] for name in ("mean", "scale", "centroids")}
        return Embedder(encoder, self.fuzziness, scales)


_LEAST: Mapping[str, float] = {
    "pool": 0, "hidden": 19, "layers": 1, "dropout": 0, "eigenvalues": 1, "pretrain_epochs": 0,
    "pretrain_batch_size": 2, "pretrain_learning_rate": 0, "clusters": 1, "epochs": 1,
    "learning_rate": 0, "batch_size": 1, "weight_decay": 0, "fine_tune_epochs": 0,
    "fine_tune_batch_size": 1, "fine_tune_learning_rate": 0,
}  # fmt: skip

_ABOVE: Mapping[str, float] = {"temperature": 0, "spectral_temperature": 0, "fuzziness": 1}
