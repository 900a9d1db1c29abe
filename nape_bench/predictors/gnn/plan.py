"""What one batch computes: for each layer, which rows are summed into which, as torch indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from nape_bench.graph.flat import pointers, ragged_indices

if TYPE_CHECKING:
    from nape_bench.predictors.gnn.states import SharedStates
    from nape_bench.predictors.gnn.told import Told


class Links(NamedTuple):
    """A sparse matrix of sums, both ways: forward from sources to sums, backward in gradients.

    Attributes:
        source: Source rows, those of one sum after those of another, int32 [links].
        ptr: First link of each sum and, last, their number, int32 [sums + 1].
        weight: Factor of each link, float32 [links], or None where all are 1.
        source_t, ptr_t, weight_t: The same of the transposed matrix; None where no gradient is
            wanted.
    """

    source: torch.Tensor
    ptr: torch.Tensor
    weight: torch.Tensor | None = None
    source_t: torch.Tensor | None = None
    ptr_t: torch.Tensor | None = None
    weight_t: torch.Tensor | None = None

    def to(self, device: torch.device) -> Links:
        """Return the same links on `device`."""
        moved = {name: part.to(device) for name, part in self._asdict().items() if part is not None}
        return Links(**moved)


class Plan(NamedTuple):
    """One batch.

    Attributes:
        inputs: States before the first layer that occur in it, int64 [n].
        layers: Links of each layer; row 2s of its sources is what state s hands to itself, row
            2s + 1 what it hands to the nodes that read it.
        pool: Links from the states in the end to the graphs, with weights.
        told: What the model is told of the graphs beside their states, or None.
    """

    inputs: torch.Tensor
    layers: tuple[Links, ...]
    pool: Links
    told: Told | None = None

    def to(self, device: torch.device) -> Plan:
        """Return the same plan on `device`."""
        layers = tuple(links.to(device) for links in self.layers)
        told = None if self.told is None else self.told.to(device)
        return Plan(self.inputs.to(device), layers, self.pool.to(device), told)


def plan_batch(states: SharedStates, graphs: np.ndarray, *, gradient: bool) -> Plan:
    """Plan the computation of a batch, over those states alone that occur in it.

    Args:
        states: The states of all graphs.
        graphs: Numbers of the graphs of the batch, int64 [batch].
        gradient: Whether gradients will be wanted.
    """
    counts = states.pool_ptr[graphs + 1] - states.pool_ptr[graphs]
    chosen = ragged_indices(states.pool_ptr[graphs], counts)
    present, local = _compact(states.pool_state[chosen], states.sizes[-1])
    share = states.pool_share[chosen]
    pool = _links(local, pointers(counts), len(present), share, gradient=gradient)
    layers = []
    for layer, size in zip(states.layers[::-1], states.sizes[-2::-1], strict=True):
        counts = layer.read_ptr[present + 1] - layer.read_ptr[present]
        ptr = pointers(counts + 1)
        state = np.empty(ptr[-1], dtype=np.int64)
        reads = np.ones(ptr[-1], dtype=bool)
        reads[ptr[:-1]] = False
        state[ptr[:-1]] = layer.own[present]
        state[reads] = layer.read[ragged_indices(layer.read_ptr[present], counts)]
        present, local = _compact(state, size)
        layers.append(_links(2 * local + reads, ptr, 2 * len(present), gradient=gradient))
    return Plan(torch.from_numpy(present), tuple(layers[::-1]), pool)


def _compact(values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct values, ascending, and where among them each value is found.

    Args:
        values: int64 [n], all in [0, size).
        size: Bound of the values.
    """
    place = np.zeros(size, dtype=np.int64)
    place[values] = 1
    present = np.flatnonzero(place)
    place[present] = np.arange(len(present))
    return present, place[values]


def _links(
    index: np.ndarray,
    ptr: np.ndarray,
    sources: int,
    weight: np.ndarray | None = None,
    *,
    gradient: bool,
) -> Links:
    index32 = torch.from_numpy(index.astype(np.int32))
    ptr32 = torch.from_numpy(ptr.astype(np.int32))
    weights = None if weight is None else torch.from_numpy(weight)
    if not gradient:
        return Links(index32, ptr32, weights)
    # Numpy sorts integers of 16 bits by radix, ten times faster.
    order = np.argsort(index.astype(np.uint16) if sources <= 2**16 else index, kind="stable")
    sums = np.repeat(np.arange(len(ptr) - 1, dtype=np.int32), np.diff(ptr))
    return Links(
        index32,
        ptr32,
        weights,
        torch.from_numpy(sums[order]),
        torch.from_numpy(pointers(np.bincount(index, minlength=sources)).astype(np.int32)),
        None if weight is None else torch.from_numpy(weight[order]),
    )
