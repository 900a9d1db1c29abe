"""Measurements: what a labelling run can do to an architecture; one file each, and a registry."""

from __future__ import annotations

from nape_bench.labels.measures.base import MEASURES, Measure
from nape_bench.labels.measures.micro import Micro
from nape_bench.registry import import_modules

__all__ = ["MEASURES", "Measure", "Micro"]

import_modules(__name__)
