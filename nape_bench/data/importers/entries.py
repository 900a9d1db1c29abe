"""From the architectures of a benchmark's own files to datasets, several configs in one reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from tqdm import tqdm

from nape_bench.data.importers.gathering import Gathering
from nape_bench.data.importers.labels import label_infos
from nape_bench.data.importers.provenance import import_command, provenance
from nape_bench.data.importers.published import label as number
from nape_bench.data.info import LabelInfo, check_version
from nape_bench.data.registry import dataset_specs
from nape_bench.errors import DataError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from nape_bench.data.importers.gathering import Choices
    from nape_bench.data.importers.report import ImportReport
    from nape_bench.data.importers.sources import Source
    from nape_bench.spaces import Space


@dataclass(frozen=True)
class Column:
    """A label that a benchmark publishes.

    Attributes:
        meaning: What it is, in a sentence.
        unit: Its unit, empty where it has none.
        low: The least that it can be.
        high: The most.
        higher_is_better: Whether more of it is wanted.
    """

    meaning: str
    unit: str
    low: float = 0
    high: float = np.inf
    higher_is_better: bool = True


@dataclass(frozen=True)
class Config:
    """A config that a benchmark's files become.

    Attributes:
        task: What its labels were measured on.
        columns: Label -> what it is; the first is the target. `x_seed0`, `x_seed1` ... beside `x`
            are the repetitions behind it.
    """

    task: str
    columns: Mapping[str, Column]


class Entry(NamedTuple):
    """One architecture as a benchmark has it.

    Attributes:
        where: Where it stands: "record 7 (byte 1,234)".
        spec: Its specification, text or what the space normalises.
        labels: Label -> value; what is None or not there is missing.
        source: Number of the file that it stands in.
        error: Why it cannot be read, empty where it can.
    """

    where: str
    spec: Any = None
    labels: Mapping[str, Any] = {}
    source: int = 0
    error: str = ""


@dataclass(frozen=True)
class Benchmark:
    """Files of a published benchmark that hold architectures of one family.

    Attributes:
        importer: Its name: the command is `nape-bench import <importer>`.
        cite: What to cite for the labels.
        family: The space.
        configs: Config -> what it is.
        sources: The files.
        given: What the command was given, where it is not the first of the files.
        tested: What the importer was tested on, where that was not the authors' own files: the
            dataset's card says so.
    """

    importer: str
    cite: str
    family: str
    configs: Mapping[str, Config]
    sources: Sequence[Source]
    given: str = ""
    tested: str = ""


def import_entries(
    benchmark: Benchmark, entries: Iterable[Entry], choices: Choices
) -> list[tuple[Path, ImportReport]]:
    """Make the datasets of a benchmark, configs of `nape/<family>`, in the local store.

    Labels that no architecture has are left out, and configs without their target.

    Args:
        benchmark: What the files are.
        entries: The architectures.
        choices: What the user chose.

    Returns:
        The folder of each config, with what was read, kept and left out.

    Raises:
        DataError: An entry cannot be read (the file and the place are named), or none has a label.
            Nothing is written then.
    """
    check_version(choices.version)
    columns = {n: c for config in benchmark.configs.values() for n, c in config.columns.items()}
    with Gathering(benchmark.family, list(columns), choices) as gathering:
        _gather(benchmark, entries, columns, gathering, progress=choices.progress)
        return _put(benchmark, columns, gathering, choices)


def _gather(
    benchmark: Benchmark,
    entries: Iterable[Entry],
    columns: Mapping[str, Column],
    gathering: Gathering,
    *,
    progress: bool,
) -> None:
    """Add all architectures."""
    space = space_of(benchmark.family)
    sources = benchmark.sources
    bar = tqdm(entries, f"import {benchmark.importer}", unit="architecture", disable=not progress)
    for entry in bar:
        file = sources[entry.source]
        row = entry.where if len(sources) == 1 else f"{file.name}, {entry.where}"
        gathering.add(file.where, entry.where, row, partial(_read, entry, space, columns))


def _put(
    benchmark: Benchmark, columns: Mapping[str, Column], gathering: Gathering, choices: Choices
) -> list[tuple[Path, ImportReport]]:
    """Put the configs that have labels into the local store."""
    sources = benchmark.sources
    values, splits = gathering.finish(", ".join([source.where for source in sources[:3]]))
    given = {name for name, found in values.items() if not np.isnan(found).all()}
    configs = {
        name: [label for label in config.columns if label in given]
        for name, config in benchmark.configs.items()
        if next(iter(config.columns)) in given
    }
    if not configs:
        raise DataError(f"{sources[0].where}: no architecture has a label")
    kept = {label for labels in configs.values() for label in labels}
    missing = gathering.report.missing
    gathering.report.missing = {label: missing[label] for label in missing if label in kept}
    names = [source.name for source in sources]
    told = provenance(
        sources, benchmark.importer,
        import_command(
            benchmark.importer, [benchmark.given or names[0]], choices.command_options()
        ),
        rows=gathering.report.read, skipped=len(gathering.report.skipped),
    )  # fmt: skip
    if benchmark.tested:
        told["importer_tested_on"] = benchmark.tested
    tasks = {
        name: {
            **told, "source": benchmark.cite, "family": benchmark.family,
            "task": benchmark.configs[name].task,
        }
        for name in configs
    }  # fmt: skip
    name = f"nape/{benchmark.family}"
    said = _said(columns, values, f"{benchmark.cite}: {', '.join(names[:3])}")
    info = dataset_specs()[name].info
    folders = gathering.put(name, choices.version, info, configs, said, tasks, splits)
    return [(folder, gathering.report) for folder in dict.fromkeys(folders)]


def _read(entry: Entry, space: Space, columns: Mapping[str, Column]) -> tuple[Any, list[float]]:
    """Return the specification and the labels of an entry."""
    if entry.error:
        raise DataError(entry.error)
    text = isinstance(entry.spec, str)
    spec = space.parse(entry.spec) if text else space.normalise(entry.spec)
    values = [
        number(entry.labels.get(name), name, column.low, column.high)
        for name, column in columns.items()
    ]
    return spec, values


def _said(
    columns: Mapping[str, Column], values: Mapping[str, np.ndarray], source: str
) -> dict[str, LabelInfo]:
    """Say what each label holds."""
    units = {name: column.unit for name, column in columns.items()}
    lower = [name for name, column in columns.items() if not column.higher_is_better]
    meanings = {name: column.meaning for name, column in columns.items()}
    return label_infos(dict.fromkeys(columns, ""), values, source, units, lower, meanings)
