"""nape/ofa_pn: sub-networks of the once-for-all ProxylessNAS supernet."""

from __future__ import annotations

from nape_bench.data.datasets._papers import ONCE_FOR_ALL
from nape_bench.data.registry import DatasetSpec, published_info, register

OFA_PN = register(
    DatasetSpec(
        name="nape/ofa_pn",
        info=published_info("OFA-ProxylessNAS", "ofa_pn", ONCE_FOR_ALL),
        pins={
            "v1.0": {"micro": "d8211e7d0d2da764d65ed0a565b63e2c717821ae6e57ad3d3b9a4548989f6b4c"}
        },
    )
)
