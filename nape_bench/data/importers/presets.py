"""Published tables whose columns are known: `import table` without having to spell them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nape_bench.data.importers.provenance import import_command
from nape_bench.data.importers.table import import_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.data.importers.gathering import Choices
    from nape_bench.data.importers.report import ImportReport
    from nape_bench.data.importers.sources import Source


@dataclass(frozen=True)
class Preset:
    """A published table.

    Attributes:
        files: Names of its files, a regular expression; several are one table.
        family: The space; the dataset is `nape/<family>`.
        cite: What to cite for the labels.
        task: What they were measured on.
        options: What `import_table` is told besides.
    """

    files: str
    family: str
    cite: str
    task: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, name: str) -> bool:
        """Return whether a file of this name belongs to the table."""
        return re.fullmatch(self.files, name) is not None


def import_presets(
    importer: str,
    presets: Sequence[Preset],
    sources: Sequence[Source],
    choices: Choices,
    given: str = "",
) -> list[tuple[Path, ImportReport]]:
    """Make datasets of the tables that are among the files.

    Args:
        importer: Its name: the command is `nape-bench import <importer>`.
        presets: The tables that there may be.
        sources: The files.
        choices: What the user chose.
        given: What the command was given, where it is not the first of a table's files.

    Returns:
        The folder of each config, with what was read, kept and left out.

    Raises:
        DataError: A row cannot be read. Nothing of that table is written then.
    """
    done = []
    for preset in presets:
        files = [source for source in sources if preset.matches(source.name)]
        if not files:
            continue
        named = given or files[0].name
        folders, report = import_table(
            files,
            space=preset.family,
            name=f"nape/{preset.family}",
            version=choices.version,
            skip_bad=choices.skip_bad,
            on_duplicate=choices.on_duplicate,
            progress=choices.progress,
            importer=importer,
            command=import_command(importer, [named], choices.command_options()),
            about={"source": preset.cite, "family": preset.family, "task": preset.task},
            **preset.options,
        )
        done += [(folder, report) for folder in folders]
    return done
