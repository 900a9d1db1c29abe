"""Pictures of a card, and its section with them: distributions of main labels, and one graph.

The same data gives the same pictures, whatever is installed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.distribution import distribution
from nape_bench.graph.drawing import MOST_NODES, draw, drawn_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nape_bench.data.manifest import Manifest
    from nape_bench.data.rows import Rows
    from nape_bench.picture import Picture

FOLDER = "images"
MOST_CONFIGS = 8
"""Configs whose distributions are all shown; of more, that of the default config alone."""
LOOKED_AT = 40
"""Graphs of which one is drawn: whose picture has a size at the lower quartile."""
TALL = 1_500
"""Pixels of a picture that is shown when it is asked for."""

_FIRST_SECTION = re.compile(r"^## ", re.MULTILINE)
_HEIGHT = re.compile(r'height="(\d+)"')


def pictures(
    manifest: Manifest, rows: Mapping[str, Sequence[Rows]]
) -> tuple[str, dict[str, bytes]]:
    """Draw the pictures of a dataset version.

    Args:
        manifest: The version.
        rows: Config -> its rows, split by split.

    Returns:
        The section of the card that shows them, Markdown, and path -> SVG.
    """
    default = manifest.default_config
    configs = list(manifest.configs)
    shown = configs if len(configs) <= MOST_CONFIGS else [default]
    texts, files = ["## Pictures"], {}
    for config in shown:
        path = f"{FOLDER}/{config}.svg"
        files[path] = _distribution(manifest, config, rows[config]).encode()
        target = manifest.configs[config].target
        texts.append(f"![Distribution of {target}, config {config}]({path})")
    found = example_graph(manifest.name, rows[default])
    if found is not None:
        row_id, svg = found
        files[f"{FOLDER}/graph.svg"] = svg.encode()
        texts.append(_shown_graph(row_id, svg))
    return "\n\n".join(texts), files


def example_graph(name: str, splits: Sequence[Rows]) -> tuple[str, Picture] | None:
    """Draw one of the first graphs of a dataset, of a size at the lower quartile.

    Args:
        name: The dataset.
        splits: Its rows, split by split.

    Returns:
        The architecture's id and its picture; None where all are too large.
    """
    found = _example(splits)
    if found is None:
        return None
    rows, row = found
    title = f"A graph of {name}"
    return rows.texts["id"][row].as_py(), draw(rows.graphs[row], title=title, layout="own")


def with_section(card: str, section: str) -> str:
    """Return a card, README.md, with a section put before its first one, or at its end."""
    front, body = "", card
    if card.startswith("---\n"):
        end = card.index("\n---\n", 3) + len("\n---\n")
        front, body = card[:end], card[end:]
    match = _FIRST_SECTION.search(body)
    place = match.start() if match else len(body)
    return f"{front}{body[:place].rstrip()}\n\n{section}\n\n{body[place:]}".rstrip() + "\n"


def _distribution(manifest: Manifest, config: str, splits: Sequence[Rows]) -> str:
    target = manifest.configs[config].target
    values = np.concatenate([rows.labels[target] for rows in splits])
    return distribution(manifest, config, target, values)


def _example(splits: Sequence[Rows]) -> tuple[Rows, int] | None:
    """Return where a graph stands that is drawn; None where all are too large."""
    sizes = sorted(
        (drawn_nodes(graph), number)
        for number, (rows, row) in enumerate(_first(splits))
        if len(graph := rows.graphs[row]) <= MOST_NODES
    )
    return list(_first(splits))[sizes[len(sizes) // 4][1]] if sizes else None


def _first(splits: Sequence[Rows]) -> Iterator[tuple[Rows, int]]:
    places = ((rows, row) for rows in splits for row in range(len(rows)))
    return (place for place, _ in zip(places, range(LOOKED_AT), strict=False))


def _shown_graph(row_id: str, svg: str) -> str:
    """Return how the card shows a graph."""
    caption = f"The graph of `{row_id}`, top down; what repeats itself is drawn once."
    image = f"![The graph of an architecture]({FOLDER}/graph.svg)"
    height = _HEIGHT.search(svg)
    if height and int(height[1]) > TALL:
        # A blank line on each side, or Markdown inside is not read.
        image = f"<details><summary>A graph</summary>\n\n{image}\n\n</details>"
    return f"{image}\n\n{caption}"
