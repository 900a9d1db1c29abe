"""import_dynas: accuracies of once-for-all sub-networks that DyNAS-T measured.

Intel's DyNAS-T (Cummings et al., A Hardware-Aware Framework for Accelerating Neural Architecture
Search Across Modalities, 2022) has tables of what its searches went through in `notebooks/data` of
its repository. `mbnv3w10_<search>.csv` are of the MobileNetV3 supernet of width 1.0: a column
`Sub-network` with ks, e and d as a Python dictionary, which is read as a literal, and
`Top-1 Acc (%)` on ImageNet at 224 pixels. A network that several searches came upon was measured
each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.presets import Preset, import_presets
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import find_release, given_name

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport

CITE = (
    "Cummings et al., A Hardware-Aware Framework for Accelerating Neural Architecture Search "
    "Across Modalities, 2022 (DyNAS-T)"
)

_TABLE = Preset(
    r"mbnv3w10_\w+\.csv",
    "ofa_mbv3",
    CITE,
    "ImageNet, top-1 accuracy of sub-networks with the weights of the supernet of width 1.0",
    {
        "spec": ["Sub-network"],
        "spec_fields": {"width": 1.0},
        "labels": {"imagenet": "Top-1 Acc (%)"},
        "units": {"imagenet": "%"},
    },
)


def import_dynas(
    path: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[tuple[Path, ImportReport]]:
    """Make config `imagenet` of `nape/ofa_mbv3`, in the local store.

        import_dynas("DyNAS-T/notebooks/data", on_duplicate="mean")

    All tables of the supernet that the path has are one; networks that stand in several have
    accuracies that differ a little, of which `on_duplicate` takes the mean.

    Args, returns and errors as for `gennape.import_gennape`.
    """
    choices = Choices(version, skip_bad, on_duplicate, progress)
    sources = find_release(path, _TABLE.matches, "mbnv3w10_<search>.csv")
    return import_presets("dynas", [_TABLE], sources, choices, given_name(path))
