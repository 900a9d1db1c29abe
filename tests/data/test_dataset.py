"""What a user does with a dataset and its splits."""

from __future__ import annotations

import html
import math

import numpy as np
import pytest
import torch
from torch_geometric.loader import DataLoader

from nape_bench.data import Dataset, load_dataset, store
from nape_bench.errors import SpecError, UnknownNameError
from nape_bench.graph import ArchGraph
from nape_bench.spaces import space
from tests.data import tables


@pytest.fixture
def ds() -> Dataset:
    store.put("me/some", "v1.0", "micro", tables.INFO, tables.config_data())
    return load_dataset("me/some")


def test_it_says_what_it_is(ds: Dataset) -> None:
    assert ds.info == tables.INFO
    assert ds.target == "accuracy"
    assert dict(ds.labels_info) == tables.label_info("accuracy", "latency")
    assert ds.provenance["made"] == "by tests"
    assert (len(ds), ds.keys(), "train" in ds) == (3, ["train", "validation", "test"], True)
    rows = f"train {len(ds['train'])}, validation {len(ds['validation'])}, test {len(ds['test'])}"
    assert f"me/some v1.0, config micro, {rows}" in repr(ds)
    assert "from the store" in repr(ds)
    assert repr(ds["test"]) == (
        f"Split(test: {len(ds['test'])} architectures, labels accuracy, latency)"
    )


def test_a_row_is_pyg_data(ds: Dataset) -> None:
    train = ds["train"]
    for index in (0, np.int64(len(train) - 1), -1):
        data, graph = train[index], train.graphs[index]
        assert torch.equal(data.op, torch.tensor(graph.column("op")).long())
        assert data.x.shape == (len(graph), 13)
        assert data.edge_index.T.tolist() == graph.edges.tolist()
        assert data.y.dtype == torch.float32
        assert data.y.shape == (1,)
        assert data.y.item() == pytest.approx(train.labels["accuracy"][index], nan_ok=True)
        assert data.id == train.ids[index]
    with pytest.raises(IndexError):
        train[len(train)]
    assert [data.id for data in train] == train.ids


def test_columns_agree_with_each_other(ds: Dataset) -> None:
    hiaml = space("hiaml")
    for name in ds:
        split = ds[name]
        assert len(split) == len(split.graphs) == len(split.ids) == len(split.specs)
        assert split.families == ["hiaml"] * len(split)
        for i, spec in enumerate(split.specs):
            assert split.ids[i] == f"hiaml:{hiaml.format(spec)}"
            graph = hiaml.build(spec)
            assert split.graphs[i] == graph
            assert (split.hashes[i], split.groups[i]) == (graph.hash, graph.group)


def test_labels(ds: Dataset) -> None:
    labels = {name: [] for name in ("accuracy", "latency")}
    for name in ds:
        for label, values in ds[name].labels.items():
            assert values.dtype == np.float64
            labels[label].extend(values.tolist())
        assert ds[name].y is ds[name].labels["accuracy"]
    for label, values in labels.items():
        expected = np.sort(tables.rows().labels[label])
        assert np.array_equal(np.sort(values), expected, equal_nan=True)
    with pytest.raises(TypeError):
        ds["train"].labels["accuracy"] = np.zeros(3)  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        ds["train"].y[0] = 1.0


def test_specs_are_a_sequence(ds: Dataset) -> None:
    specs = ds["train"].specs
    assert specs[1:3] == [specs[1], specs[2]]
    assert specs[-1] == list(specs)[-1]
    assert specs[0] in specs
    with pytest.raises(IndexError):
        specs[len(specs)]


def test_select(ds: Dataset) -> None:
    train = ds["train"]
    chosen = train.select([3, 1])
    assert chosen.ids == [train.ids[3], train.ids[1]]
    assert chosen.graphs[0] == train.graphs[3]
    assert chosen.y[1] == train.y[1]
    assert chosen[0].id == train.ids[3]
    assert train.select(train.y > 90).ids == [
        i for i, y in zip(train.ids, train.y, strict=True) if y > 90
    ]
    with pytest.raises(IndexError):
        train.select([len(train)])


def test_loader_gives_what_pyg_would(ds: Dataset) -> None:
    train = ds["train"]
    ours = list(train.loader(batch_size=4))
    theirs = list(DataLoader(train, batch_size=4))  # type: ignore[arg-type]
    assert len(ours) == len(theirs) == math.ceil(len(train) / 4)
    for a, b in zip(ours, theirs, strict=True):
        assert a.id == b.id
        for key in ("op", "x", "edge_index", "batch", "ptr"):
            assert torch.equal(a[key], b[key])
        assert torch.allclose(a.y, b.y, equal_nan=True)
    loader = train.loader(batch_size=len(train), shuffle=True, seed=3)
    first, again = next(iter(loader)).id, next(iter(loader)).id
    assert sorted(first) == sorted(again) == sorted(train.ids)
    assert len({tuple(train.ids), tuple(first), tuple(again)}) == 3


def test_lookup_takes_every_form(ds: Dataset) -> None:
    test = ds["test"]
    spec, text = test.specs[2], test.ids[2].removeprefix("hiaml:")
    for form in (spec, tuple(spec), text, test.ids[2], str(spec), text.replace("-", ",")):
        row = ds.lookup(form)
        assert (row.split, row.index, row.id) == ("test", 2, test.ids[2])
        assert row.labels["latency"] == test.labels["latency"][2]


def test_lookup_says_what_is_missing(ds: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = next(t for t in tables.specs(200, seed=5) if t not in tables.specs(30))
    with pytest.raises(
        UnknownNameError, match=f"has no hiaml:{absent}, nor its graph, among its 30"
    ):
        ds.lookup(absent)
    with pytest.raises(SpecError, match="4 block names expected"):
        ds.lookup("z-z")
    with pytest.raises(SpecError, match="unknown block 'q'"):
        ds.lookup("q-z-z-z")
    # Where spaces have several specifications of one graph, the one that is there is named.
    twin = ds["test"].graphs[1]
    monkeypatch.setattr(type(space("hiaml")), "build", lambda self, spec: twin)
    with pytest.raises(
        UnknownNameError, match=f"1 with the same graph: {ds['test'].ids[1]} in test"
    ):
        ds.lookup(absent)
    assert isinstance(twin, ArchGraph)


def test_distributions_of_labels(ds: Dataset) -> None:
    main, other = ds.histogram(), ds.histogram("latency")
    n = sum(int(np.isfinite(ds[split].labels["latency"]).sum()) for split in ds)
    assert ">me/some v1.0, micro: accuracy<" in main
    assert ">me/some v1.0, micro: latency<" in other
    assert f"{n} values" in other
    assert main.split('id="')[1].split('"')[0] != other.split('id="')[1].split('"')[0]
    with pytest.raises(UnknownNameError, match="did you mean latency"):
        ds.histogram("latenci")
    assert ds._repr_html_() == f"<pre>{html.escape(repr(ds))}</pre>{main}"
