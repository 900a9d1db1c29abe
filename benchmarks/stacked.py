"""Many MLPs of Multi-Predict trained side by side: what one step costs here is calls, not sums."""

from __future__ import annotations

import numpy as np
import torch

from nape_bench.predictors.multi_predict.network import Network

Stack = list[torch.Tensor]
"""Weights [members, inputs, outputs] and biases [members, 1, outputs] of each layer in turn."""


def new(columns: int, seeds: list[int], width: int = 128, depth: int = 4) -> Stack:
    """Return networks, one a seed, with the weights that the predictor's have."""
    members = []
    for seed in seeds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            members.append(list(Network(columns, 0, width, depth, 0).parameters()))
    return [
        torch.stack([part.detach().T if part.ndim == 2 else part.detach()[None] for part in parts])
        for parts in zip(*members, strict=True)
    ]


def joined(stacks: list[Stack]) -> Stack:
    """Return the members of several stacks as one."""
    return [torch.cat(parts) for parts in zip(*stacks, strict=True)]


def trained(
    stack: Stack, rows: list[tuple[np.ndarray, np.ndarray]], steps: int, learning_rate: float
) -> Stack:
    """Return networks after full-batch steps of AdamW on the absolute error.

    Args:
        stack: The networks.
        rows: Columns [n, columns] and labels [n] of each; numbers of rows can differ.
        steps: Steps; the rate falls as half a cosine.
        learning_rate: In the beginning.
    """
    most = max(len(y) for _, y in rows)
    x = torch.zeros(len(rows), most, rows[0][0].shape[1])
    y, weight = torch.zeros(len(rows), most), torch.zeros(len(rows), most)
    for member, (columns, labels) in enumerate(rows):
        count = len(labels)
        x[member, :count] = torch.as_tensor(columns, dtype=torch.float32)
        y[member, :count] = torch.as_tensor(labels, dtype=torch.float32)
        weight[member, :count] = 1 / count
    parts = [part.clone().requires_grad_() for part in stack]
    optimizer = torch.optim.AdamW(parts, lr=learning_rate, weight_decay=5e-4, fused=True)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        ((_forward(parts, x) - y).abs() * weight).sum().backward()
        optimizer.step()
        rate.step()
    return [part.detach() for part in parts]


def said(stack: Stack, columns: list[np.ndarray]) -> np.ndarray:
    """Return what each network says of its rows, float64 [members, n], for columns [n, columns]."""
    with torch.no_grad():
        x = torch.as_tensor(np.stack(columns), dtype=torch.float32)
        return _forward(stack, x).double().numpy()


def _forward(stack: Stack, x: torch.Tensor) -> torch.Tensor:
    for layer in range(0, len(stack) - 2, 2):
        x = torch.relu(torch.baddbmm(stack[layer + 1], x, stack[layer]))
    return torch.baddbmm(stack[-1], x, stack[-2]).squeeze(2)
