"""AIO-P's test on real networks: fitted elsewhere, ranked within each family of a model zoo.

The paper (section 5.5, Table 12) ranks ten networks or fewer of a family by a predictor that was
fitted to NAS-Bench-101 and to further tasks of once-for-all bodies. Here it is fitted to
NAS-Bench-101's accuracies and may learn from the pseudo-labels that all three families of bodies
have for detection and keypoints; no label of the zoo is seen. The correlation to look at is that
within a family (the subsets of a result), over the standard weights alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.errors import ProtocolError
from nape_bench.evaluation.protocols.aiop import BACKBONE, EMBEDDED, FAMILIES, TAUGHT
from nape_bench.evaluation.protocols.base import Auxiliary, Protocol, ProtocolFamily, Source
from nape_bench.evaluation.protocols.naming import DEFAULT_CONFIG, OWNER
from nape_bench.evaluation.protocols.registry import add_family
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "zoo"
DATASET = f"{OWNER}/zoo"
TASKS = (
    "classification", "detection", "instance_segmentation", "keypoints", "semantic_segmentation",
)  # fmt: skip


def _make(parts: Sequence[str]) -> Protocol:
    if len(parts) != 1:
        given = "/".join([NAME, *parts])
        raise ProtocolError(f"protocol {given!r}: {NAME}/<task> expected, as in {NAME}/detection")
    task = parts[0]
    if task not in TASKS:
        raise unknown_name(f"task of {NAME}", task, TASKS)
    taught = [Auxiliary(EMBEDDED, f"{f}-{each}", "train") for f in FAMILIES for each in TAUGHT]
    return Protocol(
        name=f"{NAME}/{task}",
        title=f"{DATASET} ({task}): fitted to {BACKBONE} and other tasks, none of its labels seen",
        dataset=DATASET,
        config=task,
        version=published_version(DATASET, task),
        train="train",
        validation="validation",
        test="test",
        source=Source(BACKBONE, DEFAULT_CONFIG, published_version(BACKBONE, DEFAULT_CONFIG)),
        auxiliary=tuple(
            replace(each, version=published_version(each.dataset, each.config)) for each in taught
        ),
    )


def _names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    made = [_make([task]) for task in TASKS]
    return [each.name for each in made if each.labels_needed <= set(pairs)]


add_family(
    ProtocolFamily(
        name=NAME,
        title="fitted elsewhere, no label seen, ranked within families of real networks",
        pattern=f"{NAME}/<task>",
        example=f"{NAME}/classification",
        make=_make,
        names=_names,
    )
)
