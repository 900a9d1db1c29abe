"""Where imported labels come from: the files, and the command that imports them again."""

from __future__ import annotations

import hashlib
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


def provenance(
    paths: Sequence[Path], options: Mapping[str, Iterable[str]], *, rows: int, skipped: int
) -> dict[str, Any]:
    """Return the provenance of a config, plain JSON.

    Args:
        paths: The files, in the order in which they were read.
        options: Option of the command -> its values, a flag's value being empty.
        rows: Rows of all files.
        skipped: Rows that were left out.
    """
    names, digests = [path.name for path in paths], [_sha256(path) for path in paths]
    single = len(paths) == 1
    return {
        "importer": "table",
        "file": names[0] if single else names,
        "sha256": digests[0] if single else digests,
        "rows": rows,
        "rows_skipped": skipped,
        "command": _command(names, options),
    }


def _command(files: Sequence[str], options: Mapping[str, Iterable[str]]) -> str:
    """Return the command line that does this import; a flag stands once for each value."""
    words = ["nape-bench", "import", "table", *files]
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
