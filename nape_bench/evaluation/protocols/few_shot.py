"""Few-shot: each seed sees the labels of a few rows drawn for it, and is scored on the others.

GENNAPE (section 5.1) fine-tunes on 50 architectures of a family, AIO-P and Multi-Predict on 20,
five seeds each. Here neither the rows drawn nor their isomorphs are in the test, and all labels
that a predictor may see are counted, those for standardisation too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.errors import ProtocolError
from nape_bench.evaluation.protocols.base import Protocol, ProtocolFamily, every_row
from nape_bench.evaluation.protocols.naming import PATTERN, read_dataset, short_name
from nape_bench.evaluation.protocols.registry import add_family

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "few-shot"
LISTED = (20, 50)
"""Numbers of labels that are listed, those of the papers; any other has its protocol too."""
_COUNTED = re.compile(r"(.+)-([1-9]\d*)")


def _make(parts: Sequence[str]) -> Protocol:
    match = _COUNTED.fullmatch(parts[-1]) if parts else None
    if match is None:
        name = "/".join([NAME, *parts])
        raise ProtocolError(
            f"protocol {name!r}: {NAME}/{PATTERN}, then -<labels> expected, as in "
            f"{NAME}/nb201/cifar10-50"
        )
    dataset, config = read_dataset(NAME, [*parts[:-1], match[1]])
    shots = int(match[2])
    return Protocol(
        name=_name(dataset, config, shots),
        title=f"{dataset} ({config}): {shots} labels seen, the others ranked",
        dataset=dataset,
        config=config,
        version=published_version(dataset, config),
        train=None,
        validation=None,
        test=every_row(dataset),
        shots=shots,
    )


def _name(dataset: str, config: str, shots: int) -> str:
    return f"{NAME}/{short_name(dataset, config)}-{shots}"


add_family(
    ProtocolFamily(
        name=NAME,
        title="each seed sees a few labels of a dataset and is scored on the other rows",
        pattern=f"{NAME}/{PATTERN}, then -<labels>",
        example=f"{NAME}/hiaml-50",
        make=_make,
        names=lambda pairs: [_name(*pair, shots) for pair in pairs for shots in LISTED],
    )
)
