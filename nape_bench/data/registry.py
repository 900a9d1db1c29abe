"""The registry of published datasets, filled by importing every module of `data.datasets`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from nape_bench.data.info import DatasetInfo, version_key
from nape_bench.registry import Registry, import_modules

if TYPE_CHECKING:
    from collections.abc import Mapping


MEASURED_LICENCE = "mit"
"""Licence of the labels that this project measured."""

OUR_LABELS = "nape_bench (the labels)"
"""What the citation of such labels ends with, whoever passes them on."""


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset that the project knows: what it is, and what its versions must hold.

    Attributes:
        name: `owner/name`.
        info: Titles, citation, and the licence of published labels that are imported.
        how: Config -> the command that makes it in the local store, for configs that may not be
            redistributed or are not at hand.
        pins: Version -> config -> content hash over its splits (`ConfigInfo.content_hash`), which
            data under this name must have wherever it comes from.
        comparable: The split whose labels compare with each other, where those of other splits
            came about in another way; None where all do.
        ships_as_told: Whether `info` is that of what the package ships, too; else, where it is on
            published labels that users import, what is shipped has `measured_info`.
        split_by_group: Whether rows are split by `data.splits`; else the card says how they are.
    """

    name: str
    info: DatasetInfo
    how: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    comparable: str | None = None
    ships_as_told: bool = False
    split_by_group: bool = True

    @property
    def shipped_info(self) -> DatasetInfo:
        """What the versions in the package have for an info."""
        return self.info if self.ships_as_told else self.measured_info

    @property
    def measured_info(self) -> DatasetInfo:
        """What labels of this dataset that the project measured have for an info."""
        return replace(
            self.info,
            description=(
                f"{self.info.title} architectures as computation graphs, with labels measured by "
                "nape_bench."
            ),
            licence=MEASURED_LICENCE,
            citation=f"{self.info.citation} (the family); {OUR_LABELS}",
        )

    def pin(self, config: str, version: str) -> str | None:
        """Return the content hash that a config of a version must have, None where none is set."""
        return self.pins.get(version, {}).get(config)


def published_info(
    title: str, family: str, citation: str, *, licence: str = "unknown"
) -> DatasetInfo:
    """Return the info of a dataset whose published labels users import.

    Args:
        title: What a reader calls the family.
        family: The space.
        citation: What to cite for the family.
        licence: That of the labels, where those of all configs have the same.
    """
    return DatasetInfo(
        title=title,
        family=family,
        description=(
            f"{title} architectures as computation graphs, with labels from a published table, "
            "whose licence holds for them."
        ),
        licence=licence,
        citation=citation,
    )


def published_version(name: str, config: str) -> str | None:
    """Return the newest published version of a config, None where none is published."""
    specs = dataset_specs()
    if name not in specs:
        return None
    versions = [version for version, pins in specs[name].pins.items() if config in pins]
    return max(versions, key=version_key, default=None)


def split_by_group(info: DatasetInfo) -> bool:
    """Return `DatasetSpec.split_by_group` of the dataset that has this info, whoever publishes it.

    True for those that nobody knows: importers split by it.
    """
    specs = dataset_specs()
    return all(specs[name].split_by_group for name in specs if specs[name].shipped_info == info)


def comparable_split(name: str) -> str | None:
    """Return `DatasetSpec.comparable` of a dataset; None for those that nobody knows."""
    specs = dataset_specs()
    return specs[name].comparable if name in specs else None


_SPECS: Registry[DatasetSpec] = Registry("dataset")


def register(spec: DatasetSpec) -> DatasetSpec:
    """Make a dataset known under its name."""
    return _SPECS.add(spec.name, spec)


@cache
def dataset_specs() -> Registry[DatasetSpec]:
    """Return all published datasets by name."""
    import_modules("nape_bench.data.datasets")
    return _SPECS
