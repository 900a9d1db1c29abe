"""Reading what labelling runs measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nape_bench.errors import DataError
from nape_bench.labels import store as stores


def read_labels(
    store: str | Path, *, space: str | None = None, version: str | None = None
) -> list[dict[str, Any]]:
    """Return the results in a store, one row for each architecture and seed.

    Args:
        store: Folder of a store.
        space: Only rows of this space.
        version: Only rows of this version of a measurement ("micro-1").

    Returns:
        Rows ordered by the time at which they were measured. Columns: `space`; `spec`, the
        architecture in plain JSON; `text`, the same as its space formats it; `measure`, `version`,
        `seed`, `time` (ISO 8601, UTC), `machine`; `error`, the reason why it failed, or None; and
        what the measurement gives: for micro `accuracy` (%, None if it diverged), `seconds` (of
        processor time) and `epochs`.

    Raises:
        DataError: There is no store, or a line of it is broken; the message names file and line.
    """
    folder = Path(store)
    if not (folder / "results").is_dir():
        raise DataError(f"{folder}: no label store (a folder with a folder `results`) is here")
    return [
        row
        for row in stores.rows(folder)
        if space in {None, row["space"]} and version in {None, row["version"]}
    ]
