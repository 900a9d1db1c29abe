"""nape/inception: Inception, one of GENNAPE's families."""

from __future__ import annotations

from nape_bench.data.datasets._papers import GENNAPE
from nape_bench.data.registry import DatasetSpec, published_info, register

INCEPTION = register(
    DatasetSpec(
        name="nape/inception",
        info=published_info("Inception", "inception", GENNAPE),
    )
)
