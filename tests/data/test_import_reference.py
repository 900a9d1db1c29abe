"""Published tables import as they are: NB-201, NB-101, NB-301 and OFA-MobileNetV3."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.data import Dataset, import_table, load_dataset
from nape_bench.errors import DataError
from nape_bench.metrics import spearman

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.shared


def part(path: Path, scratch: Path, rows: int) -> Path:
    """Return a table of some rows of a table, spread over it."""
    with path.open(newline="") as file:
        table = list(csv.reader(file))
    chosen = np.linspace(1, len(table) - 1, rows).astype(int)
    with (scratch / path.name).open("w", newline="") as file:
        csv.writer(file).writerows([table[0], *(table[i] for i in chosen)])
    return scratch / path.name


def column(path: Path, name: str) -> list[str]:
    with path.open(newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def imported(path: Path, **arguments: Any) -> Dataset:
    import_table(path, name="me/reference", progress=False, **arguments)
    return load_dataset("me/reference")


def labels(ds: Dataset) -> Iterator[tuple[str, float]]:
    for split in ds:
        yield from zip(ds[split].ids, ds[split].y.tolist(), strict=True)


def test_nb201(shared: Path, tmp_path: Path) -> None:
    path = part(shared / "labels" / "nb201_vtao" / "nats_bench.csv", tmp_path, 300)
    ds = imported(
        path,
        space="nb201",
        spec=["ArchitectureString"],
        labels={
            "cifar10": "CIFAR10TestAccuracy200Epochs",
            "cifar100": "CIFAR100TestAccuracy200Epochs",
        },
    )
    cells, accuracies = (
        column(path, c) for c in ("ArchitectureString", "CIFAR10TestAccuracy200Epochs")
    )
    assert dict(labels(ds)) == {
        f"nb201:{cell}": float(y) for cell, y in zip(cells, accuracies, strict=True)
    }
    assert list(ds.labels_info) == ["cifar10", "cifar100"]


@pytest.mark.slow
def test_nb201_whole(shared: Path) -> None:
    """All 15,625 cells: FLOPs alone give the rank correlations that are known of them."""
    ds = imported(
        shared / "labels" / "nb201_vtao" / "nats_bench.csv",
        space="nb201",
        spec=["ArchitectureString"],
        labels={"cifar10": "CIFAR10TestAccuracy200Epochs"},
    )
    splits = [ds[name] for name in ds]
    assert sum(len(split) for split in splits) == 15_625
    y = np.concatenate([split.y for split in splits])
    flops = np.concatenate([split.graphs.flops() for split in splits])
    whole = np.array(["none" not in i for split in splits for i in split.ids])
    assert whole.sum() == 4096
    assert round(y.max(), 3) == 94.373
    assert spearman(y, flops) == pytest.approx(0.82, abs=0.01)
    assert spearman(y[whole], flops[whole]) == pytest.approx(0.81, abs=0.01)
    # The publishers count 6,466 cells that are not isomorphic; sums are flattened in groups alone.
    assert len({key for split in splits for key in split.hashes.tolist()}) <= 6466
    assert len({key for split in splits for key in split.groups.tolist()}) < 6000


def test_nb101(shared: Path, tmp_path: Path) -> None:
    path = part(shared / "labels" / "nb101_naslib500" / "nb101_500.csv", tmp_path, 60)
    ds = imported(
        path, space="nb101", spec=["adjacency", "ops"], labels={"cifar10": "cifar10_val_acc"}
    )
    expected = sorted(float(y) for y in column(path, "cifar10_val_acc"))
    assert sorted(y for _, y in labels(ds)) == expected
    params = {ds.lookup(i).labels["cifar10"]: ds for i, _ in labels(ds)}
    assert len(params) == len(set(expected))


def test_nb301(shared: Path, tmp_path: Path) -> None:
    path = part(shared / "labels" / "nb301_naslib" / "nb301_surrogate_cifar10.csv", tmp_path, 20)
    ds = imported(
        path, space="nb301", spec=["genotype"], labels={"surrogate": "cifar10_val_surrogate"}
    )
    expected = sorted(float(y) for y in column(path, "cifar10_val_surrogate"))
    assert sorted(y for _, y in labels(ds)) == expected


def test_ofa_mbv3_of_dynas(shared: Path, tmp_path: Path) -> None:
    path = part(shared / "labels" / "ofa_mbv3_dynas" / "mbnv3w10_evoga_acc.csv", tmp_path, 50)
    ds = imported(
        path,
        space="ofa_mbv3",
        spec=["Sub-network"],
        spec_fields={"width": 1.0},
        labels={"imagenet": "Top-1 Acc (%)"},
    )
    rows = zip(column(path, "Model Parameters"), column(path, "Sub-network"), strict=True)
    graphs = {i: g for split in ds for i, g in zip(ds[split].ids, ds[split].graphs, strict=True)}
    for params, network in rows:
        spec = {**_literal(network), "width": 1.0}
        # The publisher counts parameters of the same networks.
        assert graphs[ds.lookup(spec).id].params() == int(params)


def test_ofa_mbv3_of_dynas_has_repeats(shared: Path) -> None:
    path = shared / "labels" / "ofa_mbv3_dynas" / "mbnv3w10_evoga_acc.csv"
    _, report = import_table(
        path,
        space="ofa_mbv3",
        spec=["Sub-network"],
        spec_fields={"width": 1.0},
        labels={"imagenet": "Top-1 Acc (%)"},
        name="me/dynas",
        progress=False,
    )
    assert report.kept + report.repeated_same == report.read == 364
    assert report.repeated_differing == 0


def test_ofa_mbv3_of_help(shared: Path, tmp_path: Path) -> None:
    path = part(shared / "labels" / "help_latency" / "ofa_mbv3_latency_ms.csv", tmp_path, 40)
    ds = imported(
        path,
        space="ofa_mbv3",
        spec=["ks", "e", "d", "r"],
        spec_fields={"width": 1.0},
        labels={"v100": "v100_1", "titan": "titan_rtx_1"},
        units={"v100": "ms", "titan": "ms"},
        lower_is_better=["v100", "titan"],
    )
    assert sorted(y for _, y in labels(ds)) == sorted(float(y) for y in column(path, "v100_1"))
    resolutions = {int(g.nodes[0][1]) for split in ds for g in ds[split].graphs}
    assert resolutions == {int(r) for r in column(path, "r")}


def test_a_table_of_several_columns_names_what_lacks(shared: Path, tmp_path: Path) -> None:
    path = part(shared / "labels" / "nb101_naslib500" / "nb101_500.csv", tmp_path, 5)
    with pytest.raises(DataError, match="line 2: nb101"):
        imported(path, space="nb101", spec=["adjacency"], labels={"c": "cifar10_val_acc"})


def _literal(text: str) -> dict[str, Any]:
    import ast

    value: dict[str, Any] = ast.literal_eval(text)
    return value
