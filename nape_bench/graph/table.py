"""GraphTable: many graphs, packed end to end in flat arrays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np

from nape_bench.errors import GraphError
from nape_bench.graph import cost, keys, validate
from nape_bench.graph.arch_graph import ArchGraph
from nape_bench.graph.flat import Flat, pointers, ragged_indices
from nape_bench.graph.rows import NodeRows, distinct_rows
from nape_bench.graph.vocabulary import COLUMN_DTYPES, COLUMN_LIMITS, COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike
    from torch_geometric.data import Data


class GraphTable:
    """Many `ArchGraph`s in flat arrays: what files hold, batches are made from, predictors take.

    Args:
        columns: Node columns by name (`vocabulary.COLUMNS`), each [nodes of all graphs].
        source: Source of each edge, counted from its graph's first node, int32 [edges].
        target: Target of each edge, counted likewise; ascending in a graph, in slot order.
        node_ptr: First node of each graph and, last, the number of nodes, int64 [graphs + 1].
        edge_ptr: The same for edges.
        ids: What each graph is called, "<family>:<specification>", object [graphs]; None where
            that is not told. What a graph leaves out of a specification (operations that lead
            nowhere) can be read off it.

    The arrays are kept, not copied, where their dtypes are those of `COLUMN_DTYPES`. What comes
    from outside goes through `check` first.

    Raises:
        GraphError: A value is outside what its column can hold.
    """

    def __init__(
        self,
        columns: Mapping[str, np.ndarray],
        source: np.ndarray,
        target: np.ndarray,
        node_ptr: np.ndarray,
        edge_ptr: np.ndarray,
        ids: np.ndarray | None = None,
    ) -> None:
        self.columns = {name: _narrowed(name, np.asarray(columns[name])) for name in COLUMNS}
        self.source = np.asarray(source, dtype=np.int32)
        self.target = np.asarray(target, dtype=np.int32)
        self.node_ptr = np.asarray(node_ptr, dtype=np.int64)
        self.edge_ptr = np.asarray(edge_ptr, dtype=np.int64)
        self.ids = ids

    @classmethod
    def from_graphs(cls, graphs: Iterable[ArchGraph]) -> GraphTable:
        """Pack graphs, in their order."""
        rows, pairs = [], []
        for graph in graphs:
            rows.append(graph.nodes)
            pairs.append(graph.edges)
        nodes = np.concatenate(rows) if rows else np.zeros((0, len(COLUMNS)), dtype=np.int32)
        edges = np.concatenate(pairs) if pairs else np.zeros((0, 2), dtype=np.int32)
        return cls(
            {name: nodes[:, i] for i, name in enumerate(COLUMNS)},
            np.ascontiguousarray(edges[:, 0]),
            np.ascontiguousarray(edges[:, 1]),
            pointers(np.array([len(r) for r in rows], dtype=np.int64)),
            pointers(np.array([len(p) for p in pairs], dtype=np.int64)),
        )

    @classmethod
    def concatenate(cls, tables: Iterable[GraphTable]) -> GraphTable:
        """Lay several tables end to end."""
        parts = list(tables)
        if not parts:
            return cls.from_graphs([])
        return cls(
            {name: np.concatenate([p.columns[name] for p in parts]) for name in COLUMNS},
            np.concatenate([p.source for p in parts]),
            np.concatenate([p.target for p in parts]),
            pointers(np.concatenate([np.diff(p.node_ptr) for p in parts])),
            pointers(np.concatenate([np.diff(p.edge_ptr) for p in parts])),
            _ids_of(parts),
        )

    def named(self, ids: Sequence[str]) -> GraphTable:
        """Return the same graphs, over the same memory, with ids.

        Raises:
            GraphError: There is not one id for each graph.
        """
        if len(ids) != len(self):
            raise GraphError(f"{len(ids)} ids for a table of {len(self)} graphs")
        names = np.empty(len(ids), dtype=object)
        names[:] = ids
        return GraphTable(
            self.columns, self.source, self.target, self.node_ptr, self.edge_ptr, names
        )

    def part(self, start: int, stop: int) -> GraphTable:
        """Return graphs `start` to `stop` as a table over the same memory."""
        nodes = slice(int(self.node_ptr[start]), int(self.node_ptr[stop]))
        edges = slice(int(self.edge_ptr[start]), int(self.edge_ptr[stop]))
        return GraphTable(
            {name: column[nodes] for name, column in self.columns.items()},
            self.source[edges],
            self.target[edges],
            self.node_ptr[start : stop + 1] - nodes.start,
            self.edge_ptr[start : stop + 1] - edges.start,
            None if self.ids is None else self.ids[start:stop],
        )

    def check(self) -> GraphTable:
        """Check that every graph is in normal form (`validate.check`) and return the table.

        Raises:
            GraphError: The first graph and node that break a rule.
        """
        for name, ptr, arrays in (
            ("node_ptr", self.node_ptr, self.columns),
            ("edge_ptr", self.edge_ptr, {"source": self.source, "target": self.target}),
        ):
            if ptr[0] != 0 or (np.diff(ptr) < 0).any() or len(ptr) != len(self.node_ptr):
                raise GraphError(f"{name} must ascend from 0, and have a place for each graph")
            for column, values in arrays.items():
                if values.shape != (ptr[-1],):
                    raise GraphError(f"{column} has {values.shape}, {name} ends at {ptr[-1]}")
        sizes = np.diff(self.node_ptr)
        if len(sizes) and sizes.min() < 2:
            graph = int(np.argmin(sizes))
            raise GraphError(f"graph {graph} has {sizes[graph]} nodes, not 2 or more")
        of_edge = np.repeat(np.arange(len(self)), np.diff(self.edge_ptr))
        bad = (self.source < 0) | (self.target >= sizes[of_edge]) | (self.source >= self.target)
        same = of_edge[1:] == of_edge[:-1]
        bad[1:] |= same & (self.target[1:] < self.target[:-1])
        if bad.any():
            edge = int(np.argmax(bad))
            raise GraphError(
                f"graph {of_edge[edge]}: edge ({self.source[edge]}, {self.target[edge]}) does not "
                "point forward to a node of the graph, or edges are not ordered by target"
            )
        validate.check(self.flat())
        return self

    def flat(self) -> Flat:
        """Return the table as array code takes it, edge ends counted over all graphs."""
        first = np.repeat(self.node_ptr[:-1], np.diff(self.edge_ptr))
        return Flat(
            self.columns, self.source + first, self.target + first, self.node_ptr, self.edge_ptr
        )

    def __len__(self) -> int:
        return len(self.node_ptr) - 1

    @overload
    def __getitem__(self, index: int) -> ArchGraph: ...
    @overload
    def __getitem__(self, index: slice | ArrayLike) -> GraphTable: ...
    def __getitem__(self, index: int | slice | ArrayLike) -> ArchGraph | GraphTable:
        """Return one graph by number, or a table of those of a slice, index or bool array."""
        if isinstance(index, (int, np.integer)):
            return self._graph(int(index))
        if isinstance(index, slice):
            return self._take(np.arange(len(self))[index])
        chosen = np.asarray(index)
        if chosen.dtype == bool:
            if len(chosen) != len(self):
                raise IndexError(f"a mask of {len(chosen)} for a table of {len(self)} graphs")
            chosen = np.flatnonzero(chosen)
        if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
            raise IndexError(
                f"a table takes an integer, a slice, integers or a mask, not {index!r}"
            )
        return self._take(chosen.astype(np.int64))

    def __iter__(self) -> Iterator[ArchGraph]:
        return (self._graph(i) for i in range(len(self)))

    def __repr__(self) -> str:
        nodes, edges = self.node_ptr[-1], len(self.source)
        return f"GraphTable({len(self)} graphs, {nodes} nodes, {edges} edges)"

    @cached_property
    def hashes(self) -> np.ndarray:
        """The `hash` key of each graph, str [graphs] (`keys`)."""
        return self._keys[0]

    @cached_property
    def groups(self) -> np.ndarray:
        """The `group` key of each graph, str [graphs] (`keys`)."""
        return self._keys[1]

    @cached_property
    def _keys(self) -> tuple[np.ndarray, np.ndarray]:
        return keys.graph_keys(self.flat())

    @cached_property
    def rows(self) -> NodeRows:
        """The distinct rows of node columns and which one each node has (`rows.distinct_rows`)."""
        return distinct_rows(self.columns)

    def flops(self) -> np.ndarray:
        """Return multiply-adds of conv and dense layers for one image, int64 [graphs]."""
        return cost.flops(self.flat())

    def params(self) -> np.ndarray:
        """Return trainable parameters, int64 [graphs]."""
        return cost.params(self.flat())

    def to_pyg(self, index: int) -> Data:
        """Return graph `index` as a torch_geometric `Data` (`pyg.to_data`)."""
        return self[index].to_pyg()

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        arrays = [*self.columns.values(), self.source, self.target, self.node_ptr, self.edge_ptr]
        return sum(a.nbytes for a in arrays)

    def _graph(self, index: int) -> ArchGraph:
        if not -len(self) <= index < len(self):
            raise IndexError(f"graph {index} of a table of {len(self)}")
        index %= len(self)
        nodes = slice(int(self.node_ptr[index]), int(self.node_ptr[index + 1]))
        edges = slice(int(self.edge_ptr[index]), int(self.edge_ptr[index + 1]))
        rows = np.empty((nodes.stop - nodes.start, len(COLUMNS)), dtype=np.int32)
        for i, name in enumerate(COLUMNS):
            rows[:, i] = self.columns[name][nodes]
        return ArchGraph.trusted(rows, np.stack([self.source[edges], self.target[edges]], axis=1))

    def _take(self, chosen: np.ndarray) -> GraphTable:
        bad = (chosen < -len(self)) | (chosen >= len(self))
        if bad.any():
            raise IndexError(f"graph {chosen[bad][0]} of a table of {len(self)}")
        chosen = chosen % len(self) if len(self) else chosen
        node_counts = np.diff(self.node_ptr)[chosen]
        edge_counts = np.diff(self.edge_ptr)[chosen]
        nodes = ragged_indices(self.node_ptr[chosen], node_counts)
        edges = ragged_indices(self.edge_ptr[chosen], edge_counts)
        return GraphTable(
            {name: column[nodes] for name, column in self.columns.items()},
            self.source[edges],
            self.target[edges],
            pointers(node_counts),
            pointers(edge_counts),
            None if self.ids is None else self.ids[chosen],
        )


def _ids_of(parts: Sequence[GraphTable]) -> np.ndarray | None:
    """Return the ids of several tables end to end, if all of them have some."""
    named = [part.ids for part in parts if part.ids is not None]
    return np.concatenate(named) if len(named) == len(parts) else None


def _narrowed(name: str, values: np.ndarray) -> np.ndarray:
    """Return a column in its dtype, without loss.

    Raises:
        GraphError: A value is outside what the column can hold.
    """
    if values.dtype == COLUMN_DTYPES[name]:
        return values
    if values.dtype.kind not in "iub":
        raise GraphError(f"{name} must be integers, not {values.dtype}")
    if values.size and (values.min() < 0 or values.max() > COLUMN_LIMITS[name]):
        worst = int(values.min() if values.min() < 0 else values.max())
        raise GraphError(f"{name}={worst} is outside 0..{COLUMN_LIMITS[name]}")
    return values.astype(COLUMN_DTYPES[name])
