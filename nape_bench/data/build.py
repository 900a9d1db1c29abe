"""From specifications and labels to rows: graphs, keys and ids of a whole table at once."""

from __future__ import annotations

import hashlib
import json
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.rows import Rows, frozen
from nape_bench.data.splits import assign_splits
from nape_bench.graph import GraphTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Space, Spec

_SPEC = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)
_CHUNK = 1024  # graphs that are kept as objects before they are packed


class RowsBuilder:
    """Collects architectures of one space, then gives them as `Rows`.

    Graphs are packed as they come; keys are worked out for the distinct ones of a pack together.

    Args:
        space: The space.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self._graphs: list[ArchGraph] = []
        self._fresh: list[ArchGraph] = []
        self._ids: list[str] = []
        self._specs: list[str] = []
        self._parts: list[Rows] = []
        # Of every distinct graph: its number by its content, and its keys as bytes.
        self._number: dict[bytes, int] = {}
        self._keys = [np.zeros((0, 2), dtype="S32")]
        # Of every row: the number of its graph.
        self._distinct = array("q")

    def __len__(self) -> int:
        return len(self._distinct)

    def id_of(self, spec: Spec) -> str:
        """Return the id that the row of a specification has: `<family>:<format(spec)>`.

        Args:
            spec: The specification in normal form (`Space.normalise`).
        """
        return f"{self.space.name}:{self.space.format_normal(spec)}"

    def add(self, spec: Spec, row_id: str | None = None) -> None:
        """Add an architecture: its default build.

        Args:
            spec: The specification in normal form (`Space.normalise`).
            row_id: What `id_of` gives for it, if that is known.

        Raises:
            SpecError: The space cannot build it.
        """
        graph = self.space.build_normal(spec)
        # Many architectures share a graph, and keys are worth working out once.
        content = hashlib.sha256(graph.nodes.tobytes() + b"/" + graph.edges.tobytes()).digest()
        known = len(self._number)
        self._distinct.append(self._number.setdefault(content, known))
        if len(self._number) > known:
            self._fresh.append(graph)
        self._ids.append(row_id or self.id_of(spec))
        self._specs.append(spec_text(spec))
        self._graphs.append(graph)
        if len(self._graphs) == _CHUNK:
            self._pack()

    def hashes(self, rows: Sequence[int]) -> np.ndarray:
        """Return the `hash` of the graphs of some rows, str [rows].

        Args:
            rows: Their numbers, counted from 0 in the order in which they were added.
        """
        self._pack()
        return self._keys_of([self._distinct[row] for row in rows])[:, 0]

    def drain(self) -> Iterator[Rows]:
        """Go through the rows that were added and not given yet, without labels, and forget them.

        A builder that is drained now and then holds the keys of graphs and little else.
        """
        self._pack()
        parts, self._parts = self._parts, []
        yield from parts

    def rows(self, labels: Mapping[str, np.ndarray]) -> Rows:
        """Return what was added and not drained, in its order, with labels.

        Args:
            labels: Name -> values [architectures]; NaN where a label is missing.
        """
        self._pack()
        # Not both at once: they may take gigabytes.
        self._parts = [Rows.concatenate(self._parts or [self._packed()])]
        values = {name: np.array(given, dtype=np.float64) for name, given in labels.items()}
        return replace(self._parts[0], labels={name: frozen(v) for name, v in values.items()})

    def _pack(self) -> None:
        if self._graphs:
            self._parts.append(self._packed())
            self._graphs, self._fresh, self._ids, self._specs = [], [], [], []

    def _packed(self) -> Rows:
        import pyarrow as pa

        packed = GraphTable.from_graphs(self._graphs)
        all_fresh = len(self._fresh) == len(self._graphs)
        fresh = packed if all_fresh else GraphTable.from_graphs(self._fresh)
        self._keys.append(np.stack([fresh.hashes, fresh.groups], axis=1).astype("S32"))
        keys = self._keys_of(self._distinct[len(self._distinct) - len(packed) :])
        texts = {
            "id": self._ids,
            "family": [self.space.name] * len(packed),
            "spec": self._specs,
            "hash": keys[:, 0].tolist(),
            "group": keys[:, 1].tolist(),
        }
        arrays = {name: pa.array(values, pa.string()) for name, values in texts.items()}
        return Rows(arrays, packed, {})

    def _keys_of(self, graphs: Sequence[int]) -> np.ndarray:
        """Return the keys of distinct graphs, str [graphs, 2]."""
        self._keys = [np.concatenate(self._keys)]
        return self._keys[0][np.array(graphs, dtype=np.int64)].astype("U32")


def spec_text(spec: Any) -> str:
    """Return the one JSON text of a specification in normal form."""
    return _SPEC.encode(spec)


def split_rows(rows: Rows) -> dict[str, Rows]:
    """Return the rows of each split (`splits.assign_splits`), in their order."""
    assigned = assign_splits(rows.texts["group"].to_pylist())
    return {split: rows.take(chosen) for split, chosen in assigned.items()}
