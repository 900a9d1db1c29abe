"""nape/ofa_pn: sub-networks of the once-for-all ProxylessNAS supernet."""

from __future__ import annotations

from nape_bench.data.datasets._papers import ONCE_FOR_ALL
from nape_bench.data.datasets._releases import aiop, gennape
from nape_bench.data.registry import DatasetSpec, published_info, register

OFA_PN = register(
    DatasetSpec(
        name="nape/ofa_pn",
        info=published_info("OFA-ProxylessNAS", "ofa_pn", ONCE_FOR_ALL, licence="mit"),
        how={
            "gennape_imagenet": gennape("ofa"),
            **aiop("pn"),
        },
        pins={
            "v1.1": {
                "micro": "9d9f901b17c093346208dffc36eb435b86c7836a4035b5426d82de2c334642c7",
                "proxies": "b4dbc65f0089ba41189cb8e17924d15f90a1b6d8adb726ef7013ef9e74504df2",
                "latency_cpu": "384fa601f3ad225f9bb4946381eca7ea2e32d6f159fda453d19669a81b53cda7",
            },
            "v1.0": {"micro": "9d9f901b17c093346208dffc36eb435b86c7836a4035b5426d82de2c334642c7"},
        },
    )
)
