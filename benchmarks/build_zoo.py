"""Makes a version of nape/zoo in the package of this checkout, with its card.

Needs `pip install -r benchmarks/zoo-requirements.txt`. A version that is there with the same
content gets its card anew; one with other content is never changed:
`python benchmarks/build_zoo.py v1.0`. It prints the content hashes to pin in
`nape_bench/data/datasets/zoo.py`.
"""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

import numpy as np
from zoo_torchvision import Published, left_out, weight_sets

from nape_bench.data.info import ConfigData, LabelInfo
from nape_bench.data.manifest import Manifest, read_manifest
from nape_bench.data.measured.card import filled, graph_figures
from nape_bench.data.measured.embed import CARDS, check_same
from nape_bench.data.measured.quality import correlation, rank_correlation
from nape_bench.data.named import NamedNetwork, named_rows, split_by_family
from nape_bench.data.places import EMBEDDED
from nape_bench.data.readme import COLUMNS_TEXT, label_table, markdown_table, split_table
from nape_bench.data.registry import dataset_specs
from nape_bench.data.write import describe, rewrite_card, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nape_bench.data.rows import Rows

NAME = "nape/zoo"

RECIPES = {
    "COCO_LEGACY": 0,
    "IMAGENET1K_V1": 1,
    "COCO_V1": 1,
    "COCO_WITH_VOC_LABELS_V1": 1,
    "IMAGENET1K_V2": 2,
    "IMAGENET1K_SWAG_E2E_V1": 3,
    "IMAGENET1K_SWAG_LINEAR_V1": 4,
}
"""Name of weights -> the number that the column `recipe` has for them."""

TRAIN = ("alexnet", "convnext", "densenet", "maxvit", "regnet", "squeezenet", "swin", "vit")
VALIDATION = ("mnasnet", "shufflenet")
TEST = ("resnet", "mobilenet", "efficientnet", "vgg", "inception", "detector", "segmenter")
SPLIT_OF = {
    **dict.fromkeys(TRAIN, "train"),
    **dict.fromkeys(VALIDATION, "validation"),
    **dict.fromkeys(TEST, "test"),
}
"""Family -> split: the test has the families that papers test on."""

METRICS: dict[str, dict[str, tuple[str, str]]] = {
    "classification": {
        "top1": ("acc@1", "top-1 accuracy on the validation images of ImageNet-1K"),
        "top5": ("acc@5", "top-5 accuracy on the validation images of ImageNet-1K"),
    },
    "detection": {"box_ap": ("box_map", "COCO AP of boxes, val2017, mean over IoU .50 to .95")},
    "instance_segmentation": {
        "mask_ap": ("mask_map", "COCO AP of masks, val2017, mean over IoU .50 to .95"),
        "box_ap": ("box_map", "COCO AP of boxes, val2017, mean over IoU .50 to .95"),
    },
    "keypoints": {
        "keypoint_ap": ("kp_map", "COCO AP of keypoints, val2017, mean over OKS .50 to .95"),
        "box_ap": ("box_map", "COCO AP of boxes of persons, val2017, which is none of 80 classes"),
    },
    "semantic_segmentation": {
        "miou": ("miou", "mean IoU over the 21 classes of Pascal VOC, on COCO val2017"),
        "pixel_acc": ("pixel_acc", "share of pixels whose class is right, on COCO val2017"),
    },
}
"""Config -> label -> torchvision's name of it, and what it is; the first is the target."""

BELONGS: dict[str, Callable[[Published], bool]] = {
    "classification": lambda each: each.task == "classification",
    "detection": lambda each: each.task == "detection" and "kp_map" not in each.metrics,
    "instance_segmentation": lambda each: "mask_map" in each.metrics,
    "keypoints": lambda each: "kp_map" in each.metrics,
    "semantic_segmentation": lambda each: each.task == "segmentation",
}


def main() -> None:
    """Make the version, or the card of one that is there."""
    version = sys.argv[1]
    found = list(weight_sets())
    rows = {config: named_rows(_networks(config, found)) for config in METRICS}
    data = {config: _config(config, of) for config, of in rows.items()}
    manifest = describe(NAME, version, dataset_specs()[NAME].shipped_info, data)
    folder = EMBEDDED / "zoo" / version
    card = _card(manifest, found, rows)
    if folder.exists():
        present = read_manifest(folder)
        check_same(present, manifest, folder)
        rewrite_card(folder, present, data, card)
    else:
        write_folder(folder, manifest, data, card=card)
    for config, info in manifest.configs.items():
        print(f'"{config}": "{info.content_hash}",')


