"""Rows: what one split holds, in memory: a graph, its names and its labels a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nape_bench.graph import GraphTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike

TEXT_COLUMNS: tuple[str, ...] = ("id", "family", "spec", "hash", "group")
"""Text of a row: `id` is `<family>:<format(spec)>`, `spec` is JSON, `hash` and `group` are keys."""


class Chunked(Protocol):
    """Rows that can be gone through a few at a time, more than once: in memory, or on disk."""

    def __len__(self) -> int: ...

    @property
    def labels(self) -> Mapping[str, np.ndarray]:
        """Name -> float64 [rows], NaN where a label is missing; in the order of the file."""

    def chunks(self, size: int) -> Iterator[Rows]:
        """Go through the rows in their order, `size` at a time; where there are none, in one."""


@dataclass(frozen=True)
class Rows:
    """Labelled architectures, one a row.

    Attributes:
        texts: Name (`TEXT_COLUMNS`) -> pyarrow string array [rows].
        graphs: The graphs of the default build, [rows].
        labels: Name -> float64 [rows], NaN where a label is missing; in the order of the file.
    """

    texts: Mapping[str, Any]
    graphs: GraphTable
    labels: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.graphs)

    def chunks(self, size: int) -> Iterator[Rows]:
        """Go through the rows in their order, `size` at a time, over the same memory."""
        for start in range(0, max(len(self), 1), size):
            yield self.part(start, min(start + size, len(self)))

    def part(self, start: int, stop: int) -> Rows:
        """Return rows `start` to `stop` over the same memory."""
        return Rows(
            {name: texts.slice(start, stop - start) for name, texts in self.texts.items()},
            self.graphs.part(start, stop),
            {name: values[start:stop] for name, values in self.labels.items()},
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Rows]) -> Rows:
        """Lay rows with the same labels end to end; one or more of them."""
        import pyarrow as pa

        return cls(
            {name: pa.concat_arrays([part.texts[name] for part in parts]) for name in TEXT_COLUMNS},
            GraphTable.concatenate([part.graphs for part in parts]),
            {
                name: frozen(np.concatenate([part.labels[name] for part in parts]))
                for name in parts[0].labels
            },
        )

    def take(self, chosen: ArrayLike) -> Rows:
        """Return the rows of an index or bool array, in its order.

        Raises:
            IndexError: There is no such row, or the array is neither.
        """
        indices = np.asarray(chosen)
        if indices.dtype == bool:
            if len(indices) != len(self):
                raise IndexError(f"a mask of {len(indices)} for {len(self)} rows")
            indices = np.flatnonzero(indices)
        if indices.size and indices.dtype.kind not in "iu":
            raise IndexError(f"rows are chosen by integers or a mask, not by {indices.dtype}")
        graphs = self.graphs[indices]
        indices = indices.astype(np.int64) % max(len(self), 1)
        places = shared(indices)
        return Rows(
            {name: texts.take(places) for name, texts in self.texts.items()},
            graphs,
            {name: frozen(values[indices]) for name, values in self.labels.items()},
        )


def view(array: Any) -> np.ndarray:
    """Return the values of a numeric Arrow array without nulls, shared and read-only.

    `pyarrow.Array.to_numpy` does the same, but imports pandas, which takes longer than the reading.
    """
    dtype = np.dtype(array.type.to_pandas_dtype())
    if len(array) == 0:
        return np.zeros(0, dtype=dtype)
    start = array.offset * dtype.itemsize
    return frozen(np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=start))


def shared(values: np.ndarray) -> Any:
    """Return a numeric array as a `pyarrow` array over the same memory (`view`, backwards)."""
    import pyarrow as pa

    plain = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(plain.dtype)
    return pa.Array.from_buffers(kind, len(plain), [None, pa.py_buffer(plain)])


def frozen(values: np.ndarray) -> np.ndarray:
    """Return the array, read-only from now on."""
    values.flags.writeable = False
    return values
