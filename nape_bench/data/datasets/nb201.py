"""nape/nb201: NAS-Bench-201, and published labels of it that a user imports.

- cifar10: test accuracy after 200 epochs, mean over seeds, as in `nats_bench.csv` of
  v-tao/nats-bench-landscape (values of NATS-Bench, MIT).
- latency: milliseconds on 27 devices and batch sizes that HELP published (data/nasbench201 of its
  repository, MIT), as one table of nb201_index, arch_str and a column for each; the pattern leaves
  the index out.
"""

from __future__ import annotations

from nape_bench.data.datasets._releases import gennape
from nape_bench.data.registry import DatasetSpec, published_info, register

NB201 = register(
    DatasetSpec(
        name="nape/nb201",
        info=published_info(
            "NAS-Bench-201",
            "nb201",
            "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture "
            "Search, ICLR 2020",
        ),
        how={
            "gennape_cifar10": gennape("nb201c10"),
            "gennape_cifar100": gennape("nb201c100"),
            "gennape_imagenet16": gennape("nb201imgnet"),
            "cifar10": (
                "nape-bench import table nats_bench.csv --space nb201 --spec ArchitectureString "
                "--label cifar10=CIFAR10TestAccuracy200Epochs --unit cifar10=% --name nape/nb201"
            ),
            "latency": (
                "nape-bench import table nb201_latency_ms.csv --space nb201 --spec arch_str "
                "--label '[!n]*' --unit '*=ms' --lower-is-better '*' --name nape/nb201 "
                "--config latency"
            ),
        },
        pins={
            "v1.1": {
                "micro": "5f971ecfe8c27fc25793fd3c2d219b7f9522a52bca0edd7d9415c445ab231f80",
                "proxies": "f4a34f422b10897beb96dfb63cab846983be0852223dec5c8b8ddff01f66281d",
                "latency_cpu": "577e1f104dcbc2cfaec83b8e455c34405abe0ccc3aeab9f2eb84726db1dd9ac3",
            },
            "v1.0": {
                "micro": "5f971ecfe8c27fc25793fd3c2d219b7f9522a52bca0edd7d9415c445ab231f80",
                "proxies": "f4a34f422b10897beb96dfb63cab846983be0852223dec5c8b8ddff01f66281d",
            },
        },
    )
)
