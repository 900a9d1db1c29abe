"""Pictures of a search: front of accuracy against cost, and its path."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.data.svg_axes import Plot, axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.picture import Picture

_RADIUS = 4.0
_LEGEND = (370, 318, 15)
"""Where the last line of the legend is, in pixels, and how high one is: low on the right, where
what costs much is seldom bad."""


class Dot(NamedTuple):
    """A network in a plot.

    Attributes:
        x: Where across.
        y: Where up.
        told: What is shown on hover.
    """

    x: float
    y: float
    told: str


SHAPES = ("circle", "square", "triangle", "cross")
"""How sets are told apart, in this order: by shape, which needs no colour."""


def dots(
    sets: Sequence[tuple[str, Sequence[Dot]]],
    *,
    x: str,
    y: str,
    title: str,
    name: str,
    told: str = "",
) -> Picture:
    """Draw sets of networks, each with a shape of its own.

    Args:
        sets: Name and networks of each, four at most.
        x: What the horizontal axis shows.
        y: What the vertical axis shows.
        title: What stands above.
        name: Identifier of the picture on its page.
        told: What is said below the title; how many networks each set has, if nothing is.
    """
    every = [dot for _, own in sets for dot in own]
    across = axis(min(d.x for d in every), max(d.x for d in every), x)
    up = axis(min(d.y for d in every), max(d.y for d in every), y)
    listed = ", ".join(f"{len(own)} {of}" for of, own in sets)
    plot = Plot(across, up, title=title, description=told or listed, name=name)
    for shape, (_, own) in zip(SHAPES, sets, strict=False):
        for dot in own:
            mark = _mark(shape, *plot.at(dot.x, dot.y))
            plot.add(f"<g><title>{escape(dot.told)}</title>{mark}</g>")
    left, bottom, line = _LEGEND
    for number, (shape, (of, _)) in enumerate(zip(SHAPES, sets, strict=False)):
        at = bottom - line * (len(sets) - 1 - number)
        plot.add(_mark(shape, left + 6, at - 4))
        plot.add(f'<text x="{left + 16}" y="{at}">{escape(of)}</text>')
    return plot.svg()


def path(
    values: Sequence[tuple[int, float]], *, x: str, y: str, title: str, told: str, name: str
) -> Picture:
    """Draw how a value goes over steps, as stairs.

    Args:
        values: (step, value) wherever it changes, ascending, and at the last step.
        x: What the steps are.
        y: What the value is.
        title: What stands above.
        told: What is said below the title.
        name: Identifier of the picture on its page.
    """
    across = axis(values[0][0], values[-1][0], x)
    up = axis(min(v for _, v in values), max(v for _, v in values), y)
    plot = Plot(across, up, title=title, description=told, name=name)
    x0, y0 = plot.at(*values[0])
    line = f"M{x0:.1f} {y0:.1f}"
    for step, value in values[1:]:
        at = plot.at(step, value)
        line += f"H{at[0]:.1f}V{at[1]:.1f}"
    plot.add(f'<path class="line" style="stroke:var(--mark);stroke-width:2" d="{line}"/>')
    return plot.svg()


def _mark(shape: str, x: float, y: float) -> str:
    r = _RADIUS
    if shape == "circle":
        return f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'
    if shape == "square":
        return f'<path class="guide" style="stroke-dasharray:none" d="M{x - r:.1f} {y - r:.1f}h{2 * r}v{2 * r}h{-2 * r}z"/>'  # noqa: E501
    if shape == "triangle":
        return f'<path class="guide" style="stroke-dasharray:none" d="M{x:.1f} {y - r:.1f}l{r} {2 * r}h{-2 * r}z"/>'  # noqa: E501
    return (
        f'<path class="guide" style="stroke-dasharray:none;stroke-width:2.5" '
        f'd="M{x - r - 1:.1f} {y:.1f}h{2 * r + 2}M{x:.1f} {y - r - 1:.1f}v{2 * r + 2}"/>'
    )
