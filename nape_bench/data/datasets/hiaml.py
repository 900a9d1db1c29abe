"""nape/hiaml: HiAML, one of GENNAPE's families."""

from __future__ import annotations

from nape_bench.data.datasets._papers import GENNAPE
from nape_bench.data.registry import DatasetSpec, published_info, register

HIAML = register(
    DatasetSpec(
        name="nape/hiaml",
        info=published_info("HiAML", "hiaml", GENNAPE),
        pins={
            "v1.0": {"micro": "6a03b4e8aedfaa13d0702650d593f05afb6ad42ed5c283cf5f5da8a602267648"}
        },
    )
)
