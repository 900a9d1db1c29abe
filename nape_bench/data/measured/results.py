"""What a label store holds of one measurement of one family, brought into tables."""

from __future__ import annotations

import functools
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.build import RowsBuilder
from nape_bench.errors import DataError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.data.measured.base import LabelConfig
    from nape_bench.data.rows import Rows

REASON_LENGTH = 100
"""Characters of a failure's reason that provenance keeps."""


@dataclass(frozen=True)
class Choice:
    """Which results of a store are taken.

    Attributes:
        versions: Versions of measurements ("micro-2"), for those of which there are several.
        seeds: Seeds 0 to `seeds` - 1 of each architecture; None takes all that there are.
        until: Only results that were there at this time (ISO 8601, UTC), which makes again what
            was made then: a store only grows.
        subset: Only architectures of this subset of the space (`Space.subsets`).
    """

    versions: tuple[str, ...] = ()
    seeds: int | None = None
    until: str | None = None
    subset: str | None = None


@dataclass(frozen=True)
class Results:
    """Complete results: each architecture has one of every seed.

    Attributes:
        space: The family.
        measure: The measurement ("micro").
        version: Its version ("micro-1").
        settings: What the results depend on, plain JSON.
        seeds: The seeds.
        specs: Specifications, in the order of their text.
        table: The rows of the store, [architectures][seeds].
        left_out: Why architectures are not among them -> how many.
        failures: Reasons of failed measurements -> how many.
    """

    space: str
    measure: str
    version: str
    settings: dict[str, Any]
    seeds: tuple[int, ...]
    specs: list[Any]
    table: list[list[dict[str, Any]]]
    left_out: dict[str, int]
    failures: dict[str, int]

    def has(self, name: str) -> bool:
        """Return whether all results have a column."""
        return all(name in row for line in self.table for row in line)

    def column(self, name: str) -> np.ndarray:
        """Return a column of numbers or flags, float64 [architectures, seeds]; None is NaN.

        Args:
            name: Its name; "answers.hue" is `hue` in the column `answers`.

        Raises:
            DataError: Some result does not have it, or something else in it.
        """
        try:
            path = name.split(".")
            values = [[functools.reduce(_inside, path, row) for row in line] for line in self.table]
            return np.array(values, dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"results of {self.version}, {self.space}: column {name} holds no number in some "
                f"of them: {error!r}"
            ) from None

    @property
    def seconds(self) -> np.ndarray | None:
        """What each measurement took, in seconds, [architectures, seeds]; None if unknown.

        Of a supernet that all have in common each has its share.
        """
        for name in ("seconds", "wall_seconds"):
            if self.has(name):
                supernet = self.supernet_seconds
                share = 0.0 if supernet is None else supernet / len(self.table)
                return self.column(name) + share
        return None

    @property
    def supernet_seconds(self) -> np.ndarray | None:
        """What the training of each seed's supernet took, [seeds]; None if there are none."""
        if not self.has("supernet_seconds"):
            return None
        seconds: np.ndarray = self.column("supernet_seconds").max(axis=0)
        return seconds

    @property
    def provenance(self) -> dict[str, Any]:
        """How they came about, plain JSON."""
        rows = [row for line in self.table for row in line]
        return {
            "measure": self.measure,
            "version": self.version,
            "settings": self.settings,
            "seeds": list(self.seeds),
            "left_out": self.left_out,
            "failures": self.failures,
            "newest": max(row["time"] for row in rows),
            "processors": _distinct(rows, "machine"),
            "torch": _distinct(rows, "torch"),
        }

    def rows(self, labels: Mapping[str, np.ndarray]) -> Rows:
        """Return the architectures as rows of a dataset, with labels [architectures]."""
        builder = RowsBuilder(space_of(self.space))
        for spec in self.specs:
            builder.add(builder.space.normalise(spec))
        return builder.rows(labels)


