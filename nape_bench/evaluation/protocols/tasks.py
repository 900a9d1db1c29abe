"""One task of TransNAS-Bench-101 from 20 labels, its other tasks known of other architectures.

What other tasks tell of a new one is what TransNAS-Bench-101 was made for (Duan et al., CVPR
2021), and the setting of Multi-Predict. A predictor may learn from the training splits of the
other six tasks, sees 20 labels of the seventh, drawn from its test split for each seed, and is
scored on the rest of that split: architectures of which no label of any task was seen, nor one of
an isomorph of theirs. `-alone` is the same test with the 20 labels alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.evaluation.protocols.base import Auxiliary, Protocol, ProtocolFamily
from nape_bench.evaluation.protocols.naming import OWNER, read_pair_and_kind
from nape_bench.evaluation.protocols.registry import add_family
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "tasks"
DATASETS = ("transnas_micro", "transnas_macro")
TASKS = (
    "class_object", "class_scene", "autoencoder", "normal", "jigsaw", "room_layout",
    "segmentsemantic",
)  # fmt: skip
SHOTS = 20
KINDS = {f"{SHOTS}-others": True, f"{SHOTS}-alone": False}
PATTERN = f"{NAME}/<dataset>/<task>-{SHOTS}-others or -alone"
EXAMPLE = f"{NAME}/transnas_micro/jigsaw-{SHOTS}-others"


def _make(parts: Sequence[str]) -> Protocol:
    dataset, task, kind = _read(parts)
    owned = f"{OWNER}/{dataset}"
    others = [each for each in TASKS if each != task] if KINDS[kind] else []
    told = "the other tasks' labels of other architectures" if others else "no label of another"
    return Protocol(
        name=_name(dataset, task, kind),
        title=f"{dataset}, {task}: {SHOTS} labels seen, and {told}",
        dataset=owned,
        config=task,
        version=published_version(owned, task),
        train=None,
        validation=None,
        test="test",
        shots=SHOTS,
        auxiliary=tuple(
            Auxiliary(owned, each, "train", published_version(owned, each)) for each in others
        ),
    )


def _read(parts: Sequence[str]) -> tuple[str, str, str]:
    """Return the dataset, the task and the kind that a name gives."""
    dataset, task, kind = read_pair_and_kind(NAME, parts, "/", KINDS, (PATTERN, EXAMPLE))
    if dataset not in DATASETS:
        raise unknown_name(f"dataset of {NAME}", dataset, DATASETS)
    if task not in TASKS:
        raise unknown_name(f"task of {NAME}", task, TASKS)
    return dataset, task, kind


def _name(dataset: str, task: str, kind: str) -> str:
    return f"{NAME}/{dataset}/{task}-{kind}"


def _names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    at_hand = set(pairs)
    names = [_name(dataset, task, kind) for dataset in DATASETS for task in TASKS for kind in KINDS]
    return [name for name in names if _make(name.split("/")[1:]).labels_needed <= at_hand]


add_family(
    ProtocolFamily(
        name=NAME,
        title=f"{SHOTS} labels of one task, with or without its sister tasks of other networks",
        pattern=PATTERN,
        example=EXAMPLE,
        make=_make,
        names=_names,
    )
)
