"""import_nasbench101: NAS-Bench-101's own file (Ying et al., ICML 2019), without TensorFlow.

A TFRecord file, of which each record is one training of a cell, as JSON: [hash of the cell, epochs,
adjacency matrix as a line of 0 and 1, operations with commas between, metrics]. The metrics are a
protobuf message in base64 (nasbench/lib/model_metrics.proto): the parameters of the network, and
its accuracies before, halfway through, and after the training. What counts is the last.
"""

from __future__ import annotations

import base64
import json
import math
import re
import sys
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tqdm import tqdm

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.entries import Benchmark, Column, Config, Entry, import_entries
from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.published import label
from nape_bench.data.importers.published_files import PARAMS
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import find_release
from nape_bench.data.importers.tfrecords import read_tfrecords
from nape_bench.data.importers.wire import BYTES, DOUBLE, INTEGER, read_fields
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport
    from nape_bench.data.importers.sources import Source

CITE = "Ying et al., NAS-Bench-101, ICML 2019"

EPOCHS = (108, 36, 12, 4)
"""Budgets that cells were trained with, the standard one first."""
REPEATS = 3
"""Trainings of a cell with each."""

TESTED = "small files in this format, not the authors' own"

_FILE = re.compile(r"nasbench\w*\.tfrecord")
_HASH = re.compile("[0-9a-f]{32}")
_CELLS = 423_624
_VERTICES = 7
_EVALUATIONS = 3  # before, halfway through, and after a training
_METRICS = {
    5: "test_accuracy",
    4: "validation_accuracy",
    3: "train_accuracy",
    2: "training_seconds",
}
"""Number of a field of an evaluation -> ours."""
_NAMES = tuple(_METRICS.values())
_SECONDS = _NAMES[-1]
_WITH_SEEDS = _NAMES[:2]
_WIDTH = len(EPOCHS) * REPEATS * len(_NAMES)


