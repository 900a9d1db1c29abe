"""nape/transnas_macro: TransNAS-Bench-101's macro space, and seven tasks that a user imports."""

from __future__ import annotations

from nape_bench.data.datasets._transnas import CITE, FILE, TASKS, tests_of
from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

TRANSNAS_MACRO = register(
    DatasetSpec(
        name="nape/transnas_macro",
        info=DatasetInfo(
            title="TransNAS-Bench-101 (macro)",
            family="transnas_macro",
            description=(
                "The 3,256 networks of TransNAS-Bench-101's macro space as computation graphs, "
                "with the scores of seven Taskonomy tasks after training, as in "
                "nape/transnas_micro."
            ),
            licence="mit",
            citation=CITE,
        ),
        how={**dict.fromkeys(TASKS, FILE), **tests_of(TASKS)},
    )
)
