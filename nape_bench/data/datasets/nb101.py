"""nape/nb101: NAS-Bench-101, and published labels of it that a user imports.

- cifar10_epochs108 and so on: the benchmark's own file, which github.com/google-research/nasbench
  (Apache-2.0) links to: storage.googleapis.com/nasbench/nasbench_only108.tfrecord, SHA-256
  4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1, or with the smaller budgets
  nasbench_full.tfrecord, 3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c. The
  importer was tested on small files in this format, not on these.
- cifar10: `nb101_500.csv` has the 500 cells that NASLib's repository holds with their validation
  accuracy (Apache-2.0), one a row: adjacency, ops, cifar10_val_acc.
"""

from __future__ import annotations

from nape_bench.data.datasets._releases import gennape
from nape_bench.data.registry import DatasetSpec, published_info, register

NB101 = register(
    DatasetSpec(
        name="nape/nb101",
        info=published_info(
            "NAS-Bench-101",
            "nb101",
            "Ying et al., NAS-Bench-101: Towards Reproducible Neural Architecture Search, "
            "ICML 2019",
            licence="apache-2.0",
        ),
        how={
            "cifar10_epochs108": "nape-bench import nasbench101 nasbench_only108.tfrecord",
            **{
                f"cifar10_epochs{epochs}": "nape-bench import nasbench101 nasbench_full.tfrecord"
                for epochs in (36, 12, 4)
            },
            "gennape_cifar10": gennape("nb101"),
            "cifar10": (
                "nape-bench import table nb101_500.csv --space nb101 --spec adjacency,ops "
                "--label cifar10=cifar10_val_acc --unit cifar10=% --name nape/nb101"
            ),
        },
        pins={
            "v1.1": {
                "micro": "7f642acb3e0c8b83659a64e707614c19ea56e9073cab991994440cff52c3a214",
                "proxies": "9fdddf381837b1bb1113b179514278299d40858bbde223009043c68a315d1ac1",
                "latency_cpu": "e867a2a9b8861965566eac954984db1833470a78414f2b2fab075a96adc3bbf2",
            },
            "v1.0": {
                "micro": "7f642acb3e0c8b83659a64e707614c19ea56e9073cab991994440cff52c3a214",
                "proxies": "9fdddf381837b1bb1113b179514278299d40858bbde223009043c68a315d1ac1",
            },
        },
    )
)
