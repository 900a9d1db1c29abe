"""Topological order of a graph that may stand in any, and the cycle where there is none."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Sequence


def topological_order(names: Sequence[str], edges: np.ndarray) -> np.ndarray:
    """Return node numbers in topological order, the given order kept where it is one.

    Output goes last, since nodes that nothing reads could else stand behind it.

    Args:
        names: Operation name of each node, for messages.
        edges: int [edges, 2], (source, target).

    Returns:
        int64 [nodes].

    Raises:
        GraphError: There are no nodes, an edge names a node that is not there or itself, or
            there is a cycle: a node on it is named.
    """
    count = len(names)
    if count == 0:
        raise GraphError("a graph needs an Input and an Output, this one has no nodes")
    _check_ends(names, edges)
    if (edges[:, 0] < edges[:, 1]).all():
        return np.arange(count)
    followers: list[list[int]] = [[] for _ in range(count)]
    waiting = np.bincount(edges[:, 1], minlength=count).tolist()
    for source, target in edges.tolist():
        followers[source].append(target)

    def rank(node: int) -> tuple[bool, int]:
        return (names[node] == "Output", node)

    ready = [rank(node) for node in range(count) if waiting[node] == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        node = heapq.heappop(ready)[1]
        order.append(node)
        for follower in followers[node]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, rank(follower))
    if len(order) < count:
        node = _on_cycle(edges, set(order))
        raise GraphError(f"node {node} ({names[node]}) is on a cycle")
    return np.array(order, dtype=np.int64)


def outside(edges: np.ndarray, count: int) -> str:
    """Say which edge names a node that is not there; nothing where none does.

    Args:
        edges: int [edges, 2].
        count: Number of nodes.
    """
    if not edges.size or (edges.min() >= 0 and edges.max() < count):
        return ""
    wrong = np.flatnonzero(((edges < 0) | (edges >= count)).any(axis=1))
    source, target = edges[wrong[0]].tolist()
    return (
        f"edge {wrong[0]} ({source}, {target}) names a node that is not there: "
        f"nodes are 0 to {count - 1}"
    )


def _check_ends(names: Sequence[str], edges: np.ndarray) -> None:
    wrong = outside(edges, len(names))
    if wrong:
        raise GraphError(wrong)
    loops = np.flatnonzero(edges[:, 0] == edges[:, 1])
    if len(loops):
        node = int(edges[loops[0], 0])
        raise GraphError(f"node {node} ({names[node]}) is on a cycle: it reads itself")


def _on_cycle(edges: np.ndarray, placed: set[int]) -> int:
    """Return a node on a cycle: walk back from any node that could not be placed."""
    before: dict[int, int] = {
        target: source
        for source, target in edges.tolist()
        if source not in placed and target not in placed
    }
    node = next(iter(before))
    seen: set[int] = set()
    while node not in seen:
        seen.add(node)
        node = before[node]
    return node
