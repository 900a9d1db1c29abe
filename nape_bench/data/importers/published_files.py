"""Importing the files of a published release: which there are, and one dataset of each family."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from nape_bench.atomic import scratch_folder
from nape_bench.data import store
from nape_bench.data.importers.computation_graphs import NodeRows, read_graph, short
from nape_bench.data.importers.from_hub import bring
from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.json_entries import read_json_entries
from nape_bench.data.importers.provenance import import_command
from nape_bench.data.importers.published import Collection, Published
from nape_bench.data.importers.repeats import ON_DUPLICATE
from nape_bench.data.importers.report import FILE_NAME
from nape_bench.data.importers.sources import find_release
from nape_bench.data.info import ConfigData, LabelInfo, check_version
from nape_bench.data.pickles import Limits, read_entries
from nape_bench.data.pickles.references import scan
from nape_bench.data.places import home
from nape_bench.data.registry import dataset_specs
from nape_bench.data.spool import Spool
from nape_bench.errors import DataError, NapeError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from nape_bench.data.importers.graph_report import GraphReport
    from nape_bench.data.importers.sources import Source
    from nape_bench.data.pickles.references import References
    from nape_bench.data.spool import Spooled

Imported = tuple[Path, "GraphReport"]
"""A dataset folder, and what was read, kept and left out."""

MAIN = "main"
FLOPS, PARAMS = "flops", "params"
_MILLION = 1e6


@dataclass(frozen=True)
class Layout:
    """What files of one kind hold.

    Attributes:
        families: The spaces of their architectures; where there are several, the beginning of a
            graph's name that tells them apart -> the space.
        config: The config that they become.
        task: What the labels were measured on.
        pickled: Whether they are pickles; else JSON.
        read: Takes an entry apart: the graph, the configuration, and label -> value.
        accuracy: What the label `accuracy` holds, and its unit.
    """

    families: Mapping[str, str]
    config: str
    task: str
    pickled: bool
    read: Callable[[Any], tuple[Any, Any, dict[str, float]]]
    accuracy: tuple[str, str]

    def family_of(self, name: str) -> str:
        """Return the space of a graph of this name.

        Raises:
            DataError: It is of none of the families that the file holds.
        """
        if len(self.families) == 1:
            return next(iter(self.families.values()))
        for beginning, family in self.families.items():
            if name.startswith(beginning):
                return family
        known = ", ".join(self.families)
        raise DataError(f"graph {short(name)}: the name of a graph begins with one of {known}")


@dataclass(frozen=True)
class Release:
    """A published release.

    Attributes:
        importer: Its name: the command is `nape-bench import <importer>`.
        source: What to cite.
        layout: File name -> what it holds, None for files of other kinds.
        files: The names that its files have, for messages.
        repository: Where at the Hub its authors put it, `owner/name`.
    """

    importer: str
    source: str
    layout: Callable[[str], Layout | None]
    files: str
    repository: str

    def has(self, name: str) -> bool:
        """Return whether a file of this name is one of its files."""
        return self.layout(name) is not None


def import_release(
    release: Release,
    path: str | os.PathLike[str] | None,
    *,
    revision: str | None,
    version: str,
    skip_bad: bool,
    on_duplicate: str,
    progress: bool,
) -> list[Imported]:
    """Make datasets of all files of a release that a path stands for (`sources.find_sources`).

    Without a path they are brought from the Hub, at a revision.

    Raises:
        DataError: There is no such file, or one cannot be read; the message names it and what was
            imported before. Of the file itself nothing is.
        HubError: The Hub cannot be asked, or has no such revision.
    """
    check_version(version)
    if on_duplicate not in ON_DUPLICATE:
        raise DataError(f"on_duplicate is one of {', '.join(ON_DUPLICATE)}, not {on_duplicate!r}")
    commit = ""
    if path is None:
        path, commit = bring(release.repository, revision or MAIN, release.has, release.files)
    elif revision is not None:
        raise DataError(f"revision {revision} is of the Hub: {path} is imported as it is")
    choices = Choices(version, skip_bad, on_duplicate, progress, commit)
    sources = find_release(path, release.has, release.files)
    done: list[Imported] = []
    for source in sources:
        layout = release.layout(source.name)
        if layout is None:
            continue
        one = _File(release, source, layout, choices)
        try:
            done += one.datasets()
        except NapeError as error:
            if not done:
                raise
            folders = ", ".join(str(folder) for folder, _ in done)
            raise DataError(f"{error} (imported before: {folders})") from error
    return done


@dataclass(frozen=True)
class _File:
    """One file of a release, and how it is to be imported."""

    release: Release
    source: Source
    layout: Layout
    choices: Choices

    def datasets(self) -> list[Imported]:
        """Read it all, then put a dataset of each family into the store.

        Architectures wait on disk meanwhile, so that memory does not grow with the graphs.
        """
        with self.source.open() as file:
            references = scan(file, self.source.where, Limits())
        rows = NodeRows()
        with ExitStack() as stack:
            try:
                collections = {
                    family: self._collection(family, rows, stack)
                    for family in dict.fromkeys(self.layout.families.values())
                }
                return self._read(references, collections)
            except OSError as error:
                raise DataError(
                    f"{self.source.where}: architectures cannot wait on disk below {home()}, "
                    f"nothing was imported: {error}"
                ) from error

    def _collection(self, family: str, rows: NodeRows, stack: ExitStack) -> Collection:
        spool = stack.enter_context(Spool(stack.enter_context(scratch_folder(home()))))
        chosen = self.choices
        return Collection(
            family, self.source.where, rows, chosen.on_duplicate, chosen.skip_bad, spool
        )

    def _read(
        self, references: References, collections: Mapping[str, Collection]
    ) -> list[Imported]:
        rows = next(iter(collections.values())).rows
        first = next(iter(collections.values()))
        bar = tqdm(
            self._values(references), f"import {self.source.name}", unit="graph",
            disable=not self.choices.progress,
        )  # fmt: skip
        for number, (where, value) in enumerate(bar, start=1):
            # What cannot be told to be of a family counts for the first.
            collection = first
            try:
                graph, config, labels = self.layout.read(value)
                read = read_graph(graph, rows)
                collection = collections[self.layout.family_of(read.name)]
            except NapeError as error:
                collection.report.read += 1
                collection.skip(number, where, error)
                continue
            collection.report.read += 1
            collection.add(Published(number, where, read, config, labels))
        found = [each for each in collections.values() if each.report.read] or [first]
        finished = [(each, each.finish()) for each in found]
        return [self._put(each, splits, references) for each, splits in finished]

    def _values(self, references: References) -> Iterator[tuple[str, Any]]:
        """Go through the entries, with where they stand."""
        with self.source.open() as file:
            if self.layout.pickled:
                entries = read_entries(file, self.source.where, references)
                for number, entry in enumerate(entries, start=1):
                    yield f"entry {number} (byte {entry.position:,})", entry.value
            else:
                values = read_json_entries(file, self.source.where)
                for number, (_, value, position) in enumerate(values, start=1):
                    yield f"entry {number} (character {position:,})", value

    def _put(
        self, collection: Collection, splits: Mapping[str, Spooled], references: References
    ) -> Imported:
        report, family = collection.report, collection.family
        commit = self.choices.commit
        name = f"nape/{family}"
        labels = {
            label: np.concatenate([rows.labels[label] for rows in splits.values()])
            for label in next(iter(splits.values())).labels
        }
        told = {
            "importer": self.release.importer,
            "source": self.release.source,
            **({"repository": f"{self.release.repository}@{commit}"} if commit else {}),
            "file": self.source.name,
            "sha256": references.sha256,
            "family": family,
            "task": self.layout.task,
            "entries": report.read,
            "entries_skipped": len(report.skipped),
            "graphs": "built from the specifications, and compared with the published ones",
            **{f"graphs_{key}": value for key, value in report.graphs.items()},
            "command": import_command(
                self.release.importer,
                [] if commit else [self.source.name],
                self.choices.command_options(),
            ),
        }
        said = {label: self._said(label, values) for label, values in labels.items()}
        data = ConfigData(next(iter(said)), said, told, splits)
        extra = {FILE_NAME: report.to_json()} if report.skipped else {}
        info = dataset_specs()[name].info
        folder = store.put(name, self.choices.version, self.layout.config, info, data, extra=extra)
        return folder, report

    def _said(self, label: str, values: np.ndarray) -> LabelInfo:
        """Say what a label holds: the authors' values as they stand in the file."""
        source = f"{self.release.source}: {self.source.name}"
        if label == FLOPS:
            large = values[~np.isnan(values)] > _MILLION
            # The authors' loaders take what is above a million for FLOPs, else for 10^9 of them.
            unit = "FLOPs" if large.all() else "" if large.any() else "GFLOPs"
            return LabelInfo("FLOPs as the authors counted them", unit, False, source)
        if label == PARAMS:
            return LabelInfo("parameters as the authors counted them", "", False, source)
        meaning, unit = self.layout.accuracy
        if label != "accuracy":
            meaning, unit = f"{label}, as in the authors' metric_map", "%"
        return LabelInfo(meaning, unit, True, source)
