"""Zero-shot: no label is seen, and every architecture of the dataset is ranked.

For FLOPs, parameters, zero-cost proxies and predictors that were trained elsewhere: the
correlation over a whole space is what papers on zero-cost proxies report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.evaluation.protocols.base import ALL, Protocol, ProtocolFamily
from nape_bench.evaluation.protocols.naming import PATTERN, read_dataset, short_name
from nape_bench.evaluation.protocols.registry import add_family

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "zero-shot"


def _make(parts: Sequence[str]) -> Protocol:
    dataset, config = read_dataset(NAME, parts)
    return Protocol(
        name=f"{NAME}/{short_name(dataset, config)}",
        title=f"{dataset} ({config}): no labels seen, every row ranked",
        dataset=dataset,
        config=config,
        version=published_version(dataset, config),
        train=None,
        validation=None,
        test=ALL,
    )


add_family(
    ProtocolFamily(
        name=NAME,
        title="no labels seen, scored on every row of a dataset",
        pattern=f"{NAME}/{PATTERN}",
        example=f"{NAME}/hiaml",
        make=_make,
        names=lambda pairs: [f"{NAME}/{short_name(*pair)}" for pair in pairs],
    )
)
