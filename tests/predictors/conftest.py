"""Real graphs with a label that follows from them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import nape_bench
from nape_bench.graph import GraphTable
from nape_bench.graph.vocabulary import OP_INDEX


class Labelled(NamedTuple):
    graphs: GraphTable
    y: np.ndarray

    def take(self, index: slice | np.ndarray) -> Labelled:
        return Labelled(self.graphs[index], self.y[index])


@pytest.fixture(scope="session")
def labelled() -> Labelled:
    """180 HiAML networks, small; the label follows from their size and operations, around 90."""
    hiaml = nape_bench.space("hiaml")
    rng = np.random.default_rng(0)
    graphs = GraphTable.from_graphs(
        hiaml.build(hiaml.sample(rng), depth=1, resolution=16) for _ in range(180)
    )
    split = np.array([(graph.column("op") == OP_INDEX["ReLU6"]).sum() for graph in graphs])
    size = np.log10(graphs.params())
    y = 90 + 2 * (size - size.mean()) / size.std() + (split - split.mean()) / split.std()
    return Labelled(graphs, y)
