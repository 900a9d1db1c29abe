"""`nape-bench import aiop PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "aiop",
    "AIO-P's task caches",
    "Make datasets in the local store from the task caches that AIO-P's authors "
    "published: the once-for-all families on pose estimation, detection and segmentation. Each "
    "becomes config aiop_<task>_<ind or shared> of nape/<family>: ind labels come from networks "
    "that were trained one by one, shared ones are pseudo-labels. The label accuracy is the "
    "authors' acc, a fraction of 1. --from-hub was tested with a Hub of the tests' own, not with "
    "the authors' repository.",
    [
        "AIO-P/cache",
        "--from-hub",
        "gpi_ofa_pn_obj_det_coco_ind_comp_graph_cache.pkl",
        "cache.tar.gz --version v1.1",
    ],
    repository="kgmills/AIO-P",
)
