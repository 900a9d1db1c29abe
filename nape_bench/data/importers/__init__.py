"""Importers: they bring published labels, which others made, into the local store."""

from __future__ import annotations

from nape_bench.data.importers.report import ImportReport, SkippedRow
from nape_bench.data.importers.table import import_table

__all__ = ["ImportReport", "SkippedRow", "import_table"]
