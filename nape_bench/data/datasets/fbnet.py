"""nape/fbnet: FBNet on CIFAR-100, and published latencies that a user imports.

Milliseconds on 27 devices and batch sizes that HELP published (github.com/HayeonLee/HELP, MIT:
data/fbnet with its metainfo.pt and a file a device). The importer was tested on these values, put
into files in that format.
"""

from __future__ import annotations

from nape_bench.data.datasets._releases import HELP_LATENCY
from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

FBNET = register(
    DatasetSpec(
        name="nape/fbnet",
        info=DatasetInfo(
            title="FBNet",
            family="fbnet",
            description=(
                "5,000 FBNet networks for CIFAR-100 as computation graphs, with latencies on 27 "
                "devices and batch sizes that Lee et al. published with HELP: Hardware-Adaptive "
                "Efficient Latency Prediction for NAS via Meta-Learning, NeurIPS 2021."
            ),
            licence="mit",
            citation=(
                "Wu et al., FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable "
                "Neural Architecture Search, CVPR 2019; Li et al., HW-NAS-Bench: Hardware-Aware "
                "Neural Architecture Search Benchmark, ICLR 2021"
            ),
        ),
        how={"latency": HELP_LATENCY},
    )
)
