"""Pictures of the package as parts of a page, whose style sheet has their colours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from nape_bench.data.svg_axes import HEIGHT, WIDTH
from nape_bench.evaluation.scatter import scatter
from nape_bench.leaderboard.site.words import label_of

if TYPE_CHECKING:
    from nape_bench.leaderboard.checking.predictions import Predicted
    from nape_bench.leaderboard.checking.sheet import Sheet
    from nape_bench.picture import Picture

MOST_POINTS = 400
"""Points of a scatter; pages stay small."""

_HEAD = 44
"""Pixels of a plot's head, whose words stand beside it on a page."""
_OPENING = re.compile(r'<svg xmlns="[^"]*" id="([A-Za-z0-9_-]+)" role="img" [^>]*>')
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def inline(picture: Picture) -> Markup:
    """Return a plot (`nape_bench.data.svg_axes`) as a part of a page, without its own head.

    Its style sheet is left out: pages allow none but the site's, which has the same classes.

    Raises:
        ValueError: It is no such plot.
    """
    opening = rf'<svg class="plot" id="\1" role="img" viewBox="0 {_HEAD} {WIDTH} {HEIGHT - _HEAD}">'
    text, opened = _OPENING.subn(opening, picture, count=1)
    text, styles = _STYLE.subn("", text)
    if (opened, styles) != (1, 1):
        raise ValueError("a plot with one style sheet expected")
    # The plot has escaped what it says.
    return Markup(text)  # noqa: S704


def scatter_of(predicted: Predicted, sheet: Sheet, *, is_value: bool, name: str) -> Markup:
    """Draw the predictions of the first seed against true labels.

    Args:
        predicted: The predictions.
        sheet: What the protocol asks, with labels.
        is_value: Whether they are in the label's unit.
        name: Identifier of the picture on its page.

    Raises:
        ValueError: The sheet has no labels.
    """
    if sheet.y is None:
        raise ValueError(f"the sheet of {sheet.facts.protocol} has no labels")
    parts = sheet.parts_of(predicted.seeds)
    true, own = (sheet.y, predicted.values[0]) if parts is None else (
        sheet.y[parts[0]], predicted.values[0][parts[0]],
    )  # fmt: skip
    if len(true) > MOST_POINTS:
        order = np.argsort(true, kind="stable")
        kept = order[np.linspace(0, len(true) - 1, MOST_POINTS).round().astype(int)]
        true, own = true[kept], own[kept]
    drawn = scatter(
        true, own, label=label_of(sheet.facts), title=sheet.facts.protocol,
        scores=not is_value, name=name, hover=False,
    )  # fmt: skip
    return inline(drawn)
