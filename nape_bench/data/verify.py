"""Reading a split and checking that it holds what the manifest of its version says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.manifest import data_file
from nape_bench.data.parquet import read_rows
from nape_bench.data.places import HUB
from nape_bench.errors import DataError, IntegrityError

if TYPE_CHECKING:
    from nape_bench.data.places import Found
    from nape_bench.data.rows import Rows


def verified_rows(found: Found, split: str) -> Rows:
    """Read the rows of a split from its Parquet file.

    Args:
        found: The config that it belongs to.
        split: Its name, one of `found.info.splits`.

    Raises:
        IntegrityError: The file is missing or broken, or its content is not what the manifest says.
    """
    told = found.info.splits[split]
    path = found.folder / data_file(found.config, split)
    manifest = found.manifest
    what = f"{path} is not split {split} of {manifest.name} {manifest.version}"
    again = "load it" if found.source == HUB else "make it"
    advice = f"remove {found.removable} and {again} again, or load another copy with path="
    try:
        rows, content_hash = read_rows(path, list(found.info.labels))
    except DataError as error:
        raise IntegrityError(f"{what}: {error}; {advice}") from None
    if content_hash != told.content_hash:
        raise IntegrityError(
            f"{what}: expected content hash {told.content_hash}, found {content_hash}; {advice}"
        )
    if len(rows) != told.rows:
        raise IntegrityError(
            f"{what}: {len(rows)} rows, where the manifest tells of {told.rows}; {advice}"
        )
    return rows
