"""Writing a dataset: one folder, laid out as its Hub repository, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.atomic import new_file, new_folder, write_text
from nape_bench.data import info as checks
from nape_bench.data.content import CHUNK, content_hash
from nape_bench.data.manifest import (
    FILE_NAME,
    ConfigInfo,
    Manifest,
    SplitInfo,
    data_file,
    to_json,
)
from nape_bench.data.parquet import SMALL, arrow_size, write_rows
from nape_bench.data.readme import plain_card, readme
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.data.info import ConfigData, DatasetInfo


def describe(
    name: str, version: str, info: DatasetInfo, configs: Mapping[str, ConfigData]
) -> Manifest:
    """Return the manifest of a dataset: checks names and rows, and takes the content hashes.

    Raises:
        DataError: A name is not one that files or columns can have, a config has no rows, its
            labels are not those that it describes, an id stands in two rows, or a group in two
            splits.
    """
    checks.check_name(name)
    checks.check_version(version)
    described = {}
    for config, data in configs.items():
        checks.check_config(config)
        checks.check_labels(data.labels)
        _check(f"{name}, config {config}", data)
        splits = {
            split: SplitInfo(len(rows), content_hash(rows)) for split, rows in data.splits.items()
        }
        described[config] = ConfigInfo(data.target, dict(data.labels), data.provenance, splits)
    return Manifest(name, version, info, described)


def write_folder(
    folder: Path,
    manifest: Manifest,
    configs: Mapping[str, ConfigData],
    *,
    card: str | None = None,
    extra: Mapping[str, str | bytes] | None = None,
    level: int = SMALL,
) -> None:
    """Write a dataset folder: Parquet files, README.md, then the manifest.

    Args:
        folder: Where to; it must not be there.
        manifest: What `describe` gave for `configs`.
        configs: The labelled rows.
        card: Body of README.md; by default what the manifest says, in tables.
        extra: More files, name -> content, text or bytes.
        level: How much Parquet files are compressed (`parquet`).

    Raises:
        DataError: The folder is there already, or cannot be written; nothing is left behind.
    """
    sizes = {}
    try:
        with new_folder(folder) as temporary:
            for config, data in configs.items():
                for split, rows in data.splits.items():
                    path = temporary / data_file(config, split)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    in_memory = write_rows(path, rows, level)
                    sizes[config, split] = (path.stat().st_size, in_memory)
            body = plain_card(manifest) if card is None else card
            write_text(temporary / "README.md", readme(manifest, sizes, body))
            for file_name, content in (extra or {}).items():
                if isinstance(content, str):
                    write_text(temporary / file_name, content)
                else:
                    (temporary / file_name).write_bytes(content)
            write_text(temporary / FILE_NAME, to_json(manifest))
    except OSError as error:
        raise DataError(f"{folder} could not be written, nothing is left of it: {error}") from error


def rewrite_card(
    folder: Path,
    manifest: Manifest,
    configs: Mapping[str, ConfigData],
    card: str,
    extra: Mapping[str, str] | None = None,
) -> None:
    """Write the card of a dataset folder that is there anew.

    Args:
        folder: The folder.
        manifest: Its manifest.
        configs: The labelled rows that it holds.
        card: Body of README.md.
        extra: Files beside it that go with the card, name -> text.
    """
    sizes = {
        (config, split): ((folder / data_file(config, split)).stat().st_size, arrow_size(rows))
        for config, data in configs.items()
        for split, rows in data.splits.items()
    }
    for name, text in {"README.md": readme(manifest, sizes, card), **(extra or {})}.items():
        with new_file(folder / name) as temporary:
            write_text(temporary, text)


def _check(where: str, data: ConfigData) -> None:
    if data.target not in data.labels:
        raise DataError(f"{where}: target {data.target!r} is none of its labels")
    if not any(len(rows) for rows in data.splits.values()):
        raise DataError(f"{where}: there is no row to write")
    seen: dict[str, str] = {}
    homes: dict[str, str] = {}
    for split, rows in data.splits.items():
        if list(rows.labels) != list(data.labels):
            raise DataError(f"{where}: split {split} has labels {', '.join(rows.labels)}")
        for chunk in rows.chunks(CHUNK):
            for row_id in chunk.texts["id"].to_pylist():
                if row_id in seen:
                    raise DataError(f"{where}: {row_id} stands in {seen[row_id]} and in {split}")
                seen[row_id] = split
            for group in chunk.texts["group"].to_pylist():
                if homes.setdefault(group, split) != split:
                    raise DataError(f"{where}: group {group} is in {homes[group]} and in {split}")
