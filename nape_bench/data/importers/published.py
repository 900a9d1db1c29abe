"""From published caches to datasets: what the importers of GENNAPE and AIO-P share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.build import RowsBuilder
from nape_bench.data.importers.computation_graphs import NodeRows, PublishedGraph, short
from nape_bench.data.importers.graph_check import DIGITS, comparable_hash, difference, normalise
from nape_bench.data.importers.graph_report import GraphReport
from nape_bench.data.importers.repeats import Repeats
from nape_bench.data.importers.report import SkippedRow
from nape_bench.errors import DataError, NapeError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.data.importers.graph_check import Normal
    from nape_bench.data.spool import Spool, Spooled

BATCH = 1024
"""Graphs that are compared at once."""


@dataclass(frozen=True)
class Published:
    """One architecture as it was published.

    Attributes:
        number: Its number in the file, from 1.
        where: Where it stands, for messages: "entry 7 (byte 1,234)".
        graph: Its graph.
        config: Its configuration, in any form that the space reads.
        labels: Label -> value, NaN where there is none.
    """

    number: int
    where: str
    graph: PublishedGraph
    config: Any
    labels: Mapping[str, float]


@dataclass
class Collection:
    """The architectures of one family that a file holds, on their way to a dataset.

    Args:
        family: The space.
        file: What messages call the file.
        rows: The rows of its nodes.
        on_duplicate: What becomes of an architecture that comes with different labels (`repeats`).
        skip_bad: Leave out what cannot be read; else it stops the import.
        spool: Where architectures wait on disk until all are read.
    """

    family: str
    file: str
    rows: NodeRows
    on_duplicate: str
    skip_bad: bool
    spool: Spool
    report: GraphReport = field(default_factory=GraphReport)

    def __post_init__(self) -> None:
        self._builder = RowsBuilder(space_of(self.family))
        self._repeats: Repeats | None = None
        self._labels: list[str] = []
        self._waiting: list[Published] = []
        self._skipped: dict[int, SkippedRow] = {}

    def add(self, entry: Published) -> None:
        """Add an architecture.

        Raises:
            DataError: It, or one that was added shortly before, cannot be read; it is named.
        """
        self._waiting.append(entry)
        if len(self._waiting) == BATCH:
            self._take()

    def skip(self, number: int, where: str, error: NapeError) -> None:
        """Note that an entry cannot be read.

        Raises:
            DataError: Such entries are not to be left out.
        """
        reason = " ".join(str(error).split())[:400]
        if not self.skip_bad:
            raise DataError(
                f"{self.file}, {where}: {reason}; nothing was imported (skip_bad, --skip-bad, "
                "leaves such entries out)"
            ) from error
        self._skipped[number] = SkippedRow(where, reason)

    def finish(self) -> dict[str, Spooled]:
        """Return the rows of each split, which can be read as long as the spool's folder is there.

        Raises:
            DataError: No architecture can be read.
        """
        if self._waiting:
            self._take()
        self.report.skipped += [self._skipped[number] for number in sorted(self._skipped)]
        if self._repeats is None or not len(self._builder):
            raise DataError(
                f"{self.file}: none of its architectures of {self.family} can be read; "
                f"{self.report.summary()}"
            )
        labels = self._repeats.labels()
        # Some files have a column that they never fill.
        given = {name: values for name, values in labels.items() if not np.isnan(values).all()}
        splits = self.spool.splits(given)
        self.report.finish(self._repeats, splits)
        return splits

    def _take(self) -> None:
        """Build the architectures that wait, and compare the graphs with the published ones."""
        entries, self._waiting = self._waiting, []
        normal = normalise([entry.graph for entry in entries], self.rows)
        numbers, places = [], []
        for number, entry in enumerate(entries):
            place = self._row(entry, normal.wrong.get(number))
            if place is not None:
                numbers.append(number)
                places.append(place)
        if not numbers:
            return
        hashes = self._builder.hashes(places).astype(f"U{DIGITS}")
        same = hashes == normal.hashes[numbers]
        for rows in self._builder.drain():
            self.spool.add(rows)
        self.report.graphs_same += int(same.sum())
        others = [number for number, is_same in zip(numbers, same, strict=True) if not is_same]
        self._look_closer([entries[number] for number in others], others, normal)

    def _row(self, entry: Published, wrong: str | None) -> int | None:
        """Add an architecture; return the number of its row, None where it has to be left out."""
        try:
            if wrong:
                raise DataError(f"graph {entry.graph.name}: {wrong}")
            return self._place(entry)
        except NapeError as error:
            self.skip(entry.number, entry.where, error)
            return None

    def _place(self, entry: Published) -> int:
        builder = self._builder
        if self._repeats is None:
            self._labels = list(entry.labels)
            self._repeats = Repeats(self._labels, self.on_duplicate)
        if list(entry.labels) != self._labels:
            raise DataError(
                f"it has the labels {', '.join(entry.labels)}, those before it "
                f"{', '.join(self._labels)}"
            )
        spec = builder.space.normalise(entry.config)
        row_id = builder.id_of(spec)
        if row_id not in self._repeats:
            builder.add(spec, row_id)
        self._repeats.add(row_id, entry.where, list(entry.labels.values()))
        return self._repeats.place(row_id)

    def _look_closer(
        self, entries: Sequence[Published], numbers: Sequence[int], normal: Normal
    ) -> None:
        """Say how graphs differ that have not the hash of the one of their specification.

        They are compared with graphs of the same input size, of which the authors' code would have
        lost what it loses.
        """
        space = self._builder.space
        for entry, number in zip(entries, numbers, strict=True):
            published = normal.flat.part(number, number + 1)
            spec = space.normalise(entry.config)
            ours, told, size = space.build(spec), "", ""
            pixels, usual = int(published.columns["h_in"][0]), int(ours.column("h_in")[0])
            if pixels != usual:
                size = f"input of {pixels} pixels, not {usual}; "
                ours = space.build(spec, resolution=pixels)
            if comparable_hash(ours) != normal.hashes[number]:
                told = difference(published, ours)
            elif size:
                told = "else the same"
            self.report.compare(entry.graph.name, size + told)


def label(value: Any, name: str, low: float, high: float, *, needed: bool = False) -> float:
    """Return a label as a number, NaN where there is none.

    Args:
        value: What the file has.
        name: Its name there.
        low: The least that it can be.
        high: The most.
        needed: Whether it must be there.

    Raises:
        DataError: It is no number, not finite, or out of range.
    """
    if value is None and not needed:
        return math.nan
    if type(value) not in {int, float} or not low <= value <= high:
        raise DataError(f"{name} is {short(value)}, where a number of {low:g} to {high:g} expected")
    return float(value)