def read_results(store: Path, space: str, config: LabelConfig, choice: Choice) -> Results | None:
    """Read the results that a config is made from.

    Architectures that lack a seed, or one of whose measurements failed, are left out.

    Args:
        store: Folder of the label store (`labels.read_labels`).
        space: The family.
        config: The config.
        choice: Which results are taken.

    Returns:
        None where the store has no result of the measurement.

    Raises:
        DataError: There are results of several versions, too few seeds, or a seed that most
            architectures lack.
    """
    from nape_bench.labels import read_labels

    found = [
        row
        for row in read_labels(store, space=space, measure=config.measure)
        if choice.until is None or row["time"] <= choice.until
    ]
    if not found:
        return None
    where = f"{store}: results of {config.measure}, {space}"
    version = _version(found, choice.versions, where)
    rows = [row for row in found if row["version"] == version]
    seeds = _seeds(rows, config.least_seeds, choice.seeds, where)
    known: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        if row["seed"] in seeds:
            known.setdefault(row["text"], {})[row["seed"]] = row
    left_out: Counter[str] = Counter()
    if choice.subset is not None:
        belongs = space_of(space).subsets()[choice.subset]
        inside = {t: line for t, line in known.items() if belongs(_spec(line))}
        left_out[f"it is not in {choice.subset}"] = len(known) - len(inside)
        known = inside
    _check_supernets(known, where)
    whole = []
    for text in sorted(known):
        line = [known[text][seed] for seed in seeds if seed in known[text]]
        reason = _why_not(line, len(seeds), config.needed)
        if reason:
            left_out[reason] += 1
        else:
            whole.append(line)
    if len(whole) < 2:
        raise DataError(f"{where}: no two architectures have results of seeds {seeds}")
    failed = [row for line in known.values() for row in line.values() if row["error"] is not None]
    settings = store / "settings" / f"{config.measure}-{version}-{space}.json"
    try:
        told = json.loads(settings.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{settings}: the settings of {where} expected: {error}") from None
    return Results(
        space=space,
        measure=config.measure,
        version=version,
        settings=told,
        seeds=tuple(seeds),
        specs=[line[0]["spec"] for line in whole],
        table=whole,
        left_out={reason: count for reason, count in sorted(left_out.items()) if count},
        failures=dict(sorted(Counter(row["error"][:REASON_LENGTH] for row in failed).items())),
    )


def _inside(value: Any, name: str) -> Any:
    return value[name]


def _version(rows: Sequence[dict[str, Any]], wanted: Sequence[str], where: str) -> str:
    known = sorted({row["version"] for row in rows})
    chosen = [version for version in known if version in wanted] or known
    if len(chosen) != 1:
        raise DataError(f"{where}: there are those of {', '.join(chosen)}: name one (--use)")
    return str(chosen[0])


def _seeds(
    rows: Sequence[dict[str, Any]], least: int, wanted: int | None, where: str
) -> Sequence[int]:
    count = Counter(row["seed"] for row in rows)
    seeds = sorted(count) if wanted is None else list(range(wanted))
    if len(seeds) < least:
        raise DataError(f"{where}: {least} seeds or more expected, found {seeds}")
    for seed in seeds:
        if 2 * count[seed] < max(count.values()):
            raise DataError(
                f"{where}: {count[seed]} architectures have seed {seed}, {max(count.values())} "
                f"have another: measure the others, or say how many seeds are taken (--seeds)"
            )
    return seeds


def _check_supernets(known: Mapping[str, Mapping[int, dict[str, Any]]], where: str) -> None:
    """Check that results of a seed are of one supernet; older ones do not tell of which."""
    found: dict[int, set[str | None]] = {}
    for line in known.values():
        for seed, row in line.items():
            if row["error"] is None:
                found.setdefault(seed, set()).add(row.get("supernet"))
    for seed, supernets in sorted(found.items()):
        if len(supernets) > 1:
            raise DataError(
                f"{where}: those of seed {seed} are of {len(supernets)} supernets, whose scores do "
                "not compare; take those up to a time (--until), or measure all again in a store "
                "of their own"
            )


def _spec(line: Mapping[int, dict[str, Any]]) -> Any:
    return next(iter(line.values()))["spec"]


def _why_not(line: Sequence[dict[str, Any]], seeds: int, needed: Sequence[str]) -> str:
    """Return why the results of an architecture are left out; nothing if they are not."""
    if any(row["error"] is not None for row in line):
        return "a measurement failed"
    if len(line) < seeds or any(row.get(name) is None for row in line for name in needed):
        return "a measurement is missing"
    return ""


def _distinct(rows: Sequence[dict[str, Any]], name: str) -> list[str]:
    return sorted({str(row[name]) for row in rows if row.get(name) is not None})
