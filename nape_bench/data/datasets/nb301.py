"""nape/nb301: NAS-Bench-301, and published labels of it that a user imports.

`nape-bench import nasbench301` makes configs trained_e<epochs>_l<cells>_c<channels> of the
trainings behind the benchmark, from the authors' data, to which github.com/automl/nasbench301
links. It was tested on the example in that repository and small files like it.

`nb301_surrogate_cifar10.csv` has the genotypes that NASLib's repository holds with the accuracy
that the benchmark's surrogate model predicts (Apache-2.0): genotype, cifar10_val_surrogate.
"""

from __future__ import annotations

from nape_bench.data.datasets._releases import gennape
from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

NB301 = register(
    DatasetSpec(
        name="nape/nb301",
        info=DatasetInfo(
            title="NAS-Bench-301",
            family="nb301",
            description=(
                "NAS-Bench-301 architectures as computation graphs, with labels from a published "
                "table, whose licence holds for them. Labels called surrogate were predicted by "
                "the benchmark's surrogate model, not measured."
            ),
            licence="unknown",
            citation=(
                "Zela et al., Surrogate NAS Benchmarks: Going Beyond the Limited Search Spaces of "
                "Tabular NAS Benchmarks, ICLR 2022"
            ),
        ),
        how={
            "gennape_cifar10": gennape("nb301"),
            "surrogate": (
                "nape-bench import table nb301_surrogate_cifar10.csv --space nb301 "
                "--spec genotype --label surrogate=cifar10_val_surrogate --unit surrogate=% "
                "--name nape/nb301"
            ),
        },
        pins={
            "v1.2": {
                "micro": "a316ff0544902561f72994b233b5fdfe3dacd2d517926045b52930051aae188a",
                "proxies": "bd6de35da7760cde08f9e4ea4289c87c393e7b2864e483f5d06d93673be2d1c5",
                "latency_cpu": "e07c1e7074080ef2468e4d988a529c2e0f7118e7d1386aa0637bb06334175b05",
            },
            "v1.1": {
                "micro": "a316ff0544902561f72994b233b5fdfe3dacd2d517926045b52930051aae188a",
                "proxies": "bd6de35da7760cde08f9e4ea4289c87c393e7b2864e483f5d06d93673be2d1c5",
            },
            "v1.0": {"micro": "a316ff0544902561f72994b233b5fdfe3dacd2d517926045b52930051aae188a"},
        },
    )
)
