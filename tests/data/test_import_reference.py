"""Published tables import by the commands that the registry names, as they stand there."""

from __future__ import annotations

import ast
import csv
import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.cli.main import main
from nape_bench.data import Dataset, import_table, load_dataset
from nape_bench.data.datasets._transnas import TASKS
from nape_bench.data.registry import dataset_specs
from nape_bench.errors import DataError
from nape_bench.metrics import spearman

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.shared


@dataclass(frozen=True)
class Table:
    """A published config: where its files lie, and what a whole import gives.

    Attributes:
        folder: Of the files in the reference material.
        rows: Rows of all files.
        kept: Architectures.
        labels: Number of labels.
        content: Content hash of the config.
    """

    folder: str
    rows: int
    kept: int
    labels: int
    content: str


TABLES = {
    "nb101/cifar10": Table(
        "nb101_naslib500", 500, 500, 1,
        "e30c77b73cc20281fd5eebf7518f392f761469bdcbceedefcaed5549d19347c1",
    ),
    "nb201/cifar10": Table(
        "nb201_vtao", 15625, 15625, 1,
        "bc914b862df54d56402aae339d966d5c2257b4bff16928e878a6362087dcffe4",
    ),
    "nb301/surrogate": Table(
        "nb301_naslib", 1218, 1218, 1,
        "11187e360da6d8648787295ab6d3b47faa592458e94edafdfc479f398ef612f5",
    ),
    "ofa_mbv3/imagenet": Table(
        "ofa_mbv3_dynas", 2373, 2162, 1,
        "b8e82df913e0afd8b4ad6f70058055fcb49ec79022e1d8100d11bf99d9159260",
    ),
    "nb_macro/cifar10": Table(
        "nas_bench_macro", 6561, 6561, 4,
        "6f567be3800144d49f7b4b95c63ca2a833e1522cd769cb6958924197fa833e4e",
    ),
    "transnas_micro/class_object": Table(
        "transnas101_naslib", 4096, 4096, 1,
        "5ebecd79a488ca966684f31fe1eddb979ad6f165cd002461df2546e87aefd26c",
    ),
}  # fmt: skip


def test_every_known_command_is_tried_here() -> None:
    specs = dataset_specs()
    known = {how for name in specs for how in specs[name].how.values()}
    importers = ("table", "nasbench_macro", "dynas")
    tables = {how for how in known if how.endswith("transnas101_micro.csv")}
    tables |= {how for how in known if how.split()[2] in importers}
    tried = [name.split("/") for name in TABLES]
    assert {specs[f"nape/{family}"].how[config] for family, config in tried} == tables


def run(name: str, shared: Path, part_of: Callable[[Path], Path] | None = None) -> Dataset:
    """Run the command of a config on its files, or on a part of each."""
    family, config = name.split("/")
    dataset = f"nape/{family}"
    words = shlex.split(dataset_specs()[dataset].how[config])
    folder = shared / "labels" / TABLES[name].folder
    for i, word in enumerate(words):
        if Path(word).suffix in {".csv", ".json"}:
            words[i] = str(part_of(folder / word) if part_of else folder / word)
        elif i == 3:  # a folder of tables
            files = [part_of(file) if part_of else file for file in sorted(folder.glob("*.csv"))]
            words[i] = str(files[0].parent)
    assert main([*words[1:], "--quiet"]) == 0
    return load_dataset(dataset, config)


@pytest.fixture
def part(tmp_path: Path) -> Callable[[Path], Path]:
    """What makes a table of 120 rows, or all, spread over a table."""

    def cut(path: Path) -> Path:
        scratch = tmp_path / path.name
        if path.suffix == ".json":
            records = json.loads(path.read_text())
            keys = [list(records)[i] for i in _spread(len(records))]
            scratch.write_text(json.dumps({key: records[key] for key in keys}))
            return scratch
        with path.open(newline="") as file:
            header, *rows = csv.reader(file)
        with scratch.open("w", newline="") as file:
            csv.writer(file).writerows([header, *(rows[i] for i in _spread(len(rows)))])
        return scratch

    return cut


def _spread(count: int) -> list[int]:
    chosen: list[int] = np.unique(np.linspace(0, count - 1, 120).astype(int)).tolist()
    return chosen


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def values(ds: Dataset, label: str) -> dict[str, float]:
    """Return id -> label over all splits."""
    return {
        i: y
        for split in ds
        for i, y in zip(ds[split].ids, ds[split].labels[label].tolist(), strict=True)
    }


def costs(ds: Dataset) -> dict[str, tuple[int, int]]:
    """Return id -> parameters and multiply-adds of the graph."""
    found: dict[str, tuple[int, int]] = {}
    for split in ds:
        graphs = ds[split].graphs
        both = zip(graphs.params().tolist(), graphs.flops().tolist(), strict=True)
        found.update(zip(ds[split].ids, both, strict=True))
    return found


def check_whole(name: str, ds: Dataset) -> None:
    told = TABLES[name]
    ids = [i for split in ds for i in ds[split].ids]
    assert len(ids) == len(set(ids)) == told.kept
    assert ds.provenance["rows"] == told.rows
    assert len(ds.labels_info) == told.labels
    assert ds.content_hash == told.content


def test_nb101(shared: Path) -> None:
    ds = run("nb101/cifar10", shared)
    check_whole("nb101/cifar10", ds)
    rows = table(shared / "labels/nb101_naslib500/nb101_500.csv")
    for row in rows[::25]:
        found = ds.lookup({key: json.loads(row[key]) for key in ("adjacency", "ops")})
        assert found.labels["cifar10"] == float(row["cifar10_val_acc"])
    assert sorted(values(ds, "cifar10").values()) == sorted(
        float(row["cifar10_val_acc"]) for row in rows
    )


