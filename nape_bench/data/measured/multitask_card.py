"""The card of nape/multitask: what its labels are worth, and how tasks go together."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.load import load_dataset
from nape_bench.data.measured.base import seed_correlation
from nape_bench.data.measured.card import filled, setting_figures
from nape_bench.data.measured.micro import mean_of
from nape_bench.data.measured.multitask import METRICS, config_name
from nape_bench.data.measured.quality import correlation, plain, rank_correlation
from nape_bench.data.readme import COLUMNS_TEXT, markdown_table
from nape_bench.data.registry import dataset_specs
from nape_bench.errors import DataError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.data.manifest import Manifest
    from nape_bench.data.measured.multitask import Bodies


@dataclass(frozen=True)
class Together:
    """How tasks of a published dataset go together.

    Attributes:
        dataset: Its name.
        content_hashes: Those of its configs.
        architectures: How many there are.
        tasks: Its configs.
        correlations: Spearman rank correlations, [tasks][tasks].
    """

    dataset: str
    content_hashes: dict[str, str]
    architectures: int
    tasks: list[str]
    correlations: list[list[float | None]]


def published_together(name: str, tasks: Sequence[str] | None = None) -> Together:
    """Return how tasks of a published dataset go together that has a config for each.

    Args:
        name: The dataset.
        tasks: Its configs; by default those that the registry has a command for.

    Raises:
        UnknownNameError: A config is not at hand; the message says how it is imported.
        DataError: It is no dataset of the registry, and no tasks are named.
    """
    if tasks is None:
        specs = dataset_specs()
        tasks = list(specs[name].how) if name in specs else []
    if not tasks:
        raise DataError(f"{name} is not known to the registry: say which tasks it has")
    found = [load_dataset(name, task) for task in tasks]
    values = {each.config: np.concatenate([each[split].y for split in each]) for each in found}
    hashes = {each.config: each.content_hash for each in found}
    count = len(next(iter(values.values())))
    return Together(name, hashes, count, list(values), _matrix(values))


def to_json(together: Together) -> str:
    """Return it as JSON text."""
    return json.dumps(asdict(together), indent=2) + "\n"


def compose(
    cards: Path,
    manifest: Manifest,
    families: Mapping[str, Bodies],
    together: Together | None,
    command: str,
) -> str:
    """Return the card of a version of nape/multitask.

    Args:
        cards: The folder of cards' parts.
        manifest: The version.
        families: What it was made of.
        together: How tasks of a published dataset go together, if it was compared.
        command: What makes it again.

    Raises:
        DataError: The card's part is missing, or names a figure that there is not.
    """
    first = next(iter(families.values()))
    figures = {
        "name": manifest.name,
        "version": manifest.version,
        "title": manifest.info.title,
        "licence": manifest.info.licence,
        "citation": manifest.info.citation,
        "columns": COLUMNS_TEXT,
        "command": command,
        "labels": markdown_table(
            ["task", "label", "what it is"],
            [[task, f"`{label}`", meaning] for task, (label, meaning) in METRICS.items()],
        ),
        "configs": _configs(manifest, families),
        "tasks": "\n\n".join(_tasks(bodies) for bodies in families.values()),
        "published": _published(together),
        "costs": _costs(families),
        **setting_figures(first.individual),
    }
    return filled(cards / "shared" / "multitask.md", figures)


def _configs(manifest: Manifest, families: Mapping[str, Bodies]) -> str:
    head = ["config", "individual", "pseudo", "least", "median", "greatest", "sd"]
    head += ["r between seeds", "of pseudo-labels", "r of pseudo with individual labels"]
    head += ["r multiply-adds", "in full size"]
    rows = []
    for family, bodies in families.items():
        own, other = bodies.individual, bodies.pseudo
        build = space_of(family).build
        full = np.array([build(spec).flops() for spec in own.specs], dtype=np.float64)
        for task in METRICS:
            name = config_name(family, task)
            values = mean_of(own.column(task))
            total = sum(split.rows for split in manifest.configs[name].splits.values())
            rows.append(
                [f"`{name}`", str(len(own.table)), str(total - len(own.table))]
                + [plain(float(x)) for x in (values.min(), np.median(values), values.max())]
                + [plain(float(values.std(ddof=1)))]
                + [correlation(seed_correlation(own.column(task)))]
                + [correlation(seed_correlation(other.column(task)))]
                + [correlation(bodies.pseudo_rank(task))]
                + [correlation(rank_correlation(values, own.column("flops")[:, 0]))]
                + [correlation(rank_correlation(values, full))]
            )
    return markdown_table(head, rows)


def _tasks(bodies: Bodies) -> str:
    """Return how the tasks of a family's individual labels go together."""
    values = {task: mean_of(bodies.individual.column(task)) for task in METRICS}
    title = f"{space_of(bodies.family).title}, {len(bodies.individual.table)} bodies"
    return f"{title}:\n\n{_matrix_table(list(values), _matrix(values))}"


def _published(together: Together | None) -> str:
    if together is None:
        return "It was compared with no published labels."
    table = _matrix_table(together.tasks, together.correlations)
    return f"{together.dataset}, {together.architectures:,} architectures:\n\n{table}"


def _costs(families: Mapping[str, Bodies]) -> str:
    head = ["family", "a body individually, s", "pseudo-labelled, s", "supernet, s", "head, s"]
    rows = []
    for family, bodies in families.items():
        own, other = bodies.individual, bodies.pseudo
        shared = [own.column("supernet_seconds").max(), other.column("head_seconds").max()]
        medians = [np.median(own.column("seconds")), np.median(other.column("seconds"))]
        rows.append([f"`{family}`", *(plain(float(x)) for x in (*medians, *shared))])
    return markdown_table(head, rows)


def _matrix(values: Mapping[str, np.ndarray]) -> list[list[float | None]]:
    return [[rank_correlation(a, b) for b in values.values()] for a in values.values()]


def _matrix_table(names: list[str], matrix: list[list[float | None]]) -> str:
    off = [r for i, row in enumerate(matrix) for j, r in enumerate(row) if i < j and r is not None]
    rows = [[name, *map(correlation, row)] for name, row in zip(names, matrix, strict=True)]
    mean = f"The mean over pairs of tasks is {np.mean(off):.3f}." if off else ""
    return markdown_table(["", *names], rows) + f"\n\n{mean}"
