"""Few-shot: each seed sees the labels of a few rows drawn for it, and is scored on the others.

GENNAPE (section 5.1) fine-tunes on 50 architectures of a family, AIO-P and Multi-Predict on 20,
five seeds each. Here neither the rows drawn nor their isomorphs are in the test, and all labels
that a predictor may see are counted, those for standardisation too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.evaluation.protocols.base import Protocol, ProtocolFamily, every_row
from nape_bench.evaluation.protocols.naming import PATTERN, read_with_ending, short_name
from nape_bench.evaluation.protocols.registry import add_family

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "few-shot"
LISTED = (20, 50)
"""Numbers of labels that are listed, those of the papers; any other has its protocol too."""
ENDING = "-<labels>"


def _make(parts: Sequence[str]) -> Protocol:
    dataset, config, labels = read_with_ending(
        NAME, parts, r"[1-9]\d*", ENDING, f"{NAME}/nb201/cifar10-50"
    )
    shots = int(labels)
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
        pattern=f"{NAME}/{PATTERN}, then {ENDING}",
        example=f"{NAME}/hiaml-50",
        make=_make,
        names=lambda pairs: [_name(*pair, shots) for pair in pairs for shots in LISTED],
    )
)
