"""nape/hiaml: HiAML, one of GENNAPE's families."""

from __future__ import annotations

from nape_bench.data.datasets._papers import GENNAPE
from nape_bench.data.datasets._releases import gennape_json
from nape_bench.data.registry import DatasetSpec, published_info, register

HIAML = register(
    DatasetSpec(
        name="nape/hiaml",
        info=published_info("HiAML", "hiaml", GENNAPE, licence="mit"),
        how={
            "gennape_cifar10": gennape_json("hiaml"),
        },
        pins={
            "v1.1": {
                "micro": "6a03b4e8aedfaa13d0702650d593f05afb6ad42ed5c283cf5f5da8a602267648",
                "proxies": "cb5a4de158498ec9b2bf4f6739a360c834d837a904045555194377ca43503676",
                "latency_cpu": "e019770abcdaa18942e58e657145299ea182d87d6e6d3d6cbaf41f7fbe5625c1",
            },
            "v1.0": {"micro": "6a03b4e8aedfaa13d0702650d593f05afb6ad42ed5c283cf5f5da8a602267648"},
        },
    )
)
