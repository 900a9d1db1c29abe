"""nape/inception: Inception, one of GENNAPE's families."""

from __future__ import annotations

from nape_bench.data.datasets._papers import GENNAPE
from nape_bench.data.datasets._releases import gennape_json
from nape_bench.data.registry import DatasetSpec, published_info, register

INCEPTION = register(
    DatasetSpec(
        name="nape/inception",
        info=published_info("Inception", "inception", GENNAPE, licence="mit"),
        how={
            "gennape_cifar10": gennape_json("inception", ""),
        },
        pins={
            "v1.1": {
                "micro": "cf16a16091e9d0882961ca57503182fef514b74650ce13d56278ef30924b8f81",
                "proxies": "c315a02ee190e422b932e2f184dd9fdf1d5990399cd94dfa02b811a1536f5302",
                "latency_cpu": "e497f190b5961b438c582d734ba9c4ff4e9a08585568d9a04f0298d0374cdd55",
            },
            "v1.0": {
                "micro": "cf16a16091e9d0882961ca57503182fef514b74650ce13d56278ef30924b8f81",
                "proxies": "c315a02ee190e422b932e2f184dd9fdf1d5990399cd94dfa02b811a1536f5302",
            },
        },
    )
)
