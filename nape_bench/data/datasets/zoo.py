"""nape/zoo: networks of a model zoo with the results that were published for their weights.

The results are those of torchvision's own metadata (BSD-3-Clause), and come with the package.
"""

from __future__ import annotations

from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

ZOO = register(
    DatasetSpec(
        name="nape/zoo",
        info=DatasetInfo(
            title="Model zoo",
            family="zoo",
            description=(
                "Classifiers, detectors and segmentation networks of torchvision as computation "
                "graphs, with the results that torchvision publishes for their weights."
            ),
            licence="bsd-3-clause",
            citation=(
                "TorchVision maintainers and contributors, TorchVision: PyTorch's Computer Vision "
                "library, GitHub 2016"
            ),
        ),
        pins={
            "v1.0": {
                "classification": (
                    "a0c80d301d633d1745396ed73304bec91bdb3917497fdf0695b711b871228dc5"
                ),
                "detection": "0fd841cbd58fa26ec59313afc9ea95462cbc03cc08f11fa742b496fae68fe39e",
                "instance_segmentation": (
                    "2555e685a23911f66a533fe5351e775069b658f07decc7178d62238ee69216c3"
                ),
                "keypoints": "0a24cfd9ef47d66af6db014283bbc25f9adbbcb07f49dd8aa290496198609d3e",
                "semantic_segmentation": (
                    "2d871aefa2390eda164ab351a2d15fa7e18c523abe32bde306e613fcb7b526cd"
                ),
            }
        },
        ships_as_told=True,
        split_by_group=False,
    )
)
