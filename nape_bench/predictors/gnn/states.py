"""Shared states: what message passing works out more than once, found so that it is done once.

After k layers the state of a node depends on its k-hop in-tree alone: its own features, what it
reads, what that reads, and so on. Networks repeat themselves within a graph and across a family,
so there are far fewer distinct in-trees than nodes (the 4.2 million nodes of all of HiAML have
1,537 of six hops). Colour refinement finds them, and a layer is evaluated once for each. That is
the same function as on the graphs themselves, up to the rounding of sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.graph.flat import pointers, ragged_indices
from nape_bench.graph.rows import numbered

if TYPE_CHECKING:
    from nape_bench.graph.flat import Flat


class Layer(NamedTuple):
    """The distinct states behind one layer; numbers of states are those of the layer before.

    Attributes:
        own: The state that a node of this state had before, int64 [states].
        read_ptr: First entry of each state in `read` and, last, their number, int64 [states + 1].
        read: The states of what such a node reads, one for each edge, int64 [reads].
    """

    own: np.ndarray
    read_ptr: np.ndarray
    read: np.ndarray


class SharedStates(NamedTuple):
    """Graphs as the distinct states of their nodes, layer by layer.

    Attributes:
        inputs: Number of distinct states before the first layer.
        layers: One `Layer` for each layer of message passing.
        pool_ptr: First entry of each graph in `pool_state`, int64 [graphs + 1].
        pool_state: States that the nodes of each graph have in the end, int64 [entries].
        pool_share: Share of the graph's nodes that have it, float32 [entries]; a mean over nodes
            is a sum over states with these weights.
        of_node: State of each node in the end, int64 [nodes].
    """

    inputs: int
    layers: tuple[Layer, ...]
    pool_ptr: np.ndarray
    pool_state: np.ndarray
    pool_share: np.ndarray
    of_node: np.ndarray

    @property
    def graphs(self) -> int:
        """Number of graphs."""
        return len(self.pool_ptr) - 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of states before the first layer and behind each."""
        return (self.inputs, *(len(layer.own) for layer in self.layers))


def share_states(flat: Flat, colour: np.ndarray, depth: int) -> SharedStates:
    """Find the distinct states of nodes behind each of `depth` layers of message passing.

    A node's new colour is a random number of its own colour plus the sum, modulo 2**64, of random
    numbers of the colours that it reads, so that equal multisets give equal sums. Two different
    ones meet by chance once in 2**64 pairs: for a million states, once in 40 million runs.

    Args:
        flat: The graphs; messages go from the source of an edge to its target.
        colour: What each node is before the first layer, int64 [nodes], numbered from 0 in order
            of first appearance.
        depth: Number of layers.
    """
    rng = np.random.default_rng(0)
    edges = pointers(np.bincount(flat.target, minlength=flat.nodes))
    states = inputs = int(colour.max()) + 1
    layers = []
    for _ in range(depth):
        of_own, of_read = rng.integers(2**64, size=(2, states), dtype=np.uint64)
        running = np.zeros(len(flat.source) + 1, dtype=np.uint64)
        np.cumsum(of_read[colour[flat.source]], out=running[1:])
        refined = numbered(of_own[colour] + running[edges[1:]] - running[edges[:-1]])
        states = int(refined.max()) + 1
        first = np.empty(states, dtype=np.int64)
        # Of several writes to one place the last one stays: backwards, the first node of a state.
        first[refined[::-1]] = np.arange(flat.nodes - 1, -1, -1)
        reads = edges[first + 1] - edges[first]
        read = colour[flat.source[ragged_indices(edges[first], reads)]]
        layers.append(Layer(colour[first], pointers(reads), read))
        colour = refined
    return SharedStates(inputs, tuple(layers), *_pool(flat, colour, states), colour)


def _pool(flat: Flat, colour: np.ndarray, states: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `pool_ptr`, `pool_state` and `pool_share`."""
    pair, count = np.unique(flat.graph_of_nodes() * states + colour, return_counts=True)
    graph, state = np.divmod(pair, states)
    share = count / np.diff(flat.node_ptr)[graph]
    ptr = pointers(np.bincount(graph, minlength=flat.graphs))
    return ptr, state, share.astype(np.float32)
