"""import_table: any table that has architecture and label columns becomes a dataset."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from nape_bench.data import store
from nape_bench.data.build import RowsBuilder, split_rows
from nape_bench.data.importers.cells import SpecReader, label_value
from nape_bench.data.importers.columns import is_pattern
from nape_bench.data.importers.labels import label_infos, match_labels, name_labels
from nape_bench.data.importers.provenance import provenance
from nape_bench.data.importers.records import read_records
from nape_bench.data.importers.repeats import ERROR, Repeats
from nape_bench.data.importers.report import FILE_NAME, ImportReport, SkippedRow
from nape_bench.data.info import (
    ConfigData,
    DatasetInfo,
    check_config,
    check_labels,
    check_name,
    check_version,
)
from nape_bench.data.registry import dataset_specs, published_version
from nape_bench.errors import DataError, NapeError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from nape_bench.data.importers.records import Record, Records
    from nape_bench.data.info import LabelInfo
    from nape_bench.data.rows import Rows


def import_table(
    file: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
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
    progress: bool = True,
) -> tuple[list[Path], ImportReport]:
    """Make a dataset in the local store from CSV, TSV, Parquet, JSON or JSON lines files.

        import_table("nats_bench.csv", space="nb201", spec=["ArchitectureString"],
                     labels={"cifar10": "CIFAR10TestAccuracy200Epochs"}, name="nape/nb201")

    Rows keep the order of the file; splits go by the group of each architecture. The same file
    gives the same dataset, byte for byte with the same version of pyarrow.

    Args:
        file: The table (`records.read_records` says what each ending must hold), or several with
            the same columns, whose rows follow each other.
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
        progress: Whether to show progress on stderr.

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
    files = [file] if isinstance(file, (str, os.PathLike)) else list(file)
    paths = [Path(each).expanduser() for each in files]
    if each and config is not None:
        raise DataError("each label has a config of its own name: config is not for each")
    config = next(iter(labels), "") if config is None else config
    _check_names(name, version, config, labels, each=each)
    reader = SpecReader(space_of(space), spec, spec_fields)
    tables = _read_tables(paths, [*reader.columns, *labels.values()])
    named = name_labels(labels, tables[0].columns)
    check_labels(named)
    configs = _each(named) if each else {config: list(named)}
    _check_unpublished(name, configs)
    unit_of = match_labels("units", units or {}, named)
    lower = match_labels("lower_is_better", lower_is_better, named)
    builder, repeats = RowsBuilder(reader.space), Repeats(named, on_duplicate)
    report = ImportReport(read=sum(len(table.records) for table in tables))
    progress_bar = tqdm(
        _rows(paths, tables), f"import {paths[0].name}", report.read, unit="row",
        disable=not progress,
    )  # fmt: skip
    for path, place, record in progress_bar:
        where = place if len(paths) == 1 else f"{path.name}, {place}"
        try:
            _add(record, where, reader, named, missing, builder, repeats)
        except NapeError as error:
            if not skip_bad:
                raise DataError(
                    f"{path}, {place}: {error}; nothing was imported (skip_bad, --skip-bad, "
                    "leaves such rows out)"
                ) from error
            report.skipped.append(SkippedRow(where, str(error)))
    listed = ", ".join([path.name for path in paths])
    if not len(builder):
        read = ", ".join(map(str, paths))
        raise DataError(f"{read}: none of its rows can be read; {report.summary()}")
    values = repeats.labels()
    _check_values(listed, named, values)
    splits = split_rows(builder.rows(values))
    report.finish(repeats, splits)

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
    told = provenance(paths, options, rows=report.read, skipped=len(report.skipped))
    label_units = {label: (units or {})[given] for label, given in unit_of.items()}
    said = label_infos(named, values, listed, label_units, lower)
    extra = {FILE_NAME: report.to_json()} if report.skipped else {}
    info = _info(name, space, listed)
    folders = [
        store.put(name, version, config, info, _with(chosen, said, told, splits), extra=extra)
        for config, chosen in configs.items()
    ]
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


def _with(
    chosen: Sequence[str],
    said: Mapping[str, LabelInfo],
    told: dict[str, Any],
    splits: Mapping[str, Rows],
) -> ConfigData:
    """Return a config of some of the labels, of which the first is the target."""
    parts = {
        split: replace(rows, labels={label: rows.labels[label] for label in chosen})
        for split, rows in splits.items()
    }
    return ConfigData(chosen[0], {label: said[label] for label in chosen}, told, parts)


def _read_tables(paths: Sequence[Path], columns: Sequence[str]) -> list[Records]:
    """Read the files, of which all must give the same columns."""
    if not paths:
        raise DataError("no file was named")
    tables = [read_records(path, columns) for path in paths]
    for path, table in zip(paths, tables, strict=True):
        if table.columns != tables[0].columns:
            raise DataError(
                f"{path} has other columns than {paths[0]} for a pattern among {', '.join(columns)}"
            )
    return tables


def _rows(paths: Sequence[Path], tables: Sequence[Records]) -> Iterator[tuple[Path, str, Record]]:
    """Go through all rows with their file and where in it they stand ("line 7")."""
    for path, table in zip(paths, tables, strict=True):
        for record in table.records:
            yield path, f"{table.unit} {record.number}", record


def _add(
    record: Record,
    where: str,
    reader: SpecReader,
    labels: Mapping[str, str],
    missing: Collection[str],
    builder: RowsBuilder,
    repeats: Repeats,
) -> None:
    """Read one record into `builder` and `repeats`, into both or neither."""
    if record.error:
        raise DataError(record.error)
    spec = reader.value(record.cells)
    row_id = builder.id_of(spec)
    values = [label_value(column, record.cells, missing) for column in labels.values()]
    if row_id not in repeats:
        builder.add(spec)
    repeats.add(row_id, where, values)


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
