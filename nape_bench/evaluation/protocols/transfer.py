"""Transfer: fitted to one space and task, fine-tuned on 20 labels of another, as Multi-Predict is.

Multi-Predict (Akhauri and Abdelfattah, AutoML 2023) trains on about 15 % of a source's rows, draws
its 20 with replacement, leaves them in the test, and scales by the whole target space. Here the
source gives its train and validation splits; neither the 20 nor their isomorphs are in the test,
and where source and target are labels of one dataset, none of the source's architectures is: the
test split alone is drawn from and scored. All labels that are seen are counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.errors import ProtocolError
from nape_bench.evaluation.protocols.base import Protocol, ProtocolFamily, Source, every_row
from nape_bench.evaluation.protocols.naming import PATTERN, read_dataset, short_name
from nape_bench.evaluation.protocols.registry import add_family

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "transfer"
SHOTS = 20
BETWEEN = "-to-"
EXAMPLE = f"{NAME}/nb101{BETWEEN}nb201"
UNLISTED = ("proxies", "latency_cpu")
"""Configs that are no task to transfer from or to; names of one's own may have them."""
TOGETHER = ("nape/multitask", "nape/zoo")
"""Datasets that are not listed: bodies that other datasets have too, families kept apart."""

Pair = tuple[str, str]


def _make(parts: Sequence[str]) -> Protocol:
    given = "/".join(parts)
    ends = given.split(BETWEEN)
    if len(ends) != 2:
        raise ProtocolError(
            f"protocol {NAME}/{given!r}: {NAME}/<a>{BETWEEN}<b> expected, where <a> and <b> are "
            f"{PATTERN}, as in {EXAMPLE}"
        )
    source, target = (read_dataset(NAME, end.split("/")) for end in ends)
    if source == target:
        raise ProtocolError(f"protocol {NAME}/{given!r}: from and to are the same labels")
    dataset, config = target
    same = source[0] == dataset
    told = "its test split" if same else "its other rows"
    return Protocol(
        name=_name(source, target),
        title=f"{dataset} ({config}): fitted to {source[0]} ({source[1]}), {SHOTS} labels seen, "
        f"{told} ranked",
        dataset=dataset,
        config=config,
        version=published_version(dataset, config),
        train="train",
        validation="validation",
        test="test" if same else every_row(dataset),
        shots=SHOTS,
        source=Source(*source, published_version(*source)),
    )


def _name(source: Pair, target: Pair) -> str:
    return f"{NAME}/{short_name(*source)}{BETWEEN}{short_name(*target)}"


def _names(pairs: Sequence[Pair]) -> list[str]:
    tasks = [pair for pair in pairs if pair[1] not in UNLISTED and pair[0] not in TOGETHER]
    return [_name(one, other) for one in tasks for other in tasks if one != other]


add_family(
    ProtocolFamily(
        name=NAME,
        title=f"fitted to one space and task, then {SHOTS} labels of another are seen",
        pattern=f"{NAME}/<a>{BETWEEN}<b>, each {PATTERN}",
        example=EXAMPLE,
        make=_make,
        names=_names,
    )
)
