"""What torchvision publishes of its weights, and the graphs of their networks.

Everything is read from the package's own metadata; no weights are loaded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from zoo_detectors import Detector, side_of, traceable
from zoo_models import images, import_torchvision, torchvision_model

from nape_bench.graph import ArchGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGMENTED = 520
"""Height and width at which weights for segmentation were evaluated, and their cost published."""

FAMILIES = {
    "googlenet": "inception",
    "mobilenetv2": "mobilenet",
    "mobilenetv3": "mobilenet",
    "shufflenetv2": "shufflenet",
    "swin_transformer": "swin",
    "vision_transformer": "vit",
}
"""Module of a classifier -> its family, where it is not the module's own name."""


class Published(NamedTuple):
    """What is published of one set of weights, and the graph of its network.

    Attributes:
        task: "classification", "detection" or "segmentation".
        model: What torchvision calls the network.
        weights: What it calls the weights.
        family: What the network is compared within.
        resolution: Height and width of its images.
        metrics: Name of a metric -> value, as published.
        gflops: Multiply-adds for one image, 10^9, as published.
        params: Parameters, as published.
        graph: The graph.
        repeated: Parameters that the graph counts too often, where levels share weights.
    """

    task: str
    model: str
    weights: str
    family: str
    resolution: int
    metrics: dict[str, float]
    gflops: float
    params: int
    graph: ArchGraph
    repeated: int


def weight_sets() -> Iterator[Published]:
    """Go through all weights of classifiers, detectors and segmentation networks, by task and name.

    Video models are left out (the vocabulary has no convolutions in three dimensions), and so are
    quantised copies of networks that are here, optical flow, which reads two images, and weights
    without results.
    """
    models = import_torchvision().models
    tasks = {"classification": models, "detection": models.detection,
             "segmentation": models.segmentation}  # fmt: skip
    for task, module in tasks.items():
        for model in sorted(models.list_models(module=module)):
            own = models.get_model_builder(model).__module__.rpartition(".")[2]
            family = {"detection": "detector", "segmentation": "segmenter"}.get(
                task, FAMILIES.get(own, own)
            )
            graphs: dict[int, tuple[ArchGraph, int]] = {}
            for weights in models.get_model_weights(model):
                (metrics,) = weights.meta["_metrics"].values()
                if any(map(math.isnan, metrics.values())):
                    continue
                network, side = _network(models, task, model, weights)
                if side not in graphs:
                    graph = ArchGraph.from_torch(network, images((side, side)))
                    graphs[side] = graph, getattr(network, "repeated", 0)
                meta = weights.meta
                yield Published(task, model, weights.name, family, side, metrics, meta["_ops"],
                                meta["num_params"], *graphs[side])  # fmt: skip


def left_out() -> dict[str, int]:
    """Return how many sets of weights of other kinds of networks torchvision has."""
    models = import_torchvision().models
    kinds = {"video": models.video, "quantised": models.quantization,
             "optical flow": models.optical_flow}  # fmt: skip
    return {
        kind: sum(len(models.get_model_weights(name)) for name in models.list_models(module=module))
        for kind, module in kinds.items()
    }


def _network(models: Any, task: str, model: str, weights: Any) -> tuple[Any, int]:
    """Return the network of a set of weights, and the side of its images."""
    if task == "classification":
        side = weights.transforms.keywords["crop_size"]
        how = {"image_size": side} if model.startswith("vit") else {}
        return torchvision_model(models, model, **how), side
    classes = len(weights.meta["categories"])
    how = {"weights_backbone": None, "num_classes": classes}
    if task == "segmentation":
        if not model.startswith("lraspp"):
            how["aux_loss"] = True  # the weights have it, and the published cost counts it
        return torchvision_model(models, model, **how), SEGMENTED
    whole = torchvision_model(models, model, **how).eval()
    network: Detector = traceable(whole)
    return network, side_of(whole)
