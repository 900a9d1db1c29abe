"""AIO-P: a backbone for accuracy, and adapters that tell other tasks from it."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors import weights
from nape_bench.predictors.base import Predictor, SettingError
from nape_bench.predictors.label_transform import LabelTransform
from nape_bench.predictors.registry import register

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.aiop.model import AdaptedModel
    from nape_bench.predictors.gnn.model import GraphModel, KGNNModel

BACKBONE = "backbone"


@register
class AIOP(Predictor):
    """A k-GNN on accuracies, one K-adapter a further task, labels scaled by FLOPs and deviation.

    `fit` trains the backbone on the labels that it is given, then, for each task that was taken
    in (`learn_auxiliary`), an adapter with a new MLP behind the backbone's layers, which stay as
    they are. Labels of each task are divided by log10(F + 1) + 1, F their graphs' GFLOPs (Eq. 5),
    and standardised by themselves (Eq. 4). A prediction is the mean of what the adapters say,
    scaled back. `fine_tune` scales by its own labels, and trains the MLPs and the backbone's
    graph convolutions, a copy of them for each adapter. Before it, the scale is the adapters' mean,
    which ranks but gives no value of another task. Without other tasks the backbone alone speaks.

    Where it departs from the paper and its code: layers of adapters are graph convolutions as the
    backbone's, since what they are is not said; learning rates and numbers of steps are for
    hundreds of graphs, not for 50,000 (the code: 1e-4, 100 epochs); each adapter has its copy of
    the backbone to fine-tune.

    Args:
        seed: Seed of weights and batches.
        progress: Whether bars of epochs are shown.
        by_flops: Whether labels are divided by the FLOPs factor (Eq. 5).
        backbone_steps: Steps of the backbone.
        adapter_steps: Steps of each adapter.
        learning_rate: Adam's.
        batch_size: Graphs a step.
        clip: Norm at which gradients are clipped.
        hidden: Features of a node, above 18.
        layers: Graph convolutions.
        fine_tune_epochs: Passes over the graphs of `fine_tune`.
        fine_tune_learning_rate: Adam's, there.
        device: Where torch computes; on the processor it takes one thread.
    """

    name = "aiop"
    title = "AIO-P: k-GNN backbone with K-adapters"
    source = "Mills et al., AIO-P, AAAI 2023"

    def __init__(
        self,
        *,
        seed: int = 0,
        progress: bool = False,
        by_flops: bool = True,
        backbone_steps: int = 1200,
        adapter_steps: int = 600,
        learning_rate: float = 2e-3,
        batch_size: int = 32,
        clip: float = 5.0,
        hidden: int = 32,
        layers: int = 6,
        fine_tune_epochs: int = 100,
        fine_tune_learning_rate: float = 1e-4,
        device: str = "cpu",
    ) -> None:
        super().__init__(seed=seed, progress=progress)
        self.by_flops = by_flops
        self.backbone_steps = backbone_steps
        self.adapter_steps = adapter_steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.clip = clip
        self.hidden = hidden
        self.layers = layers
        self.fine_tune_epochs = fine_tune_epochs
        self.fine_tune_learning_rate = fine_tune_learning_rate
        self.device = device
        self._taught: dict[str, tuple[GraphTable, np.ndarray]] = {}
        if hidden < 19 or layers < 1 or batch_size < 1 or backbone_steps < 1 or adapter_steps < 1:
            raise SettingError(
                "aiop: hidden must be 19 or more, layers, batch_size and steps 1 or more"
            )

    def _learn_auxiliary(self, tasks: dict[str, tuple[GraphTable, np.ndarray]]) -> None:
        self._taught = tasks

    def _fit(
        self,
        graphs: GraphTable,
        y: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None,
    ) -> None:
        transform = LabelTransform.of(y, graphs.flops(), by_flops=self.by_flops)
        held_out = None
        if validation is not None:
            held_out = validation[0], transform(validation[1], validation[0].flops())
        backbone = self._new_backbone()
        self._train(backbone, BACKBONE, graphs, transform(y, graphs.flops()), held_out)
        self._members: list[GraphModel] = [backbone]
        self._transform = transform
        if not self._taught:
            return
        transforms = []
        self._members = []
        for name, (own, labels) in self._taught.items():
            transform = LabelTransform.of(labels, own.flops(), by_flops=self.by_flops)
            member = self._new_adapter(backbone)
            member.train_adapter()
            self._train(member, name, own, transform(labels, own.flops()))
            self._members.append(member)
            transforms.append(transform)
        mean = np.mean([each.mean for each in transforms])
        scale = np.mean([each.scale for each in transforms])
        self._transform = LabelTransform(float(mean), float(scale), self.by_flops)

    def _train(
        self,
        model: GraphModel,
        told: str,
        graphs: GraphTable,
        scaled: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None = None,
    ) -> None:
        from nape_bench.predictors.gnn.train import Schedule, prepare, train

        held_out = None
        if validation is not None:
            held_out = prepare(validation[0], model), validation[1]
        steps = self.backbone_steps if told == BACKBONE else self.adapter_steps
        epochs = math.ceil(steps / math.ceil(len(scaled) / self.batch_size))
        train(
            model,
            prepare(graphs, model),
            scaled,
            Schedule(epochs, self.batch_size, self.learning_rate, self.clip),
            seed=self.seed,
            validation=held_out,
            progress=f"{self.name}, {told}" if self.progress else None,
        )

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        from nape_bench.predictors.gnn.train import predict

        said = np.mean([predict(member, graphs) for member in self._members], axis=0)
        return self._transform.inverse(said, graphs.flops())

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        from nape_bench.predictors.aiop.model import AdaptedModel
        from nape_bench.predictors.gnn.train import Schedule, prepare, train

        self._transform = LabelTransform.of(y, graphs.flops(), by_flops=self.by_flops)
        scaled = self._transform(y, graphs.flops())
        rate = self.fine_tune_learning_rate
        for member in self._members:
            if isinstance(member, AdaptedModel):
                member.fine_tune()
            train(
                member,
                prepare(graphs, member),
                scaled,
                Schedule(self.fine_tune_epochs, 1, rate, self.clip),
                seed=self.seed,
                progress=f"{self.name}, fine-tuning" if self.progress else None,
            )

    def _new_backbone(self) -> KGNNModel:
        from nape_bench.predictors.gnn.model import KGNNModel
        from nape_bench.predictors.gnn.train import device_named, seeded

        device = device_named(self.device, self.name)
        return seeded(self.seed, lambda: KGNNModel(self.hidden, self.layers), device)

    def _new_adapter(self, backbone: KGNNModel) -> AdaptedModel:
        from nape_bench.predictors.aiop.model import AdaptedModel
        from nape_bench.predictors.gnn.train import device_named, seeded

        device = device_named(self.device, self.name)
        return seeded(self.seed, lambda: AdaptedModel(deepcopy(backbone), self.hidden), device)

    def _learnt(self) -> dict[str, Any]:
        learnt: dict[str, Any] = {}
        for place, member in enumerate(self._members):
            learnt |= weights.to_arrays(member, f"{place}.")
        return {**learnt, "transform": list(self._transform), "tasks": list(self._taught)}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._transform = LabelTransform(*learnt.pop("transform"))
        tasks = learnt.pop("tasks")
        backbone = self._new_backbone()
        self._members = [self._new_adapter(backbone) for _ in tasks] or [backbone]
        for place, member in enumerate(self._members):
            weights.load(member, learnt, f"{place}.")
