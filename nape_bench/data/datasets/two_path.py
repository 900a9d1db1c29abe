"""nape/two_path: Two-Path, one of GENNAPE's families."""

from __future__ import annotations

from nape_bench.data.datasets._papers import GENNAPE
from nape_bench.data.registry import DatasetSpec, published_info, register

TWO_PATH = register(
    DatasetSpec(
        name="nape/two_path",
        info=published_info("Two-Path", "two_path", GENNAPE),
    )
)
