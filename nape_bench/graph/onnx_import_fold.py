"""Folding what an ONNX model writes out and normal form has no node for.

Biases go into the layer before them. x erf(x / sqrt 2) becomes GeLU, x sigmoid(x) Swish, and
x relu6(x + 3) / 6 an h-swish, which is Mul(x, ReLU6(x)); the same without the x is an h-sigmoid,
which is a ReLU6 where it gates another tensor (`torch_module.gates_of`). A softmax behind the
network is left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nape_bench.graph.vocabulary import OP_INDEX, WEIGHTED

if TYPE_CHECKING:
    from nape_bench.graph.onnx_import_draft import Draft

_LEFT_OVER = {
    "Bias": "adds a vector to what is no layer without a bias that nothing else reads",
    "Scale": "multiplies by a number: a graph has those of h-swish, h-sigmoid and GeLU only",
    "Shift": "adds a number: a graph has those of h-swish, h-sigmoid and GeLU only",
    "Erf": "is read inside a GeLU only",
    "Softmax": "is read behind the network only",
}


_OURS = {"Scale": "Scalar", "Shift": "Scalar"}
"""What a number becomes that is in no activation, where our own words are wanted."""


def fold(draft: Draft, *, ours: bool = False) -> list[str]:
    """Fold what can be folded; return what cannot, a sentence each.

    Args:
        draft: The nodes.
        ours: Whether what is left may be one of our own words: a Bias, a Softmax, a Scalar (a Scale
            without a number is a learned one), an h-sigmoid that does not gate.
    """
    _biases(draft)
    _gelus(draft)
    _hard(draft)
    _swishes(draft)
    for number in draft.of("Softmax"):
        reader = draft.only_reader(number)
        if reader is not None and draft.nodes[reader].op == "Output":
            draft.skip(number)
    if ours:
        _as_ours(draft)
    left = [
        f"{node.label} {_LEFT_OVER[node.op]}"
        for node in draft.nodes.values()
        if node.op in _LEFT_OVER and not (ours and node.op in OP_INDEX)
    ]
    return left or _gates(draft, ours=ours)


def _as_ours(draft: Draft) -> None:
    for node in draft.nodes.values():
        if node.op in _OURS and node.number:
            node.op = _OURS[node.op]


def _biases(draft: Draft) -> None:
    """Fold a vector, or a number for one channel, that is added to what a layer puts out."""
    for number in draft.of("Bias"):
        source = draft.nodes[number].reads[0]
        layer = draft.nodes[source]
        whole = draft.nodes[number].shape_in == layer.shape_out
        if (
            layer.op in WEIGHTED
            and not layer.bias
            and whole
            and draft.only_reader(source) == number
        ):
            layer.bias = True
            draft.skip(number)


def _is_number(draft: Draft, number: int | None, op: str, value: float) -> bool:
    if number is None:
        return False
    node = draft.nodes[number]
    return node.op == op and math.isclose(node.number, value, rel_tol=1e-3)


def _gelus(draft: Draft) -> None:
    """Fold x (1 + erf(x / sqrt 2)) / 2, its factors in any order."""
    for erf in draft.of("Erf"):
        scaled = draft.nodes[erf].reads[0]
        shifted = draft.only_reader(erf)
        if not _is_number(draft, scaled, "Scale", 1 / math.sqrt(2)) or not _is_number(
            draft, shifted, "Shift", 1
        ):
            continue
        x, at = draft.nodes[scaled].reads[0], shifted
        halved = times = False
        while at is not None and not (halved and times):
            above, at = at, draft.only_reader(at)
            if _is_number(draft, at, "Scale", 0.5) and not halved:
                halved = True
                continue
            if at is None or draft.nodes[at].op != "Mul" or times:
                break
            other = next((read for read in draft.nodes[at].reads if read != above), above)
            half = _is_number(draft, other, "Scale", 0.5) and not halved
            if other != x and not (half and draft.nodes[other].reads == [x]):
                break
            halved, times = halved or half, True
        else:
            if at is not None:
                draft.nodes[at].op, draft.nodes[at].number = "GeLU", 0.0
                draft.reread(at, [x])


def _hard(draft: Draft) -> None:
    """Fold the +3 before a ReLU6 and the 1/6 behind it or behind its product."""
    for number in draft.of("Shift"):
        readers = draft.readers(number)
        if _is_number(draft, number, "Shift", 3) and all(
            draft.nodes[reader].op == "ReLU6" for reader in readers
        ):
            for reader in readers:
                draft.nodes[reader].hard = "shifted"
            draft.skip(number)
    for number in draft.of("Scale"):
        source = draft.nodes[number].reads[0]
        if not _is_number(draft, number, "Scale", 1 / 6) or draft.only_reader(source) != number:
            continue
        of = draft.nodes[source]
        gates = [source] if of.op == "ReLU6" else of.reads if of.op == "Mul" else []
        gate = next((g for g in gates if draft.nodes[g].hard == "shifted"), None)
        if gate is not None and (gate == source or draft.only_reader(gate) == source):
            draft.nodes[gate].hard = "whole"
            draft.skip(number)


def _swishes(draft: Draft) -> None:
    """Fold x sigmoid(x), unless this package's own writer says that it was two nodes."""
    for number in draft.of("Mul"):
        node = draft.nodes[number]
        for gate in node.reads:
            others = [read for read in node.reads if read != gate]
            if (
                len(others) == 1
                and draft.nodes[gate].op == "Sigmoid"
                and draft.nodes[gate].reads == others
                and draft.only_reader(gate) == number
                and draft.nodes[gate].shape_in == node.shape_in == node.shape_out
                and node.told != "Mul"
            ):
                node.op = "Swish"
                draft.reread(number, others)
                break