def import_nasbench101(
    path: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[tuple[Path, ImportReport]]:
    """Make datasets of NAS-Bench-101, in the local store.

        import_nasbench101("nasbench_only108.tfrecord")

    Each budget that the file has becomes config `cifar10_epochs<budget>` of `nape/nb101`. Its label
    `test_accuracy_<budget>` is the mean over the three trainings, which stand beside it as
    `..._seed0` to `..._seed2` in the order of the file: the authors' values, fractions of 1.
    Validation accuracy likewise; training accuracy and time as means; parameters.

    Args and returns as for `gennape.import_gennape`; `skip_bad` leaves out records.

    Raises:
        DataError: There is no such file or several, one is damaged, or a record cannot be read; the
            message names the record and the byte. Nothing is imported then.
    """
    choices = Choices(version, skip_bad, on_duplicate, progress)
    sources = find_release(
        path, _FILE.fullmatch,
        "nasbench_only108.tfrecord or nasbench_full.tfrecord",
    )  # fmt: skip
    if len(sources) > 1:
        names = ", ".join([source.name for source in sources])
        raise DataError(f"{path} has {names}, which hold the same trainings: give the path of one")
    configs = {
        f"cifar10_epochs{epochs}": Config(
            f"CIFAR-10 after {epochs} epochs of training, at its end", _columns(epochs)
        )
        for epochs in EPOCHS
    }
    benchmark = Benchmark("nasbench101", CITE, "nb101", configs, sources, tested=TESTED)
    return import_entries(benchmark, _entries(sources[0], progress=progress), choices)


class _Training(NamedTuple):
    """One record: a training of a cell."""

    cell: str
    adjacency: str
    ops: str
    budget: int
    metrics: list[float]
    parameters: int


class _Cells:
    """The cells of a file, with all their trainings, in the order in which they first come."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {}
        self._told: list[tuple[str, str, str, int]] = []
        # Of each cell: its metrics by budget and repeat, and how often it was trained with each.
        self._metrics = array("d")
        self._trained = bytearray()

    def add(self, where: str, found: _Training) -> None:
        """Add a training.

        Raises:
            DataError: Its cell came with other operations, edges or parameters, or was trained as
                often before as any is; or there are more cells than the benchmark has.
        """
        told = (sys.intern(found.adjacency), sys.intern(found.ops), found.parameters)
        cell = self._index.get(found.cell)
        if cell is None:
            cell = len(self._told)
            if cell == _CELLS:
                raise DataError(f"more than {_CELLS:,} cells, which the benchmark has")
            self._index[found.cell] = cell
            self._told.append((where, *told))
            self._metrics.extend([math.nan] * _WIDTH)
            self._trained.extend(bytes(len(EPOCHS)))
        where, *first = self._told[cell]
        if tuple(first) != told:
            raise DataError(
                f"cell {short(found.cell)} stood in {where} already, with another adjacency, other "
                "operations or another number of parameters"
            )
        place = cell * len(EPOCHS) + found.budget
        repeat = self._trained[place]
        if repeat == REPEATS:
            raise DataError(
                f"cell {short(found.cell)} was trained {REPEATS} times before with "
                f"{EPOCHS[found.budget]} epochs, as often as any"
            )
        self._trained[place] += 1
        start = (place * REPEATS + repeat) * len(_NAMES)
        self._metrics[start : start + len(_NAMES)] = array("d", found.metrics)

    def entries(self) -> Iterator[Entry]:
        """Go through the cells."""
        for cell, (where, adjacency, ops, parameters) in enumerate(self._told):
            size = math.isqrt(len(adjacency))
            rows = [adjacency[at : at + size] for at in range(0, len(adjacency), size)]
            spec = {"matrix": [[int(bit) for bit in row] for row in rows], "ops": ops.split(",")}
            labels: dict[str, float] = {PARAMS: parameters}
            for number, epochs in enumerate(EPOCHS):
                labels |= self._labels(cell * len(EPOCHS) + number, epochs)
            yield Entry(where, spec, labels)

    def _labels(self, place: int, epochs: int) -> dict[str, float]:
        """Return the labels of a cell for one budget; none where it was not trained with it."""
        count, width = self._trained[place], len(_NAMES)
        if not count:
            return {}
        start = place * REPEATS * width
        found = {}
        for column, name in enumerate(_NAMES):
            values = self._metrics[start + column : start + count * width : width]
            found[f"{name}_{epochs}"] = math.fsum(values) / count
            if name in _WITH_SEEDS:
                found |= {f"{name}_{epochs}_seed{seed}": y for seed, y in enumerate(values)}
        return found


def _columns(epochs: int) -> dict[str, Column]:
    """Return the labels of a budget."""
    columns = {}
    for name in _NAMES:
        what = "seconds of training" if name == _SECONDS else name.replace("_", " ")
        told = Column(
            f"mean over trainings of {what} after {epochs} epochs",
            "s" if name == _SECONDS else "fraction",
            high=math.inf if name == _SECONDS else 1,
            higher_is_better=name != _SECONDS,
        )
        columns[f"{name}_{epochs}"] = told
        if name in _WITH_SEEDS:
            one = replace(told, meaning=f"{what} after {epochs} epochs of one training")
            columns |= {f"{name}_{epochs}_seed{seed}": one for seed in range(REPEATS)}
    return columns | {PARAMS: Column("trainable parameters", "", 1, higher_is_better=False)}


def _entries(source: Source, *, progress: bool) -> Iterator[Entry]:
    """Go through the cells of a file, once all of it is read."""
    cells = _Cells()
    with source.open() as file:
        bar = tqdm(
            read_tfrecords(file, source.where), f"read {source.name}", unit="record",
            disable=not progress,
        )  # fmt: skip
        for number, record in enumerate(bar, start=1):
            where = f"record {number} (byte {record.position:,})"
            try:
                cells.add(where, _read(record.content))
            except DataError as error:
                yield Entry(where, error=str(error))
    yield from cells.entries()


def _read(content: bytes) -> _Training:
    """Read a record.

    Raises:
        DataError: It is none of a training.
    """
    try:
        value = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise DataError(f"it is no JSON: {error}") from None
    kinds = [type(part) for part in value] if isinstance(value, list) else []
    if kinds != [str, int, str, str, str]:
        raise DataError(
            "hash, epochs, adjacency, operations and metrics expected, as NAS-Bench-101's records "
            f"have them, not {short(value)}"
        )
    cell, epochs, adjacency, ops, encoded = value
    if _HASH.fullmatch(cell) is None:
        raise DataError(f"hash {short(cell)}: 32 hexadecimal digits expected")
    if epochs not in EPOCHS:
        raise DataError(f"{epochs} epochs, where one of {', '.join(map(str, EPOCHS))} expected")
    size = math.isqrt(len(adjacency))
    if size * size != len(adjacency) or set(adjacency) - {"0", "1"} or not 2 <= size <= _VERTICES:
        raise DataError(
            f"adjacency {short(adjacency)}: a square of 0 and 1 of up to {_VERTICES} rows expected"
        )
    if ops.count(",") != size - 1:
        raise DataError(f"operations {short(ops)}: {size} expected, with commas between")
    try:
        message = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise DataError(f"metrics are no base64: {error}") from None
    try:
        metrics, parameters = _read_metrics(message)
    except DataError as error:
        raise DataError(f"metrics: {error}") from None
    return _Training(cell, adjacency, ops, EPOCHS.index(epochs), metrics, parameters)


def _read_metrics(message: bytes) -> tuple[list[float], int]:
    """Return what was measured at the end of a training, as in `_NAMES`, and the parameters.

    Raises:
        DataError: It is no message of metrics, or something is missing or out of range.
    """
    evaluations, parameters = [], None
    for number, value in read_fields(message, {1: BYTES, 2: INTEGER}):
        if number == 1:
            evaluations.append(value)
        else:
            parameters = value
    if len(evaluations) != _EVALUATIONS or parameters is None:
        raise DataError(
            f"{len(evaluations)} evaluations and {parameters} parameters, where {_EVALUATIONS} "
            "evaluations (before, halfway through and after the training) and a number expected"
        )
    found = dict(read_fields(evaluations[-1], dict.fromkeys(_METRICS, DOUBLE)))
    values = [
        label(found.get(field), name, 0, math.inf if name == _SECONDS else 1, needed=True)
        for field, name in _METRICS.items()
    ]
    return values, int(label(parameters, PARAMS, 1, math.inf, needed=True))
