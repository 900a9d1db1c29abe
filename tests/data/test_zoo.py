"""nape/zoo: published results of real networks, and the graphs of these networks."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest

from nape_bench.data import Dataset, load_dataset
from nape_bench.data.named import NamedNetwork, named_rows, split_by_family
from nape_bench.errors import DataError
from tests.graph.networks import tiny

CONFIGS = (
    "classification", "detection", "instance_segmentation", "keypoints", "semantic_segmentation"
)  # fmt: skip
SHARED = Path(os.environ.get("NAPE_SHARED", "../shared")) / "labels" / "torchvision_meta"
METRICS = {
    "acc@1": ("classification", "top1"),
    "acc@5": ("classification", "top5"),
    "box_map": ("detection", "box_ap"),
    "mask_map": ("instance_segmentation", "mask_ap"),
    "kp_map": ("keypoints", "keypoint_ap"),
    "miou": ("semantic_segmentation", "miou"),
    "pixel_acc": ("semantic_segmentation", "pixel_acc"),
}


@pytest.fixture(params=CONFIGS)
def ds(request: pytest.FixtureRequest) -> Dataset:
    return load_dataset("nape/zoo", request.param, revision="v1.0")


def labels_of(ds: Dataset, label: str) -> dict[str, float]:
    """Return id -> label over all splits."""
    return {
        row_id: float(value)
        for split in map(ds.__getitem__, ds)
        for row_id, value in zip(split.ids, split.labels[label], strict=True)
    }


@pytest.mark.parametrize(
    ("config", "row_id", "label", "value"),
    [
        ("classification", "resnet:torchvision/resnet50/IMAGENET1K_V1", "top1", 76.130),
        ("classification", "resnet:torchvision/resnet50/IMAGENET1K_V2", "top1", 80.858),
        ("classification", "resnet:torchvision/resnet50/IMAGENET1K_V1", "published_gflops", 4.089),
        ("classification", "alexnet:torchvision/alexnet/IMAGENET1K_V1", "top1", 56.522),
        ("classification", "vgg:torchvision/vgg16/IMAGENET1K_V1", "published_params", 138.357544),
        ("classification", "vit:torchvision/vit_b_16/IMAGENET1K_V1", "top5", 95.318),
        ("detection", "detector:torchvision/fasterrcnn_resnet50_fpn/COCO_V1", "box_ap", 37.0),
        ("detection", "detector:torchvision/ssd300_vgg16/COCO_V1", "box_ap", 25.1),
        ("instance_segmentation", "detector:torchvision/maskrcnn_resnet50_fpn/COCO_V1",
         "mask_ap", 34.6),
        ("keypoints", "detector:torchvision/keypointrcnn_resnet50_fpn/COCO_V1",
         "keypoint_ap", 65.0),
        ("semantic_segmentation",
         "segmenter:torchvision/deeplabv3_resnet101/COCO_WITH_VOC_LABELS_V1", "miou", 67.4),
    ],
)  # fmt: skip
def test_known_results(config: str, row_id: str, label: str, value: float) -> None:
    assert labels_of(load_dataset("nape/zoo", config), label)[row_id] == value


def test_every_result_is_the_published_one(ds: Dataset) -> None:
    path = SHARED / "torchvision_weights_meta.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    # The file names builders as their classes of weights do: ResNet50_Weights.
    numbers = ("value", "GFLOPs", "num_params")
    published = {
        (line["weights_enum"].removesuffix("_Weights").lower(), line["weights"], line["metric"]):
            [float(line[name] or "nan") for name in numbers]
        for line in lines
    }  # fmt: skip
    compared = 0
    for metric, (config, label) in METRICS.items():
        if config != ds.config:
            continue
        of = {name: labels_of(ds, name) for name in (label, "published_gflops", "published_params")}
        for row_id in of[label]:
            _, model, weights = row_id.partition(":")[2].split("/")
            value, gflops, params = published[model, weights, metric]
            assert (of[label][row_id], of["published_gflops"][row_id]) == (value, gflops)
            # The file lacks the parameters of a few.
            assert of["published_params"][row_id] == params / 1e6 or math.isnan(params)
            compared += 1
    assert compared >= 2


def test_rows_and_families(ds: Dataset) -> None:
    rows = [
        (split.name, family, row_id, spec)
        for split in map(ds.__getitem__, ds)
        for family, row_id, spec in zip(split.families, split.ids, split.specs, strict=True)
    ]
    numbers = dict(zip(CONFIGS, (114, 11, 2, 2, 6), strict=True))
    assert len(rows) == len({row_id for _, _, row_id, _ in rows}) == numbers[ds.config]
    home: dict[str, str] = {}
    for split, family, row_id, spec in rows:
        assert home.setdefault(family, split) == split
        assert row_id == f"{family}:{spec['zoo']}/{spec['model']}/{spec['weights']}"
    if ds.config == "classification":
        assert {"resnet", "mobilenet", "efficientnet", "vgg"} <= set(ds["test"].families)
        assert set(home.values()) == {"train", "validation", "test"}


def test_graphs_are_shared_by_weights_of_one_network_alone(ds: Dataset) -> None:
    networks: dict[str, set[tuple[str, int]]] = {}
    for split in map(ds.__getitem__, ds):
        split.graphs.check()
        for graph_hash, spec in zip(split.hashes, split.specs, strict=True):
            networks.setdefault(graph_hash, set()).add((spec["model"], spec["resolution"]))
        sizes = [graph.column("h_in")[0] for graph in split.graphs]
        assert sizes == [spec["resolution"] for spec in split.specs]
    assert all(len(of) == 1 for of in networks.values())
    if ds.config == "classification":
        assert len(networks) == 86  # of 80 models, six of which have weights for larger images


def test_costs_are_the_published_ones() -> None:
    """Within 1 % for 95 %; the card explains the rest."""
    near = {"flops": 0, "params": 0}
    total = 0
    for config in ("classification", "detection", "keypoints", "semantic_segmentation"):
        ds = load_dataset("nape/zoo", config, revision="v1.0")
        for split in map(ds.__getitem__, ds):
            total += len(split)
            flops = split.graphs.flops() / 1e9 / split.labels["published_gflops"] - 1
            near["flops"] += int((np.abs(flops) <= 0.01).sum())
            params = split.graphs.params() / 1e6 / split.labels["published_params"] - 1
            near["params"] += int((np.abs(params) <= 0.01).sum())
    # Levels of detectors share weights, which a graph has once for each level.
    assert (total, near) == (133, {"flops": 128, "params": 121})


def network(family: str, name: str, classes: int = 10, **labels: float) -> NamedNetwork:
    return NamedNetwork(family, name, {"model": name}, tiny(classes=classes), labels)


def test_named_rows() -> None:
    rows = named_rows([network("a", "x", top1=1.0), network("b", "y", 7, top1=float("nan"))])
    assert rows.texts["id"].to_pylist() == ["a:x", "b:y"]
    assert rows.texts["spec"].to_pylist() == ['{"model":"x"}', '{"model":"y"}']
    assert rows.texts["hash"].to_pylist() == [tiny().hash, tiny(classes=7).hash]
    assert np.array_equal(rows.labels["top1"], [1.0, np.nan], equal_nan=True)
    split = split_by_family(rows, {"a": "train", "b": "test"})
    assert {name: len(part) for name, part in split.items()} == {
        "train": 1, "validation": 0, "test": 1
    }  # fmt: skip


def test_networks_that_do_not_fit_are_named() -> None:
    with pytest.raises(DataError, match="no network"):
        named_rows([])
    with pytest.raises(DataError, match="y has labels top5, where x has top1"):
        named_rows([network("a", "x", top1=1.0), network("a", "y", top5=1.0)])
    with pytest.raises(DataError, match="families a are in no split"):
        split_by_family(named_rows([network("a", "x", top1=1.0)]), {"b": "test"})
