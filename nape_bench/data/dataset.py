"""Dataset: one config of one version of a dataset, loaded and verified."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data import cache
from nape_bench.errors import IntegrityError, UnknownNameError
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nape_bench.data.info import DatasetInfo, LabelInfo
    from nape_bench.data.places import Found
    from nape_bench.data.split import Split
    from nape_bench.picture import Picture


@dataclass(frozen=True)
class Row:
    """One architecture of a dataset, as `Dataset.lookup` finds it.

    Attributes:
        split: The split that it is in.
        index: Its row there.
        id: Its id.
        labels: Label name -> value, NaN where it is missing.
    """

    split: str
    index: int
    id: str
    labels: Mapping[str, float]


class Dataset:
    """Labelled architectures with fixed splits: iterating gives their names, indexing a `Split`.

    Args:
        found: Where it lies, with its manifest.
        splits: Its splits, whose content was verified.
    """

    def __init__(self, found: Found, splits: Mapping[str, Split]) -> None:
        self._found = found
        self._splits = dict(splits)

    @property
    def name(self) -> str:
        """Name of the dataset, as in "nape/hiaml"."""
        return self._found.manifest.name

    @cached_property
    def family(self) -> str:
        """The space that the architectures of this config come from."""
        found = {family for split in self._splits.values() for family in split.families}
        return found.pop() if len(found) == 1 else self.info.family

    @property
    def config(self) -> str:
        """Name of the set of labels."""
        return self._found.config

    @property
    def version(self) -> str:
        """Version, as in "v1.0"; its content never changes."""
        return self._found.manifest.version

    @property
    def path(self) -> str:
        """The folder that it was read from: `datasets.load_dataset(ds.path)` opens it as well."""
        return str(self._found.folder)

    @property
    def source(self) -> str:
        """Where it was found: "path" (that was named), "store", "package" or "hub"."""
        return self._found.source

    @property
    def info(self) -> DatasetInfo:
        """Title, family, description, licence, citation."""
        return self._found.manifest.info

    @property
    def target(self) -> str:
        """The main label, which `Split.y` holds."""
        return self._found.info.target

    @property
    def labels_info(self) -> Mapping[str, LabelInfo]:
        """Label name -> meaning, unit, direction, source, seeds, noise ceiling."""
        return MappingProxyType(self._found.info.labels)

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How the labels came about."""
        return MappingProxyType(self._found.info.provenance)

    @property
    def content_hash(self) -> str:
        """One hash over the values of all splits (`content`), which results carry."""
        return self._found.info.content_hash

    @property
    def split_hashes(self) -> Mapping[str, str]:
        """Content hash of each split."""
        return MappingProxyType(self._found.info.split_hashes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._splits)

    def __len__(self) -> int:
        """Return the number of splits."""
        return len(self._splits)

    def __contains__(self, split: object) -> bool:
        return split in self._splits

    def __getitem__(self, split: str) -> Split:
        """Return a split by name.

        Raises:
            UnknownNameError: No such split.
        """
        if split not in self._splits:
            raise unknown_name(f"split of {self.name}", split, self._splits)
        return self._splits[split]

    def keys(self) -> list[str]:
        """Return the names of the splits."""
        return list(self._splits)

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} {len(split)}" for name, split in self._splits.items())
        return (
            f"Dataset({self.name} {self.version}, config {self.config}, {rows}; "
            f"target {self.target}; from the {self.source}, {self.path})"
        )

    def histogram(self, label: str | None = None) -> Picture:
        """Draw how often the values of a label occur over all splits, as an SVG.

            ds.histogram("latency")  # in a notebook it is shown

        Args:
            label: The label; None: the main one.

        Raises:
            UnknownNameError: No such label.
            DataError: It has no value.
        """
        from nape_bench.data.distribution import distribution

        label = self.target if label is None else label
        parts = [split.labels[label] for split in self._splits.values() if label in split.labels]
        values = np.concatenate(parts) if parts else np.empty(0)
        return distribution(self._found.manifest, self.config, label, values)

    def _repr_html_(self) -> str:
        """Return what it is and the distribution of its main label, for notebooks."""
        return f"<pre>{escape(repr(self))}</pre>{self.histogram()}"

    def verify(self) -> None:
        """Hash all rows in memory once more and compare with the manifest.

        Loading does so when it reads a Parquet file. Rows that come from the memory-mapped cache
        (`cache`) were verified when they were put there.

        Raises:
            IntegrityError: The rows of a split are not what they were.
        """
        for name, expected in self.split_hashes.items():
            if name in self._splits and (found := self._splits[name].content_hash()) != expected:
                raise IntegrityError(
                    f"split {name} of {self.name} {self.version}: expected content hash "
                    f"{expected}, found {found}; remove {cache.folder()} and load it again"
                )

    def lookup(self, spec: Any) -> Row:
        """Find the row of an architecture.

        Args:
            spec: Its id, or any form that its space reads (a specification, text).

        Raises:
            SpecError: The space cannot read it.
            UnknownNameError: No row has it; the message names one with the same graph, if any.
        """
        row_id = spec
        if not (isinstance(spec, str) and spec in self._place_of):
            row_id = self._id_of(spec)
        if row_id not in self._place_of:
            raise self._not_there(spec, row_id)
        split, index = self._place_of[row_id]
        labels = {name: float(values[index]) for name, values in self[split].labels.items()}
        return Row(split, index, row_id, labels)

    @cached_property
    def _place_of(self) -> dict[str, tuple[str, int]]:
        return {
            row_id: (name, index)
            for name, split in self._splits.items()
            for index, row_id in enumerate(split.ids)
        }

    def _id_of(self, spec: Any) -> str:
        from nape_bench.spaces import space

        family = space(self.family)
        if isinstance(spec, str):
            spec = family.parse(spec.removeprefix(f"{family.name}:"))
        return f"{family.name}:{family.format(spec)}"

    def _not_there(self, spec: Any, row_id: str) -> UnknownNameError:
        from nape_bench.spaces import space

        family = space(self.family)
        if isinstance(spec, str):
            spec = family.parse(spec.removeprefix(f"{family.name}:"))
        graph = family.build(spec)
        where = f"{self.name} {self.version}, config {self.config}"
        for name, split in self._splits.items():
            same = np.flatnonzero(split.hashes == graph.hash)
            if len(same):
                return UnknownNameError(
                    f"{where} has no row {row_id}, but {len(same)} with the same graph: "
                    f"{split.ids[same[0]]} in {name}"
                )
        rows = sum(len(split) for split in self._splits.values())
        return UnknownNameError(f"{where} has no {row_id}, nor its graph, among its {rows} rows")
