"""nape/ofa_resnet: sub-networks of the once-for-all ResNet-50 supernet."""

from __future__ import annotations

from nape_bench.data.datasets._papers import ONCE_FOR_ALL
from nape_bench.data.datasets._releases import aiop, gennape
from nape_bench.data.registry import DatasetSpec, published_info, register

OFA_RESNET = register(
    DatasetSpec(
        name="nape/ofa_resnet",
        info=published_info("OFA-ResNet50", "ofa_resnet", ONCE_FOR_ALL, licence="mit"),
        how={
            "gennape_imagenet": gennape("ofa_resnet"),
            **aiop("resnet"),
        },
        pins={
            "v1.2": {
                "micro": "e089a250f38266b7ae0a73470b1a115795c8219b468d95f2a2dc9d16dab86323",
                "proxies": "05617c46fba282cad1ce499ae4db76683259f827bc362d6f4a33f608edabbf03",
                "latency_cpu": "7472c4c360893f533b70a33e7abea71c9512df780a115d08a39e02d2f9d7157b",
            },
            "v1.1": {
                "micro": "e089a250f38266b7ae0a73470b1a115795c8219b468d95f2a2dc9d16dab86323",
                "proxies": "05617c46fba282cad1ce499ae4db76683259f827bc362d6f4a33f608edabbf03",
            },
            "v1.0": {"micro": "e089a250f38266b7ae0a73470b1a115795c8219b468d95f2a2dc9d16dab86323"},
        },
    )
)
