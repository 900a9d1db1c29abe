"""What datasets there are: at hand, and known to the project with a command that makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nape_bench.data.places import find_all
from nape_bench.data.registry import dataset_specs
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Listed:
    """One config of a dataset.

    Attributes:
        name: The dataset.
        title: What a reader calls it.
        config: The config.
        version: Its version; None where it is not at hand.
        source: The place that it is in ("store", "package", "hub"); None where it is not at hand.
        path: Its folder; None where it is not at hand.
        rows: Number of rows of all splits; None where it is not at hand.
        target: Its main label; None where it is not at hand.
        how: The command that makes it, where the project knows one.
    """

    name: str
    title: str
    config: str
    version: str | None = None
    source: str | None = None
    path: Path | None = None
    rows: int | None = None
    target: str | None = None
    how: str | None = None


def list_datasets(name: str | None = None) -> list[Listed]:
    """Return every config at hand, all versions, and every known one that is not at hand.

    Args:
        name: A dataset; all by default.

    Raises:
        UnknownNameError: No such dataset; the message gives the nearest.
    """
    specs = dataset_specs()
    listed = _listed()
    if name is None:
        return listed
    chosen = [each for each in listed if each.name == name]
    if not chosen and name not in specs:
        raise unknown_name("dataset", name, {each.name for each in listed} | set(specs))
    return chosen


def _listed() -> list[Listed]:
    specs = dataset_specs()
    listed = []
    for (name, config, version), found in find_all().items():
        how = specs[name].how.get(config) if name in specs else None
        listed.append(
            Listed(
                name, found.manifest.info.title, config, version, found.source, found.folder,
                found.info.rows, found.info.target, how,
            )
        )  # fmt: skip
    at_hand = {(each.name, each.config) for each in listed}
    for name in specs:
        for config, how in specs[name].how.items():
            if (name, config) not in at_hand:
                listed.append(Listed(name, specs[name].info.title, config, how=how))
    return sorted(listed, key=lambda each: (each.name, each.config))
