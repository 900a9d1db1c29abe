"""Cards of embedded datasets: parts in Markdown, put together and filled in with figures.

    cards/<family>.md              what the family is, and how its graphs differ from the papers'
    cards/shared/dataset.md        the whole card
    cards/shared/config.md         the section of a config
    cards/measures/<version>.md    how a measurement was done ("micro-1")

Each part may name figures, as in `$architectures`. Every number in a card is such a figure: it
comes from the data, or from the settings that the label store keeps.
"""

from __future__ import annotations

import json
import re
import string
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.measured.quality import (
    Quality,
    correlation,
    plain,
    quality,
    quality_table,
)
from nape_bench.data.measured.validity import validity_text
from nape_bench.data.readme import COLUMNS_TEXT, label_table, markdown_table, split_table
from nape_bench.errors import DataError
from nape_bench.graph import GraphTable
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nape_bench.data.manifest import Manifest
    from nape_bench.data.measured.build import Measured
    from nape_bench.data.measured.results import Results
    from nape_bench.data.measured.validity import Validity
    from nape_bench.data.rows import Rows
    from nape_bench.graph import ArchGraph

MICRO, ACCURACY = "micro", "accuracy"
_GAP = re.compile(r"\n{3,}")


def compose(
    cards: Path,
    manifest: Manifest,
    made: Mapping[str, Measured],
    validities: Sequence[Validity] = (),
) -> str:
    """Return the card of a dataset version.

    Args:
        cards: The folder of parts.
        manifest: The version.
        made: Its configs.
        validities: How its micro accuracies agree with published ones.

    Raises:
        DataError: A part is missing, or names a figure that there is not.
    """
    main = made[manifest.default_config]
    qualities = {config: _qualities(each, made) for config, each in made.items()}
    figures = {
        "name": manifest.name,
        "version": manifest.version,
        "title": manifest.info.title,
        "licence": manifest.info.licence,
        "citation": manifest.info.citation,
        "space_size": _large(space_of(manifest.info.family).size),
        "columns": COLUMNS_TEXT,
        "default_config": manifest.default_config,
        "configs_table": _configs_table(made, qualities),
        "command": build_command(manifest, made, validities),
        **graph_figures(main.rows),
    }
    sections = []
    for config, each in made.items():
        results = each.results
        told = figures | _config_figures(config, each, manifest)
        told |= setting_figures(results)
        told["quality_table"] = quality_table(qualities[config])
        told["validity"] = validity_text(validities) if config == MICRO else ""
        how = cards / "measures" / f"{results.version}.md"
        if "$scaled_" in _text(how):
            told |= scale_figures(results)
        told["how"] = filled(how, told)
        sections.append(filled(cards / "shared" / "config.md", told))
    figures["family"] = filled(cards / f"{manifest.info.family}.md", figures)
    figures["configs"] = "\n\n".join(sections)
    return filled(cards / "shared" / "dataset.md", figures)


def build_command(
    manifest: Manifest, made: Mapping[str, Measured], validities: Sequence[Validity] = ()
) -> str:
    """Return the command that makes a version again; its results alone are taken of the store."""
    parts = [
        f"nape-bench build {manifest.info.family} --store cards/labels --embed",
        f"--version {manifest.version} --configs {','.join(made)}",
        *taken([each.results for each in made.values()]),
        *(f"--against {each.dataset}/{each.config}" for each in validities),
        *(["--card"] if validities else []),
    ]
    return " ".join(parts)


def taken(results: Sequence[Results]) -> list[str]:
    """Return the options that take these results of a store, and none that came later."""
    newest = max(each.provenance["newest"] for each in results)
    return [*dict.fromkeys(f"--use {each.version}" for each in results), f"--until {newest}"]


def graph_figures(rows: Rows) -> dict[str, str]:
    """Return figures of the graphs of rows, of their default build."""
    nodes, edges = np.diff(rows.graphs.node_ptr), np.diff(rows.graphs.edge_ptr)
    flops, params = rows.graphs.flops() / 1e6, rows.graphs.params() / 1e6
    return {
        "nodes_min": f"{nodes.min():,}",
        "nodes_mean": f"{nodes.mean():,.0f}",
        "nodes_max": f"{nodes.max():,}",
        "edges_mean": f"{edges.mean():,.0f}",
        "flops_min": f"{flops.min():,.0f}",
        "flops_max": f"{flops.max():,.0f}",
        "params_min": f"{params.min():.2f}",
        "params_max": f"{params.max():.2f}",
    }


def setting_figures(results: Results) -> dict[str, str]:
    """Return each setting of a measurement as `settings_<path>`, as in `settings_scale_width`."""
    return dict(_flattened("settings", results.settings))


