"""How rows are laid out in Arrow and Parquet, and the way between `Rows` and Arrow.

One row, one architecture: the texts of `rows.TEXT_COLUMNS`; a list column `node_<column>` for each
column of a graph's nodes, in the dtypes of `graph.vocabulary.COLUMN_DTYPES`; `edge_source` and
`edge_target`, int32, counted from the graph's first node; then the labels, float64. Nothing is
nullable: a missing label is NaN. Neither way has a loop over rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.rows import TEXT_COLUMNS, Rows, frozen, shared, view
from nape_bench.errors import DataError
from nape_bench.graph import COLUMNS, GraphTable
from nape_bench.graph.flat import pointers
from nape_bench.graph.vocabulary import COLUMN_DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

NODE_COLUMNS: tuple[str, ...] = tuple(f"node_{name}" for name in COLUMNS)
EDGE_COLUMNS: tuple[str, ...] = ("edge_source", "edge_target")

LIST_DTYPES: dict[str, str] = {
    **{f"node_{name}": COLUMN_DTYPES[name] for name in COLUMNS},
    **dict.fromkeys(EDGE_COLUMNS, "int32"),
}
"""Numpy dtype of the items of each list column, in the order of the file."""


def column_names(labels: Iterable[str]) -> list[str]:
    """Return all columns of a file with these labels, in order."""
    return [*TEXT_COLUMNS, *LIST_DTYPES, *labels]


def arrow_schema(labels: Iterable[str]) -> Any:
    """Return the `pyarrow.Schema` of a file with these label columns."""
    import pyarrow as pa

    names = column_names(labels)
    return pa.schema([pa.field(name, arrow_type(name), nullable=False) for name in names])


def to_arrow(rows: Rows) -> Any:
    """Return rows as a `pyarrow.Table`; numeric buffers are shared, not copied."""
    import pyarrow as pa

    graphs = rows.graphs
    node_ptr, edge_ptr = (shared(p.astype(np.int32)) for p in (graphs.node_ptr, graphs.edge_ptr))
    values = list_values(graphs)
    columns = [rows.texts[name] for name in TEXT_COLUMNS]
    for name in LIST_DTYPES:
        offsets = node_ptr if name in NODE_COLUMNS else edge_ptr
        items = shared(values[name])
        columns.append(pa.ListArray.from_arrays(offsets, items, type=arrow_type(name)))
    columns += [shared(labels) for labels in rows.labels.values()]
    return pa.table(columns, schema=arrow_schema(rows.labels))


def from_arrow(table: Any, labels: Sequence[str], where: str) -> Rows:
    """Read rows from a `pyarrow.Table`; buffers of columns of one chunk are shared, not copied.

    Args:
        table: The table.
        labels: The label columns that it must have.
        where: What to call it in an error.

    Raises:
        DataError: Columns or types differ, or the columns of a graph differ in length.
    """
    check_schema(table.schema, labels, where)
    return assemble(lambda name: to_numpy(table.column(name)), labels, where)


def assemble(column: Callable[[str], Any], labels: Sequence[str], where: str) -> Rows:
    """Put rows together from columns as `to_numpy` gives them.

    Raises:
        DataError: The columns of a graph differ in length.
    """
    node_ptr = edge_ptr = np.zeros(1, dtype=np.int64)
    values: dict[str, np.ndarray] = {}
    for name in LIST_DTYPES:
        values[name], ptr = column(name)
        if name == NODE_COLUMNS[0]:
            node_ptr = ptr
        elif name == EDGE_COLUMNS[0]:
            edge_ptr = ptr
        if not np.array_equal(ptr, node_ptr if name in NODE_COLUMNS else edge_ptr):
            raise DataError(f"{where}: column {name} has lists of other lengths than its graphs")
    graphs = GraphTable(
        {name: values[f"node_{name}"] for name in COLUMNS},
        values["edge_source"],
        values["edge_target"],
        node_ptr,
        edge_ptr,
    )
    return Rows(
        {name: column(name) for name in TEXT_COLUMNS},
        graphs,
        {name: column(name) for name in labels},
    )


def list_values(graphs: GraphTable) -> Mapping[str, np.ndarray]:
    """Return the items of each list column, end to end, without copying."""
    nodes = {f"node_{name}": graphs.columns[name] for name in COLUMNS}
    return {**nodes, "edge_source": graphs.source, "edge_target": graphs.target}


def to_numpy(column: Any) -> Any:
    """Return one Arrow column as rows keep it; a column of one chunk is shared, not copied.

    Args:
        column: A `pyarrow.ChunkedArray` of text, numbers, or lists of numbers.

    Returns:
        Text: a `pyarrow` array. Numbers: numpy, read-only. Lists: (items end to end, numpy; first
        item of each list and last their number, int64 [rows + 1]).
    """
    import pyarrow as pa

    kind, chunks = column.type, column.chunks
    if pa.types.is_string(kind):
        return chunks[0] if len(chunks) == 1 else column.combine_chunks()
    if pa.types.is_list(kind):
        counts = [np.diff(view(chunk.offsets)) for chunk in chunks]
        items = [view(chunk.flatten()) for chunk in chunks]
        return _joined(items, kind.value_type), pointers(_joined(counts, pa.int32()))
    return _joined([view(chunk) for chunk in chunks], kind)


def check_schema(schema: Any, labels: Sequence[str], where: str) -> None:
    """Check column names, types and nullability, naming the first column that differs.

    Raises:
        DataError: A column is missing, surplus, or of another type.
    """
    expected = arrow_schema(labels)
    for field in expected:
        if field.name not in schema.names:
            raise DataError(f"{where}: column {field.name} is missing; it holds {field.type}")
        found = schema.field(field.name)
        if found.type != field.type or found.nullable:
            kind = f"{'nullable ' if found.nullable else ''}{found.type}"
            raise DataError(f"{where}: column {field.name} is {kind}, not {field.type}")
    surplus = [name for name in schema.names if name not in expected.names]
    if surplus:
        raise DataError(f"{where}: column {surplus[0]} is not one that the manifest names")


def arrow_type(name: str) -> Any:
    """Return the type of a column by name; what is no text and no list is a label."""
    import pyarrow as pa

    if name in TEXT_COLUMNS:
        return pa.string()
    if name not in LIST_DTYPES:
        return pa.float64()
    item = pa.from_numpy_dtype(np.dtype(LIST_DTYPES[name]))
    return pa.list_(pa.field("item", item, nullable=False))


def _joined(parts: list[np.ndarray], kind: Any) -> np.ndarray:
    if len(parts) == 1:
        return parts[0]
    dtype = kind.to_pandas_dtype()
    return frozen(np.concatenate(parts) if parts else np.zeros(0, dtype=dtype))
