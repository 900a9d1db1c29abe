"""import_transnas: TransNAS-Bench-101 (Duan et al., CVPR 2021), cells and macro space, seven tasks.

Two forms are read:

- the benchmark's own file, `transnas-bench_*.pth`, which `torch.save` wrote: a dictionary of
  `metrics_dict` (task -> metrics), `info_names`, `task_list` and `data` (search space ->
  architecture -> task -> {"model_info", "total_epochs", "metrics": metric -> a value an epoch}),
  all of plain values. It is read as a pickle without running anything in it;
- `transnas101_micro.csv`, the final validation scores of all cells as NASLib's repository has them
  (arch_str and `<task>_val`).

The score of a task is the validation metric that the authors' paper ranks by, at the last epoch.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nape_bench.data.importers.entries import Benchmark, Column, Config, Entry, import_entries
from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.presets import Preset, import_presets
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import find_release
from nape_bench.data.importers.torch_file import read_torch
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport
    from nape_bench.data.importers.sources import Source

CITE = "Duan et al., TransNAS-Bench-101, CVPR 2021"

TASKS: dict[str, tuple[str, str, str, float, float]] = {
    "class_object": ("top1", "top-1 accuracy of object classification", "%", 0, 100),
    "class_scene": ("top1", "top-1 accuracy of scene classification", "%", 0, 100),
    "jigsaw": ("top1", "top-1 accuracy of the jigsaw task", "%", 0, 100),
    "autoencoder": ("ssim", "structural similarity of autoencoding", "SSIM", -1, 1),
    "normal": ("ssim", "structural similarity of surface normals", "SSIM", -1, 1),
    "room_layout": ("neg_loss", "negative loss of room layout", "", float("-inf"), 0),
    "segmentsemantic": ("acc", "pixel accuracy of semantic segmentation", "%", 0, 100),
}
"""Task -> the metric of its score, what it is, its unit, and the least and the most."""

FAMILIES = {"micro": "transnas_micro", "macro": "transnas_macro"}
"""Search space in the benchmark's file -> ours."""

TESTED = "small files in this format, not the authors' own"

_FILE = re.compile(r"transnas-bench_\w*\.pth")
_MODES = {"valid": ("", "validation"), "test": ("_test", "test")}
"""What a metric's name begins with -> what follows the task in ours, and the data."""


def _meaning(what: str, data: str) -> str:
    return f"{what}, {data} data, last epoch"


_TABLE = Preset(
    r"transnas101_micro\.csv",
    "transnas_micro",
    CITE,
    "seven Taskonomy tasks, validation data, last epoch",
    {
        "spec": ["arch_str"],
        "labels": {task: f"{task}_val" for task in TASKS},
        "units": {task: told[2] for task, told in TASKS.items() if told[2]},
        "meanings": {task: _meaning(told[1], "validation") for task, told in TASKS.items()},
        "each": True,
    },
)


def import_transnas(
    path: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[tuple[Path, ImportReport]]:
    """Make datasets of TransNAS-Bench-101, in the local store.

    Each task becomes a config of `nape/transnas_micro` or `nape/transnas_macro`, with one label
    that is named as the task; where the benchmark's file has scores on test data, they become
    config `<task>_test`. Values are the authors', unchanged.

    Args and returns as for `gennape.import_gennape`.

    Raises:
        DataError: There is no such file, or one cannot be read; nothing of it is imported then.
    """
    choices = Choices(version, skip_bad, on_duplicate, progress)
    sources = find_release(
        path, lambda name: _TABLE.matches(name) or _FILE.fullmatch(name),
        "transnas-bench_v10141024.pth or transnas101_micro.csv",
    )  # fmt: skip
    done = import_presets("transnas", [_TABLE], sources, choices)
    for source in sources:
        if _FILE.fullmatch(source.name):
            done += _import_file(source, choices)
    return done


def _import_file(source: Source, choices: Choices) -> list[tuple[Path, ImportReport]]:
    database = read_torch(source)
    data = database.get("data") if isinstance(database, dict) else None
    if not isinstance(data, dict) or not set(data) & set(FAMILIES):
        raise DataError(
            f"{source.where}: a dictionary with data of the search spaces {', '.join(FAMILIES)} "
            "expected, as TransNAS-Bench-101's file has it"
        )
    configs = {
        f"{task}{ending}": Config(
            f"{task}, {told} data, last epoch",
            {f"{task}{ending}": Column(_meaning(meaning, told), unit, low, high)},
        )
        for ending, told in _MODES.values()
        for task, (_, meaning, unit, low, high) in TASKS.items()
    }
    done = []
    for name, family in FAMILIES.items():
        if name in data:
            benchmark = Benchmark("transnas", CITE, family, configs, [source], tested=TESTED)
            done += import_entries(benchmark, _entries(name, data[name]), choices)
    return done


def _entries(space: str, architectures: Any) -> Iterator[Entry]:
    """Go through the architectures of a search space."""
    if not isinstance(architectures, dict):
        raise DataError(f"data of {space}: architectures by their strings expected")
    for number, (arch, tasks) in enumerate(architectures.items(), start=1):
        where = f"{space} architecture {number}"
        try:
            yield Entry(where, arch, _scores(tasks))
        except DataError as error:
            yield Entry(where, error=f"{arch!s:.80}: {error}")


def _scores(tasks: Any) -> dict[str, Any]:
    """Return the last validation and test score of each task."""
    if not isinstance(tasks, dict):
        raise DataError("results by task expected")
    found = {}
    for task in TASKS.keys() & tasks.keys():
        metrics = tasks[task].get("metrics") if isinstance(tasks[task], dict) else None
        if not isinstance(metrics, dict):
            raise DataError(f"task {task} has no metrics")
        for mode, (ending, _) in _MODES.items():
            values = metrics.get(f"{mode}_{TASKS[task][0]}")
            if values is None:
                continue
            if not isinstance(values, list) or not values:
                raise DataError(f"{mode}_{TASKS[task][0]} of {task}: a value an epoch expected")
            found[f"{task}{ending}"] = values[-1]
    return found
