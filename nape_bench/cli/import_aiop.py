"""`nape-bench import aiop PATH`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.cli.command import Command
from nape_bench.cli.import_release import add_arguments, report

if TYPE_CHECKING:
    import argparse


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data.importers import import_aiop

    report(args, import_aiop)


COMMAND = Command(
    name="import aiop",
    help="make datasets of AIO-P's task caches",
    description="Make datasets in the local store from the task caches that AIO-P's authors "
    "published: the once-for-all families on pose estimation, detection and segmentation. Each "
    "becomes config aiop_<task>_<ind or shared> of nape/<family>: ind labels come from networks "
    "that were trained one by one, shared ones are pseudo-labels. The label accuracy is the "
    "authors' acc, a fraction of 1. No code of the files is run.",
    examples=[
        "nape-bench import aiop AIO-P/cache",
        "nape-bench import aiop gpi_ofa_pn_obj_det_coco_ind_comp_graph_cache.pkl",
        "nape-bench import aiop cache.tar.gz --version v1.1",
    ],
    add_arguments=add_arguments,
    run=_run,
)
