"""nape_bench: labelled neural architectures, protocols and baselines for performance predictors.

    import nape_bench

    ds = nape_bench.load_dataset("nape/hiaml")
    result = nape_bench.evaluate("flops", "in-family/hiaml")
    graph = nape_bench.space("hiaml").build(["hiaml_z"] * 4)

Names load when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nape_bench.data import load_dataset
    from nape_bench.evaluation import Evaluator, evaluate
    from nape_bench.graph import ArchGraph, GraphBuilder, GraphTable
    from nape_bench.graph.torch_import import from_torch
    from nape_bench.predictors import Predictor, predictor
    from nape_bench.spaces import space

__version__ = "0.1.0"

_HOMES = {
    "ArchGraph": "nape_bench.graph",
    "Evaluator": "nape_bench.evaluation",
    "GraphBuilder": "nape_bench.graph",
    "GraphTable": "nape_bench.graph",
    "Predictor": "nape_bench.predictors",
    "evaluate": "nape_bench.evaluation",
    "from_torch": "nape_bench.graph.torch_import",
    "load_dataset": "nape_bench.data",
    "predictor": "nape_bench.predictors",
    "space": "nape_bench.spaces",
}

_PARTS = frozenset(
    {"data", "errors", "evaluation", "graph", "labels", "metrics", "predictors", "spaces"}
)

__all__ = [
    "ArchGraph",
    "Evaluator",
    "GraphBuilder",
    "GraphTable",
    "Predictor",
    "__version__",
    "evaluate",
    "from_torch",
    "load_dataset",
    "predictor",
    "space",
]


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
