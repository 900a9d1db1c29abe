"""Labels: measuring architectures.

nape_bench.labels.label("hiaml", 400, store="labels/", seeds=2, jobs=2)
rows = nape_bench.labels.read_labels("labels/")
"""

from __future__ import annotations

from nape_bench.labels.measures import MEASURES, Measure, Micro
from nape_bench.labels.read import read_labels
from nape_bench.labels.runner import Report, draw, label, label_specs

__all__ = [
    "MEASURES",
    "Measure",
    "Micro",
    "Report",
    "draw",
    "label",
    "label_specs",
    "read_labels",
]
