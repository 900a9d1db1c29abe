"""GENNAPE's protocols: fitted to NAS-Bench-101, tested on another family (section 5.1).

Zero-shot: no label of the family is seen. ft50: 50 are, drawn for each seed, to fine-tune on.
The paper draws its 50 from the whole family and tests on the rest, as here; here isomorphs of the
50 are not tested on either. Its labels are accuracies of full trainings (two of them of other image
sets than NAS-Bench-101's); with ours, and any others that are at hand, the protocol is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import dataset_specs, published_version
from nape_bench.errors import ProtocolError
from nape_bench.evaluation.protocols.base import Protocol, ProtocolFamily, Source, every_row
from nape_bench.evaluation.protocols.naming import PATTERN, read_with_ending, short_name
from nape_bench.evaluation.protocols.registry import add_family

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "gennape"
SOURCE = "nape/nb101"
SHOTS = {"zero-shot": 0, "ft50": 50}
ENDING = "-zero-shot or -ft50"


def _make(parts: Sequence[str]) -> Protocol:
    dataset, config, kind = read_with_ending(
        NAME, parts, "|".join(SHOTS), ENDING, f"{NAME}/hiaml-ft50"
    )
    if dataset == SOURCE:
        raise ProtocolError(f"{NAME}: predictors are fitted to {SOURCE}; test on another dataset")
    shots = SHOTS[kind]
    trained = _source_config(config)
    source = Source(SOURCE, trained, published_version(SOURCE, trained))
    seen = f"{shots} of its labels" if shots else "none of its labels"
    return Protocol(
        name=_name(dataset, config, kind),
        title=f"{dataset} ({config}): fitted to {SOURCE}, {seen} seen",
        dataset=dataset,
        config=config,
        version=published_version(dataset, config),
        train="train",
        validation="validation",
        test=every_row(dataset),
        shots=shots,
        source=source,
    )


def _name(dataset: str, config: str, kind: str) -> str:
    return f"{NAME}/{short_name(dataset, config)}-{kind}"


def _source_config(config: str) -> str:
    """Return which of NAS-Bench-101's labels go with some of another family.

    The same where there are such; else its CIFAR-10 accuracies, of GENNAPE's release if they are.
    """
    known = dataset_specs()[SOURCE]
    measured = {name for pins in known.pins.values() for name in pins}
    if config in measured | known.how.keys():
        return config
    return "gennape_cifar10" if config.startswith("gennape_") else "cifar10"


def _names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    at_hand = {config for dataset, config in pairs if dataset == SOURCE}
    return [
        _name(dataset, config, kind)
        for dataset, config in pairs
        for kind in SHOTS
        if dataset != SOURCE and _source_config(config) in at_hand
    ]


add_family(
    ProtocolFamily(
        name=NAME,
        title="fitted to NAS-Bench-101, tested on another family with no or 50 of its labels",
        pattern=f"{NAME}/{PATTERN}, then {ENDING}",
        example=f"{NAME}/hiaml-ft50",
        make=_make,
        names=_names,
    )
)
