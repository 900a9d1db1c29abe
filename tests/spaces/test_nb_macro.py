"""NAS-Bench-Macro: its layers, and the published costs of all its networks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.graph import GraphTable
from nape_bench.spaces import space
from tests.spaces.reading import conv, nodes_of, sources, windows

if TYPE_CHECKING:
    from pathlib import Path

MACRO = space("nb_macro")
STEM = conv(3, 32, 3)
HEAD = [conv(256, 1280), ("MatMul", 1280, 10, (0, 0), (1, 1))]

# Parameters and multiply-adds.
PUBLISHED = {
    "02012100": (890666, 47327744),
    "11111221": (2181386, 65012224),
    "00011110": (1118378, 31390208),
    "02012220": (1886890, 65495552),
}


@pytest.mark.parametrize(("digit", "kernel", "expansion"), [("1", 3, 3), ("2", 5, 6)])
def test_blocks(digit: str, kernel: int, expansion: int) -> None:
    graph = MACRO.build(digit * 8)
    expected = [STEM]
    for c_in, c, stride in [(32, 64, 2), (64, 64, 1), (64, 128, 2), *[(128, 128, 1)] * 2,
                            (128, 256, 2), *[(256, 256, 1)] * 2]:  # fmt: skip
        h = expansion * c_in
        middle = ("Depthwise", h, h, (kernel, kernel), (stride, stride))
        expected += [conv(c_in, h), middle, conv(h, c)]
    assert windows(graph) == expected + HEAD
    adds = nodes_of(graph, "Add")
    assert graph.column("c_out")[adds].tolist() == [64, 128, 128, 256, 256]
    assert all(sources(graph, add) == [add - 1, add - 9] for add in adds)
    assert graph.column("bias").sum() == 1


def test_an_identity_is_a_convolution_where_the_shape_changes_and_nothing_elsewhere() -> None:
    graph = MACRO.build("00000000")
    assert windows(graph) == [STEM, *[conv(c, 2 * c, 1, 2) for c in (32, 64, 128)], *HEAD]
    assert graph.ops[1:4] == ["Conv", "BatchNorm", "ReLU"]
    assert graph.ops[4:10] == ["Conv", "BatchNorm"] * 3
    assert graph.ops[10:] == ["Conv", "BatchNorm", "ReLU", "Mean", "MatMul", "Output"]


@pytest.mark.parametrize("digits", PUBLISHED)
def test_published_costs(digits: str) -> None:
    graph = MACRO.build(digits)
    assert (graph.params(), graph.flops()) == PUBLISHED[digits]


def test_published_costs_of_all_networks(shared: Path) -> None:
    file = shared / "labels/nas_bench_macro/nas-bench-macro_cifar10.json"
    published = json.loads(file.read_text())
    assert sorted(published) == list(MACRO.enumerate())
    table = GraphTable.from_graphs([MACRO.build(digits) for digits in published])
    assert table.params().tolist() == [each["params"] for each in published.values()]
    assert table.flops().tolist() == [each["flops"] for each in published.values()]


def test_graphs() -> None:
    """A stage of n layers is 3 first layers times what two blocks in up to n - 1 places give."""
    specs = list(MACRO.enumerate())
    assert len(set(specs)) == MACRO.size == 6561
    hashes = GraphTable.from_graphs([MACRO.build(spec) for spec in specs]).hashes
    two, three = 3 * (1 + 2), 3 * (1 + 2 + 4)
    assert len(set(hashes.tolist())) == two * three * three == 3969
    hash_of = dict(zip(specs, hashes.tolist(), strict=True))
    assert hash_of["12102220"] == hash_of["12120220"]
    assert hash_of["12102220"] != hash_of["12012220"]


def test_depth_keeps_the_first_layers_of_a_stage() -> None:
    assert windows(MACRO.build("12120212", depth=1)) == windows(MACRO.build("10100200"))
    assert windows(MACRO.build("12120212", depth=2)) == windows(MACRO.build("12120210"))


def test_forms_that_are_read() -> None:
    digits = [0, 2, 0, 1, 2, 1, 0, 0]
    for form in (digits, tuple(map(str, digits)), str(digits), " 02012100\n", '"02012100"'):
        assert MACRO.normalise(form) == "02012100"
    assert MACRO.parse("11111221") == "11111221"  # and not the number


@pytest.mark.parametrize(
    "wrong", [2012100, 11111221, "0201210", "02012103", [0] * 7, ["02012100"], [0, 20, 12100]]
)
def test_what_is_no_network_is_refused(wrong: object) -> None:
    with pytest.raises(SpecError, match="text of 8 digits 0, 1, 2 expected"):
        MACRO.normalise(wrong)


def test_a_mutation_changes_one_layer() -> None:
    rng = np.random.default_rng(0)
    found = {MACRO.mutate("02012100", rng) for _ in range(300)}
    assert len(found) == 16
    assert all(sum(a != b for a, b in zip(new, "02012100", strict=True)) == 1 for new in found)