def _networks(config: str, found: Sequence[Published]) -> list[NamedNetwork]:
    """Return the networks of a config with its labels."""
    networks = []
    for each in filter(BELONGS[config], found):
        labels = {label: each.metrics[theirs] for label, (theirs, _) in METRICS[config].items()}
        labels |= {
            "recipe": RECIPES[each.weights],
            "published_gflops": each.gflops,
            "published_params": each.params / 1e6,
        }
        spec = {
            "zoo": "torchvision", "model": each.model, "weights": each.weights,
            "resolution": each.resolution,
        }  # fmt: skip
        name = f"torchvision/{each.model}/{each.weights}"
        networks.append(NamedNetwork(each.family, name, spec, each.graph, labels))
    return networks


def _config(config: str, rows: Rows) -> ConfigData:
    source = f"metadata of torchvision {version_of('torchvision')}"
    infos = {
        label: LabelInfo(meaning, "%", True, source)
        for label, (_, meaning) in METRICS[config].items()
    }
    infos["recipe"] = LabelInfo(
        "1: the first published weights, the standard choice; 2: the same network, trained longer "
        "and with more augmentation; 3 and 4: first trained on other images, then fine-tuned as a "
        "whole, or the last layer alone; 0: an older training", "", True, source,
    )  # fmt: skip
    infos["published_gflops"] = LabelInfo("multiply-adds of one image", "10^9", False, source)
    infos["published_params"] = LabelInfo("parameters", "10^6", False, source)
    provenance = {
        "package": f"torchvision {version_of('torchvision')}",
        "traced_by": f"torch {version_of('torch')}",
        "licence": "BSD-3-Clause",
        "left_out": left_out(),
    }
    return ConfigData(next(iter(infos)), infos, provenance, split_by_family(rows, SPLIT_OF))


def _card(manifest: Manifest, found: Sequence[Published], rows: Mapping[str, Rows]) -> str:
    hashes = {each.graph.hash for each in found}
    kinds = left_out()
    sections = [
        f"### Config `{config}`\n\n{label_table(info)}\n\n{split_table(info)}"
        for config, info in manifest.configs.items()
    ]
    shapes = graph_figures(rows["classification"])
    figures = {
        "name": manifest.name,
        "version": manifest.version,
        "licence": "BSD-3-Clause",
        "citation": manifest.info.citation,
        "torchvision": version_of("torchvision"),
        "sets": str(len(found)),
        "models": str(len({each.model for each in found})),
        "graphs": str(len(hashes)),
        "left_out": ", ".join(f"{number} of {kind} models" for kind, number in kinds.items()),
        "configs": "\n\n".join(sections),
        "families": _families(rows["classification"]),
        "columns": COLUMNS_TEXT,
        **_costs(found),
        **{f"classifier_{key}": value for key, value in shapes.items()},
    }
    return filled(CARDS / "zoo.md", figures)


def _costs(found: Sequence[Published]) -> dict[str, str]:
    """Return how our FLOPs and parameters compare with the published ones."""
    lines = []
    near = {"flops": 0, "params": 0, "graph": 0}
    for each in found:
        flops = each.graph.flops() / 1e9
        own = each.graph.params()
        differences = {
            "flops": flops / each.gflops - 1,
            "params": (own - each.repeated) / each.params - 1,
            "graph": own / each.params - 1,
        }
        for what, difference in differences.items():
            near[what] += abs(difference) <= 0.01
        if max(map(abs, differences.values())) > 0.01:
            lines.append(
                [f"{each.model}, {each.weights}", f"{each.gflops:.3f}", f"{flops:.3f}",
                 f"{differences['flops']:+.1%}", f"{each.params / 1e6:.2f}", f"{own / 1e6:.2f}",
                 f"{differences['graph']:+.1%}", f"{differences['params']:+.1%}"]
            )  # fmt: skip
    head = ["weights", "GFLOPs, published", "of the graph", "differ by", "M parameters, published",
            "of the graph", "differ by", "shared ones once"]  # fmt: skip
    return {"costs": markdown_table(head, lines)} | {
        f"near_{what}": f"{count} of {len(found)}" for what, count in near.items()
    }


def _families(rows: Rows) -> str:
    """Return how costs rank the classifiers of each family, weights of recipe 1."""
    standard = rows.take(rows.labels["recipe"] == 1)
    families = np.array(standard.texts["family"].to_pylist())
    lines = []
    for family in sorted({*families.tolist()}):
        of = standard.take(families == family)
        top1 = of.labels["top1"]
        costs = of.graphs.flops(), of.graphs.params()
        ranks = [correlation(rank_correlation(top1, cost.astype(np.float64))) for cost in costs]
        told = f"{top1.min():.2f} to {top1.max():.2f}" if len(of) > 1 else f"{top1[0]:.2f}"
        lines.append([f"`{family}`", SPLIT_OF[family], str(len(of)), told, *ranks])
    head = ["family", "split", "networks", "top-1, %", "SRCC of FLOPs", "SRCC of parameters"]
    return markdown_table(head, lines)


if __name__ == "__main__":
    main()
