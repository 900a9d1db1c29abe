from __future__ import annotations

import pytest
import torch

from nape_bench.labels.micro.muon import Muon, orthogonal


def matrices(n: int, rows: int, columns: int) -> torch.Tensor:
    return torch.randn(n, rows, columns, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(4, 8, 72), (3, 32, 8), (2, 5, 5)])
def test_singular_values_come_near_one_and_their_vectors_stay(shape: tuple[int, int, int]) -> None:
    given = matrices(*shape)
    made = orthogonal(given, 5)
    assert made.shape == given.shape
    values = torch.linalg.svdvals(made)
    assert values.max() < 1.3
    assert values.median() > 0.6
    u, _, v = torch.linalg.svd(given, full_matrices=False)
    turned = u.mT @ made @ v.mT  # diagonal, if the singular vectors are the same
    off = turned - torch.diag_embed(torch.diagonal(turned, dim1=1, dim2=2))
    assert off.abs().max() < 1e-4


def test_a_step_turns_a_kernel_against_its_gradient_and_keeps_its_norm() -> None:
    kernel = torch.nn.Parameter(matrices(1, 8, 36).reshape(8, 4, 3, 3))
    before = kernel.detach().clone()
    kernel.grad = torch.ones_like(kernel)
    Muon([(kernel, 1)], momentum=0.6).step(0.1)
    assert kernel.grad is None
    assert float(kernel.detach().norm()) == pytest.approx(8**0.5, rel=1e-5)
    scale = 8**0.5 / float((before - 0.1 / 288**0.5).norm())
    change = (kernel.detach() / scale - before).sum()
    assert change < 0


def test_a_depthwise_kernel_is_one_row_for_each_channel() -> None:
    kernel = torch.nn.Parameter(matrices(1, 6, 9).reshape(6, 1, 3, 3))
    kernel.grad = torch.randn(kernel.shape, generator=torch.Generator().manual_seed(1))
    Muon([(kernel, 6)], momentum=0.0).step(0.1)
    norms = kernel.detach().flatten(1).norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(6))


def test_kernels_of_one_shape_do_not_disturb_each_other() -> None:
    def stepped(count: int) -> torch.Tensor:
        kernels = [
            torch.nn.Parameter(part.reshape(4, 3, 3, 3).clone())
            for part in matrices(3, 4, 27)[:count]
        ]
        muon = Muon([(kernel, 1) for kernel in kernels], momentum=0.6)
        for _ in range(2):
            for kernel in kernels:
                kernel.grad = kernel.detach().sin()
            muon.step(0.2)
        return kernels[0].detach()

    torch.testing.assert_close(stepped(1), stepped(3))
