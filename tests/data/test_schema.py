"""Rows to Arrow and back, and what is refused on the way."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from nape_bench.data.rows import TEXT_COLUMNS, Rows
from nape_bench.data.schema import (
    LIST_DTYPES,
    arrow_schema,
    check_schema,
    column_names,
    from_arrow,
    list_values,
    to_arrow,
)
from nape_bench.errors import DataError
from nape_bench.graph import COLUMNS
from nape_bench.graph.vocabulary import COLUMN_DTYPES
from tests.data import tables

LABELS = ["accuracy", "latency"]


def same(a: Rows, b: Rows) -> bool:
    ours, theirs = list_values(a.graphs), list_values(b.graphs)
    return (
        all(a.texts[n].equals(b.texts[n]) for n in TEXT_COLUMNS)
        and all(np.array_equal(ours[n], theirs[n]) for n in LIST_DTYPES)
        and np.array_equal(a.graphs.node_ptr, b.graphs.node_ptr)
        and np.array_equal(a.graphs.edge_ptr, b.graphs.edge_ptr)
        and list(a.labels) == list(b.labels)
        and all(np.array_equal(a.labels[n], b.labels[n], equal_nan=True) for n in a.labels)
    )


def test_columns_are_those_of_a_graph_in_its_dtypes() -> None:
    schema = arrow_schema(LABELS)
    assert schema.names == column_names(LABELS)
    assert schema.names[:5] == ["id", "family", "spec", "hash", "group"]
    for name in COLUMNS:
        item = schema.field(f"node_{name}").type.value_field
        assert item.type == pa.from_numpy_dtype(np.dtype(COLUMN_DTYPES[name]))
        assert not item.nullable
    assert not any(field.nullable for field in schema)


def test_round_trip() -> None:
    table = to_arrow(tables.rows())
    assert table.schema == arrow_schema(LABELS)
    assert same(from_arrow(table, LABELS, "t"), tables.rows())


def test_one_row_reads_as_its_graph() -> None:
    row = to_arrow(tables.rows()).slice(4, 1).to_pylist()[0]
    graph = tables.rows().graphs[4]
    assert row["node_c_out"] == graph.column("c_out").tolist()
    assert [list(pair) for pair in zip(row["edge_source"], row["edge_target"], strict=True)] == (
        graph.edges.tolist()
    )


def test_chunks_and_slices_read_as_one_table() -> None:
    table = to_arrow(tables.rows())
    pieces = pa.concat_tables([table.slice(0, 7), table.slice(7, 1), table.slice(8)])
    assert pieces.column("node_op").num_chunks == 3
    assert same(from_arrow(pieces, LABELS, "t"), tables.rows())
    assert same(from_arrow(table.slice(5, 9), LABELS, "t"), tables.rows().take(np.arange(5, 14)))


def test_no_rows() -> None:
    nothing = tables.rows().take(np.zeros(0, dtype=np.int64))
    assert len(from_arrow(to_arrow(nothing), LABELS, "t")) == 0
    assert len(from_arrow(arrow_schema(LABELS).empty_table(), LABELS, "t")) == 0


def test_take_by_mask_and_by_negative_index() -> None:
    rows = tables.rows()
    mask = np.zeros(len(rows), dtype=bool)
    mask[[2, 29]] = True
    assert same(rows.take(mask), rows.take([2, -1]))
    with pytest.raises(IndexError, match="graph 30"):
        rows.take([30])
    with pytest.raises(IndexError, match="a mask of 3 for 30 rows"):
        rows.take(np.ones(3, dtype=bool))
    with pytest.raises(IndexError, match="not by float64"):
        rows.take([0.5])


def test_arrays_are_shared_and_read_only() -> None:
    read = from_arrow(to_arrow(tables.rows()), LABELS, "t")
    assert np.shares_memory(read.graphs.columns["op"], tables.rows().graphs.columns["op"])
    with pytest.raises(ValueError, match="read-only"):
        read.labels["accuracy"][0] = 1.0


def test_a_missing_column_is_named() -> None:
    schema = to_arrow(tables.rows()).drop_columns(["node_h_in"]).schema
    with pytest.raises(DataError, match=r"data.parquet: column node_h_in is missing"):
        check_schema(schema, LABELS, "data.parquet")


def test_a_surplus_column_is_named() -> None:
    with pytest.raises(DataError, match="column latency is not one that"):
        check_schema(to_arrow(tables.rows()).schema, ["accuracy"], "t")


def test_a_column_of_another_type_is_named() -> None:
    table = to_arrow(tables.rows())
    for wrong in (pa.float32(), pa.string()):
        index = table.schema.get_field_index("accuracy")
        other = table.schema.set(index, pa.field("accuracy", wrong, nullable=False))
        with pytest.raises(DataError, match=f"accuracy is {wrong}, not double"):
            check_schema(other, LABELS, "t")
    nullable = table.schema.set(index, pa.field("accuracy", pa.float64()))
    with pytest.raises(DataError, match="accuracy is nullable double"):
        check_schema(nullable, LABELS, "t")


@pytest.mark.parametrize("name", ["node_bias", "edge_target"])
def test_lists_of_other_lengths_are_refused(name: str) -> None:
    table = to_arrow(tables.rows())
    index = table.schema.get_field_index(name)
    rolled = table.column(name).take(np.roll(np.arange(len(table)), 1))
    table = table.set_column(index, table.schema.field(name), rolled)
    with pytest.raises(DataError, match=f"column {name} has lists of other lengths"):
        from_arrow(table, LABELS, "t")
