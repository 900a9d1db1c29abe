"""Cost against quality as a picture: what labels and seconds buy."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from nape_bench.data.svg_axes import WIDTH, Plot, axis, log_axis
from nape_bench.leaderboard.site.drawings import inline
from nape_bench.leaderboard.site.words import amount, correlation, count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

LEAST_SECONDS = 1e-3
"""What less is drawn as: none has no logarithm."""

_LETTER, _LINE = 6.6, 12.0
"""Pixels of a letter and of a line of a name beside its point."""
_TOP, _BOTTOM = 56.0, 324.0
"""Between these names may stand."""


@dataclass(frozen=True)
class Point:
    """A submission's quality and cost.

    Attributes:
        name: Its folder's name, which stands beside it.
        title: What a reader calls it.
        quality: Its rank correlation.
        labels: How many labels a seed was shown.
        seconds: Seconds of a run; None where not told.
        is_baseline: Whether it is a recorded baseline.
    """

    name: str
    title: str
    quality: float
    labels: float
    seconds: float | None
    is_baseline: bool


def labels_picture(points: Sequence[Point], *, name: str, ceiling: float | None = None) -> Markup:
    """Draw quality against labels."""
    told = [(point, point.labels) for point in points]
    return _picture(told, "labels shown", count, 1.0, name, ceiling)


def seconds_picture(
    points: Sequence[Point], *, name: str, ceiling: float | None = None
) -> Markup | None:
    """Draw quality against seconds; None where nobody told them."""
    told = [
        (point, max(point.seconds, LEAST_SECONDS)) for point in points if point.seconds is not None
    ]
    if not told:
        return None
    return _picture(told, "seconds to fit and predict", amount, 0.0, name, ceiling)


def front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points (cost, quality) that none is better than at that cost or below, by cost."""
    kept: list[tuple[float, float]] = []
    for cost, quality in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or quality > kept[-1][1]:
            kept.append((cost, quality))
    return kept


def _picture(
    told: Sequence[tuple[Point, float]],
    title: str,
    written: Callable[[float | None], str],
    added: float,
    name: str,
    ceiling: float | None,
) -> Markup:
    costs = [cost for _, cost in told]
    across = log_axis(min(costs), max(costs), f"{title} (logarithmic)", added=added)
    heights = [point.quality for point, _ in told] + ([] if ceiling is None else [ceiling])
    up = axis(min(0.0, *heights), max(heights), "SRCC")
    plot = Plot(across, up, title=f"SRCC against {title}", description="", name=name)
    if ceiling is not None:
        (x0, y), (x1, _) = (plot.at(end, ceiling) for end in (across.low, across.high))
        plot.add(f'<path class="guide" d="M{x0:.1f} {y:.1f}H{x1:.1f}"/>')
        plot.add(f'<text class="left" x="{x1:.1f}" y="{y - 4:.1f}">reachable</text>')
    steps = front([(cost, point.quality) for point, cost in told])
    plot.add(f'<path class="front" d="{_steps(plot, across.place, steps, across.high)}"/>')
    taken: list[tuple[float, float, float, float]] = []
    places = [plot.at(across.place(cost), point.quality) for point, cost in told]
    taken += [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    for (point, cost), (x, y) in sorted(
        zip(told, places, strict=True), key=lambda each: -each[0][0].quality
    ):
        kind = " baseline" if point.is_baseline else ""
        said = f"{point.title}: SRCC {correlation(point.quality)}, {title} {written(cost)}"
        plot.add(
            f'<g><title>{escape(said)}</title><circle class="point{kind}" cx="{x:.1f}" '
            f'cy="{y:.1f}" r="4.5"/></g>'
        )
        if (found := _beside(x, y, len(point.name) * _LETTER, taken)) is not None:
            left, base = found
            told_name = escape(point.name)
            plot.add(f'<text class="name" x="{left:.1f}" y="{base:.1f}">{told_name}</text>')
    return inline(plot.svg())


def _steps(
    plot: Plot,
    place: Callable[[float], float],
    steps: Sequence[tuple[float, float]],
    end: float,
) -> str:
    told = []
    for i, (cost, quality) in enumerate(steps):
        x, y = plot.at(place(cost), quality)
        told.append(f"{'V' if i else f'M{x:.1f} '}{y:.1f}")
        after = plot.at(place(steps[i + 1][0]) if i + 1 < len(steps) else end, quality)[0]
        told.append(f"H{after:.1f}")
    return "".join(told)


def _beside(
    x: float, y: float, wide: float, taken: list[tuple[float, float, float, float]]
) -> tuple[float, float] | None:
    """Return where a point's name may stand, and take that place; None where all is taken."""
    places = ((x + 8, y + 4), (x - 8 - wide, y + 4), (x - wide / 2, y - 9), (x - wide / 2, y + 17))
    for left, base in places:
        box = (left, base - _LINE + 2, left + wide, base + 3)
        inside = left > 66 and left + wide < WIDTH - 2 and _TOP < base < _BOTTOM
        if inside and not any(_meet(box, other) for other in taken):
            taken.append(box)
            return left, base
    return None


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
