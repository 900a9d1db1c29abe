"""Task: a protocol on the data that it names, opened and checked."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import DataError, ProtocolError
from nape_bench.evaluation.few_labels import draw
from nape_bench.evaluation.protocols.base import ALL, Protocol
from nape_bench.evaluation.subsets import find_subsets
from nape_bench.graph import GraphTable
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from nape_bench.data import Dataset, Split
    from nape_bench.predictors import Predictor

KNOWN_SEED = 2**20
"""Seed of the rows of which other labels are known, where it is not every row; no run has it."""


@dataclass(frozen=True)
class Rows:
    """Labelled architectures.

    Attributes:
        ids: Their ids.
        graphs: Their graphs.
        y: Their labels, float64 [rows], all finite.
        groups: The `group` key of each, str [rows].
    """

    ids: list[str]
    graphs: GraphTable
    y: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """Return some rows, by their numbers."""
        ids = [self.ids[row] for row in rows.tolist()]
        return Rows(ids, self.graphs[rows], self.y[rows], self.groups[rows])


@dataclass(frozen=True)
class Known:
    """Other labels of architectures that a predictor may see.

    Attributes:
        graphs: The architectures.
        labels: Label -> values, float64 [rows], NaN where there is none.
    """

    graphs: GraphTable
    labels: Mapping[str, np.ndarray]

    @property
    def count(self) -> int:
        """The number of labels."""
        return sum(int(np.isfinite(values).sum()) for values in self.labels.values())


@dataclass(frozen=True)
class DatasetFacts:
    """Which labels a result is about.

    Attributes:
        name: "<owner>/<name>".
        config: The set of labels.
        version: The dataset's version.
        source: Where it was found: "path", "store" or "package".
        content_hash: The hash over the content of all splits.
        split_hashes: The hash over the content of each split.
        target: The label column.
        unit: Its unit, "" where it has none.
        higher_is_better: Its direction.
    """

    name: str
    config: str
    version: str
    source: str
    content_hash: str
    split_hashes: Mapping[str, str]
    target: str
    unit: str
    higher_is_better: bool


@dataclass(frozen=True)
class Task:
    """A protocol on its data.

    Attributes:
        protocol: The protocol.
        dataset: Facts on the dataset.
        source: Facts on the dataset of train and validation, where it is another.
        train: What a predictor of any seed is fitted to; None where there is no such split.
        validation: What it may use to stop or to choose; None where there is none.
        known: Other labels that it may see, of the test's rows too; None where there are none.
        auxiliary: Labels of other tasks that it may learn from first, by "<dataset>/<config>".
        test: What is predicted.
        left_out: Rows without the label, by part ("train", "validation", "test").
        subsets: Parts of the test that papers report on: bool [test rows] by name.
    """

    protocol: Protocol
    dataset: DatasetFacts
    source: DatasetFacts | None
    train: Rows | None
    validation: Rows | None
    known: Known | None
    auxiliary: Mapping[str, Rows]
    test: Rows
    left_out: Mapping[str, int]
    subsets: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def label_budget(self) -> int:
        """The number of labels that a predictor may see."""
        fixed = sum(len(rows) for rows in (self.train, self.validation) if rows is not None)
        fixed += sum(len(rows) for rows in self.auxiliary.values())
        return fixed + self.protocol.shots + (0 if self.known is None else self.known.count)

    @property
    def gives_labels(self) -> bool:
        """Whether a predictor has labels to be fitted to."""
        return self.train is not None or self.protocol.shots > 0

    def drawn(self, seed: int) -> NDArray[np.int64]:
        """Return the rows of the test that a seed is not scored on, int64 [shots or pool]."""
        count = self.protocol.pool or self.protocol.shots
        return draw(self.test.ids, self.test.groups, count, seed)

    def sample(self, seed: int, predictor: Predictor | None = None) -> Rows | None:
        """Return the few rows whose labels a seed may see; None where there are none.

        Args:
            seed: The seed.
            predictor: Who chooses them of the pool, where there is one and it can; else they are
                those that were drawn first.
        """
        drawn, shots = self.drawn(seed), self.protocol.shots
        if self.protocol.pool and predictor is not None and predictor.can_choose:
            drawn = drawn[predictor.choose(self.test.graphs[drawn], shots)]
        return self.test.take(drawn[:shots]) if shots else None

    def truth(self, seeds: Sequence[int]) -> NDArray[np.float64]:
        """Return the labels that each seed is scored on, float64 [seeds, rows].

        NaN where the seed is not scored (`parts`).
        """
        labels = np.tile(np.asarray(self.test.y, dtype=np.float64), (len(seeds), 1))
        parts = self.parts(seeds)
        return labels if parts is None else np.where(parts, labels, np.nan)

    def parts(self, seeds: Sequence[int]) -> NDArray[np.bool_] | None:
        """Return which test rows each seed is scored on, bool [seeds, rows].

        They are those of which it has seen no label, and could not choose to, of no isomorph
        either; None where it is all.
        """
        if not self.protocol.shots:
            return None
        groups = self.test.groups
        return np.stack([~np.isin(groups, groups[self.drawn(seed)]) for seed in seeds])


def open_task(protocol: Protocol, dataset: Dataset | None = None) -> Task:
    """Open a protocol: load its datasets, take its parts, and check them.

    Args:
        protocol: The protocol.
        dataset: The protocol's dataset, where it has been loaded already.

    Raises:
        UnknownNameError: There is no such dataset, config, split or label column.
        ProtocolError: `dataset` is another than the protocol's; train or test has no labels, or
            the test too few to draw from.
        DataError: A test row has the group of a row whose label may be seen.
    """
    from nape_bench.data import load_dataset

    if dataset is None:
        dataset = load_dataset(protocol.dataset, protocol.config, revision=protocol.version)
    _check_same(protocol, dataset)
    source = dataset
    if protocol.source is not None:
        given = protocol.source
        source = load_dataset(given.dataset, given.config, revision=given.version)
    facts = _facts(dataset, protocol.target or dataset.target)
    theirs = facts if source is dataset else _facts(source, source.target)
    test, left_out = _labelled(dataset, protocol.test, facts.target)
    gone = {"test": left_out}
    seen: dict[str, Rows] = {}
    for part, split in (("train", protocol.train), ("validation", protocol.validation)):
        if split is not None:
            rows, gone[part] = _labelled(source, split, theirs.target)
            _check_apart(protocol, rows, test)
            if len(rows):
                seen[part] = rows
    known = None
    if protocol.known:
        known, seen_groups = _known(dataset, protocol)
        test = test.take(np.flatnonzero(~np.isin(test.groups, seen_groups)))
    if len(test) == 0:
        raise _lacking(protocol, "test", facts)
    if protocol.train is not None and "train" not in seen:
        raise _lacking(protocol, "train", theirs)
    subsets = find_subsets(dataset, _splits(dataset, protocol.test), test.ids)
    task = Task(
        protocol,
        facts,
        None if source is dataset else theirs,
        seen.get("train"),
        seen.get("validation"),
        known,
        _auxiliary(protocol, test),
        test,
        gone,
        subsets,
    )
    if protocol.shots:
        _check_drawable(task)
    return task


def _lacking(protocol: Protocol, part: str, told: DatasetFacts) -> ProtocolError:
    return ProtocolError(
        f"{protocol.name}: no row of {told.name} ({told.config}) {told.version} for the "
        f"{part} part has the label {told.target}"
    )


def _known(dataset: Dataset, protocol: Protocol) -> tuple[Known, np.ndarray]:
    """Take the other labels, and the groups of rows that are kept out of the test for them."""
    for label in protocol.known:
        if label not in dataset.labels_info:
            raise unknown_name(f"label of {dataset.name}", label, dataset.labels_info)
    splits = _splits(dataset, ALL)
    graphs = GraphTable.concatenate([split.graphs.named(split.ids) for split in splits])
    labels = {
        label: np.concatenate([split.labels[label] for split in splits]) for label in protocol.known
    }
    if not protocol.known_rows:
        return Known(graphs, labels), np.array([], dtype=np.str_)
    ids = [name for split in splits for name in split.ids]
    groups = np.concatenate([split.groups for split in splits])
    try:
        rows = draw(ids, groups, protocol.known_rows, KNOWN_SEED)
    except ProtocolError as error:
        raise ProtocolError(f"{protocol.name}: {error}") from None
    return Known(graphs[rows], {name: y[rows] for name, y in labels.items()}), groups[rows]


def _auxiliary(protocol: Protocol, test: Rows) -> dict[str, Rows]:
    from nape_bench.data import load_dataset

    found = {}
    for wanted in protocol.auxiliary:
        dataset = load_dataset(wanted.dataset, wanted.config, revision=wanted.version)
        rows = _labelled(dataset, wanted.split, dataset.target)[0]
        _check_apart(protocol, rows, test)
        found[f"{wanted.dataset}/{wanted.config}"] = rows
    return found


def _facts(dataset: Dataset, target: str) -> DatasetFacts:
    if target not in dataset.labels_info:
        raise unknown_name(f"label of {dataset.name}", target, dataset.labels_info)
    info = dataset.labels_info[target]
    return DatasetFacts(
        name=dataset.name,
        config=dataset.config,
        version=dataset.version,
        source=dataset.source,
        content_hash=dataset.content_hash,
        split_hashes=dict(dataset.split_hashes),
        target=target,
        unit=info.unit,
        higher_is_better=info.higher_is_better,
    )


def _check_drawable(task: Task) -> None:
    try:
        task.drawn(0)
    except ProtocolError as error:
        raise ProtocolError(f"{task.protocol.name}: {error}") from None


def _check_same(protocol: Protocol, dataset: Dataset) -> None:
    wanted = (protocol.dataset, protocol.config, protocol.version or dataset.version)
    given = (dataset.name, dataset.config, dataset.version)
    if wanted != given:
        raise ProtocolError(
            f"{protocol.name} is on {wanted[0]} ({wanted[1]}) {wanted[2]}, and the dataset given "
            f"is {given[0]} ({given[1]}) {given[2]}"
        )


def _splits(dataset: Dataset, name: str) -> list[Split]:
    return [dataset[split] for split in dataset] if name == ALL else [dataset[name]]


def _labelled(dataset: Dataset, name: str, target: str) -> tuple[Rows, int]:
    """Take the rows of a split, or of all, that have the label; and count those that have not."""
    splits = _splits(dataset, name)
    y = np.concatenate([split.labels[target] for split in splits])
    ids = [name for split in splits for name in split.ids]
    groups = np.concatenate([split.groups for split in splits])
    tables = [split.graphs for split in splits]
    graphs = (tables[0] if len(tables) == 1 else GraphTable.concatenate(tables)).named(ids)
    has_label = ~np.isnan(y)
    infinite = np.flatnonzero(np.isinf(y))
    if len(infinite):
        raise DataError(
            f"{dataset.name} ({dataset.config}) {name}: {target} of {ids[infinite[0]]} is "
            f"{y[infinite[0]]}; a label is a finite number, or NaN where it is missing"
        )
    if has_label.all():
        return Rows(ids, graphs, y, groups), 0
    kept = list(itertools.compress(ids, has_label))
    rows = Rows(kept, graphs[has_label], y[has_label], groups[has_label])
    return rows, int((~has_label).sum())


def _check_apart(protocol: Protocol, seen: Rows, test: Rows) -> None:
    """Refuse a test that holds an isomorph of an architecture whose label may be seen."""
    shared = np.isin(test.groups, seen.groups)
    if shared.any():
        first = int(np.argmax(shared))
        other = seen.ids[np.flatnonzero(seen.groups == test.groups[first])[0]]
        raise DataError(
            f"{protocol.name}: {int(shared.sum())} test rows have the group of a row whose label "
            f"may be seen, the first {test.ids[first]} that of {other}; the splits of "
            f"{protocol.dataset} must keep a group together"
        )
