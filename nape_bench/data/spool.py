"""Rows on disk on their way to a dataset, so that an import of any size needs little memory.

Rows come without labels, which may change until the last one is read; they wait in one Arrow
file a split and are gone through again, some at a time, when the dataset is written.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.rows import Rows, frozen
from nape_bench.data.schema import arrow_schema, from_arrow, to_arrow
from nape_bench.data.splits import SPLITS, assign_splits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


class Spool:
    """Takes rows without labels, and gives them back split by split, in their order.

    Args:
        folder: An empty folder; what is written there is for nobody else, and stays.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._numbers: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
        self._open = ExitStack()
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def __enter__(self) -> Spool:
        import pyarrow as pa

        schema = arrow_schema([])
        for split in SPLITS:
            writer = pa.ipc.new_file(str(self._path(split)), schema)
            self._writers[split] = self._open.enter_context(writer)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, rows: Rows) -> None:
        """Take rows."""
        for split, chosen in assign_splits(rows.texts["group"].to_pylist()).items():
            if len(chosen):
                self._writers[split].write_table(to_arrow(rows.take(chosen)))
                self._numbers[split].append(chosen + self._rows)
        self._rows += len(rows)

    def splits(self, labels: Mapping[str, np.ndarray]) -> dict[str, Spooled]:
        """End taking rows, and return those of each split, which can be read while the folder is.

        Args:
            labels: Name -> value of each row that was added, float64, NaN where it is missing.
        """
        self._open.close()
        found = {}
        for split in SPLITS:
            chosen = np.concatenate([np.zeros(0, dtype=np.int64), *self._numbers[split]])
            mine = {name: frozen(values[chosen]) for name, values in labels.items()}
            found[split] = Spooled(self._path(split), len(chosen), mine)
        return found

    def _path(self, split: str) -> Path:
        return self._folder / f"{split}.arrow"


class Spooled:
    """The rows of a split that wait on disk.

    Args:
        path: The Arrow file.
        rows: Its number of rows.
        labels: Name -> float64 [rows].
    """

    def __init__(self, path: Path, rows: int, labels: Mapping[str, np.ndarray]) -> None:
        self._path, self._rows = path, rows
        self.labels = labels

    def __len__(self) -> int:
        return self._rows

    def chosen(self, labels: Iterable[str]) -> Spooled:
        """Return the same rows with some of the labels, in that order."""
        return Spooled(self._path, self._rows, {name: self.labels[name] for name in labels})

    def chunks(self, size: int) -> Iterator[Rows]:
        """Go through the rows in their order, `size` at a time, holding no more than is given."""
        start = 0
        for rows in self._unlabelled(size):
            stop = start + len(rows)
            mine = {name: values[start:stop] for name, values in self.labels.items()}
            yield Rows(rows.texts, rows.graphs, mine)
            start = stop

    def _unlabelled(self, size: int) -> Iterator[Rows]:
        import pyarrow as pa

        waiting: list[Rows] = []
        count = 0
        # Read, not mapped: pages that are mapped count as the process's own.
        with pa.OSFile(str(self._path)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                batch = pa.Table.from_batches([reader.get_batch(number)])
                rows = from_arrow(batch, [], str(self._path))
                while count + len(rows) >= size:
                    cut = size - count
                    yield _joined([*waiting, rows.part(0, cut)])
                    rows, waiting, count = rows.part(cut, len(rows)), [], 0
                if len(rows):
                    waiting.append(rows)
                    count += len(rows)
            if waiting or not self._rows:
                yield _joined(waiting or [from_arrow(reader.schema.empty_table(), [], "")])


def _joined(parts: list[Rows]) -> Rows:
    return parts[0] if len(parts) == 1 else Rows.concatenate(parts)
