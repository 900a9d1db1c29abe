"""nape/timm: networks of timm with the results of their weights, which a user imports.

The tables are those in `results/` of github.com/huggingface/pytorch-image-models (Apache-2.0);
graphs are traced by `benchmarks/build_timm.py`, and there is none for networks that do not convert.
The importer was tested on the authors' own tables.
"""

from __future__ import annotations

from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

TIMM = register(
    DatasetSpec(
        name="nape/timm",
        info=DatasetInfo(
            title="timm",
            family="zoo",
            description=(
                "Networks of timm as computation graphs, with the accuracies of their weights on "
                "ImageNet-1K and five other test sets that timm publishes."
            ),
            licence="apache-2.0",
            citation="Wightman, PyTorch Image Models, GitHub 2019",
        ),
        how=dict.fromkeys(
            (
                "imagenet",
                "imagenet_real",
                "imagenet_v2",
                "imagenet_a",
                "imagenet_r",
                "imagenet_sketch",
            ),
            "nape-bench import timm pytorch-image-models/results --graphs timm-graphs",
        ),
    )
)
