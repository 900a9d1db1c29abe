"""Writing the picture: one SVG that needs nothing else, runs nothing, and knows dark pages."""

from __future__ import annotations

import itertools
import textwrap
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.graph.drawing.words import KINDS
from nape_bench.picture import Picture

if TYPE_CHECKING:
    from nape_bench.graph.drawing.layered import Layout, Point

EDGE_OF_PAGE, HEAD = 24.0, 78.0
"""Pixels around the drawing, and for title and legend above it."""

HEAD_LINE = 19.0
"""Pixels of each further line of the title."""

FRAME = 9.0
"""Pixels between what repeats itself and the frame around it."""


class Row(NamedTuple):
    """One node in a box: what it says, what it says on hover, its kind, and if it is framed."""

    text: str
    hover: str
    kind: str
    marked: bool = False


def picture(
    content: list[list[Row]],
    sizes: list[Point],
    layout: Layout,
    edges: dict[tuple[int, int], int],
    frames: list[tuple[list[int], int]],
    *,
    name: str,
    title: str,
    description: str,
) -> Picture:
    """Write an SVG.

    Args:
        content: The rows of each box.
        sizes: (width, height) of each box.
        layout: Where boxes and edges go.
        edges: (from box, to box) -> how many edges of the graph it stands for.
        frames: Boxes that stand for several copies of themselves, and how many.
        name: Identifier that no other picture on a page has: styles hold inside it alone.
        title: What is drawn.
        description: What is said of it below the title.
    """
    kinds = [kind for kind in KINDS if any(row.kind == kind for rows in content for row in rows)]
    legend, legend_width = _legend(kinds)
    least = max(legend_width, 6.6 * len(description))
    # A specification has no blanks, and may be long.
    named = textwrap.wrap(title, max(40, int(max(least, layout.width) / 9.5))) or [""]
    head = HEAD + HEAD_LINE * (len(named) - 1)
    inner = max(layout.width + 60, least)
    width, height = inner + 2 * EDGE_OF_PAGE, layout.height + head + 2 * EDGE_OF_PAGE
    dx, dy = EDGE_OF_PAGE + (inner - layout.width) / 2, head + EDGE_OF_PAGE
    size = f'width="{width:.0f}" height="{height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" role="img" {size}',
        f'aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {width:.0f} {height:.0f}">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(description)}</desc>',
        f"<style>{_style(name)}</style>",
        f'<rect class="page" {size}/>',
        *(_head(line, 26 + HEAD_LINE * i) for i, line in enumerate(named)),
        f'<text class="told" x="{EDGE_OF_PAGE}" y="{head - 33:.0f}">{escape(description)}</text>',
        f'<g transform="translate({EDGE_OF_PAGE} {head - 22:.0f})">{legend}</g>',
        f'<g transform="translate({dx:.1f} {dy:.1f})">',
    ]
    lines += [_frame(members, times, sizes, layout) for members, times in frames]
    lines += [
        _edge(layout.routes[pair], count, straight=layout.straight) for pair, count in edges.items()
    ]
    for rows, extent, place in zip(content, sizes, layout.places, strict=True):
        lines.append(_box(rows, extent, place))
    return Picture("\n".join([*lines, "</g>", "</svg>"]))


def _style(name: str) -> str:
    """Return the style sheet, each rule held to this picture; dark pages turn it round."""
    own = f"#{name}"
    index = {kind: i for i, kind in enumerate(KINDS)}
    light = "".join(f"--k{index[kind]}:{pair[0]};" for kind, pair in KINDS.items())
    dark = "".join(f"--k{index[kind]}:{pair[1]};" for kind, pair in KINDS.items())
    fills = "".join(f"{own} .k{i}{{fill:var(--k{i})}}" for i in index.values())
    return (
        f"{own}{{--page:#fff;--ink:#1d2530;--line:#7b8794;--frame:#eef1f5;{light}"
        "font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:11px}"
        f"@media(prefers-color-scheme:dark){{{own}{{--page:#14181e;--ink:#e8ecf1;--line:#8793a1;"
        f"--frame:#1f262f;{dark}}}}}"
        f"{own} .page{{fill:var(--page)}}{own} text{{fill:var(--ink)}}{fills}"
        f"{own} .head{{font-size:15px;font-weight:600}}{own} .row{{text-anchor:middle}}"
        f"{own} .rim{{fill:none;stroke:var(--line)}}{own} .edge{{fill:none;stroke:var(--line)}}"
        f"{own} .mark{{fill:none;stroke:var(--ink);stroke-width:2}}"
        f"{own} .tip{{fill:var(--line)}}{own} .times{{font-size:15px;font-weight:600}}"
        f"{own} .frame{{fill:var(--frame);stroke:var(--line);stroke-dasharray:4 3}}"
    )


