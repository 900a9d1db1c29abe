"""Active: a predictor chooses which networks of a pool are labelled, and is scored on the others.

For each seed a pool of five networks a label is drawn; the predictor sees their graphs and asks for
the labels of a fifth. No network of the pool is scored, nor an isomorph of one, so that what is
scored does not depend on the choice, and predictors compare. One that does not choose (`choose`)
has the labels of those that were drawn first: what choosing is worth is read off the same
predictor without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.evaluation.protocols.base import Protocol, ProtocolFamily, every_row
from nape_bench.evaluation.protocols.naming import PATTERN, read_with_ending, short_name
from nape_bench.evaluation.protocols.registry import add_family
from nape_bench.evaluation.protocols.zoo import DATASET as REAL_NETWORKS

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "active"
LISTED = (20, 50)
"""Numbers of labels that are listed; any other has its protocol too."""
CANDIDATES = 5
"""Networks of the pool for each label."""
ENDING = "-<labels>"


def _make(parts: Sequence[str]) -> Protocol:
    dataset, config, labels = read_with_ending(
        NAME, parts, r"[1-9]\d*", ENDING, f"{NAME}/nb201/cifar10-50"
    )
    shots = int(labels)
    return Protocol(
        name=_name(dataset, config, shots),
        title=f"{dataset} ({config}): {shots} labels of {CANDIDATES * shots} chosen, the others "
        "ranked",
        dataset=dataset,
        config=config,
        version=published_version(dataset, config),
        train=None,
        validation=None,
        test=every_row(dataset),
        shots=shots,
        pool=CANDIDATES * shots,
    )


def _names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    # Real networks are no pool that one could label more of, and there are too few.
    drawn_from = [pair for pair in pairs if pair[0] != REAL_NETWORKS]
    return [_name(*pair, shots) for pair in drawn_from for shots in LISTED]


def _name(dataset: str, config: str, shots: int) -> str:
    return f"{NAME}/{short_name(dataset, config)}-{shots}"


add_family(
    ProtocolFamily(
        name=NAME,
        title="each seed chooses which networks of a pool are labelled, scored on the rest",
        pattern=f"{NAME}/{PATTERN}, then {ENDING}",
        example=f"{NAME}/hiaml-20",
        make=_make,
        names=_names,
    )
)
