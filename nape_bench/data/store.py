"""Putting a dataset into the local store. A version that is there is never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.parquet import FAST
from nape_bench.data.places import find_all, store_folder
from nape_bench.data.registry import dataset_specs
from nape_bench.data.write import describe, write_folder
from nape_bench.errors import DataError, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.data.info import ConfigData, DatasetInfo
    from nape_bench.data.manifest import ConfigInfo, Manifest
    from nape_bench.data.places import Found


def put(
    name: str,
    version: str,
    config: str,
    info: DatasetInfo,
    data: ConfigData,
    *,
    extra: Mapping[str, str] | None = None,
) -> Path:
    """Write one config of a version into the local store.

    Args:
        name: `owner/name`.
        version: The version, as in v1.0.
        config: The config.
        info: What the dataset is.
        data: The labelled rows.
        extra: More text files for the folder, name -> content.

    Returns:
        The dataset folder. Where the same content is at hand already, in the store or in the
        package, nothing is written and its folder is returned.

    Raises:
        DataError: The version is at hand with other content or other labels, or cannot be written.
        IntegrityError: The project publishes this version, with other content.
    """
    manifest = describe(name, version, info, {config: data})
    told = manifest.configs[config]
    check_pin(manifest, config, "what was to be written")
    present = find_all(name).get((name, config, version))
    if present is not None:
        _check_same(present, told)
        return present.folder
    folder = store_folder(name, version, config)
    try:
        write_folder(folder, manifest, {config: data}, extra=extra, level=FAST)
    except DataError:
        # Another process may have written it meanwhile; then it must be the same.
        present = find_all(name).get((name, config, version))
        if present is None:
            raise
        _check_same(present, told)
    return folder


def check_pin(manifest: Manifest, config: str, what: str) -> None:
    """Check a config against the content hash that the registry pins for its version, if any.

    Raises:
        IntegrityError: They differ.
    """
    specs = dataset_specs()
    pin = None
    if manifest.name in specs:
        pin = specs[manifest.name].pin(config, manifest.version)
    found = manifest.configs[config].content_hash
    if pin is not None and pin != found:
        raise IntegrityError(
            f"{what} is not {manifest.name} {manifest.version}, config {config}: its content hash "
            f"is {found}, the published one is {pin}; take another name or version for other data"
        )


def _check_same(present: Found, told: ConfigInfo) -> None:
    manifest = present.manifest
    where = f"{manifest.name} {manifest.version}, config {present.config}, is in {present.folder}"
    advice = "a version is never changed: take another one, or remove that folder"
    if present.info.split_hashes != told.split_hashes:
        raise DataError(f"{where} with other content; {advice}")
    if (present.info.target, present.info.labels) != (told.target, told.labels):
        raise DataError(
            f"{where} with the same rows but another target or other descriptions of its labels; "
            f"{advice}"
        )
