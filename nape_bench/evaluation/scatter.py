"""Predicted against true values as a picture."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.svg_axes import Plot, axis
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from nape_bench.picture import Picture

MOST_POINTS = 2_000
"""Points that are drawn; of more, as many at even distances in the order of the true values."""


def scatter(
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    label: str,
    title: str = "",
    description: str = "",
    ids: Sequence[str] | None = None,
    scores: bool = False,
    name: str = "predictions",
    hover: bool = True,
) -> Picture:
    """Draw predictions against true values, as an SVG that stands on its own.

    Args:
        true: True values, [n].
        predicted: Predictions of the same architectures, [n].
        label: What they are, with their unit.
        title: What stands above; empty: `label`.
        description: What is said below the title, before how many points there are.
        ids: Identifiers of the architectures, [n], shown on hover.
        scores: Whether predictions are scores on a scale of their own: the line on which both are
            equal is left out, and the axes differ.
        name: Identifier of the picture on its page: two pictures on one page need two.
        hover: Whether each point tells its values on hover; a page of many pictures is half as
            large without.

    Raises:
        DataError: There are no points, numbers of values differ, or one is not finite.
    """
    x, y = (np.asarray(values, dtype=np.float64).reshape(-1) for values in (true, predicted))
    if len(x) == 0 or len(x) != len(y) or (ids is not None and len(ids) != len(x)):
        told = f"{len(x)} true values, {len(y)} predictions"
        raise DataError(f"{label}: {told}{'' if ids is None else f', {len(ids)} ids'}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError(f"{label}: true and predicted values must be finite")
    listed = ids if ids is not None else [""] * len(x)
    named = [
        f"{row_id}: true {a:.6g}, predicted {b:.6g}".removeprefix(": ")
        for row_id, a, b in zip(listed, x, y, strict=True)
    ]
    return cloud(
        x,
        y,
        across=f"true: {label}",
        up="predicted score" if scores else f"predicted: {label}",
        title=title or label,
        description=description,
        named=named if hover else None,
        one_scale=not scores,
        name=name,
    )


def cloud(
    x: np.ndarray,
    y: np.ndarray,
    *,
    across: str,
    up: str,
    title: str,
    description: str,
    named: Sequence[str] | None,
    one_scale: bool,
    name: str,
) -> Picture:
    """Draw points, as many as `MOST_POINTS`, as an SVG that stands on its own.

    Args:
        x: Finite values, float64 [n], at least one.
        y: The same, [n].
        across: Title of the horizontal axis.
        up: Title of the vertical axis.
        title: What stands above.
        description: What is said below the title, before how many points there are.
        named: What is shown on hover, [n]; None for nothing.
        one_scale: Whether both axes are the same, with a line on which both values are equal.
        name: Identifier of the picture on its page.
    """
    chosen = np.argsort(x, kind="stable")
    if len(x) > MOST_POINTS:
        chosen = chosen[np.linspace(0, len(x) - 1, MOST_POINTS).round().astype(int)]
    shown = f"{len(x):,} points" + (f", {len(chosen):,} drawn" if len(chosen) < len(x) else "")
    told = f"{description}; {shown}" if description else shown
    both = np.concatenate([x, y])
    (x_low, x_high), (y_low, y_high) = (
        (float(v.min()), float(v.max())) for v in ((both, both) if one_scale else (x, y))
    )
    along, above = axis(x_low, x_high, across), axis(y_low, y_high, up)
    plot = Plot(along, above, title=title, description=told, name=name)
    if one_scale:
        (x0, y0), (x1, y1) = (plot.at(value, value) for value in (along.low, along.high))
        plot.add(f'<path class="guide" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"/>')
    for i in chosen.tolist():
        px, py = plot.at(float(x[i]), float(y[i]))
        mark = f'<circle class="point" cx="{px:.1f}" cy="{py:.1f}" r="3"/>'
        told_here = "" if named is None else f"<title>{escape(named[i])}</title>"
        plot.add(f"<g>{told_here}{mark}</g>" if told_here else mark)
    return plot.svg()
