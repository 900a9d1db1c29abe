"""Outputs of a network as answers to the questions of a task: parts, loss, what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from nape_bench.labels.micro.images import Images, Task


def split(values: torch.Tensor, task: Task) -> tuple[torch.Tensor, ...]:
    """Part outputs [n, outputs] by question."""
    parts: tuple[torch.Tensor, ...] = torch.split(
        values, [classes for _, classes in task.questions], dim=1
    )
    return parts


def loss_of(given: torch.Tensor, answers: torch.Tensor, task: Task) -> torch.Tensor:
    """Return the mean over questions of the cross-entropy of logits [n, outputs]."""
    parts = split(given, task)
    losses = [functional.cross_entropy(p, answers[:, i]) for i, p in enumerate(parts)]
    return torch.stack(losses).mean()


def right_answers(probabilities: torch.Tensor, data: Images, task: Task) -> dict[str, float]:
    """Return the right answers to each question in %, given probabilities [n, outputs]."""
    right = torch.from_numpy(data.answers)
    return {
        name: 100 * int((part.argmax(1) == right[:, i]).sum()) / len(right)
        for i, ((name, _), part) in enumerate(
            zip(task.questions, split(probabilities, task), strict=True)
        )
    }


def accuracy_of(answers: dict[str, float], task: Task) -> float:
    """Return the mean over the questions that the task scores."""
    return sum(answers[name] for name in task.scored) / len(task.scored)
