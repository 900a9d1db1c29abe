"""From architectures with labels, one after the other, to datasets: what table importers share."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.atomic import scratch_folder
from nape_bench.data import store
from nape_bench.data.build import RowsBuilder
from nape_bench.data.importers.repeats import ERROR, Repeats
from nape_bench.data.importers.report import FILE_NAME, ImportReport, SkippedRow
from nape_bench.data.info import ConfigData
from nape_bench.data.places import home
from nape_bench.data.spool import Spool
from nape_bench.errors import DataError, NapeError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from nape_bench.data.info import DatasetInfo, LabelInfo
    from nape_bench.data.spool import Spooled

BATCH = 1024
"""Graphs that are held before they go to the disk."""


@dataclass(frozen=True)
class Choices:
    """What a user chooses for an import.

    Attributes:
        version: The version of the datasets.
        skip_bad: Leave out what cannot be read; else it stops the import.
        on_duplicate: What becomes of an architecture that comes with different labels (`repeats`).
        progress: Whether to show progress on stderr.
        commit: The commit at the Hub that the files come from, empty where they were given.
    """

    version: str = "v1.0"
    skip_bad: bool = False
    on_duplicate: str = ERROR
    progress: bool = True
    commit: str = ""

    def command_options(self) -> dict[str, list[str]]:
        """Return option of the command -> its values, for the provenance."""
        return {
            "--from-hub": [""] * bool(self.commit),
            "--revision": [self.commit] * bool(self.commit),
            "--version": [self.version],
            "--skip-bad": [""] * self.skip_bad,
            "--on-duplicate": [self.on_duplicate] * (self.on_duplicate != ERROR),
        }


class Gathering:
    """Gathers the architectures of a family, with labels, in the order in which they come.

    Their graphs wait on disk, below `places.home`, for as long as the `with` block lasts.

    Args:
        family: The space.
        labels: Names of the labels.
        choices: What becomes of what cannot be read, or comes twice.

    Attributes:
        report: What was read, kept and left out.
    """

    def __init__(self, family: str, labels: Sequence[str], choices: Choices) -> None:
        self._builder = RowsBuilder(space_of(family))
        self._repeats = Repeats(labels, choices.on_duplicate)
        self._skip_bad = choices.skip_bad
        self._open = ExitStack()
        self.report = ImportReport()

    def __enter__(self) -> Gathering:
        with ExitStack() as stack, _on_disk():
            folder = stack.enter_context(scratch_folder(home()))
            self._spool = stack.enter_context(Spool(folder))
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(
        self, file: str, where: str, row: str, read: Callable[[], tuple[Any, Sequence[float]]]
    ) -> None:
        """Add an architecture.

        Args:
            file: What messages call the file.
            where: Where in it the architecture stands, for messages.
            row: The same for the report.
            read: Gives its specification in normal form, and its labels.

        Raises:
            DataError: It cannot be read, and such ones are not to be left out.
        """
        self.report.read += 1
        try:
            spec, values = read()
            row_id = self._builder.id_of(spec)
            if row_id not in self._repeats:
                self._builder.add(spec)
            self._repeats.add(row_id, row, values)
            if len(self._builder) % BATCH == 0:
                self._drain()
        except NapeError as error:
            if not self._skip_bad:
                raise DataError(
                    f"{file}, {where}: {error}; nothing was imported (skip_bad, --skip-bad, "
                    "leaves such rows out)"
                ) from error
            self.report.skipped.append(SkippedRow(row, str(error)))

    def finish(self, files: str) -> tuple[dict[str, np.ndarray], dict[str, Spooled]]:
        """Return the labels of all architectures, and the rows of each split.

        The rows can be read until the `with` block ends.

        Args:
            files: What messages call what was read.

        Raises:
            DataError: No architecture can be read.
        """
        if not len(self._builder):
            raise DataError(f"{files}: none of its rows can be read; {self.report.summary()}")
        self._drain()
        values = self._repeats.labels()
        splits = self._spool.splits(values)
        self.report.finish(self._repeats, splits)
        return values, splits

    def put(
        self,
        name: str,
        version: str,
        info: DatasetInfo,
        configs: Mapping[str, Sequence[str]],
        said: Mapping[str, LabelInfo],
        told: Mapping[str, dict[str, Any]],
        splits: Mapping[str, Spooled],
    ) -> list[Path]:
        """Put datasets into the local store.

        Args:
            name: The dataset.
            version: Its version.
            info: What it is.
            configs: Config -> its labels, of which the first is the target.
            said: Label -> what it holds.
            told: Config -> provenance.
            splits: What `finish` gave.

        Returns:
            The folder of each.
        """
        extra = {FILE_NAME: self.report.to_json()} if self.report.skipped else {}
        return [
            store.put(
                name, version, config, info, _part(chosen, said, told[config], splits), extra=extra
            )
            for config, chosen in configs.items()
        ]

    def _drain(self) -> None:
        """Put the architectures that are held on disk."""
        with _on_disk():
            for rows in self._builder.drain():
                self._spool.add(rows)


@contextmanager
def _on_disk() -> Iterator[None]:
    """Turn what goes wrong on disk into our error."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"architectures cannot wait on disk below {home()}, nothing was imported: {error}"
        ) from error


def _part(
    chosen: Sequence[str],
    said: Mapping[str, LabelInfo],
    told: dict[str, Any],
    splits: Mapping[str, Spooled],
) -> ConfigData:
    """Return a config of some of the labels, of which the first is the target."""
    parts = {split: rows.chosen(chosen) for split, rows in splits.items()}
    return ConfigData(chosen[0], {label: said[label] for label in chosen}, told, parts)
