"""nape/transnas_micro: TransNAS-Bench-101's cells, and seven tasks that a user imports.

The table has what NASLib's repository holds of the benchmark (Apache-2.0; the benchmark's own code
is MIT): arch_str, and the score after training on the validation data of each task.
"""

from __future__ import annotations

from nape_bench.data.datasets._transnas import CITE, TASKS, tests_of
from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

TRANSNAS_MICRO = register(
    DatasetSpec(
        name="nape/transnas_micro",
        info=DatasetInfo(
            title="TransNAS-Bench-101 (cells)",
            family="transnas_micro",
            description=(
                "The 4,096 cells of TransNAS-Bench-101 as computation graphs, with the scores on "
                "the validation data of seven Taskonomy tasks after training: accuracies in % of "
                "object and scene classification and of the jigsaw task, structural similarity "
                "(SSIM) of autoencoder and surface normals, the negative loss of room layout, and "
                "pixel accuracy in % of semantic segmentation. More is better of all of them."
            ),
            licence="apache-2.0",
            citation=CITE,
        ),
        how={
            **dict.fromkeys(TASKS, "nape-bench import transnas transnas101_micro.csv"),
            **tests_of(TASKS),
        },
    )
)
