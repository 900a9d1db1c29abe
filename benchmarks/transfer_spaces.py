"""The 21 spaces and tasks at hand of Multi-Predict's 28: architectures, accuracies, encodings.

Accuracies are read from published tables in `$NAPE_SHARED` (default `../shared`), which are not
part of the project. Encodings are computed here: all zero-cost proxies but grasp, which takes as
long as the other twelve together, of networks a quarter as wide, with one cell a stage and images
of 16 pixels.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nape_bench.data.splits import split_of
from nape_bench.graph import GraphTable
from nape_bench.labels.proxies import PROXIES, proxies
from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recorded import Recorded

LABELS = Path(os.environ.get("NAPE_SHARED", "../shared")) / "labels"
NAMES = tuple(name for name in PROXIES if name != "grasp")
SMALL: dict[str, Any] = {"width": 0.25, "depth": 1, "resolution": 16}
ROWS = {
    "nb101": {1: 200},
    "nb201": {6: 199, 3: 201},
    "nb301": {3: 110, 1: 110},
    "transnas_micro": {10: 192, 7: 208},
}
"""Space -> number of tasks with a label -> architectures with so many that are taken at most."""
NINE = ("ninapro", "svhn", "scifar100")
TRANSNAS = (
    "class_object", "class_scene", "autoencoder", "normal", "jigsaw", "room_layout",
    "segmentsemantic",
)  # fmt: skip


class SpaceRows(NamedTuple):
    """Architectures of a space.

    Attributes:
        encoding: Proxies, float64 [n, 12], NaN where there is none.
        flops: Multiply-adds of the whole network, float64 [n].
        groups: The key that isomorphs share, str [n].
        held_out: Which are in the test split, bool [n].
        labels: Task -> accuracies, float64 [n], NaN where there is none.
    """

    encoding: np.ndarray
    flops: np.ndarray
    groups: np.ndarray
    held_out: np.ndarray
    labels: dict[str, np.ndarray]


def open_space(name: str, recorded: Recorded) -> SpaceRows:
    """Read, build and encode the architectures of a space; encodings are kept in `recorded`."""
    family = space(name)
    found: dict[str, dict[str, float]] = {}
    for text, labels in _TABLES[name]():
        found.setdefault(family.format(family.parse(text)), {}).update(labels)
    order = sorted(found, key=lambda text: hashlib.sha256(text.encode()).digest())
    chosen = [
        text
        for labelled, most in ROWS[name].items()
        for text in [text for text in order if len(found[text]) == labelled][:most]
    ]
    tasks = sorted({task for labels in found.values() for task in labels})
    encoding = [recorded.get(f"{name}:{text}", lambda t=text: _encode(name, t)) for text in chosen]
    graphs = GraphTable.from_graphs(family.build(family.parse(text)) for text in chosen)
    return SpaceRows(
        np.array(encoding, dtype=np.float64),
        graphs.flops().astype(np.float64),
        graphs.groups,
        np.array([split_of(group) == "test" for group in graphs.groups]),
        {task: np.array([found[t].get(task, np.nan) for t in chosen]) for task in tasks},
    )


def _encode(name: str, text: str) -> list[float | None]:
    family = space(name)
    values = proxies(family.build(family.parse(text), **SMALL), batch=16, names=NAMES)
    return [None if values[p] is None else float(f"{values[p]:.6g}") for p in NAMES]


def _rows(path: str) -> Iterator[dict[str, str]]:
    with (LABELS / path).open(newline="") as file:
        yield from csv.DictReader(file)


def _nb101() -> Iterator[tuple[str, dict[str, float]]]:
    for row in _rows("nb101_naslib500/nb101_500.csv"):
        spec = {"matrix": json.loads(row["adjacency"]), "ops": json.loads(row["ops"])}
        yield json.dumps(spec), {"cifar10": float(row["cifar10_val_acc"])}


def _nb201() -> Iterator[tuple[str, dict[str, float]]]:
    for row in _rows("nb201_vtao/nats_bench.csv"):
        columns = {"cifar10": "CIFAR10", "cifar100": "CIFAR100", "imagenet16": "ImageNet"}
        yield (
            row["ArchitectureString"],
            {
                task: float(row[f"{column}TestAccuracy200Epochs"])
                for task, column in columns.items()
            },
        )
    for row in _rows("nb201_naslib_val200/nb201_9x_tasks.csv"):
        yield row["arch_str"], {task: float(row[f"{task}_val"]) for task in NINE}


def _nb301() -> Iterator[tuple[str, dict[str, float]]]:
    for row in _rows("nb301_naslib/nb301_9x_tasks.csv"):
        yield _genotype(row["genotype"]), {task: float(row[f"{task}_val"]) for task in NINE}
    for row in _rows("nb301_naslib/nb301_surrogate_cifar10.csv"):
        yield _genotype(row["genotype"]), {"cifar10": float(row["cifar10_val_surrogate"])}


def _genotype(text: str) -> str:
    """Read "Genotype(normal=[...], ...)" as JSON, by its literals alone."""
    call = ast.parse(text, mode="eval").body
    if not isinstance(call, ast.Call):
        raise TypeError(f"a genotype expected, not {text[:60]!r}")
    return json.dumps({str(part.arg): ast.literal_eval(part.value) for part in call.keywords})


def _transnas() -> Iterator[tuple[str, dict[str, float]]]:
    for row in _rows("transnas101_naslib/transnas101_micro.csv"):
        yield row["arch_str"], {task: float(row[f"{task}_val"]) for task in TRANSNAS}
    for row in _rows("transnas101_naslib/transnas101_micro_9x_tasks.csv"):
        yield row["arch_str"], {task: float(row[f"{task}_val"]) for task in NINE}


_TABLES = {"nb101": _nb101, "nb201": _nb201, "nb301": _nb301, "transnas_micro": _transnas}
