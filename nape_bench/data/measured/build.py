"""Makes datasets from a label store: into the local store, or with a card into the package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nape_bench.data.build import split_rows
from nape_bench.data.info import DEFAULT_CONFIG, ConfigData, DatasetInfo
from nape_bench.data.measured import CONFIGS
from nape_bench.data.measured.results import Choice, read_results
from nape_bench.data.registry import dataset_specs
from nape_bench.data.store import put
from nape_bench.errors import DataError
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.data.measured.base import Label
    from nape_bench.data.measured.results import Results
    from nape_bench.data.rows import Rows


@dataclass(frozen=True)
class Measured:
    """One config, made from a store.

    Attributes:
        results: What the store holds.
        labels: The label columns made of it.
        rows: All architectures, in the order of their text.
        data: The same in splits, ready to be written.
    """

    results: Results
    labels: Mapping[str, Label]
    rows: Rows
    data: ConfigData


def measured_configs(
    store: Path, space: str, configs: Sequence[str] | None = None, choice: Choice | None = None
) -> dict[str, Measured]:
    """Make the configs of a family from a label store.

    Rows are in the order of the specifications' text, so that the order of measurement does not
    show. Each config has the architectures that its measurement has complete results for.

    Args:
        store: Folder of the label store.
        space: The family.
        configs: Names of configs; by default all of which the store has results.
        choice: Which results are taken.

    Raises:
        UnknownNameError: No such space or config; the message gives the nearest.
        DataError: The store has not what is needed (`results.read_results`).
    """
    space_of(space)
    made = {}
    names = sorted(CONFIGS, key=lambda name: (name != DEFAULT_CONFIG, name))
    for name in names if configs is None else configs:
        config = CONFIGS[name]
        results = read_results(store, space, config, choice or Choice())
        if results is None:
            if configs is not None:
                raise DataError(f"{store}: no results of {config.measure} for {space}")
            continue
        labels = dict(config.labels(results))
        rows = results.rows({column: label.values for column, label in labels.items()})
        infos = {column: label.info for column, label in labels.items()}
        data = ConfigData(config.target, infos, results.provenance, split_rows(rows))
        made[name] = Measured(results, labels, rows, data)
    if not made:
        raise DataError(f"{store}: no results for {space}")
    return made


def put_measured(
    store: Path,
    space: str,
    name: str,
    version: str,
    configs: Sequence[str] | None = None,
    choice: Choice | None = None,
) -> list[Path]:
    """Make a dataset in the local store from a label store.

    Args:
        store: Folder of the label store.
        space: The family.
        name: Name of the dataset, `owner/name`; not one that the project publishes.
        version: Its version.
        configs: As in `measured_configs`.
        choice: As in `measured_configs`.

    Returns:
        The folder of each config. Where the same content is there already, nothing is written.

    Raises:
        UnknownNameError: As in `measured_configs`.
        DataError: As in `measured_configs`; or the version is there with other content, or the
            name is one of the project's.
    """
    if name in dataset_specs():
        raise DataError(f"{name} is a dataset of the project: give yours another name")
    made = measured_configs(store, space, configs, choice)
    info = DatasetInfo(
        title=name,
        family=space,
        description=f"Architectures of {space_of(space).title}, measured with nape_bench.",
        licence="unknown",
        citation="",
    )
    return [put(name, version, config, info, each.data) for config, each in made.items()]
