"""The card of nape/multitask: what its labels are worth, and how tasks go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.measured.base import seed_correlation
from nape_bench.data.measured.card import filled, setting_figures
from nape_bench.data.measured.micro import mean_of
from nape_bench.data.measured.multitask import METRICS, config_name
from nape_bench.data.measured.quality import correlation, plain, rank_correlation
from nape_bench.data.readme import COLUMNS_TEXT, label_table, markdown_table, split_table
from nape_bench.data.together import LEGEND, pair_table
from nape_bench.metrics.together import rank_correlations
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.data.manifest import Manifest
    from nape_bench.data.measured.multitask import Bodies
    from nape_bench.data.together import Together


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
        "tables": "\n\n".join(
            f"### Config `{name}`\n\n{label_table(config)}\n\n{split_table(config)}"
            for name, config in manifest.configs.items()
        ),
        "tasks": "\n\n".join(_tasks(bodies) for bodies in families.values()),
        "published": _published(together),
        "legend": LEGEND,
        "costs": _costs(families),
        **setting_figures(first.individual),
    }
    return filled(cards / "shared" / "multitask.md", figures)


def _configs(manifest: Manifest, families: Mapping[str, Bodies]) -> str:
    head = ["config", "individual", "pseudo", "least", "median", "greatest", "sd"]
    head += ["r between seeds", "r of pseudo with individual labels"]
    head += ["r multiply-adds", "in full size"]
    rows = []
    for family, bodies in families.items():
        own = bodies.individual
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
                + [correlation(bodies.pseudo_rank(task))]
                + [correlation(rank_correlation(values, own.column("flops")[:, 0]))]
                + [correlation(rank_correlation(values, full))]
            )
    return markdown_table(head, rows)


def _tasks(bodies: Bodies) -> str:
    """Return how the tasks of a family's individual labels go together."""
    values = {task: mean_of(bodies.individual.column(task)) for task in METRICS}
    table = pair_table(list(values), rank_correlations(values))
    title = f"{space_of(bodies.family).title}, {len(bodies.individual.table)} bodies"
    return f"{title}:\n\n{table}"


def _published(together: Together | None) -> str:
    if together is None:
        return "It was compared with no published labels."
    table = pair_table(together.columns, together.pairs)
    return f"{together.dataset}, {together.counts()} architectures:\n\n{table}"


def _costs(families: Mapping[str, Bodies]) -> str:
    head = ["family", "a body individually, s", "pseudo-labelled, s", "supernet, s", "head, s"]
    rows = []
    for family, bodies in families.items():
        own, other = bodies.individual, bodies.pseudo
        shared = [own.column("supernet_seconds").max(), other.column("head_seconds").max()]
        medians = [np.median(own.column("seconds")), np.median(other.column("seconds"))]
        rows.append([f"`{family}`", *(plain(float(x)) for x in (*medians, *shared))])
    return markdown_table(head, rows)
