"""Families whose protocols are each about one set of labels, and differ in what is seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.evaluation.protocols.base import ALL, Protocol, ProtocolFamily, every_row
from nape_bench.evaluation.protocols.naming import PATTERN, read_dataset, short_name

if TYPE_CHECKING:
    from collections.abc import Sequence


def one_dataset_family(
    name: str, title: str, *, told: str, train: str | None, validation: str | None, test: str
) -> ProtocolFamily:
    """Make a family with one protocol for each dataset and config.

    Args:
        name: The first part of its protocols' names.
        title: What it is for, in one line.
        told: What a protocol's title says after the dataset and its config.
        train: As in `Protocol`.
        validation: As in `Protocol`.
        test: As in `Protocol`.
    """

    def make(parts: Sequence[str]) -> Protocol:
        dataset, config = read_dataset(name, parts)
        return Protocol(
            name=f"{name}/{short_name(dataset, config)}",
            title=f"{dataset} ({config}): {told}",
            dataset=dataset,
            config=config,
            version=published_version(dataset, config),
            train=train,
            validation=validation,
            test=every_row(dataset) if test == ALL else test,
        )

    return ProtocolFamily(
        name=name,
        title=title,
        pattern=f"{name}/{PATTERN}",
        example=f"{name}/hiaml",
        make=make,
        names=lambda pairs: [f"{name}/{short_name(*pair)}" for pair in pairs],
    )
