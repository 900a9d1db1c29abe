"""Predictions against true values as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from nape_bench.data.svg_axes import HEIGHT, WIDTH
from nape_bench.errors import DataError
from nape_bench.evaluation.scatter import MOST_POINTS, scatter

NAME = "{http://www.w3.org/2000/svg}"


def points(svg: str) -> list[tuple[float, float]]:
    found = [
        (float(circle.get("cx", 0)), float(circle.get("cy", 0)))
        for circle in ElementTree.fromstring(svg).iter(f"{NAME}circle")
    ]
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in found)
    return found


def test_points_are_where_values_say() -> None:
    true, predicted = [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]
    svg = scatter(true, predicted, label="accuracy (%)", ids=["a", "<b>", "c"])
    (x0, y0), (x1, y1), (x2, y2) = points(svg)
    assert (x1 - x0, x2 - x1) == pytest.approx((x2 - x1, x1 - x0), abs=0.1)
    assert y1 < y2 < y0  # higher predictions stand higher
    assert "&lt;b&gt;: true 2, predicted 3" in svg
    assert "3 points" in svg
    assert svg.count('class="guide"') == 1


def test_points_without_values_on_hover_are_the_same_points() -> None:
    true, predicted = [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]
    told = scatter(true, predicted, label="x")
    plain = scatter(true, predicted, label="x", hover=False)
    assert points(told) == points(plain)
    assert "predicted 3" in told
    assert "predicted 3" not in plain


def test_scores_have_an_axis_of_their_own() -> None:
    svg = scatter([90.0, 91.0], [-1000.0, 5.0], label="accuracy (%)", scores=True)
    assert 'class="guide"' not in svg
    (x0, _), (x1, _) = points(svg)
    assert x1 - x0 > WIDTH / 2


def test_many_points_are_thinned_out() -> None:
    values = np.arange(5 * MOST_POINTS, dtype=float)
    svg = scatter(values, values, label="x")
    assert len(points(svg)) == MOST_POINTS
    assert "10,000 points, 2,000 drawn" in svg


@pytest.mark.parametrize(
    ("true", "predicted", "ids", "message"),
    [
        ([], [], None, "0 true values, 0 predictions"),
        ([1.0], [1.0, 2.0], None, "1 true values, 2 predictions"),
        ([1.0], [1.0], ["a", "b"], "2 ids"),
        ([1.0], [np.nan], None, "must be finite"),
    ],
)
def test_what_does_not_fit_is_refused(
    true: list[float], predicted: list[float], ids: list[str] | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        scatter(true, predicted, label="x", ids=ids)


def test_a_long_title_and_large_numbers_have_room() -> None:
    name = "hw/nb201-0-known/desktop_gpu_gtx_1080ti_32: known_gp"
    root = ElementTree.fromstring(
        scatter([1e8, 2e8], [3e-6, 5e-6], label="x", title=name, scores=True)
    )
    texts = [text.text or "" for text in root.iter(f"{NAME}text")]
    heads = [text.text or "" for text in root.iter(f"{NAME}text") if text.get("class") == "head"]
    assert " ".join(heads) == name
    assert len(heads) == 2
    top = min(float(text.get("y", 0)) for text in root.iter(f"{NAME}text") if "y" in text.attrib)
    assert float((root.get("viewBox") or "").split()[1]) < top
    assert {"true: x × 10⁶", "predicted score × 10⁻⁶", "100", "200", "3", "5"} <= set(texts)
    assert not [text for text in texts if "e+" in text or "e-0" in text]
