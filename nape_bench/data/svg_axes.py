"""The frame of a plot as SVG: axes with round numbers, titles, and colours for dark pages too."""

from __future__ import annotations

import math
import re
import textwrap
from html import escape
from typing import NamedTuple

from nape_bench.picture import Picture

WIDTH, HEIGHT = 520, 380
"""Pixels of a plot."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 18, 52, 52
_HEAD_LINE = 18
"""Pixels of each further line of a long title; the picture grows upwards by them."""
_HEAD_LETTERS = 46
"""Letters of a line of the title."""


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Axis(NamedTuple):
    """An axis.

    Attributes:
        low: Value at its start.
        high: Value at its end.
        ticks: Values that are written.
        title: What it shows.
        power: Values are written without this power of ten, which stands beside the title.
        added: What was added before the logarithm, of which the values here are; None for an axis
            that is not logarithmic.
    """

    low: float
    high: float
    ticks: list[float]
    title: str
    power: int = 0
    added: float | None = None

    def written(self, value: float) -> str:
        """Return a value as it stands at the axis."""
        if self.added is not None:
            return f"{round(10.0**value - self.added, 9):g}"
        return f"{value / 10.0**self.power:g}"

    def place(self, value: float) -> float:
        """Return where a value stands on the axis, in its own measure."""
        return value if self.added is None else math.log10(value + self.added)

    @property
    def heading(self) -> str:
        """The title, with the power of ten."""
        power = str(self.power).translate(_RAISED)
        return f"{self.title} × 10{power}" if self.power else self.title


def axis(low: float, high: float, title: str) -> Axis:
    """Return an axis that holds `low` to `high`, with four to ten round numbers."""
    if high <= low:
        room = abs(low) * 0.05 or 0.5
        low, high = low - room, high + room
    step = 10.0 ** math.floor(math.log10((high - low) / 4))
    step *= next(factor for factor in (5, 2, 1) if (high - low) / (step * factor) >= 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(i * step, 12) for i in range(first, last + 1)]
    largest = max(abs(ticks[0]), abs(ticks[-1]))
    # Long numbers would run into the title.
    power = 0 if largest == 0 or 1e-3 <= largest < 1e5 else 3 * math.floor(math.log10(largest) / 3)
    return Axis(ticks[0], ticks[-1], ticks, title, power)


def log_axis(low: float, high: float, title: str, *, added: float = 0.0) -> Axis:
    """Return a logarithmic axis that holds `low` to `high`, with powers of ten written.

    Args:
        low: The least value.
        high: The largest value.
        title: What it shows.
        added: What is added to values before the logarithm, so that 0 has a place.

    Raises:
        ValueError: `low` has no logarithm.
    """
    first = 0.0 if added and low < 1 else math.floor(math.log10(low) + 1e-9)
    last = max(math.ceil(math.log10(max(high, low)) - 1e-9) if high > 0 else 0.0, first + 1)
    values = [10.0**power for power in range(int(first), int(last) + 1)]
    ticks = [math.log10(value + added) for value in ([0.0] if added and low < 1 else []) + values]
    return Axis(ticks[0], ticks[-1], ticks, title, added=added)


class Plot:
    """A plot that is being drawn.

    Args:
        x: The horizontal axis.
        y: The vertical axis.
        title: What is shown.
        description: One line on it; read aloud to whoever does not see the plot.
        name: Identifier that no other picture on a page has.
    """

    def __init__(self, x: Axis, y: Axis, *, title: str, description: str, name: str) -> None:
        self._x, self._y = x, y
        # What a style sheet can name.
        self._head = (title, description, "plot-" + re.sub(r"[^A-Za-z0-9_-]", "-", name))
        self._marks: list[str] = []

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point goes, in pixels."""
        across = (x - self._x.low) / (self._x.high - self._x.low)
        up = (y - self._y.low) / (self._y.high - self._y.low)
        return (
            _LEFT + across * (WIDTH - _LEFT - _RIGHT),
            HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM),
        )

    def add(self, mark: str) -> None:
        """Add an element; its classes are bar, point and guide."""
        self._marks.append(mark)

    def svg(self) -> Picture:
        """Return the picture."""
        title, description, name = self._head
        # A protocol's name has no blanks, and may be long.
        named = textwrap.wrap(title, _HEAD_LETTERS) or [""]
        more = _HEAD_LINE * (len(named) - 1)
        size = f'width="{WIDTH}" height="{HEIGHT + more}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" role="img" {size}',
            f'viewBox="0 {-more} {WIDTH} {HEIGHT + more}">',
            f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
            f"<style>{_style(name)}</style>",
            f'<rect class="page" y="{-more}" {size}/>',
            *(
                f'<text class="head" x="{_LEFT}" y="{22 - more + _HEAD_LINE * i}">'
                f"{escape(line)}</text>"
                for i, line in enumerate(named)
            ),
            f'<text x="{_LEFT}" y="39">{escape(description)}</text>',
        ]
        left, low = self.at(self._x.low, self._y.low)
        right, high = self.at(self._x.high, self._y.high)
        for value in self._y.ticks:
            y = self.at(self._x.low, value)[1]
            lines.append(f'<path class="grid" d="M{left:.1f} {y:.1f}H{right:.1f}"/>')
            told = self._y.written(value)
            lines.append(f'<text class="left" x="{left - 7:.1f}" y="{y + 4:.1f}">{told}</text>')
        for value in self._x.ticks:
            x = self.at(value, self._y.low)[0]
            lines.append(f'<path class="line" d="M{x:.1f} {low:.1f}v4"/>')
            told = self._x.written(value)
            lines.append(f'<text class="mid" x="{x:.1f}" y="{low + 17:.1f}">{told}</text>')
        lines += self._marks
        lines.append(f'<path class="line" d="M{left:.1f} {high:.1f}V{low:.1f}H{right:.1f}"/>')
        across, down = (left + right) / 2, (low + high) / 2
        lines.append(
            f'<text class="mid" x="{across:.1f}" y="{HEIGHT - 12}">{escape(self._x.heading)}</text>'
        )
        lines.append(
            f'<text class="mid" transform="translate(16 {down:.1f}) rotate(-90)">'
            f"{escape(self._y.heading)}</text>"
        )
        return Picture("\n".join([*lines, "</svg>"]))


def _style(name: str) -> str:
    own = f"#{name}"
    return (
        f"{own}{{--page:#fff;--ink:#1d2530;--line:#7b8794;--grid:#e6eaee;--mark:#2f6fc4;"
        "font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:11px}"
        f"@media(prefers-color-scheme:dark){{{own}{{--page:#14181e;--ink:#e8ecf1;--line:#8793a1;"
        "--grid:#28303a;--mark:#7fb0f2}}"
        f"{own} .page{{fill:var(--page)}}{own} text{{fill:var(--ink)}}"
        f"{own} .head{{font-size:14px;font-weight:600}}{own} .mid{{text-anchor:middle}}"
        f"{own} .left{{text-anchor:end}}{own} .grid{{stroke:var(--grid)}}"
        f"{own} .line{{fill:none;stroke:var(--line)}}"
        f"{own} .bar{{fill:var(--mark)}}{own} .point{{fill:var(--mark);fill-opacity:.55}}"
        f"{own} .guide{{fill:none;stroke:var(--ink);stroke-dasharray:4 3}}"
    )
