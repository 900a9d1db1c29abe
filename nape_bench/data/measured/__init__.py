"""From a label store to labelled datasets: one file for each config that this project measures.

A module of this package that adds to `CONFIGS` is a config; there is nothing else to edit.
"""

from __future__ import annotations

from nape_bench.data.measured.base import CONFIGS, Label, LabelConfig
from nape_bench.registry import import_modules

__all__ = ["CONFIGS", "Label", "LabelConfig"]

import_modules(__name__)
