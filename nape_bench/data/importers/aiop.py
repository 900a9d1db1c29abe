"""import_aiop: the task caches of AIO-P's release (Mills et al., AAAI 2023)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.gennape import config_of, sizes
from nape_bench.data.importers.published import label
from nape_bench.data.importers.published_files import Imported, Layout, Release, import_release
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.info import check_labels
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os

SOURCE = (
    "Mills et al., AIO-P: Expanding Neural Performance Predictors Beyond Image Classification, "
    "AAAI 2023"
)

FAMILIES = {
    "pn": {"OFA-PN": "ofa_pn"},
    "mbv3": {"OFA-MBV3": "ofa_mbv3"},
    "resnet": {"OFA-ResNet": "ofa_resnet"},
}
TASKS = {
    ("val_PCK", "lsp"): ("lsp", "2D human pose estimation on LSP-extended (PCK)"),
    ("val_PCK", "mpii"): ("mpii", "2D human pose estimation on MPII (PCK)"),
    ("obj_det", "coco"): ("obj_det", "object detection on COCO 2017 (AP)"),
    ("inst_seg", "coco"): ("inst_seg", "instance segmentation on COCO 2017 (AP)"),
    ("sem_seg", "coco"): ("sem_seg", "semantic segmentation on COCO 2017 (mIoU)"),
    ("pan_seg", "coco"): ("pan_seg", "panoptic segmentation on COCO 2017 (PQ)"),
}
"""Metric and data in a file's name -> name of the task in ours, and what it is."""
WAYS = {
    "ind": "each architecture trained on its own",
    "shared": "a head shared by all architectures, fine-tuned for each: pseudo-labels",
}

_CACHE = re.compile(
    rf"gpi_ofa_({'|'.join(FAMILIES)})_(\w+?)_(lsp|mpii|coco)_(ind|shared)_comp_graph_cache\.pkl"
)
_FRACTION = ("the task's metric as a fraction of 1, as the authors' file has it (acc)", "fraction")


def import_aiop(
    path: str | os.PathLike[str] | None = None,
    *,
    revision: str | None = None,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[Imported]:
    """Make datasets of AIO-P's task caches, in the local store.

        import_aiop("AIO-P/cache")  # or one file, or a zip or tar archive
        import_aiop()  # from its authors' repository at the Hub

    A cache becomes config `aiop_<task>_<ind|shared>` of its family: `ind` labels come from networks
    that were trained one by one, `shared` ones are pseudo-labels from a shared head. The label
    `accuracy` is the authors' `acc`, a fraction of 1; each metric of theirs is a label of its own.

    Args and returns as for `gennape.import_gennape`, and so are errors.
    """
    return import_release(
        RELEASE, path, revision=revision, version=version, skip_bad=skip_bad,
        on_duplicate=on_duplicate, progress=progress,
    )  # fmt: skip


def layout(name: str) -> Layout | None:
    """Return what a file of this name holds, None where it is none of the release."""
    found = _CACHE.fullmatch(name)
    task = TASKS.get((found[2], found[3])) if found else None
    if found is None or task is None:
        return None
    what = f"{task[1]}, {WAYS[found[4]]}"
    config = f"aiop_{task[0]}_{found[4]}"
    return Layout(FAMILIES[found[1]], config, what, True, _read, _FRACTION)


RELEASE = Release(
    "aiop",
    SOURCE,
    layout,
    "gpi_ofa_<family>_<metric>_<data>_<ind or shared>_comp_graph_cache.pkl ("
    + ", ".join(FAMILIES)
    + "; "
    + ", ".join("_".join(key) for key in TASKS)
    + ")",
    "kgmills/AIO-P",
)


def _read(entry: Any) -> tuple[Any, Any, dict[str, float]]:
    config = config_of(entry, ("compute graph", "acc", "original config"))
    accuracy = {"accuracy": label(entry["acc"], "acc", 0, 1, needed=True)}
    metrics = entry.get("metric_map") or {}
    if not isinstance(metrics, dict):
        raise DataError(f"metric_map is {short(metrics)}, not a dictionary of metrics")
    check_labels(metrics)
    given = {name: label(value, name, 0, 100) for name, value in metrics.items()}
    return entry["compute graph"], config, {**accuracy, **given, **sizes(entry, "params")}