def _head(line: str, y: float) -> str:
    return f'<text class="head" x="{EDGE_OF_PAGE}" y="{y:.0f}">{escape(line)}</text>'


def _legend(kinds: list[str]) -> tuple[str, float]:
    """Return the legend of these kinds, and its width."""
    index = {kind: i for i, kind in enumerate(KINDS)}
    parts, x = [], 0.0
    for kind in kinds:
        parts.append(
            f'<rect class="k{index[kind]}" x="{x:.0f}" width="12" height="12" rx="2"/>'
            f'<text x="{x + 17:.0f}" y="10">{kind}</text>'
        )
        x += 32 + 6 * len(kind)
    return "".join(parts), x


def _box(rows: list[Row], size: Point, place: Point) -> str:
    index = {kind: i for i, kind in enumerate(KINDS)}
    (width, height), (x, y) = size, place
    tall = height / len(rows)
    parts = []
    for i, row in enumerate(rows):
        parts.append(
            f'<g><title>{escape(row.hover)}</title><rect class="k{index[row.kind]}" x="{x:.1f}" '
            f'y="{y + i * tall:.1f}" width="{width:.1f}" height="{tall:.1f}"/>'
            f'<text class="row" x="{x + width / 2:.1f}" y="{y + i * tall + 12.5:.1f}">'
            f"{escape(row.text)}</text></g>"
        )
    for i, row in enumerate(rows):
        if row.marked:
            parts.append(
                f'<rect class="mark" x="{x + 1:.1f}" y="{y + i * tall + 1:.1f}" '
                f'width="{width - 2:.1f}" height="{tall - 2:.1f}" rx="2"/>'
            )
    rim = (
        f'<rect class="rim" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        'rx="3"/>'
    )
    return "".join([*parts, rim])


def _edge(points: list[Point], count: int, *, straight: bool) -> str:
    """Return an edge, straight or upright at every point; one that counts twice is bolder."""
    told = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 == x1 or straight:
            told.append(f"L{x1:.1f} {y1:.1f}")
        else:
            half = (y0 + y1) / 2
            told.append(f"C{x0:.1f} {half:.1f} {x1:.1f} {half:.1f} {x1:.1f} {y1:.1f}")
    x, y = points[-1]
    tip = f'<path class="tip" d="M{x:.1f} {y:.1f}l-3.5 -7h7z"/>'
    bold = f' stroke-width="{count + 1}"' if count > 1 else ""
    hover = f"<title>read {count} times</title>" if count > 1 else ""
    return f'<g>{hover}<path class="edge"{bold} d="{"".join(told)}"/>{tip}</g>'


def _frame(members: list[int], times: int, sizes: list[Point], layout: Layout) -> str:
    left = min(layout.places[i][0] for i in members) - FRAME
    top = min(layout.places[i][1] for i in members) - FRAME
    right = max(layout.places[i][0] + sizes[i][0] for i in members) + FRAME
    bottom = max(layout.places[i][1] + sizes[i][1] for i in members) + FRAME
    inside = [
        x
        for (_, target), points in layout.routes.items()
        if target in members
        for x, y in points
        if y >= top
    ]
    left, right = min([left, *(x - 6 for x in inside)]), max([right, *(x + 6 for x in inside)])
    return (
        f'<rect class="frame" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" rx="6"/><text class="times" x="{right + 6:.1f}" '
        f'y="{(top + bottom) / 2 + 5:.1f}">× {times}</text>'
    )
