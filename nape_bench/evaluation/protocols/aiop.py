"""AIO-P's protocols: from classification and two pseudo-labelled tasks to any task of a family.

A predictor is fitted to NAS-Bench-101's accuracies, may learn from the pseudo-labels that the
family's bodies have for detection and for keypoints (the paper's two K-adapters), and is tested on
bodies that were really trained for the task (section 4). Zero-shot: no label of these is seen.
ft20: 20 are, drawn for each seed.

Where this is stricter: the paper's zero-shot rows see 20 labels of the test's task, to standardise
by; here they count, and stand under ft20. Isomorphs of the 20 are not tested on. The embedded
labels (`nape/multitask`) are at micro scale; those of the paper (`nape-bench import aiop`) go by
its own names of tasks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.evaluation.protocols.base import (
    ALL,
    Auxiliary,
    Protocol,
    ProtocolFamily,
    Source,
    every_row,
)
from nape_bench.evaluation.protocols.naming import DEFAULT_CONFIG, OWNER, read_pair_and_kind
from nape_bench.evaluation.protocols.registry import add_family
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "aiop"
BACKBONE = f"{OWNER}/nb101"
EMBEDDED = f"{OWNER}/multitask"
FAMILIES = ("ofa_pn", "ofa_mbv3", "ofa_resnet")
SHOTS = {"zero-shot": 0, "ft20": 20}
TAUGHT = ("detection", "keypoints")
"""Tasks with an adapter, of the embedded labels."""
PUBLISHED_TAUGHT = ("obj_det", "lsp")
"""The same of the paper's labels."""
TASKS = (
    "classification", "detection", "instance_segmentation", "keypoints", "panoptic_segmentation",
    "semantic_segmentation",
)  # fmt: skip
PUBLISHED_TASKS = ("lsp", "mpii", "obj_det", "inst_seg", "sem_seg", "pan_seg")
PATTERN = f"{NAME}/<family>-<task>-zero-shot or -ft20"
EXAMPLE = f"{NAME}/ofa_pn-semantic_segmentation-ft20"


def _make(parts: Sequence[str]) -> Protocol:
    family, task, kind = _read(parts)
    if task in TASKS:
        dataset, config, trained = EMBEDDED, f"{family}-{task}", DEFAULT_CONFIG
        taught = [Auxiliary(EMBEDDED, f"{family}-{each}", "train") for each in TAUGHT]
    else:
        dataset, config, trained = f"{OWNER}/{family}", f"aiop_{task}_ind", "gennape_cifar10"
        taught = [Auxiliary(dataset, f"aiop_{each}_shared", ALL) for each in PUBLISHED_TAUGHT]
    shots = SHOTS[kind]
    seen = f"{shots} of its labels" if shots else "none of its labels"
    return Protocol(
        name=_name(family, task, kind),
        title=f"{family}, {task}: fitted to {BACKBONE} and two other tasks, {seen} seen",
        dataset=dataset,
        config=config,
        version=published_version(dataset, config),
        train="train",
        validation="validation",
        test=every_row(dataset),
        shots=shots,
        source=Source(BACKBONE, trained, published_version(BACKBONE, trained)),
        auxiliary=tuple(
            Auxiliary(each.dataset, each.config, each.split, _version(each)) for each in taught
        ),
    )


def _read(parts: Sequence[str]) -> tuple[str, str, str]:
    """Return the family, the task and the kind that a name gives."""
    family, task, kind = read_pair_and_kind(NAME, parts, "-", SHOTS, (PATTERN, EXAMPLE))
    if family not in FAMILIES:
        raise unknown_name(f"family of {NAME}", family, FAMILIES)
    if task not in (*TASKS, *PUBLISHED_TASKS):
        raise unknown_name(f"task of {NAME}", task, (*TASKS, *PUBLISHED_TASKS))
    return family, task, kind


def _version(taught: Auxiliary) -> str | None:
    return published_version(taught.dataset, taught.config)


def _name(family: str, task: str, kind: str) -> str:
    return f"{NAME}/{family}-{task}-{kind}"


def _names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    at_hand = set(pairs)
    made = [
        _make([f"{family}-{task}-{kind}"])
        for family in FAMILIES
        for task in (*TASKS, *PUBLISHED_TASKS)
        for kind in SHOTS
    ]
    return [each.name for each in made if each.labels_needed <= at_hand]


add_family(
    ProtocolFamily(
        name=NAME,
        title="fitted to classification and two pseudo-labelled tasks, tested on any task",
        pattern=PATTERN,
        example=EXAMPLE,
        make=_make,
        names=_names,
    )
)
