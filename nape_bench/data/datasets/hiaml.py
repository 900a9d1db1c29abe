"""nape/hiaml: HiAML, with labels measured by this project."""

from __future__ import annotations

from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

HIAML = register(
    DatasetSpec(
        name="nape/hiaml",
        info=DatasetInfo(
            title="HiAML",
            family="hiaml",
            description=(
                "HiAML networks of GENNAPE as computation graphs, each trained at micro scale on "
                "a small real-image task, several seeds."
            ),
            licence="mit",
            citation=(
                "Mills et al., GENNAPE: Towards Generalized Neural Architecture Performance "
                "Estimators, AAAI 2023 (the family); nape_bench (the labels)"
            ),
        ),
        pins={
            "v1.0": {"micro": "6a03b4e8aedfaa13d0702650d593f05afb6ad42ed5c283cf5f5da8a602267648"}
        },
    )
)
