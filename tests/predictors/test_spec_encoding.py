"""Columns of a specification."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.errors import GraphError
from nape_bench.graph import GraphTable
from nape_bench.predictors.spec_encoding import SpecEncoding
from nape_bench.spaces import space

DEAD = "|nor_conv_3x3~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|"
PLAIN = "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|"


@pytest.fixture(scope="module")
def graphs() -> GraphTable:
    """Two cells of one graph: a convolution of the first leads nowhere."""
    family = space("nb201")
    built = GraphTable.from_graphs(family.build(family.parse(text)) for text in (DEAD, PLAIN))
    return built.named([f"nb201:{DEAD}", f"nb201:{PLAIN}"])


def test_operations_that_lead_nowhere_are_counted(graphs: GraphTable) -> None:
    assert graphs.hashes[0] == graphs.hashes[1]
    encoding = SpecEncoding.of(graphs)
    counts = dict(zip(encoding.columns, encoding(graphs).T, strict=True))
    assert counts["/ops", "", "nor_conv_3x3"].tolist() == [1, 0]
    assert counts["/ops", "", "none"].tolist() == [4, 5]
    assert counts["/ops", "0", "nor_conv_3x3"].tolist() == [1, 0]
    assert encoding(graphs)[:, encoding.counts].sum(axis=1).tolist() == [6, 6]


def test_columns_are_those_of_the_first_table(graphs: GraphTable) -> None:
    encoding = SpecEncoding.of(graphs[1:])
    assert SpecEncoding(encoding.columns).columns == encoding.columns
    assert encoding(graphs)[:, encoding.counts].sum(axis=1).tolist() == [5, 6]


def test_without_ids_there_are_none() -> None:
    family = space("hiaml")
    table = GraphTable.from_graphs([family.build(family.sample(np.random.default_rng(0)))])
    assert SpecEncoding.of(table).columns == []
    assert SpecEncoding.of(table)(table).shape == (1, 0)


def test_ids_go_with_their_graphs(graphs: GraphTable) -> None:
    names = [f"nb201:{DEAD}", f"nb201:{PLAIN}"]
    assert graphs[[1, 0]].ids.tolist() == names[::-1]
    assert graphs[1:].ids.tolist() == graphs.part(1, 2).ids.tolist() == names[1:]
    assert GraphTable.concatenate([graphs, graphs]).ids.tolist() == names * 2
    assert GraphTable.concatenate([graphs, GraphTable.from_graphs(graphs)]).ids is None
    with pytest.raises(GraphError, match="1 ids for a table of 2"):
        graphs.named(["a:b"])