def test_nb201_accuracies(shared: Path, part: Callable[[Path], Path]) -> None:
    ds = run("nb201/cifar10", shared, part)
    rows = table(part(shared / "labels/nb201_vtao/nats_bench.csv"))
    assert values(ds, "cifar10") == {
        f"nb201:{row['ArchitectureString']}": float(row["CIFAR10TestAccuracy200Epochs"])
        for row in rows
    }


def test_nb301(shared: Path, part: Callable[[Path], Path]) -> None:
    ds = run("nb301/surrogate", shared, part)
    rows = table(part(shared / "labels/nb301_naslib/nb301_surrogate_cifar10.csv"))
    assert len(values(ds, "surrogate")) == len(rows) == 120
    for row in rows[::10]:
        found = ds.lookup(row["genotype"])
        assert found.labels["surrogate"] == float(row["cifar10_val_surrogate"])


def test_ofa_mbv3_accuracies(shared: Path, part: Callable[[Path], Path]) -> None:
    """The five files have networks in common: same or mean accuracies, and one size."""
    ds = run("ofa_mbv3/imagenet", shared, part)
    files = sorted((shared / "labels/ofa_mbv3_dynas").glob("*.csv"))
    rows = [row for file in files for row in table(part(file))]
    accuracies: dict[str, set[float]] = {}
    sizes = costs(ds)
    for row in rows:
        found = ds.lookup({**ast.literal_eval(row["Sub-network"]), "width": 1.0})
        accuracies.setdefault(found.id, set()).add(float(row["Top-1 Acc (%)"]))
        assert sizes[found.id][0] == int(row["Model Parameters"])
        if len(accuracies[found.id]) == 1:
            assert found.labels["imagenet"] == pytest.approx(min(accuracies[found.id]), abs=0.1)
    assert set(accuracies) == set(values(ds, "imagenet"))
    assert max(map(len, accuracies.values())) > 1
    assert len(ds.provenance["file"]) == len(ds.provenance["sha256"]) == 5


def test_nb_macro(shared: Path, part: Callable[[Path], Path]) -> None:
    ds = run("nb_macro/cifar10", shared, part)
    file = part(shared / "labels/nas_bench_macro/nas-bench-macro_cifar10.json")
    published = json.loads(file.read_text())
    assert values(ds, "cifar10") == {
        f"nb_macro:{digits}": told["mean_acc"] for digits, told in published.items()
    }
    for seed in range(3):
        assert values(ds, f"cifar10_seed{seed}") == {
            f"nb_macro:{digits}": told["test_acc"][seed] for digits, told in published.items()
        }
    told = ds.labels_info["cifar10"]
    assert (told.seeds, told.unit) == (3, "%")
    assert told.noise_ceiling == pytest.approx(0.979, abs=0.015)  # .979 of all
    sizes = costs(ds)
    assert all(
        sizes[f"nb_macro:{digits}"] == (each["params"], each["flops"])
        for digits, each in published.items()
    )


def test_transnas_micro(shared: Path, part: Callable[[Path], Path]) -> None:
    run("transnas_micro/class_object", shared, part)
    rows = table(part(shared / "labels/transnas101_naslib/transnas101_micro.csv"))
    found = {task: load_dataset("nape/transnas_micro", task) for task in TASKS}
    for task, ds in found.items():
        expected = {f"transnas_micro:{r['arch_str']}": float(r[f"{task}_val"]) for r in rows}
        assert values(ds, task) == expected
        assert list(ds.labels_info) == [ds.target] == [task]
        assert ds.labels_info[task].higher_is_better
    # Room layout is a negative loss: it too is highest where the other tasks' scores are.
    scene, room = (values(found[task], task) for task in ("class_scene", "room_layout"))
    assert max(room.values()) < 0
    assert spearman(list(scene.values()), [room[i] for i in scene]) > 0.5
    # Cells without a path are one function, so in one split, and score alike.
    ds = found["class_scene"]
    groups = {split: set(ds[split].groups[ds[split].y < 8].tolist()) for split in ds}
    assert sorted(map(len, groups.values())) == [0, 0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TABLES if name != "nb101/cifar10"])
def test_whole_tables(name: str, shared: Path) -> None:
    check_whole(name, run(name, shared))


@pytest.mark.slow
def test_nb201_whole(shared: Path) -> None:
    """All 15,625 cells: FLOPs alone give the rank correlations that are known of them."""
    ds = run("nb201/cifar10", shared)
    splits = [ds[name] for name in ds]
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


def test_rows_that_differ_are_refused_unless_told(shared: Path) -> None:
    files: Sequence[Path] = sorted((shared / "labels/ofa_mbv3_dynas").glob("*.csv"))
    arguments: dict[str, Any] = {
        "space": "ofa_mbv3",
        "spec": ["Sub-network"],
        "spec_fields": {"width": 1.0},
        "labels": {"imagenet": "Top-1 Acc (%)"},
        "name": "me/dynas",
        "progress": False,
    }
    _, report = import_table(files[0], **arguments)
    assert report.kept + report.repeated_same == report.read == 364
    assert report.repeated_differing == 0
    message = r"stood in mbnv3w10_evoga_acc.csv, line \d+ already, with imagenet"
    with pytest.raises(DataError, match=message):
        import_table(files[:2], **{**arguments, "name": "me/both"})


def test_a_table_of_several_columns_names_what_lacks(
    shared: Path, part: Callable[[Path], Path]
) -> None:
    with pytest.raises(DataError, match="line 2: nb101"):
        import_table(
            part(shared / "labels/nb101_naslib500/nb101_500.csv"),
            space="nb101",
            spec=["adjacency"],
            labels={"c": "cifar10_val_acc"},
            name="me/reference",
            progress=False,
        )
