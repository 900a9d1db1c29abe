"""Labels: measuring architectures.

nape_bench.labels.label("hiaml", 400, store="labels/", seeds=2, jobs=2)
rows = nape_bench.labels.read_labels("labels/")
"""

from __future__ import annotations

from nape_bench.labels.choose import draw, drawn_from
from nape_bench.labels.measures import MEASURES, Measure, Micro
from nape_bench.labels.packing import Packed, pack
from nape_bench.labels.read import read_labels
from nape_bench.labels.runner import label, label_graphs, label_specs
from nape_bench.labels.session import Report

__all__ = [
    "MEASURES",
    "Measure",
    "Micro",
    "Packed",
    "Report",
    "draw",
    "drawn_from",
    "label",
    "label_graphs",
    "label_specs",
    "pack",
    "read_labels",
]
