"""nape/fbnet: FBNet on CIFAR-100, and published latencies that a user imports.

Milliseconds on 27 devices and batch sizes that HELP published (data/fbnet of its repository, MIT),
as one table of op_idx, ops and a column for each.
"""

from __future__ import annotations

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
        how={
            "latency": (
                "nape-bench import table fbnet_latency_ms.csv --space fbnet --spec op_idx,ops "
                "--label '*' --unit '*=ms' --lower-is-better '*' --name nape/fbnet "
                "--config latency"
            )
        },
    )
)
