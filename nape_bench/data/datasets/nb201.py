"""nape/nb201: NAS-Bench-201, and published labels of it that a user imports.

- cifar10: test accuracy after 200 epochs, mean over seeds, as in `nats_bench.csv` of
  v-tao/nats-bench-landscape (values of NATS-Bench, MIT).
- latency: milliseconds on 27 devices and batch sizes that HELP published
  (github.com/HayeonLee/HELP, MIT: data/nasbench201 with its str_arch2idx.pt and a file a device).
- hw_cifar10 and so on: latencies and energies of HW-NAS-Bench, from the file that its repository
  holds (github.com/GATECH-EIC/HW-NAS-Bench, MIT).

- nats_cifar10 and so on: accuracies of all trainings, of 200 and of 12 epochs, from NATS-Bench's
  archive of a file a cell, to which github.com/D-X-Y/NATS-Bench (MIT) links, or its file of all.
- nb201_cifar10 and so on: the same of the benchmark's own file (github.com/D-X-Y/NAS-Bench-201,
  MIT), which has fewer trainings.

The importers of latency and hw were tested on the published values, put into files in those
formats, that of nats and nb201 on small made files alone.
"""

from __future__ import annotations

from nape_bench.data.datasets._releases import HELP_LATENCY, gennape
from nape_bench.data.registry import DatasetSpec, published_info, register

NATS = (
    *("cifar10", "cifar100", "imagenet16"),
    *("cifar10_12", "cifar100_12", "imagenet16_12"),
)

NB201 = register(
    DatasetSpec(
        name="nape/nb201",
        info=published_info(
            "NAS-Bench-201",
            "nb201",
            "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture "
            "Search, ICLR 2020",
            licence="mit",
        ),
        how={
            "gennape_cifar10": gennape("nb201c10"),
            "gennape_cifar100": gennape("nb201c100"),
            "gennape_imagenet16": gennape("nb201imgnet"),
            "cifar10": (
                "nape-bench import table nats_bench.csv --space nb201 --spec ArchitectureString "
                "--label cifar10=CIFAR10TestAccuracy200Epochs --unit cifar10=% --name nape/nb201"
            ),
            "latency": HELP_LATENCY,
            **dict.fromkeys(
                [f"nats_{name}" for name in NATS],
                "nape-bench import nats NATS-tss-v1_0-3ffb9-simple.tar",
            ),
            **dict.fromkeys(
                [f"nb201_{name}" for name in NATS],
                "nape-bench import nats NAS-Bench-201-v1_1-096897.pth",
            ),
            **dict.fromkeys(
                ("hw_cifar10", "hw_cifar100", "hw_imagenet16"),
                "nape-bench import hwnasbench HW-NAS-Bench-v1_0.pickle",
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
