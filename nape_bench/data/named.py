"""Rows of networks that have a name and no space: models of a zoo, with graphs that were traced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.build import spec_text
from nape_bench.data.rows import Rows, frozen
from nape_bench.data.splits import SPLITS
from nape_bench.errors import DataError
from nape_bench.graph import GraphTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.graph import ArchGraph


@dataclass(frozen=True)
class NamedNetwork:
    """One network of a zoo with one set of labels.

    Attributes:
        family: What it is compared within: "resnet".
        name: What tells it from all others of the dataset: "resnet50/IMAGENET1K_V1".
        spec: Plain JSON that says how it is made.
        graph: Its graph.
        labels: Label -> value; all networks of a config have the same labels.
    """

    family: str
    name: str
    spec: Mapping[str, Any]
    graph: ArchGraph
    labels: Mapping[str, float]


def named_rows(networks: Sequence[NamedNetwork]) -> Rows:
    """Return a row for each network, in their order; its id is `<family>:<name>`.

    Raises:
        DataError: There is none, or one has other labels than the first.
    """
    import pyarrow as pa

    if not networks:
        raise DataError("there is no network to make rows of")
    names = list(networks[0].labels)
    for network in networks:
        if list(network.labels) != names:
            raise DataError(f"{network.name} has labels {', '.join(network.labels)}, "
                            f"where {networks[0].name} has {', '.join(names)}")  # fmt: skip
    graphs = GraphTable.from_graphs(network.graph for network in networks)
    texts = {
        "id": [f"{network.family}:{network.name}" for network in networks],
        "family": [network.family for network in networks],
        "spec": [spec_text(dict(network.spec)) for network in networks],
        "hash": graphs.hashes.tolist(),
        "group": graphs.groups.tolist(),
    }
    labels = {
        name: frozen(np.array([network.labels[name] for network in networks], dtype=np.float64))
        for name in names
    }
    return Rows({name: pa.array(it, pa.string()) for name, it in texts.items()}, graphs, labels)


def split_by_family(rows: Rows, splits: Mapping[str, str]) -> dict[str, Rows]:
    """Return the rows of each split, whole families at a time.

    Args:
        rows: All rows.
        splits: Family -> split.

    Raises:
        DataError: A family is in no split.
    """
    families = rows.texts["family"].to_pylist()
    missing = sorted(set(families) - set(splits))
    if missing:
        raise DataError(f"families {', '.join(missing)} are in no split")
    of = np.array([splits[family] for family in families])
    return {split: rows.take(of == split) for split in SPLITS}
