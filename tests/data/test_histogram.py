"""Histograms of labels."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from nape_bench.data.histogram import histogram
from nape_bench.data.svg_axes import HEIGHT, WIDTH, axis, log_axis
from nape_bench.errors import DataError

NAME = "{http://www.w3.org/2000/svg}"


def bars(svg: str) -> list[tuple[int, float]]:
    """Count and height of each bar."""
    found = []
    for group in ElementTree.fromstring(svg).findall(f"{NAME}g"):
        count = int((group.findtext(f"{NAME}title") or "").split(": ")[1].replace(",", ""))
        rect = group.find(f"{NAME}rect")
        assert rect is not None
        place = {name: float(rect.get(name, 0)) for name in ("x", "y", "width", "height")}
        assert 0 < place["x"] < place["x"] + place["width"] < WIDTH
        assert 0 < place["y"] < place["y"] + place["height"] < HEIGHT
        found.append((count, place["height"]))
    return found


def test_bars_are_counts() -> None:
    values = np.random.default_rng(0).normal(90, 2, size=500)
    drawn = bars(histogram([*values, np.nan], label="accuracy (%)", bins=12))
    counts = [count for count in np.histogram(values, bins=12)[0].tolist() if count]
    assert [count for count, _ in drawn] == counts
    unit = drawn[0][1] / drawn[0][0]
    assert [height for _, height in drawn] == pytest.approx([c * unit for c in counts], abs=0.1)


def test_it_says_what_it_shows() -> None:
    svg = histogram([1.0, 2.0, 4.0, np.nan], label="latency <ms>", name="a b")
    assert "3 values, median 2, from 1 to 4; 1 have none" in svg
    assert "latency &lt;ms&gt;" in svg
    assert 'id="plot-a-b"' in svg
    assert "prefers-color-scheme:dark" in svg


@pytest.mark.parametrize("values", [[5.0], [0.0, 0.0], [-1e-9, 1e-9], [1e12, 3e12]])
def test_extreme_values(values: list[float]) -> None:
    assert sum(count for count, _ in bars(histogram(values, label="x"))) == len(values)


@pytest.mark.parametrize("values", [[], [np.nan], [1.0, np.inf]])
def test_what_cannot_be_drawn_is_refused(values: list[float]) -> None:
    with pytest.raises(DataError, match="x: a histogram needs finite values"):
        histogram(values, label="x")


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (89.3, 94.6), (-3, 17), (1e-6, 2e-6), (5, 5), (0, 0), (0, 12345)]
)
def test_axes_have_round_numbers(low: float, high: float) -> None:
    drawn = axis(low, high, "x")
    assert drawn.low <= low <= high <= drawn.high
    assert 4 <= len(drawn.ticks) <= 12
    for tick in drawn.ticks:
        assert re.fullmatch(r"-?[\d.]{1,8}(e[-+]\d+)?", f"{tick:g}")


@pytest.mark.parametrize(
    ("low", "high", "added", "written"),
    [
        (0.012, 45, 0.0, ["0.01", "0.1", "1", "10", "100"]),
        (5, 5, 0.0, ["1", "10"]),
        (0, 363, 1.0, ["0", "1", "10", "100", "1000"]),
        (20, 20, 1.0, ["10", "100"]),
        (0, 0, 1.0, ["0", "1", "10"]),
    ],
)
def test_logarithmic_axes_write_powers_of_ten(
    low: float, high: float, added: float, written: list[str]
) -> None:
    made = log_axis(low, high, "x", added=added)
    assert [made.written(tick) for tick in made.ticks] == written
    assert made.low <= made.place(low) <= made.place(high) <= made.high


def test_zero_has_no_place_on_a_logarithmic_axis_by_itself() -> None:
    with pytest.raises(ValueError, match="domain"):
        log_axis(0, 1, "x")
