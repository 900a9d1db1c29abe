"""nape/ofa_resnet: sub-networks of the once-for-all ResNet-50 supernet."""

from __future__ import annotations

from nape_bench.data.datasets._papers import ONCE_FOR_ALL
from nape_bench.data.registry import DatasetSpec, published_info, register

OFA_RESNET = register(
    DatasetSpec(
        name="nape/ofa_resnet",
        info=published_info("OFA-ResNet50", "ofa_resnet", ONCE_FOR_ALL),
        pins={
            "v1.0": {"micro": "d1d1f1cd7ccd019e72dc3653619993355a6699ccf0ffaaa63a08c70ffad1b01a"}
        },
    )
)
