"""import_table: any table that has architecture and label columns becomes a dataset."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from nape_bench.data.importers.cells import SpecReader, label_value
from nape_bench.data.importers.columns import is_pattern
from nape_bench.data.importers.gathering import Choices, Gathering
from nape_bench.data.importers.labels import label_infos, match_labels, name_labels
from nape_bench.data.importers.provenance import import_command, provenance
from nape_bench.data.importers.records import read_records
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import Source, plain_source
from nape_bench.data.info import (
    DatasetInfo,
    check_config,
    check_labels,
    check_name,
    check_version,
)
from nape_bench.data.registry import dataset_specs, published_version
from nape_bench.errors import DataError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from nape_bench.data.importers.records import Record, Records
    from nape_bench.data.importers.report import ImportReport

    TableFile = str | os.PathLike[str] | Source


def import_table(
    file: TableFile | Sequence[TableFile],
    *,
    space: str,
    spec: Sequence[str],
    labels: Mapping[str, str],
    name: str,
    config: str | None = None,
    version: str = "v1.0",
    spec_fields: Mapping[str, Any] | None = None,
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    units: Mapping[str, str] | None = None,
    lower_is_better: Collection[str] = (),
    missing: Collection[str] = (),
    each: bool = False,
    meanings: Mapping[str, str] | None = None,
    progress: bool = True,
    importer: str = "table",
    command: str | None = None,
    about: Mapping[str, Any] | None = None,
) -> tuple[list[Path], ImportReport]:
    """Make a dataset in the local store from CSV, TSV, Parquet, JSON or JSON lines files.

        import_table("nats_bench.csv", space="nb201", spec=["ArchitectureString"],
                     labels={"cifar10": "CIFAR10TestAccuracy200Epochs"}, name="nape/nb201")

    Rows keep the order of the file; splits go by the group of each architecture. The same file
    gives the same dataset, byte for byte with the same version of pyarrow.

    Args:
        file: The table (`records.read_records` says what each ending must hold), a path or a
            member of an archive, or several with the same columns, whose rows follow each other.
        space: The space of its architectures.
        spec: The columns that make a specification (`cells.SpecReader`); "key=column" renames.
        labels: Label -> column; the first one is the target. A shell pattern, given as both,
            stands for all other columns that match it: `{"*": "*"}`. Labels `x_seed0`, `x_seed1`
            ... beside `x` are the repetitions behind it.
        name: The dataset, `owner/name`.
        config: The config; by default the first label's name.
        version: The version.
        spec_fields: Fields to add to all specifications, which must be dictionaries.
        skip_bad: Leave out rows that cannot be read and list them in `import_report.json` in the
            dataset folder; by default the first one stops the import.
        on_duplicate: What becomes of an architecture whose rows have different labels: "error",
            "mean" or "first". Rows that repeat one with the same labels are one row.
        units: Label, or a pattern of labels -> unit.
        lower_is_better: Labels, or patterns of labels, of which less is wanted.
        missing: Texts, beside empty cells and NaN, that stand for a missing label ("-1").
        each: Whether each label becomes a config of its own, named by it, instead of all one;
            labels of many tasks, each with protocols of its own.
        meanings: Label -> what was measured, in a sentence; by default its column is named.
        progress: Whether to show progress on stderr.
        importer: What the provenance names as the importer.
        command: What it gives as the command; by default that of this import.
        about: More for the provenance.

    Returns:
        The dataset folder, with `each` one for each config; and what was read, kept and left out.
        Where the same content is at hand already nothing is written.

    Raises:
        DataError: A file cannot be read, a row cannot (it is named, by its line where the file is
            text, else by its number, both from 1), the version is there with other content, or
            the config is one that the project publishes.
            Nothing is written then.
        UnknownNameError: No such space or column.
    """
    files = [file] if isinstance(file, (str, os.PathLike, Source)) else list(file)
    sources = [
        each if isinstance(each, Source) else plain_source(Path(each).expanduser())
        for each in files
    ]
    if each and config is not None:
        raise DataError("each label has a config of its own name: config is not for each")
    config = next(iter(labels), "") if config is None else config
    _check_names(name, version, config, labels, each=each)
    reader = SpecReader(space_of(space), spec, spec_fields)
    tables = _read_tables(sources, [*reader.columns, *labels.values()])
    named = name_labels(labels, tables[0].columns)
    check_labels(named)
    configs = _each(named) if each else {config: list(named)}
    _check_unpublished(name, configs)
    unit_of = match_labels("units", units or {}, named)
    lower = match_labels("lower_is_better", lower_is_better, named)
    choices = Choices(version, skip_bad, on_duplicate, progress)
    listed = ", ".join([source.name for source in sources])
    if command is None:
        options = {
            "--space": [space],
            "--spec": [",".join(spec)],
            "--label": [f"{label}={column}" for label, column in labels.items()],
            "--name": [name],
            "--config": [] if each else [config],
            "--version": [version],
            "--spec-field": [f"{k}={json.dumps(v)}" for k, v in (spec_fields or {}).items()],
            "--skip-bad": [""] * skip_bad,
            "--on-duplicate": [on_duplicate] * (on_duplicate != ERROR),
            "--unit": [f"{label}={unit}" for label, unit in (units or {}).items()],
            "--lower-is-better": sorted(lower_is_better),
            "--missing": sorted(missing),
            "--each": [""] * each,
        }
        command = import_command("table", [source.name for source in sources], options)
    with Gathering(space, list(named), choices) as gathering:
        progress_bar = tqdm(
            _rows(sources, tables), f"import {sources[0].name}",
            sum(len(table.records) for table in tables), unit="row", disable=not progress,
        )  # fmt: skip
        for source, place, record in progress_bar:
            row = place if len(sources) == 1 else f"{source.name}, {place}"
            read = partial(_read, record, reader, named, missing)
            gathering.add(source.where, place, row, read)
        values, splits = gathering.finish(", ".join([source.where for source in sources]))
        _check_values(listed, named, values)
        report = gathering.report
        told = provenance(
            sources, importer, command, rows=report.read, skipped=len(report.skipped)
        ) | dict(about or {})  # fmt: skip
        label_units = {label: (units or {})[given] for label, given in unit_of.items()}
        said = label_infos(named, values, listed, label_units, lower, meanings or {})
        info = _info(name, space, listed)
        folders = gathering.put(
            name, version, info, configs, said, dict.fromkeys(configs, told), splits
        )  # fmt: skip
        return list(dict.fromkeys(folders)), report


def _each(labels: Collection[str]) -> dict[str, list[str]]:
    """Return the labels of each config: a label, and the repetitions behind it."""
    bases = {label: label.partition("_seed")[0] for label in labels}
    names = [label for label in labels if bases[label] == label or bases[label] not in labels]
    return {name: [label for label in labels if name in {label, bases[label]}] for name in names}


def _check_unpublished(name: str, configs: Collection[str]) -> None:
    for config in configs:
        published = published_version(name, config)
        if published is not None:
            raise DataError(
                f"config {config} of {name} is published (version {published}): give what you "
                "import another --config, or another --name"
            )


def _read_tables(sources: Sequence[Source], columns: Sequence[str]) -> list[Records]:
    """Read the files, of which all must give the same columns."""
    if not sources:
        raise DataError("no file was named")
    tables = [read_records(source, columns) for source in sources]
    for source, table in zip(sources, tables, strict=True):
        if table.columns != tables[0].columns:
            raise DataError(
                f"{source.where} has other columns than {sources[0].where} for a pattern among "
                f"{', '.join(columns)}"
            )
    return tables


def _rows(
    sources: Sequence[Source], tables: Sequence[Records]
) -> Iterator[tuple[Source, str, Record]]:
    """Go through all rows with their file and where in it they stand ("line 7")."""
    for source, table in zip(sources, tables, strict=True):
        for record in table.records:
            yield source, f"{table.unit} {record.number}", record


def _read(
    record: Record, reader: SpecReader, labels: Mapping[str, str], missing: Collection[str]
) -> tuple[Any, list[float]]:
    """Return the specification and the labels of a record."""
    if record.error:
        raise DataError(record.error)
    spec = reader.value(record.cells)
    return spec, [label_value(column, record.cells, missing) for column in labels.values()]


def _check_names(
    name: str, version: str, config: str, labels: Collection[str], *, each: bool
) -> None:
    if not labels:
        raise DataError("no label was named: label -> column expected")
    check_name(name)
    check_version(version)
    if is_pattern(config) and not each:
        raise DataError(f"{config} names no config: name one (config, --config)")
    if not each:
        check_config(config)
    check_labels([label for label in labels if not is_pattern(label)])


def _check_values(file: str, labels: Mapping[str, str], values: Mapping[str, np.ndarray]) -> None:
    for label, column in labels.items():
        if np.isnan(values[label]).all():
            raise DataError(f"{file}: column {column} (label {label}) holds no number")


def _info(name: str, space: str, file: str) -> DatasetInfo:
    """Return what the registry says of a dataset, or what can be said of a user's own."""
    specs = dataset_specs()
    if name in specs:
        published = specs[name].info
        if published.family != space:
            raise DataError(
                f"{name} is of space {published.family}, not {space}: take another name"
            )
        return published
    return DatasetInfo(
        title=name,
        family=space,
        description=f"Architectures of {space_of(space).title} with labels from {file}.",
        licence="unknown",
        citation="",
    )
