"""What a dataset says of itself: titles, licences, and what each label means."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from nape_bench.data.rows import Chunked

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_VERSION = re.compile(r"v\d+(\.\d+)*")
_RESERVED = re.compile(r"(id|family|spec|hash|group|(node|edge)_.*)")

DEFAULT_CONFIG = "micro"
"""The config that is meant where a dataset has it and none is named."""


@dataclass(frozen=True)
class LabelInfo:
    """What a label column holds.

    Attributes:
        meaning: What was measured, in a sentence.
        unit: Its unit ("%", "ms"); empty where the source names none.
        higher_is_better: Whether more of it is wanted.
        source: Where the values come from.
        seeds: Number of repetitions behind a value; None where the source does not say.
        noise_ceiling: Spearman rank correlation between single repetitions, the mean over pairs
            of them; None where it cannot be measured. What can be reached on the mean of
            several is higher: `reachable`.
    """

    meaning: str
    unit: str
    higher_is_better: bool
    source: str
    seeds: int | None = None
    noise_ceiling: float | None = None

    @property
    def reachable(self) -> float | None:
        """Rank correlation that a perfect predictor has with these labels, about.

        The root of the reliability of a mean over `seeds` repetitions (Spearman-Brown); None
        where it cannot be told.
        """
        if self.noise_ceiling is None or self.seeds is None or self.noise_ceiling <= 0:
            return None
        told = self.noise_ceiling
        return float((self.seeds * told / (1 + (self.seeds - 1) * told)) ** 0.5)


@dataclass(frozen=True)
class DatasetInfo:
    """What a dataset is.

    Attributes:
        title: What a reader calls it.
        family: The space that its architectures come from.
        description: A few sentences.
        licence: SPDX identifier in the Hub's lower case ("mit"), or "unknown".
        citation: What to cite, BibTeX or a line of text; may be empty.
    """

    title: str
    family: str
    description: str
    licence: str
    citation: str


@dataclass(frozen=True)
class ConfigData:
    """One set of labels with one provenance, ready to be written.

    Attributes:
        target: The main label column.
        labels: Label column -> what it holds, in the order of the file.
        provenance: How the labels came about, plain JSON.
        splits: Split -> rows.
    """

    target: str
    labels: dict[str, LabelInfo]
    provenance: dict[str, Any]
    splits: Mapping[str, Chunked]


def is_name(name: str) -> bool:
    """Return whether this can be the name of a dataset, `owner/name` as on the Hub."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> None:
    """Check the name of a dataset (`is_name`)."""
    if not is_name(name):
        raise DataError(
            f"dataset name {name!r}: owner/name expected, as in nape/nb201, of letters, digits, "
            "'_', '.' and '-'"
        )


def check_config(config: str) -> None:
    """Check a config name, which is also a folder's."""
    if not _PART.fullmatch(config):
        raise DataError(f"config name {config!r}: letters, digits, '_', '.' and '-' expected")


def is_version(version: str) -> bool:
    """Return whether this can be the name of a version, and of the tag that marks it."""
    return _VERSION.fullmatch(version) is not None


def check_version(version: str) -> None:
    """Check a version name (`is_version`)."""
    if not is_version(version):
        raise DataError(f"version {version!r}: v and numbers expected, as in v1.0")


def check_labels(names: Iterable[str]) -> None:
    """Check names of label columns."""
    for name in names:
        if not _PART.fullmatch(name):
            raise DataError(f"label name {name!r}: letters, digits, '_', '.' and '-' expected")
        if _RESERVED.fullmatch(name):
            raise DataError(f"label name {name!r} is taken by a column that every dataset has")


def default_config(name: str, configs: Collection[str]) -> str:
    """Return the config that is meant where none is named: `micro`, or the only one.

    Args:
        name: The dataset, for the error.
        configs: What it has, one or more.

    Raises:
        UnknownNameError: It has several, and none of them is `micro`.
    """
    if DEFAULT_CONFIG in configs:
        return DEFAULT_CONFIG
    if len(configs) > 1:
        raise UnknownNameError(
            f"{name} has several configs, name one of them: {', '.join(sorted(configs))}"
        )
    return next(iter(configs))


def version_key(version: str) -> tuple[int, ...]:
    """Return what versions sort by: v1.10 comes after v1.9."""
    check_version(version)
    return tuple(int(part) for part in version[1:].split("."))


def plain(info: LabelInfo | DatasetInfo) -> dict[str, Any]:
    """Return the fields as plain JSON."""
    return asdict(info)
