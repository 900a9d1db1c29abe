"""nape/ofa_mbv3: sub-networks of the once-for-all MobileNetV3 supernets, and published labels.

- imagenet: top-1 accuracies of the supernet of width 1.0 that DyNAS-T measured, in its own files
  (notebooks/data of github.com/IntelLabs/DyNAS-T, Apache-2.0). A network that stands in several was
  measured several times, and gets the mean.
- latency: milliseconds on four GPUs at batch sizes 1, 32 and 64 that HELP published
  (github.com/HayeonLee/HELP, MIT: data/ofa with its ofa_archs.pt and a file a device), at input
  sizes of 128 to 224 pixels. The importer was tested on these values, put into files in that
  format. The supernet is that of width 1.2, as in HELP's code; FLOPs of its networks also fit
  the latencies better than those of width 1.0 do.
"""

from __future__ import annotations

from nape_bench.data.datasets._papers import ONCE_FOR_ALL
from nape_bench.data.datasets._releases import HELP_LATENCY, aiop, gennape
from nape_bench.data.registry import DatasetSpec, published_info, register

OFA_MBV3 = register(
    DatasetSpec(
        name="nape/ofa_mbv3",
        info=published_info("OFA-MobileNetV3", "ofa_mbv3", ONCE_FOR_ALL),
        how={
            "gennape_imagenet": gennape("ofa"),
            **aiop("mbv3"),
            "imagenet": "nape-bench import dynas DyNAS-T/notebooks/data --on-duplicate mean",
            "latency": HELP_LATENCY,
        },
        pins={
            "v1.1": {
                "micro": "900c962f758107d0473c1a70bfd79292d3cbf99f8f2a32fe6d0b2f55dbd5da0c",
                "proxies": "b46ff16b4b78907d302e2f9babf541b54fbba18db0553585946a66bd3b2931bc",
                "latency_cpu": "e4a567eac89c3353e1f03c08689164fc774f306fa9f4451595ebd1ce027a5050",
            },
            "v1.0": {"micro": "900c962f758107d0473c1a70bfd79292d3cbf99f8f2a32fe6d0b2f55dbd5da0c"},
        },
    )
)
