"""What the two datasets of TransNAS-Bench-101 share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TASKS = (
    "class_object",
    "class_scene",
    "jigsaw",
    "autoencoder",
    "normal",
    "room_layout",
    "segmentsemantic",
)
"""Configs, one for each task: protocols are of one."""

CITE = (
    "Duan et al., TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task "
    "Neural Architecture Search, CVPR 2021"
)
FILE = "nape-bench import transnas transnas-bench_v10141024.pth"
"""The command for the benchmark's own file, which has both spaces."""


def tests_of(tasks: Iterable[str]) -> dict[str, str]:
    """Return config -> command for the scores on test data, which that file alone has."""
    return {f"{task}_test": FILE for task in tasks}
