"""`nape-bench import gennape PATH`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.cli.command import Command
from nape_bench.cli.import_release import add_arguments, report

if TYPE_CHECKING:
    import argparse


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data.importers import import_gennape

    report(args, import_gennape)


COMMAND = Command(
    name="import gennape",
    help="make datasets of GENNAPE's caches",
    description="Make datasets in the local store from the files that GENNAPE's authors published: "
    "pickled caches of NAS-Bench-101, -201 and -301 and of the once-for-all families, JSON of "
    "HiAML, Two-Path and Inception. Each becomes config gennape_<task> of nape/<family>. Labels "
    "stay the authors': fractions of 1 in the caches, per cent in JSON. Graphs are built from the "
    "specifications and compared with the published ones. No code of the files is run.",
    examples=[
        "nape-bench import gennape GENNAPE/",
        "nape-bench import gennape gpi_nb101_comp_graph_cache.pkl",
        "nape-bench import gennape cache.zip --skip-bad",
    ],
    add_arguments=add_arguments,
    run=_run,
)
