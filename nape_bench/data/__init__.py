"""Labelled tables of architectures: where they lie, what they must hold, how they open.

    ds = load_dataset("nape/hiaml")
    ds["test"].graphs, ds["test"].labels["accuracy"]

Names load when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nape_bench.data.dataset import Dataset, Row
    from nape_bench.data.importers import import_aiop, import_gennape, import_table
    from nape_bench.data.info import DatasetInfo, LabelInfo
    from nape_bench.data.listing import Listed, list_datasets
    from nape_bench.data.load import load_dataset
    from nape_bench.data.split import Split

_HOMES = {
    "Dataset": "dataset",
    "DatasetInfo": "info",
    "LabelInfo": "info",
    "Listed": "listing",
    "Row": "dataset",
    "Split": "split",
    "import_aiop": "importers",
    "import_gennape": "importers",
    "import_table": "importers",
    "list_datasets": "listing",
    "load_dataset": "load",
}

__all__ = [
    "Dataset",
    "DatasetInfo",
    "LabelInfo",
    "Listed",
    "Row",
    "Split",
    "import_aiop",
    "import_gennape",
    "import_table",
    "list_datasets",
    "load_dataset",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
