"""The distribution of a label as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.svg_axes import Plot, axis
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from nape_bench.picture import Picture


def histogram(
    values: ArrayLike, *, label: str, title: str = "", bins: int | None = None, name: str = "labels"
) -> Picture:
    """Draw how often values occur, as an SVG that stands on its own.

    Args:
        values: Labels, [n]; NaN stands for none, is left out and counted below the title.
        label: What they are, with their unit.
        title: What stands above; empty: `label`.
        bins: Number of bars; None: the Freedman-Diaconis rule, 60 at most.
        name: Identifier of the picture on its page: two pictures on one page need two.

    Raises:
        DataError: There is no finite value, or one is infinite.
    """
    given = np.asarray(values, dtype=np.float64).reshape(-1)
    kept = given[~np.isnan(given)]
    if len(kept) == 0 or not np.isfinite(kept).all():
        raise DataError(f"{label}: a histogram needs finite values, one or more")
    if bins is None:
        bins = min(60, len(np.histogram_bin_edges(kept, bins="fd")) - 1)
    counts, edges = np.histogram(kept, bins=bins)
    lacking = len(given) - len(kept)
    told = (
        f"{len(kept):,} values, median {np.median(kept):.6g}, from {kept.min():.6g} to "
        f"{kept.max():.6g}{f'; {lacking:,} have none' if lacking else ''}"
    )
    across = axis(float(edges[0]), float(edges[-1]), label)
    up = axis(0.0, float(counts.max()), "architectures")
    plot = Plot(across, up, title=title or label, description=told, name=name)
    for count, low, high in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        if count:
            (x0, y0), (x1, y1) = plot.at(float(low), 0.0), plot.at(float(high), count)
            plot.add(
                f'<g><title>{low:.6g} to {high:.6g}: {count:,}</title><rect class="bar" '
                f'x="{x0:.1f}" y="{y1:.1f}" width="{max(0.5, x1 - x0 - 1):.1f}" '
                f'height="{y0 - y1:.1f}"/></g>'
            )
    return plot.svg()
