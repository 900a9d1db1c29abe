"""PackedLoader gives what torch_geometric's DataLoader gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data

from nape_bench.graph.loader import PackedLoader
from tests.graph.networks import table

COUNT = 23
Y = np.random.default_rng(1).normal(size=COUNT)
IDS = [f"a{i}" for i in range(COUNT)]


def datas() -> list[Data]:
    graphs = table(COUNT)
    found = []
    for i in range(COUNT):
        data = graphs.to_pyg(i)
        data.y, data.id = torch.tensor([Y[i]], dtype=torch.float32), IDS[i]
        found.append(data)
    return found


def assert_same(ours: Data, theirs: Data) -> None:
    assert set(ours.keys()) == set(theirs.keys())
    for key in theirs.keys():  # noqa: SIM118 (Data is no mapping)
        a, b = ours[key], theirs[key]
        if isinstance(b, torch.Tensor):
            assert a.dtype == b.dtype, key
            assert torch.equal(a, b), key
        else:
            assert a == b, key


def test_a_batch_equals_the_collated_one_and_comes_apart() -> None:
    graphs = np.array([5, 2, 9, 2])
    ours = PackedLoader(table(COUNT), Y, IDS).gather(graphs)
    theirs = Batch.from_data_list([datas()[i] for i in graphs])
    assert_same(ours, theirs)
    assert ours.num_graphs == 4
    for mine, other in zip(ours.to_data_list(), theirs.to_data_list(), strict=True):
        for key in ("x", "op", "edge_index", "y"):
            assert torch.equal(mine[key], other[key])
        assert mine.id == other.id


def test_an_epoch_holds_every_graph_once() -> None:
    loader = PackedLoader(table(COUNT), Y, IDS, batch_size=5, shuffle=True, seed=3)
    first, second = ([i for batch in loader for i in batch.id] for _ in range(2))
    assert sorted(first) == sorted(second) == sorted(IDS)
    assert first != second
    assert len(loader) == 5
    again = PackedLoader(table(COUNT), Y, IDS, batch_size=5, shuffle=True, seed=3)
    assert [i for batch in again for i in batch.id] == first
    other = PackedLoader(table(COUNT), Y, IDS, batch_size=5, shuffle=True, seed=4)
    assert [i for batch in other for i in batch.id] != first


def test_without_shuffling_labels_and_names() -> None:
    batches = list(PackedLoader(table(COUNT), batch_size=10))
    assert [b.num_graphs for b in batches] == [10, 10, 3]
    assert "y" not in batches[0]
    assert_same(batches[2], Batch.from_data_list([table(COUNT).to_pyg(i) for i in (20, 21, 22)]))


def test_refusals() -> None:
    with pytest.raises(ValueError, match="3 y for a table of 23"):
        PackedLoader(table(COUNT), Y[:3])
    with pytest.raises(ValueError, match="batch_size"):
        PackedLoader(table(COUNT), batch_size=0)
