"""What is shown of a dataset: labels, splits and a graph, where the package ships it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.distribution import distribution
from nape_bench.data.info import DEFAULT_CONFIG, version_key
from nape_bench.data.pictures import example_graph
from nape_bench.data.places import EMBEDDED, Place
from nape_bench.data.registry import dataset_specs
from nape_bench.data.verify import verified_rows
from nape_bench.leaderboard.site.drawings import inline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from nape_bench.data.info import DatasetInfo, LabelInfo
    from nape_bench.data.places import Found
    from nape_bench.data.rows import Rows
    from nape_bench.leaderboard.board import Ranking
    from nape_bench.leaderboard.checking.sheet import Facts
    from nape_bench.picture import Picture


@dataclass(frozen=True)
class ShownConfig:
    """A set of labels that protocols of the board are about.

    Attributes:
        name: The config.
        facts: What one of its protocols says of it.
        protocols: Those protocols.
        label: What its label holds; None where the package does not ship it.
        splits: Split -> rows and content hash; empty where the package does not ship it.
        picture: The distribution of its label; None where the package does not ship it.
        how: The command that brings it in, where the package does not ship it and one is known.
    """

    name: str
    facts: Facts
    protocols: tuple[str, ...]
    label: LabelInfo | None
    splits: Mapping[str, tuple[int, str]]
    picture: Markup | None
    how: str | None


@dataclass(frozen=True)
class ShownDataset:
    """A dataset that protocols of the board are about.

    Attributes:
        name: The dataset.
        info: Title, family, licence and citation; None where nothing is known of it.
        versions: Its versions in the package, the oldest first.
        configs: Its sets of labels.
        graph: Id and picture of one of its architectures; None where the package ships none.
    """

    name: str
    info: DatasetInfo | None
    versions: tuple[str, ...]
    configs: tuple[ShownConfig, ...]
    graph: tuple[str, Picture] | None


def shown_datasets(rankings: Mapping[str, Ranking]) -> list[ShownDataset]:
    """Return the datasets of a board, by name.

    What lies in a reader's own store is not looked at: the same board gives the same site.

    Raises:
        IntegrityError: A file of the package is not what its version promises.
    """
    by_config: dict[tuple[str, str], list[Facts]] = {}
    for _, ranking in sorted(rankings.items()):
        facts = ranking.facts
        by_config.setdefault((facts.dataset, facts.config), []).append(facts)
    return [
        _shown(name, {config: told for (own, config), told in by_config.items() if own == name})
        for name in sorted({name for name, _ in by_config})
    ]


def _shown(name: str, configs: Mapping[str, Sequence[Facts]]) -> ShownDataset:
    place = Place("package", EMBEDDED, "{name}/*/nape_bench.json")
    shipped = {(each.config, each.manifest.version): each for each in place.found(name)}
    read = {
        config: _rows(found)
        for config, told in sorted(configs.items())
        if (found := _same(shipped, told[0])) is not None
    }
    specs = dataset_specs()
    spec = specs[name] if name in specs else None  # noqa: SIM401 (a registry has no get)
    newest = max(
        shipped.values(), key=lambda each: version_key(each.manifest.version), default=None
    )
    made = []
    # What is meant where none is named comes first.
    for config, told in sorted(
        configs.items(), key=lambda item: (item[0] != DEFAULT_CONFIG, item[0])
    ):
        found = _same(shipped, told[0])
        how = None if found is not None or spec is None else spec.how.get(config)
        made.append(_config(config, told, found, read.get(config), how))
    return ShownDataset(
        name,
        newest.manifest.info if newest is not None else spec.info if spec is not None else None,
        tuple(sorted({version for _, version in shipped}, key=version_key)),
        tuple(made),
        example_graph(name, next(iter(read.values()))) if read else None,
    )


def _same(shipped: Mapping[tuple[str, str], Found], facts: Facts) -> Found | None:
    """Return what a protocol is about, where the package has that content."""
    found = shipped.get((facts.config, facts.version))
    if found is None or found.info.content_hash != facts.content_hash:
        return None
    return found


def _rows(found: Found) -> list[Rows]:
    return [verified_rows(found, split) for split in found.info.splits]


def _config(
    name: str,
    told: Sequence[Facts],
    found: Found | None,
    rows: Sequence[Rows] | None,
    how: str | None,
) -> ShownConfig:
    facts, protocols = told[0], tuple(each.protocol for each in told)
    if found is None or rows is None:
        return ShownConfig(name, facts, protocols, None, {}, None, how)
    target = found.info.target
    values = np.concatenate([each.labels[target] for each in rows])
    return ShownConfig(
        name,
        facts,
        protocols,
        found.info.labels[target],
        {split: (each.rows, each.content_hash) for split, each in found.info.splits.items()},
        inline(distribution(found.manifest, name, target, values)),
        None,
    )
