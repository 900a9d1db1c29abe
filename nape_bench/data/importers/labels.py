"""The labels of an import: which columns they are, and what the dataset says of them."""

from __future__ import annotations

import itertools
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.importers.columns import is_pattern
from nape_bench.data.info import LabelInfo
from nape_bench.errors import DataError
from nape_bench.metrics import spearman
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def name_labels(labels: Mapping[str, str], columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Write out the labels that are given as patterns.

    Args:
        labels: Label -> column, or a pattern -> the same pattern.
        columns: Column or pattern -> the columns that it stands for.

    Returns:
        Label -> column; what a pattern stands for keeps its columns' names.

    Raises:
        DataError: A label is given twice, or a pattern has another name.
    """
    named: dict[str, str] = {}
    for label, column in labels.items():
        if list(columns[column]) == [column]:
            found = {label: column}
        elif label == column:
            found = {name: name for name in columns[column]}
        else:
            raise DataError(
                f"label {label}={column}: what a pattern stands for keeps its columns' names: "
                f"give {column} alone"
            )
        for name in found:
            if name in named:
                raise DataError(f"label {name} is given twice, by its name or by a pattern")
        named.update(found)
    return named


def match_labels(option: str, given: Collection[str], labels: Collection[str]) -> dict[str, str]:
    """Find the labels that an option is about.

    Args:
        option: What it is called, for messages.
        given: Labels, or patterns that stand for all labels that match.
        labels: The labels that there are.

    Returns:
        Label -> what was given for it, a label's own name before a pattern.

    Raises:
        UnknownNameError: No label is called so, or matches.
    """
    found: dict[str, str] = {}
    for name in sorted(given, key=is_pattern):
        matching = [label for label in labels if label == name or fnmatchcase(label, name)]
        if not matching:
            raise unknown_name(f"label in {option}", name, labels)
        for label in matching:
            found.setdefault(label, name)
    return found


def label_infos(
    labels: Mapping[str, str],
    values: Mapping[str, np.ndarray],
    source: str,
    units: Mapping[str, str],
    lower_is_better: Collection[str],
    meanings: Mapping[str, str],
) -> dict[str, LabelInfo]:
    """Say what each label holds.

    Labels `x_seed0`, `x_seed1` ... beside a label `x` are repetitions, of which `x` is the mean:
    they give its number of seeds and its noise ceiling.

    Args:
        labels: Label -> column.
        values: Label -> values, float64, NaN where there is none.
        source: The name of the file.
        units: Label -> unit, where it is known.
        lower_is_better: The labels of which less is wanted.
        meanings: Label -> what was measured; by default its column is named.
    """
    seeds: dict[str, int] = {}
    ceilings: dict[str, float | None] = {}
    for label in labels:
        repeats = [name for name in labels if re.fullmatch(rf"{re.escape(label)}_seed\d+", name)]
        if len(repeats) > 1:
            ceiling = _correlation([values[name] for name in repeats])
            seeds.update({label: len(repeats), **dict.fromkeys(repeats, 1)})
            ceilings.update(dict.fromkeys([label, *repeats], ceiling))
    return {
        label: LabelInfo(
            meaning=meanings.get(label, f"column {column} of {source}"),
            unit=units.get(label, ""),
            higher_is_better=label not in lower_is_better,
            source=source,
            seeds=seeds.get(label),
            noise_ceiling=ceilings.get(label),
        )
        for label, column in labels.items()
    }


def _correlation(repeats: Sequence[np.ndarray]) -> float | None:
    """Return the mean rank correlation over pairs of repetitions, None where one has none."""
    found = []
    for a, b in itertools.combinations(repeats, 2):
        both = ~(np.isnan(a) | np.isnan(b))
        if min(len(np.unique(a[both])), len(np.unique(b[both]))) < 2:
            return None
        found.append(spearman(a[both], b[both]))
    return float(np.mean(found))
