"""nape/two_path: Two-Path, one of GENNAPE's families."""

from __future__ import annotations

from nape_bench.data.datasets._papers import GENNAPE
from nape_bench.data.datasets._releases import gennape_json
from nape_bench.data.registry import DatasetSpec, published_info, register

TWO_PATH = register(
    DatasetSpec(
        name="nape/two_path",
        info=published_info("Two-Path", "two_path", GENNAPE, licence="mit"),
        how={
            "gennape_cifar10": gennape_json("two_path"),
        },
        pins={
            "v1.1": {
                "micro": "b13cc8c09ea36b2ea8b391bfd9f59c2e89e7e30c886f288de5f55de4f2095ba9",
                "proxies": "ff645c232c3d305e346d16102656a53792dd005c0a4315c368814182c9cda15f",
                "latency_cpu": "beaad8ce986c31f7c28c986a87fc5338e81062a4266b4393d815c48b573ebb54",
            },
            "v1.0": {
                "micro": "6aeb502961e285edb11b1be1de907cf7f3ffebfc622380f9414a7ff9385d6c62",
                "proxies": "ff645c232c3d305e346d16102656a53792dd005c0a4315c368814182c9cda15f",
            },
        },
    )
)
