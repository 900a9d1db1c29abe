"""Importers: they bring published labels, which others made, into the local store."""

from __future__ import annotations

from nape_bench.data.importers.aiop import import_aiop
from nape_bench.data.importers.dynas import import_dynas
from nape_bench.data.importers.gennape import import_gennape
from nape_bench.data.importers.graph_report import GraphReport
from nape_bench.data.importers.help_latency import import_help_latency
from nape_bench.data.importers.hwnasbench import import_hwnasbench
from nape_bench.data.importers.nasbench101 import import_nasbench101
from nape_bench.data.importers.nasbench301 import import_nasbench301
from nape_bench.data.importers.nasbench_macro import import_nasbench_macro
from nape_bench.data.importers.nats import import_nats
from nape_bench.data.importers.report import ImportReport, SkippedRow
from nape_bench.data.importers.table import import_table
from nape_bench.data.importers.timm import import_timm
from nape_bench.data.importers.transnas import import_transnas

__all__ = [
    "GraphReport",
    "ImportReport",
    "SkippedRow",
    "import_aiop",
    "import_dynas",
    "import_gennape",
    "import_help_latency",
    "import_hwnasbench",
    "import_nasbench101",
    "import_nasbench301",
    "import_nasbench_macro",
    "import_nats",
    "import_table",
    "import_timm",
    "import_transnas",
]
