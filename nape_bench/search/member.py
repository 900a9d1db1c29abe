"""Members: networks that a search keeps, and what it knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph


class Facts(NamedTuple):
    """What is known of a network besides its graph: plain values, as `steps.jsonl` has them.

    Attributes:
        hash: Name of its graph.
        group: Name of its function.
        value: The predicted label.
        excess: How far it is above the limits: the sum of (cost / limit - 1) where positive.
        flops: Multiply-adds.
        params: Parameters.
        latency: Predicted latency; NaN where none is predicted.
        step: The step that it was made in; 0 is the start.
        edits: Changes that lead to it from the start.
        parent: Hash of its parent; empty for the start.
        kind: The mutation that made it.
        change: What was changed, in words.
        spec: The architecture as its space writes it; empty where the graph was mutated.
    """

    hash: str
    group: str
    value: float
    excess: float
    flops: int
    params: int
    latency: float
    step: int = 0
    edits: int = 0
    parent: str = ""
    kind: str = ""
    change: str = ""
    spec: str = ""


class Member(NamedTuple):
    """A network that a search keeps."""

    facts: Facts
    graph: ArchGraph


def rank(facts: Facts, *, higher_is_better: bool) -> tuple[float, float, str]:
    """Return what networks are sorted by, the best first: limits before value."""
    return (facts.excess, -facts.value if higher_is_better else facts.value, facts.hash)
