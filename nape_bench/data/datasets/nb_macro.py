"""nape/nb_macro: NAS-Bench-Macro, and its published accuracies, which a user imports.

The file is the one of the authors' repository (data of github.com/xiusu/NAS-Bench-Macro,
Apache-2.0).
"""

from __future__ import annotations

from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

NB_MACRO = register(
    DatasetSpec(
        name="nape/nb_macro",
        info=DatasetInfo(
            title="NAS-Bench-Macro",
            family="nb_macro",
            description=(
                "The 6,561 networks of NAS-Bench-Macro as computation graphs, with test "
                "accuracies on CIFAR-10 of three trainings each, as published by its authors."
            ),
            licence="apache-2.0",
            citation=(
                "Su et al., Prioritized Architecture Sampling with Monte-Carlo Tree Search, "
                "CVPR 2021"
            ),
        ),
        pins={
            "v1.0": {"micro": "4b43162068f16e5188ba94be9032003c7730bc0286c55eedff2172f6c489efc7"}
        },
        how={"cifar10": "nape-bench import nasbench_macro nas-bench-macro_cifar10.json"},
    )
)
