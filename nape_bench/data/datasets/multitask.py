"""nape/multitask: bodies of the once-for-all families with labels of six vision tasks."""

from __future__ import annotations

from nape_bench.data.datasets._papers import ONCE_FOR_ALL
from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import MEASURED_LICENCE, OUR_LABELS, DatasetSpec, register

AIOP = (
    "Mills et al., AIO-P: Expanding Neural Performance Predictors Beyond Image Classification, "
    "AAAI 2023"
)

MULTITASK = register(
    DatasetSpec(
        name="nape/multitask",
        info=DatasetInfo(
            title="One body, many vision tasks",
            family="ofa_pn, ofa_mbv3, ofa_resnet",
            description=(
                "Bodies of three once-for-all families as computation graphs, with labels of six "
                "vision tasks measured by nape_bench."
            ),
            licence=MEASURED_LICENCE,
            citation=f"{AIOP} (the setting); {ONCE_FOR_ALL} (the families); {OUR_LABELS}",
        ),
        comparable="test",
        ships_as_told=True,
    )
)
