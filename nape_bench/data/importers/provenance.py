"""Where imported labels come from: the files, and the command that imports them again."""

from __future__ import annotations

import hashlib
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nape_bench.data.importers.sources import Source


_LISTED = 100  # files that are named one by one


def provenance(
    sources: Sequence[Source], importer: str, command: str, *, rows: int, skipped: int
) -> dict[str, Any]:
    """Return the provenance of a config, plain JSON.

    Where there are more than 100 files, `sha256` is that of their digests, one after the other.

    Args:
        sources: The files, in the order in which they were read.
        importer: What read them.
        command: The command that does so again.
        rows: Rows of all files.
        skipped: Rows that were left out.
    """
    names, digests = [each.name for each in sources], [sha256(each) for each in sources]
    single = len(sources) == 1
    files: dict[str, Any] = {
        "file": names[0] if single else names,
        "sha256": digests[0] if single else digests,
    }
    if len(sources) > _LISTED:
        together = hashlib.sha256("".join(digests).encode()).hexdigest()
        files = {"files": f"{len(names):,}: {names[0]} to {names[-1]}", "sha256": together}
    return {
        "importer": importer,
        **files,
        "rows": rows,
        "rows_skipped": skipped,
        "command": command,
    }


def import_command(
    importer: str, files: Sequence[str], options: Mapping[str, Iterable[str]]
) -> str:
    """Return the command line that does an import.

    Args:
        importer: Its name: the command is `nape-bench import <importer>`.
        files: What it reads.
        options: Option of the command -> its values; a flag stands once for each, an empty text.
    """
    words = ["nape-bench", "import", importer, *files]
    for option, values in options.items():
        for value in values:
            words += [option, value] if value else [option]
    return shlex.join(words)


def sha256(source: Source) -> str:
    """Return the digest of a file."""
    digest = hashlib.sha256()
    with source.open() as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
