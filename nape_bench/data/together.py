"""How labels of a dataset go together, those of several configs joined by architecture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.load import load_dataset
from nape_bench.data.places import find_all
from nape_bench.data.readme import markdown_table
from nape_bench.errors import DataError
from nape_bench.metrics.together import rank_correlations, repeats
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nape_bench.data.dataset import Dataset
    from nape_bench.data.manifest import ConfigInfo
    from nape_bench.metrics import Interval
    from nape_bench.metrics.together import Repeats

LEGEND = (
    "Above the diagonal: Spearman rank correlation. Below it: its 95 % interval (bootstrap over "
    "architectures)."
)
"""What cells of the table of pairs hold."""
REPEATS_LEGEND = (
    "Architectures of one graph that were measured apart, two of each graph: r is the rank "
    "correlation between the two over these graphs alone, with its 95 % interval; sd between is "
    "the standard deviation between measurements of a graph, sd over that over all architectures."
)
"""What the table of repeats holds."""
REPEATS_HEAD = ["label", "graphs", "r", "95 % interval", "sd between", "sd over"]


@dataclass(frozen=True)
class Together:
    """How labels of a dataset go together.

    Attributes:
        dataset: Its name.
        versions: Column -> version that it was taken from.
        content_hashes: Column -> content hash of its config.
        architectures: How many have a label in any of the columns.
        pairs: (column, later column) -> rank correlation over the architectures that have both.
        repeats: Column -> how far architectures of one graph agree that were measured apart
            (`metrics.together.repeats`).
    """

    dataset: str
    versions: dict[str, str]
    content_hashes: dict[str, str]
    architectures: int
    pairs: dict[tuple[str, str], Interval | None]
    repeats: dict[str, Repeats]

    @property
    def columns(self) -> list[str]:
        """The columns, in the order of the table."""
        return list(self.versions)

    def counts(self) -> str:
        """Say over how many architectures pairs were compared."""
        pairs = [each.n for each in self.pairs.values() if each is not None] or [0]
        least, most = min(pairs), max(pairs)
        return f"{least:,}" if least == most else f"{least:,} to {most:,}"

    def repeats_cells(self) -> list[list[str]]:
        """Return the cells of `REPEATS_HEAD`; none where no graph was measured twice."""
        return [
            [name, f"{r.n:,}", _value(r), _interval(r), f"{each.between:.4g}", f"{each.over:.4g}"]
            for name, each in self.repeats.items()
            if (r := each.correlation) is not None
        ]


def together(name: str, wanted: Sequence[str] = ()) -> Together:
    """Return how labels of a dataset at hand go together.

    Args:
        name: The dataset.
        wanted: What is compared: configs, of which the main label is taken, or `config/label`,
            each may be a shell pattern. By default the main labels of all configs at hand.

    Raises:
        UnknownNameError: The dataset, a config or a label is not at hand; the message says how a
            config is imported.
        DataError: Fewer than two columns are left.
    """
    chosen = dict(_chosen(name, wanted))
    if len(chosen) < 2:
        raise DataError(
            f"{name}: two labels or more are compared, there is {', '.join(chosen) or 'none'}"
        )
    found: dict[str, Dataset] = {}
    for config, _ in chosen.values():
        if config not in found:
            found[config] = load_dataset(name, config)
    keys: dict[str, str] = {}
    for dataset in found.values():
        for split in map(dataset.__getitem__, dataset):
            keys.update(zip(split.ids, split.hashes.tolist(), strict=True))
    places = {row_id: place for place, row_id in enumerate(keys)}
    columns = {}
    for column, (config, label) in chosen.items():
        values = np.full(len(keys), np.nan)
        for split in map(found[config].__getitem__, found[config]):
            values[[places[row_id] for row_id in split.ids]] = split.labels[label]
        columns[column] = values
    return Together(
        name,
        {column: found[config].version for column, (config, _) in chosen.items()},
        {column: found[config].content_hash for column, (config, _) in chosen.items()},
        len(keys),
        rank_correlations(columns),
        repeats(columns, list(keys.values())),
    )


def to_json(told: Together) -> str:
    """Return it as JSON text."""
    value = {
        "dataset": told.dataset,
        "versions": told.versions,
        "content_hashes": told.content_hashes,
        "architectures": told.architectures,
        "pairs": [{"columns": list(pair), **_plain(told.pairs[pair])} for pair in told.pairs],
        "repeats": {
            column: {"between": each.between, "over": each.over, **_plain(each.correlation)}
            for column, each in told.repeats.items()
        },
    }
    return json.dumps(value, indent=2) + "\n"


def pair_cells(
    columns: Sequence[str], pairs: Mapping[tuple[str, str], Interval | None]
) -> list[list[str]]:
    """Return the cells of a table of correlations, as `LEGEND` says, a row a column.

    Args:
        columns: The columns.
        pairs: (column, later column) -> correlation.
    """
    return [
        [
            column,
            *(_interval(pairs[other, column]) for other in columns[:place]),
            "",
            *(_value(pairs[column, other]) for other in columns[place + 1 :]),
        ]
        for place, column in enumerate(columns)
    ]


def pair_table(columns: Sequence[str], pairs: Mapping[tuple[str, str], Interval | None]) -> str:
    """Return such cells as a Markdown table."""
    return markdown_table(["", *columns], pair_cells(columns, pairs))


def _chosen(name: str, wanted: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give column -> (config, label) of what is wanted, in its order."""
    configs = _configs(name)
    if not configs:
        load_dataset(name)  # brings it from the Hub, or says how it is made
        configs = _configs(name)
    for asked in wanted or list(configs):
        config_pattern, slash, label_pattern = asked.partition("/")
        matching = [each for each in configs if fnmatchcase(each, config_pattern)]
        if not matching:
            load_dataset(name, config_pattern)
            configs = _configs(name)
            matching = [config_pattern]
        for config in matching:
            if not slash:
                yield config, (config, configs[config].target)
                continue
            known = configs[config].labels
            labels = [each for each in known if fnmatchcase(each, label_pattern)]
            if not labels:
                raise unknown_name(f"label of {name}, config {config},", label_pattern, known)
            yield from ((f"{config}/{label}", (config, label)) for label in labels)


def _configs(name: str) -> dict[str, ConfigInfo]:
    """Return what is at hand of a dataset, the newest version of each config."""
    return {config: found.info for (_, config, _), found in find_all(name).items()}


def _plain(interval: Interval | None) -> dict[str, float]:
    if interval is None:
        return {}
    told = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {**told, "n": interval.n}


def _value(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.value:.3f}"


def _interval(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:.3f} to {interval.high:.3f}"
