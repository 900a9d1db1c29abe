"""Validity: whether measured accuracies rank architectures as published ones do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.load import load_dataset
from nape_bench.data.readme import markdown_table
from nape_bench.errors import DataError
from nape_bench.metrics import bootstrap_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.data.rows import Rows

LEAST = 20
"""Architectures in common below which no correlation is told."""


@dataclass(frozen=True)
class Validity:
    """How labels agree with published ones.

    Attributes:
        dataset: Name of the dataset that has the published ones.
        config: Its config.
        content_hash: The config's.
        label: The config's main label.
        source: Where the published labels come from.
        architectures: How many are in both.
        correlations: What is compared with the label ("micro accuracy", "multiply-adds") ->
            Spearman rank correlation and its 95 % bootstrap interval over architectures.
    """

    dataset: str
    config: str
    content_hash: str
    label: str
    source: str
    architectures: int
    correlations: dict[str, tuple[float, float, float]]


def validity(rows: Rows, ours: Mapping[str, np.ndarray], dataset: str, config: str) -> Validity:
    """Compare labels with the main label of a dataset that is at hand.

    Args:
        rows: The architectures.
        ours: Names of what is compared with it, float64 [architectures].
        dataset: Name of the dataset with the published labels.
        config: Its config.

    Raises:
        UnknownNameError: It is not at hand; the message says how it is imported.
        DataError: It has too few of the architectures.
    """
    theirs = load_dataset(dataset, config)
    known: dict[str, float] = {}
    for name in theirs:
        known.update(zip(theirs[name].ids, theirs[name].y.tolist(), strict=True))
    values = np.array([known.get(row_id, np.nan) for row_id in rows.texts["id"].to_pylist()])
    both = np.isfinite(values)
    if both.sum() < LEAST:
        raise DataError(
            f"{dataset}, config {config}, has {both.sum()} of the {len(rows)} architectures; "
            f"{LEAST} or more are needed for a correlation"
        )
    found = {name: bootstrap_interval(values[both], our[both]) for name, our in ours.items()}
    return Validity(
        dataset=dataset,
        config=config,
        content_hash=theirs.content_hash,
        label=theirs.target,
        source=theirs.labels_info[theirs.target].source,
        architectures=int(both.sum()),
        correlations={name: (it.value, it.low, it.high) for name, it in found.items()},
    )


def validity_text(found: Sequence[Validity]) -> str:
    """Return what a card says of validity."""
    if not found:
        return "None of these architectures has published labels that these were compared with."
    compared = list(found[0].correlations)
    rows = [
        [f"`{each.label}` ({each.source})", f"{each.architectures:,}"]
        + [_interval(*each.correlations[name]) for name in compared]
        for each in found
    ]
    return (
        "Spearman rank correlation with published labels of the same architectures, and its 95 % "
        "bootstrap interval over architectures:\n\n"
        + markdown_table(["published label", "architectures", *compared], rows)
    )


def to_json(found: Sequence[Validity]) -> str:
    """Return figures as JSON text, which `from_json` reads back."""
    return json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> list[Validity]:
    """Read figures back."""
    return [Validity(**each) for each in json.loads(text)]


def _interval(value: float, low: float, high: float) -> str:
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
