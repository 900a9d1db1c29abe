"""GraphConv over shared states, and the sparse sums that it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from nape_bench.predictors.gnn.plan import Links


class _SparseSum(torch.autograd.Function):
    """Sums of rows, each pass a run over a list of its own: no scatter, hence deterministic."""

    @staticmethod
    def forward(ctx: Any, table: torch.Tensor, links: Links) -> torch.Tensor:
        ctx.links = links
        # What has no gradient is summed by a faster kernel.
        return _bag(table.detach(), links.source, links.ptr, links.weight)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        links: Links = ctx.links
        if links.source_t is None or links.ptr_t is None:
            raise ValueError("these links were planned without gradient")
        return _bag(grads[0].contiguous(), links.source_t, links.ptr_t, links.weight_t), None


def _bag(
    table: torch.Tensor, source: torch.Tensor, ptr: torch.Tensor, weight: torch.Tensor | None
) -> torch.Tensor:
    return functional.embedding_bag(
        source, table, ptr, mode="sum", per_sample_weights=weight, include_last_offset=True
    )


def sparse_sum(table: torch.Tensor, links: Links) -> torch.Tensor:
    """Return the sums of rows of `table` that `links` names.

    Args:
        table: float32 [sources, width].
        links: Which rows go into which sum.

    Returns:
        float32 [sums, width]; a sum of no rows is 0.
    """
    result: torch.Tensor = _SparseSum.apply(table, links)  # type: ignore[no-untyped-call]
    return result


def itself(links: Links) -> torch.Tensor:
    """Return which state before a layer each state behind it was, int64 [states behind]."""
    # The first source of each sum is what the state hands to itself: row 2s (`Plan.layers`).
    return links.source[links.ptr[:-1].long()].long() // 2


class GraphConv(nn.Module):
    """The graph convolution of k-GNNs (Morris et al., AAAI 2019): W1 x_v + b + W2 sum of x_u.

    The sum runs over edges u -> v, an edge that is there twice counting twice. Weights are those
    of `torch_geometric.nn.GraphConv`, and drawn alike.

    Args:
        width_in: Features of a node before.
        width_out: Features after.
    """

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.lin_rel = nn.Linear(width_in, width_out)
        self.lin_root = nn.Linear(width_in, width_out, bias=False)

    def forward(self, x: torch.Tensor, links: Links) -> torch.Tensor:
        """Map states before the layer to states behind it.

        Args:
            x: float32 [states before, width_in].
            links: Of 2 * states before into states behind (`plan.Plan.layers`).

        Returns:
            float32 [states behind, width_out].
        """
        # Both products at once and before the sums: there are fewer states before than behind.
        both = functional.linear(x, torch.cat([self.lin_root.weight, self.lin_rel.weight]))
        return sparse_sum(both.view(2 * len(x), -1), links) + self.lin_rel.bias


class Convolution(nn.Module):
    """x + W ReLU(GraphConv(norm(x))): GIN's update with an MLP of two layers, and a residual.

    Args:
        hidden: Features of a node.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden)
        self.convolution = GraphConv(hidden, hidden)
        self.out = nn.Linear(hidden, hidden)

    def forward(self, x: torch.Tensor, links: Links) -> torch.Tensor:
        """Map states before the layer to those behind it, float32 [states, hidden]."""
        told = torch.relu(self.convolution(self.norm(x), links))
        result: torch.Tensor = x[itself(links)] + self.out(told)
        return result


class Slots:
    """Places for what the graphs of a batch have different numbers of, side by side.

    Args:
        pool: Links from states to graphs, of which each has one place.

    Attributes:
        graph: Number of the graph of each link, int64 [links].
    """

    def __init__(self, pool: Links) -> None:
        ptr = pool.ptr.long()
        counts = ptr[1:] - ptr[:-1]
        self._shape = len(counts), int(counts.max())
        self.graph = torch.repeat_interleave(torch.arange(len(counts), device=ptr.device), counts)
        place = torch.arange(int(ptr[-1]), device=ptr.device) - ptr[:-1][self.graph]
        self._slot = self.graph * self._shape[1] + place

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """Put values [links, width] to their places, [graphs, most, width]; others are 0."""
        graphs, most = self._shape
        empty = values.new_zeros(graphs * most, values.shape[1])
        return empty.index_copy(0, self._slot, values).view(graphs, most, -1)
