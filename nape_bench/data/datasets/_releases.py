"""The commands that import releases which have several families."""

from __future__ import annotations

HELP_LATENCY = "nape-bench import help_latency HELP/data"
"""The command for HELP's latencies (github.com/HayeonLee/HELP)."""

_AIOP = {
    "lsp": "val_PCK_lsp",
    "mpii": "val_PCK_mpii",
    "obj_det": "obj_det_coco",
    "inst_seg": "inst_seg_coco",
    "sem_seg": "sem_seg_coco",
    "pan_seg": "pan_seg_coco",
}
"""Task of AIO-P -> what stands for it in a file's name."""

_NOT_SHARED = "mpii"
"""The task for which AIO-P has no pseudo-labels (table 2)."""


def gennape(cache: str) -> str:
    """Return the command for a cache of GENNAPE, by what stands in its name ("nb101")."""
    return f"nape-bench import gennape gpi_{cache}_comp_graph_cache.pkl"


def gennape_json(family: str, beginning: str = "gpi_test_") -> str:
    """Return the command for a JSON file of GENNAPE."""
    return f"nape-bench import gennape {beginning}{family}_cifar10_labelled_cg_data.json"


def aiop(family: str) -> dict[str, str]:
    """Return config -> command for all caches of a family of AIO-P ("pn", "mbv3", "resnet")."""
    return {
        f"aiop_{task}_{way}": (
            f"nape-bench import aiop gpi_ofa_{family}_{metric}_{way}_comp_graph_cache.pkl"
        )
        for task, metric in _AIOP.items()
        for way in ("ind", "shared")
        if (task, way) != (_NOT_SHARED, "shared")
    }
