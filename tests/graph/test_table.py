"""GraphTable: packing, taking, checking, and what it says of many graphs at once."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.errors import GraphError
from nape_bench.graph import COLUMNS, GraphTable
from nape_bench.graph.flat import order_of
from nape_bench.graph.vocabulary import COLUMN_DTYPES
from tests.graph.networks import random_network, table, tiny


def test_graphs_come_out_as_they_went_in() -> None:
    graphs = [random_network(seed) for seed in range(12)]
    packed = GraphTable.from_graphs(graphs)
    assert list(packed) == graphs
    assert packed[-1] == graphs[-1]
    assert {n: str(c.dtype) for n, c in packed.columns.items()} == dict(COLUMN_DTYPES)


@pytest.mark.parametrize(
    "chosen", [slice(2, 9, 3), [3, 3, 0], np.array([-1, 4]), np.arange(20) % 3 == 0, slice(0)]
)
def test_taking_rows(chosen: slice | list[int] | np.ndarray) -> None:
    graphs = np.empty(20, dtype=object)
    graphs[:] = list(table(20))
    expected = graphs[chosen].tolist()
    assert list(table(20)[chosen]) == expected


def test_rows_that_are_not_there() -> None:
    with pytest.raises(IndexError, match="graph 20 of a table of 20"):
        table(20)[20]
    with pytest.raises(IndexError, match="graph 25 of a table of 20"):
        table(20)[[1, 25]]
    with pytest.raises(IndexError, match="a mask of 3"):
        table(20)[np.array([True, False, True])]


def test_concatenating() -> None:
    assert list(GraphTable.concatenate([table(3), table(5)])) == [*table(3), *table(5)]


def test_an_empty_table() -> None:
    empty = GraphTable.from_graphs([])
    assert len(empty) == 0
    assert empty.check().hashes.tolist() == []
    assert empty.flops().tolist() == []
    assert empty.rows.rows.shape == (0, 14)


def test_costs_are_those_of_each_graph() -> None:
    packed = table(30)
    assert packed.flops().tolist() == [g.flops() for g in packed]
    assert packed.params().tolist() == [g.params() for g in packed]
    assert packed.flops().dtype == packed.params().dtype == np.int64


def broken(column: str, node: int, value: int) -> GraphTable:
    """Three tiny graphs, one value of the second one's changed."""
    packed = GraphTable.from_graphs([tiny()] * 3)
    columns = {name: values.copy() for name, values in packed.columns.items()}
    columns[column][len(tiny()) + node] = value
    return GraphTable(columns, packed.source, packed.target, packed.node_ptr, packed.edge_ptr)


def test_checking_names_graph_and_node() -> None:
    assert len(table(5).check()) == 5
    with pytest.raises(GraphError, match=r"graph 1, node 3 \(ReLU\): keeps the shape"):
        broken("c_out", 3, 7).check()
    with pytest.raises(GraphError, match=r"graph 1, node 3 \(operation 200\)"):
        broken("op", 3, 200).check()


def test_checking_finds_edges_that_point_backwards() -> None:
    packed = GraphTable.from_graphs([tiny()] * 2)
    source = packed.source.copy()
    source[-1] = 6
    bad = GraphTable(packed.columns, source, packed.target, packed.node_ptr, packed.edge_ptr)
    with pytest.raises(GraphError, match=r"graph 1: edge \(6, 6\) does not point forward"):
        bad.check()


def test_distinct_rows_give_back_every_column() -> None:
    packed = table(40)
    rows, of_node = packed.rows
    assert len(rows) == len(np.unique(rows, axis=0)) < len(of_node)
    for i, name in enumerate(COLUMNS):
        assert np.array_equal(rows[of_node, i], packed.columns[name])


def test_distinct_rows_of_large_values_are_exact() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 3, size=(500, len(COLUMNS))) * (2**20 - 1)
    packed = {name: rows[:, i] for i, name in enumerate(COLUMNS)}
    from nape_bench.graph.rows import distinct_rows

    found, of_node = distinct_rows(packed)
    assert np.array_equal(found[of_node], rows)
    assert len(found) == len(np.unique(rows, axis=0))


def test_values_that_a_column_cannot_hold_are_refused() -> None:
    packed = table(3)
    columns = {**packed.columns, "h_in": packed.columns["h_in"].astype(np.int64) + 40_000}
    with pytest.raises(GraphError, match=r"h_in=400\d\d is outside 0..32767"):
        GraphTable(columns, packed.source, packed.target, packed.node_ptr, packed.edge_ptr)


def test_what_is_no_row_is_refused() -> None:
    packed = table(3)
    for index in ([0.7], "a", [[0, 1]]):
        with pytest.raises(IndexError, match="a table takes an integer, a slice"):
            packed[index]
    halves = {**packed.columns, "c_in": packed.columns["c_in"] + 0.5}
    with pytest.raises(GraphError, match="c_in must be integers, not float64"):
        GraphTable(halves, packed.source, packed.target, packed.node_ptr, packed.edge_ptr)
    short = {**packed.columns, "c_in": packed.columns["c_in"][1:]}
    with pytest.raises(GraphError, match=r"c_in has .* node_ptr ends at"):
        GraphTable(short, packed.source, packed.target, packed.node_ptr, packed.edge_ptr).check()
    assert len(GraphTable.concatenate([])) == 0


@pytest.mark.parametrize("most", [1, 60_000, 70_000, 2**32 - 1])
def test_order_of_is_a_stable_argsort(most: int) -> None:
    values = np.random.default_rng(0).integers(0, most, 3000, endpoint=True)
    assert np.array_equal(order_of(values), np.argsort(values, kind="stable"))
    assert not len(order_of(values[:0]))
