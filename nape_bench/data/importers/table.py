"""import_table: any table that has architecture and label columns becomes a dataset."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from nape_bench.data import store
from nape_bench.data.build import RowsBuilder, split_rows
from nape_bench.data.importers.cells import SpecReader, label_value
from nape_bench.data.importers.records import read_records
from nape_bench.data.importers.repeats import ERROR, Repeats
from nape_bench.data.importers.report import FILE_NAME, ImportReport, SkippedRow
from nape_bench.data.info import (
    ConfigData,
    DatasetInfo,
    LabelInfo,
    check_config,
    check_labels,
    check_name,
    check_version,
)
from nape_bench.data.registry import dataset_specs, published_version
from nape_bench.errors import DataError, NapeError
from nape_bench.registry import unknown_name
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from nape_bench.data.importers.records import Record


def import_table(
    file: str | os.PathLike[str],
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
    progress: bool = True,
) -> tuple[Path, ImportReport]:
    """Make a dataset in the local store from a CSV, TSV, Parquet, JSON or JSON lines file.

        import_table("nats_bench.csv", space="nb201", spec=["ArchitectureString"],
                     labels={"cifar10": "CIFAR10TestAccuracy200Epochs"}, name="nape/nb201")

    Rows keep the order of the file; splits go by the group of each architecture. The same file
    gives the same dataset, byte for byte with the same version of pyarrow.

    Args:
        file: The table (`records.read_records` says what each ending must hold).
        space: The space of its architectures.
        spec: The columns that make a specification (`cells.SpecReader`); "key=column" renames.
        labels: Label -> column; the first one is the target.
        name: The dataset, `owner/name`.
        config: The config; by default the first label's name.
        version: The version.
        spec_fields: Fields to add to all specifications, which must be dictionaries.
        skip_bad: Leave out rows that cannot be read and list them in `import_report.json` in the
            dataset folder; by default the first one stops the import.
        on_duplicate: What becomes of an architecture whose rows have different labels: "error",
            "mean" or "first". Rows that repeat one with the same labels are one row.
        units: Label -> unit.
        lower_is_better: Labels of which less is wanted.
        missing: Texts, beside empty cells and NaN, that stand for a missing label ("-1").
        progress: Whether to show progress on stderr.

    Returns:
        The dataset folder, and what was read, kept and left out. Where the same content is at
        hand already nothing is written.

    Raises:
        DataError: The file cannot be read, a row cannot (it is named, by its line where the file is
            text, else by its number, both from 1), the version is there with other content, or
            the config is one that the project publishes.
            Nothing is written then.
        UnknownNameError: No such space or column.
    """
    path = Path(file).expanduser()
    config = next(iter(labels), "") if config is None else config
    _check_names(
        name, version, config, labels, {"units": units or {}, "lower_is_better": lower_is_better}
    )
    published = published_version(name, config)
    if published is not None:
        raise DataError(
            f"config {config} of {name} is published (version {published}): give what you import "
            "another --config, or another --name"
        )
    reader = SpecReader(space_of(space), spec, spec_fields)
    records = read_records(path, [*reader.columns, *labels.values()])
    builder, repeats = RowsBuilder(reader.space), Repeats(labels, on_duplicate)
    report = ImportReport(read=len(records.records))
    for record in tqdm(records.records, f"import {path.name}", unit="row", disable=not progress):
        where = f"{records.unit} {record.number}"
        try:
            _add(record, where, reader, labels, missing, builder, repeats)
        except NapeError as error:
            if not skip_bad:
                raise DataError(
                    f"{path}, {where}: {error}; nothing was imported (skip_bad, --skip-bad, "
                    "leaves such rows out)"
                ) from error
            report.skipped.append(SkippedRow(where, str(error)))
    if not len(builder):
        raise DataError(f"{path}: none of its rows can be read; {report.summary()}")
    splits = split_rows(builder.rows(_checked(path, labels, repeats.labels())))
    report.finish(repeats, splits)

    options = {
        "--space": [space],
        "--spec": [",".join(spec)],
        "--label": [f"{label}={column}" for label, column in labels.items()],
        "--name": [name],
        "--config": [config],
        "--version": [version],
        "--spec-field": [f"{k}={json.dumps(v)}" for k, v in (spec_fields or {}).items()],
        "--skip-bad": [""] * skip_bad,
        "--on-duplicate": [on_duplicate] * (on_duplicate != ERROR),
        "--unit": [f"{label}={unit}" for label, unit in (units or {}).items()],
        "--lower-is-better": sorted(lower_is_better),
        "--missing": sorted(missing),
    }
    provenance = {
        "importer": "table",
        "file": path.name,
        "sha256": _sha256(path),
        "rows": report.read,
        "rows_skipped": len(report.skipped),
        "command": _command(path.name, options),
    }
    said = {
        label: LabelInfo(
            meaning=f"column {column} of {path.name}",
            unit=(units or {}).get(label, ""),
            higher_is_better=label not in lower_is_better,
            source=path.name,
        )
        for label, column in labels.items()
    }
    data = ConfigData(next(iter(labels)), said, provenance, splits)
    extra = {FILE_NAME: report.to_json()} if report.skipped else {}
    folder = store.put(name, version, config, _info(name, space, path), data, extra=extra)
    return folder, report


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
    name: str,
    version: str,
    config: str,
    labels: Collection[str],
    options: Mapping[str, Collection[str]],
) -> None:
    if not labels:
        raise DataError("no label was named: label -> column expected")
    check_name(name)
    check_version(version)
    check_config(config)
    check_labels(labels)
    for option, named in options.items():
        for label in named:
            if label not in labels:
                raise unknown_name(f"label in {option}", label, labels)


def _checked(
    path: Path, labels: Mapping[str, str], values: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    for label, column in labels.items():
        if np.isnan(values[label]).all():
            raise DataError(f"{path}: column {column} (label {label}) holds no number")
    return values


def _info(name: str, space: str, path: Path) -> DatasetInfo:
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
        description=f"Architectures of {space_of(space).title} with labels from {path.name}.",
        licence="unknown",
        citation="",
    )


def _command(file: str, options: Mapping[str, Iterable[str]]) -> str:
    """Return the command line that does this import; a flag stands once for each value."""
    words = ["nape-bench", "import", "table", file]
    for option, values in options.items():
        for value in values:
            words += [option, value] if value else [option]
    return shlex.join(words)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
