"""import_nasbench_macro: NAS-Bench-Macro's accuracies (Su et al., CVPR 2021).

Its repository has one table, `data/nas-bench-macro_cifar10.json`: {eight digits: {"test_acc": of
three trainings, "mean_acc", "std", "params", "flops"}}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.presets import Preset, import_presets
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import find_release

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport

CITE = "Su et al., Prioritized Architecture Sampling with Monte-Carlo Tree Search, CVPR 2021"

_TABLE = Preset(
    r"nas-bench-macro_cifar10\.json",
    "nb_macro",
    CITE,
    "CIFAR-10, test data, trained from scratch",
    {
        "spec": ["key"],
        "labels": {
            "cifar10": "mean_acc",
            **{f"cifar10_seed{seed}": f"test_acc.{seed}" for seed in range(3)},
        },
        "units": {"*": "%"},
    },
)


def import_nasbench_macro(
    path: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[tuple[Path, ImportReport]]:
    """Make config `cifar10` of `nape/nb_macro`, in the local store.

        import_nasbench_macro("nas-bench-macro_cifar10.json")

    The label `cifar10` is the authors' mean test accuracy in %, and those of the three trainings
    stand beside it.

    Args, returns and errors as for `gennape.import_gennape`.
    """
    choices = Choices(version, skip_bad, on_duplicate, progress)
    sources = find_release(path, _TABLE.matches, "nas-bench-macro_cifar10.json")
    return import_presets("nasbench_macro", [_TABLE], sources, choices)
