"""The distribution of a dataset's label, with its unit and the version that it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.histogram import histogram
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from nape_bench.data.manifest import Manifest
    from nape_bench.picture import Picture


def distribution(manifest: Manifest, config: str, label: str, values: ArrayLike) -> Picture:
    """Draw how often the values of a label occur.

    Args:
        manifest: The version that they are of.
        config: The set of labels.
        label: The label.
        values: Its values, [n], NaN where there is none.

    Raises:
        UnknownNameError: The config has no such label.
        DataError: There is no value.
    """
    labels = manifest.configs[config].labels
    if label not in labels:
        raise unknown_name(f"label of {manifest.name} ({config})", label, labels)
    unit = labels[label].unit
    # The main label's identifier is the config's own: cards that are out have it.
    own = "" if label == manifest.configs[config].target else f"-{label}"
    return histogram(
        values,
        label=f"{label} ({unit})" if unit else label,
        title=f"{manifest.name} {manifest.version}, {config}: {label}",
        name=f"{manifest.name}-{config}{own}",
    )
