"""TransNAS-Bench-101's macro space: which networks it has, their blocks, and published costs."""

from __future__ import annotations

from collections import Counter
from math import comb

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.graph import GraphTable
from nape_bench.spaces import space
from tests.spaces.reading import conv, nodes_of, sources, windows
from tests.spaces.test_transnas_micro import other_operations

MACRO = space("transnas_macro")
STEM = [conv(3, 32, 3, 2), conv(32, 64, 3, 2)]

# Parameters and, by a counter that also takes other layers in, operations; with 63 classes.
PUBLISHED = {
    "1242": (11218783, 13602455552),
    "2124": (11661663, 21871001600),
    "121113": (3081183, 10743201792),
    "413331": (3557343, 1450030080),
    "3443": (5240543, 556115968),
    "34421": (20664287, 1658986496),
    "332241": (20816479, 2101354496),
    "231134": (5057631, 4370649088),
}


def name(modules: str) -> str:
    return f"64-{modules}-basic"


def test_the_bounds_give_the_published_number() -> None:
    def chosen(length: int, counts: range) -> int:
        return sum(comb(length, k) for k in counts)

    total = sum(chosen(n, range(1, 5)) * chosen(n, range(1, 4)) for n in (4, 5, 6))
    specs = list(MACRO.enumerate())
    assert len(set(specs)) == MACRO.size == total == 3256
    assert all(MACRO.normalise(spec) == spec for spec in specs)
    hashes = GraphTable.from_graphs([MACRO.build(spec, depth=1) for spec in specs]).hashes
    assert len(set(hashes.tolist())) == 3256


def test_modules() -> None:
    graph = MACRO.build(name("1234"))
    assert windows(graph) == [
        *STEM,
        *[conv(64, 64, 3)] * 4,
        conv(64, 128, 3), conv(128, 128, 3), conv(64, 128), *[conv(128, 128, 3)] * 2,
        conv(128, 128, 3, 2), conv(128, 128, 3), conv(128, 128, 1, 2), *[conv(128, 128, 3)] * 2,
        conv(128, 256, 3, 2), conv(256, 256, 3), conv(128, 256, 1, 2), *[conv(256, 256, 3)] * 2,
        ("MatMul", 256, 75, (0, 0), (1, 1)),
    ]  # fmt: skip
    assert graph.nodes[nodes_of(graph, "Add")[-1], 1:3].tolist() == [16, 16]
    assert graph.column("h_in")[0] == 256


def test_blocks() -> None:
    graph = MACRO.build(name("1234"))
    assert graph.ops[6:13] == [*["ReLU", "Conv", "BatchNorm"] * 2, "Add"]
    adds = nodes_of(graph, "Add")
    assert len(adds) == 8
    assert sources(graph, adds[0]) == [5, adds[0] - 1]  # the input and the branch
    shortcut, branch = sources(graph, adds[2])
    assert graph.ops[shortcut - 1 : shortcut + 1] == ["Conv", "BatchNorm"]
    assert sources(graph, shortcut - 1) == [adds[1]]
    assert graph.column("kernel_h")[shortcut - 1] == 1
    assert graph.column("kernel_h")[branch - 1] == 3
    assert graph.ops[-4:] == ["Add", "Mean", "MatMul", "Output"]


@pytest.mark.parametrize("modules", PUBLISHED)
def test_published_costs(modules: str) -> None:
    graph = MACRO.build(name(modules), num_classes=63)
    params, flops = PUBLISHED[modules]
    assert graph.params() == params
    assert graph.flops() + other_operations(graph) == flops


def test_depth_is_blocks_a_module() -> None:
    adds = [MACRO.build(name("12344"), depth=depth).ops.count("Add") for depth in (None, 1, 3)]
    assert adds == [10, 5, 15]


def test_samples_are_uniform() -> None:
    rng = np.random.default_rng(0)
    lengths = Counter(len(MACRO.sample(rng)) - len(name("")) for _ in range(3000))
    for length, count in ((4, 210), (5, 750), (6, 2296)):
        assert lengths[length] / 3000 == pytest.approx(count / 3256, abs=0.03)


def test_a_mutation_changes_adds_or_omits_one_module() -> None:
    rng = np.random.default_rng(0)
    found = {MACRO.mutate(name("12344"), rng).split("-")[1] for _ in range(1500)}
    assert {len(modules) for modules in found} == {4, 5, 6}
    for modules in found:
        if len(modules) == 5:
            assert sum(a != b for a, b in zip(modules, "12344", strict=True)) == 1
        longer, shorter = sorted((modules, "12344"), key=len, reverse=True)
        if len(longer) > len(shorter):
            assert shorter in {longer[:i] + longer[i + 1 :] for i in range(len(longer))}
    assert {"2344", "1234", "112344", "12344", "12343"} - found == {"12344"}
    assert "123444" not in found  # four doublings


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("64-123-basic", "4 to 6 modules"),
        ("64-1234111-basic", "4 to 6 modules"),
        ("64-1111-basic", "1 to 4 halve"),
        ("64-1222-basic", "1 to 4 halve"),
        ("64-3333-basic", "1 to 3 double"),
        ("64-44441-basic", "1 to 3 double"),
        ("64-43333-basic", "1 to 4 halve"),
        ("64-1235-basic", "-basic"),
        ("64-41414-1_02_333", "-basic"),
        ("1234", "-basic"),
    ],
)
def test_what_is_no_network_is_refused(wrong: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        MACRO.normalise(wrong)
