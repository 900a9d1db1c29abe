"""Muon: steps along the orthogonal factor of the momentum, for convolution kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration that brings singular values near 1 (Jordan, 2024)."""


class Muon:
    """Momentum orthogonalised by Newton-Schulz (Jordan et al., Muon, 2024), kernels kept in norm.

    A kernel is a matrix [outputs, inputs x height x width] for each of its groups. The norm of a
    matrix is kept at the root of its number of outputs: what a BatchNorm reads does not depend on
    it, and so a learning rate means the same turn at any time and in any layer. Networks that are
    trained for some hundred steps get much further with it, deep ones above all.

    Args:
        kernels: Weights [outputs, inputs, height, width] and the number of groups of each.
        momentum: Part of the sum of gradients that is kept at a step.
        iterations: Newton-Schulz iterations at a step.
    """

    def __init__(
        self,
        kernels: Iterable[tuple[torch.nn.Parameter, int]],
        *,
        momentum: float,
        iterations: int = 3,
    ) -> None:
        self._momentum = momentum
        self._iterations = iterations
        self._kernels: dict[tuple[int, int], list[torch.nn.Parameter]] = {}
        for kernel, groups in kernels:
            shape = (kernel.shape[0] // groups, kernel[0].numel())
            self._kernels.setdefault(shape, []).append(kernel)
        self._sums = {
            shape: torch.zeros(sum(k.numel() for k in kernels) // (shape[0] * shape[1]), *shape)
            for shape, kernels in self._kernels.items()
        }

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take a step against the gradients, which are then dropped.

        A kernel that has no gradient stays as it is, and so does its sum of gradients.

        Args:
            rate: Spectral norm of the step, where the norm of a matrix is the root of its outputs.
        """
        for shape, kernels in self._kernels.items():
            used = [kernel for kernel in kernels if kernel.grad is not None]
            if not used:
                continue
            gradients = torch.cat([_matrices(k.grad, shape) for k in used])
            if len(used) == len(kernels):
                sums = self._sums[shape].mul_(self._momentum).add_(gradients)
            else:
                rows = _used(kernels, shape)
                sums = self._sums[shape][rows].mul_(self._momentum).add_(gradients)
                self._sums[shape][rows] = sums
            turn = orthogonal(gradients.add_(sums, alpha=self._momentum), self._iterations)
            weights = torch.cat([_matrices(k, shape) for k in used])
            weights.sub_(turn, alpha=rate * max(1.0, shape[0] / shape[1]) ** 0.5)
            weights.mul_(shape[0] ** 0.5 / _norm(weights))
            parts = torch.split(weights, [k.numel() // (shape[0] * shape[1]) for k in used])
            for kernel, part in zip(used, parts, strict=True):
                kernel.copy_(part.reshape(kernel.shape))
                kernel.grad = None

    @property
    def sums(self) -> list[torch.Tensor]:
        """The sums of gradients, float32 [matrices, rows, columns] for each shape of matrix."""
        return list(self._sums.values())


def orthogonal(matrices: torch.Tensor, iterations: int) -> torch.Tensor:
    """Return about the nearest matrices whose singular values are all equal, near 1.

    Args:
        matrices: float32 [n, rows, columns].
        iterations: Newton-Schulz iterations.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / _norm(x)
    a, b, c = NEWTON_SCHULZ
    for _ in range(iterations):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


def _matrices(kernel: torch.Tensor | None, shape: tuple[int, int]) -> torch.Tensor:
    """Return a kernel as matrices, one for each group."""
    assert kernel is not None  # noqa: S101
    return kernel.reshape(-1, *shape)


def _used(kernels: list[torch.nn.Parameter], shape: tuple[int, int]) -> torch.Tensor:
    """Return for each matrix of these kernels whether there is a gradient, bool [matrices]."""
    counts = torch.tensor([kernel.numel() // (shape[0] * shape[1]) for kernel in kernels])
    used = torch.tensor([kernel.grad is not None for kernel in kernels])
    return used.repeat_interleave(counts)


def _norm(matrices: torch.Tensor) -> torch.Tensor:
    norms: torch.Tensor = matrices.flatten(1).norm(dim=1)[:, None, None]
    return norms.add(1e-7)
