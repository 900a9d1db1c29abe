"""In-family: train, validation and test are the fixed splits of one dataset.

GENNAPE (section 5.1) and most predictor papers report this setting first. The splits keep a
graph's isomorphs together, so that no test architecture was seen in training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.evaluation.protocols.base import Protocol, ProtocolFamily
from nape_bench.evaluation.protocols.naming import PATTERN, read_dataset, short_name
from nape_bench.evaluation.protocols.registry import add_family

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "in-family"


def _make(parts: Sequence[str]) -> Protocol:
    dataset, config = read_dataset(NAME, parts)
    return Protocol(
        name=f"{NAME}/{short_name(dataset, config)}",
        title=f"{dataset} ({config}): trained and tested on its fixed splits",
        dataset=dataset,
        config=config,
        version=published_version(dataset, config),
        train="train",
        validation="validation",
        test="test",
    )


add_family(
    ProtocolFamily(
        name=NAME,
        title="fitted to the training split of a dataset, scored on its test split",
        pattern=f"{NAME}/{PATTERN}",
        example=f"{NAME}/hiaml",
        make=_make,
        names=lambda pairs: [f"{NAME}/{short_name(*pair)}" for pair in pairs],
    )
)