def scale_figures(results: Results) -> dict[str, str]:
    """Return figures of the graphs that were measured, which may be smaller than the dataset's.

    `scaled_map` is the height in pixels of the map that is averaged before the classifier.

    Raises:
        DataError: The measurement is no more what it was: graphs cannot be built as they were.
        UnknownNameError: There is no such measurement, or it does not know the family.
    """
    from nape_bench.labels.measures import MEASURES

    measure = MEASURES[results.measure]
    if json.loads(json.dumps(measure.settings(results.space))) != results.settings:
        raise DataError(
            f"the settings of {results.version}, {results.space}, are not those of "
            f"{measure.version} now: a card that tells of its graphs cannot be made with this code"
        )
    table = GraphTable.from_graphs(measure.build(results.space, spec) for spec in results.specs)
    sides = [_last_map(graph) for graph in table]
    nodes, flops = np.diff(table.node_ptr), table.flops() / 1e6
    return {
        "scaled_map": _span(min(sides), max(sides)),
        "scaled_nodes": f"{nodes.mean():,.0f}",
        "scaled_flops": _span(plain(flops.min()), plain(flops.max())),
        "scaled_params": _span(f"{table.params().min():,}", f"{table.params().max():,}"),
    }


def _last_map(graph: ArchGraph) -> int:
    pools = [node for node, op in enumerate(graph.ops) if op in {"Mean", "Global"}]
    return int(graph.column("h_in")[pools[-1]]) if pools else 1


def _span(least: object, greatest: object) -> str:
    return f"{least}" if least == greatest else f"{least} to {greatest}"


def _flattened(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flattened(f"{path}_{name.replace('-', '_')}", inner)
    elif isinstance(value, list):
        yield path, ", ".join(map(_setting, value))
        for place, inner in enumerate(value):
            yield from _flattened(f"{path}_{place}", inner)
    else:
        yield path, _setting(value)


def _setting(value: Any) -> str:
    if value is None:
        return "unchanged"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _qualities(each: Measured, made: Mapping[str, Measured]) -> dict[str, Quality]:
    beside = _beside(each.rows, made)
    return {column: quality(label, beside) for column, label in each.labels.items()}


def _beside(rows: Rows, made: Mapping[str, Measured]) -> dict[str, np.ndarray]:
    """Return what labels are compared with: costs of the graphs, and micro accuracies."""
    beside = {
        "multiply-adds": rows.graphs.flops().astype(np.float64),
        "parameters": rows.graphs.params().astype(np.float64),
    }
    micro = made.get(MICRO)
    if micro is not None and micro.rows is not rows:
        ids = micro.rows.texts["id"].to_pylist()
        known = dict(zip(ids, micro.labels[ACCURACY].values.tolist(), strict=True))
        found = [known.get(row_id, np.nan) for row_id in rows.texts["id"].to_pylist()]
        beside["micro accuracy"] = np.array(found, dtype=np.float64)
    return beside


def _config_figures(config: str, each: Measured, manifest: Manifest) -> dict[str, str]:
    results, rows = each.results, each.rows
    info = manifest.configs[config]
    told = {
        "config": config,
        "measure_version": results.version,
        "architectures": f"{len(rows):,}",
        "graphs": f"{len(set(rows.texts['hash'].to_pylist())):,}",
        "groups": f"{len(set(rows.texts['group'].to_pylist())):,}",
        "seeds": "1 seed" if len(results.seeds) == 1 else f"{len(results.seeds)} seeds",
        "left_out": _counts(results.left_out) or "none",
        "processors": ", ".join(results.provenance["processors"]),
        "labels_table": label_table(info),
        "splits_table": split_table(info),
        "seconds": "unknown",
        "hours": "unknown",
    }
    if results.supernet_seconds is not None:
        told["supernet_seconds"] = f"{results.supernet_seconds.mean():,.0f}"
    seconds = results.seconds
    if seconds is not None:
        told["seconds"] = plain(float(np.median(seconds)))
        told["hours"] = plain(float(seconds.sum()) / 3600)
    return told


def _large(number: int) -> str:
    """Write a number out, or, if it is longer than anyone reads, about."""
    if number < 10**8:
        return f"{number:,}"
    digits, _, exponent = f"{number:.1e}".partition("e+")
    return f"about {digits} x 10^{int(exponent)}"


def _counts(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{count} because {reason}" for reason, count in counts.items())


def _configs_table(
    made: Mapping[str, Measured], qualities: Mapping[str, Mapping[str, Quality]]
) -> str:
    rows = []
    for config, each in made.items():
        target = qualities[config][each.data.target]
        seconds = each.results.seconds
        cost = "" if seconds is None else plain(float(np.median(seconds)))
        rows.append(
            [f"`{config}`", f"{len(each.rows):,}", str(len(each.labels)), f"`{each.data.target}`",
             cost, correlation(target.between), correlation(target.reachable)]
        )  # fmt: skip
    head = ["config", "architectures", "labels", "main label", "seconds a measurement"]
    return markdown_table([*head, "rank correlation between seeds", "reachable, about"], rows)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: a part of the card is needed: {error}") from None


def filled(path: Path, figures: Mapping[str, str]) -> str:
    """Return a part with its figures filled in."""
    try:
        text = string.Template(_text(path)).substitute(figures).strip()
    except (KeyError, ValueError) as error:
        raise DataError(f"{path}: {error} is no figure; there are {', '.join(figures)}") from None
    return _GAP.sub("\n\n", text)  # a figure may be empty