def _gates(draft: Draft, *, ours: bool) -> list[str]:
    """Check that ReLU6 nodes which a graph takes for h-sigmoids are those of the model."""
    clips = draft.of("ReLU6")
    if clips and not draft.of("Mul"):
        clips = _ungated(draft, clips, {}, ours=ours)
    if not clips or not draft.of("Mul"):
        return [_not_a_gate(draft, n) for n in clips if draft.nodes[n].hard]
    # torch loads with these: only where they are needed.
    from nape_bench.graph.torch_layers import NodeRow
    from nape_bench.graph.torch_module import gates_of

    for number in draft.of("Mul"):
        reads = draft.nodes[number].reads
        if len(reads) == 2 and draft.nodes[reads[1]].hard and not draft.nodes[reads[0]].hard:
            # Where both are one pixel, a graph takes the first for the gate.
            reads.reverse()
    place = {number: i for i, number in enumerate(draft.nodes)}
    numbers = list(place)
    rows = [NodeRow.of(node.row()) for node in draft.nodes.values()]
    sources = [[place[read] for read in node.reads] for node in draft.nodes.values()]
    gated: dict[int, set[int]] = {}
    for product, (gate, _) in gates_of(rows, sources).items():
        gated.setdefault(numbers[gate], set()).add(numbers[product])
    problems = []
    for number in _ungated(draft, clips, gated, ours=ours):
        node = draft.nodes[number]
        if node.hard and (node.hard != "whole" or set(draft.readers(number)) != gated.get(number)):
            problems.append(_not_a_gate(draft, number))
        elif not node.hard and number in gated:
            problems.append(
                f"{node.label} is a plain ReLU6 that gates a tensor, which a graph takes for an "
                "h-sigmoid"
            )
    return problems


def _ungated(
    draft: Draft, clips: list[int], gated: dict[int, set[int]], *, ours: bool
) -> list[int]:
    """Return the ReLU6 nodes that are left when those that are whole h-sigmoids are called so."""
    left = []
    for number in clips:
        node = draft.nodes[number]
        if ours and node.hard == "whole" and set(draft.readers(number)) != gated.get(number):
            node.op = "HardSigmoid"
        else:
            left.append(number)
    return left


def _not_a_gate(draft: Draft, number: int) -> str:
    return (
        f"{draft.nodes[number].label} is an h-sigmoid, which a graph has only where it gates: "
        "one pixel times other maps, or what it reads times itself (h-swish), and always with 1/6"
    )
