"""NAS-Bench-201: what an edge of `none` does, sums of equal terms, order of sums, and the space."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph, GraphTable
from nape_bench.graph.vocabulary import OP_INDEX
from nape_bench.spaces.nb201 import NB201
from tests.spaces.reading import sources
from tests.spaces.scales import check_scale, check_trains, random_scale

if TYPE_CHECKING:
    from pathlib import Path

SPACE = NB201()
SKIP, CONV1, CONV3, POOL = "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"
CONV = {"ReLU": 1, "Conv": 1, "BatchNorm": 1}


def cell_ops(ops: list[str]) -> dict[str, float]:
    """What one cell consists of: two cells a stack against one, in three stacks."""
    once, twice = (Counter(SPACE.build(ops, depth=depth).ops) for depth in (1, 2))
    return {op: count / 3 for op, count in (twice - once).items()}


class Everything:
    """All 15,625 cells, one a stack: as many different graphs as with five.

    Attributes:
        table: The graphs as they are built, each written down once.
        which: For each cell, in the order of `enumerate`, the number of its graph.
    """

    def __init__(self) -> None:
        graphs = [SPACE.build(spec, depth=1) for spec in SPACE.enumerate()]
        number: dict[ArchGraph, int] = {}
        self.which = np.array([number.setdefault(graph, len(number)) for graph in graphs])
        self.table = GraphTable.from_graphs(number)


@pytest.fixture(scope="module")
def everything() -> Everything:
    return Everything()


@pytest.fixture(scope="module")
def without_none() -> np.ndarray:
    part = SPACE.subsets()["no-none"]
    return np.array([part(spec) for spec in SPACE.enumerate()])


def test_all_published_forms_are_one_specification() -> None:
    ops = [POOL, CONV1, SKIP, CONV3, "none", SKIP]
    text = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_3x3~0|none~1|skip_connect~2|"
    want = {"arch_str": text, "ops": ops}
    for form in (text, ops, tuple(ops), {"arch_str": text}, {"ops": ops}, want):
        assert SPACE.normalise(form) == want
    assert SPACE.parse(f" {text}\n") == SPACE.parse(str(ops)) == SPACE.parse(str(want)) == want
    assert SPACE.format(want) == text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("|skip_connect~0|+|none~0|none~1|", "six operations expected"),
        ("|none~0|+|none~0|none~0|+|none~0|none~1|none~2|", "six operations expected"),
        ("|none~0|+|none~1|none~0|+|none~0|none~1|none~2|", "six operations expected"),
        ("|none~0+|none~0|none~1|+|none~0|none~1|none~2|", "six operations expected"),
        (["none"] * 5, "six operations expected"),
        ("x" * 200_000, "six operations expected"),  # at once
        ("|none~" + "9" * 5000 + "|", "six operations expected"),
        ([0] * 6, "unknown operation '0'"),
        (["nor_conv_3x"] + ["none"] * 5, "nor_conv_3x3"),
        ({"matrix": []}, "arch_str or ops"),
        ({"arch_str": "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", "ops": [SKIP] * 6},
         "different cells"),
        (7, "expected"),
    ],
)  # fmt: skip
def test_what_is_no_cell_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        SPACE.normalise(wrong)


def test_samples_are_read_back_and_mutations_change_one_operation() -> None:
    rng = np.random.default_rng(0)
    met = set()
    for _ in range(300):
        spec = SPACE.sample(rng)
        met.update(spec["ops"])
        assert SPACE.parse(SPACE.format(spec)) == SPACE.normalise(spec) == spec
        other = SPACE.mutate(spec, rng)
        assert SPACE.normalise(other) == other
        assert sum(a != b for a, b in zip(spec["ops"], other["ops"], strict=True)) == 1
    assert len(met) == 5


def test_the_space_is_gone_through_once(without_none: np.ndarray) -> None:
    texts = [spec["arch_str"] for spec in SPACE.enumerate()]
    assert len(texts) == len(set(texts)) == SPACE.size == 15_625
    assert texts[0] == "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    assert texts[1] == "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
    assert without_none.sum() == 4_096


@pytest.mark.parametrize(
    ("ops", "inside"),
    [
        (["none"] * 6, {"Zero": 1}),
        ([SKIP] * 6, {"Add": 3}),  # node 2 is x + x; (node 2 + x) + x
        ([SKIP, "none", "none", SKIP, SKIP, "none"], {"Add": 1}),  # x + x
        (["none", "none", "none", SKIP, "none", "none"], {}),  # the cell is its input
        ([CONV3, "none", "none", SKIP, "none", "none"], {}),  # nothing reads node 1
        ([CONV3, POOL, "none", CONV1, "none", "none"], CONV),  # nor nodes 1 and 2
        (["none", "none", CONV1, "none", CONV3, POOL], {"Zero": 1}),  # nodes 1, 2 read nothing
        (["none", "none", CONV1, SKIP, CONV3, POOL], {}),  # ... and are no term of the output
        ([CONV3, "none", SKIP, "none", "none", POOL], {**CONV, "Avgpool": 1, "BatchNorm": 2}),
        ([CONV3] * 6, {"ReLU": 6, "Conv": 6, "BatchNorm": 6, "Add": 3}),
        (
            [POOL, CONV1, "none", "none", CONV1, CONV3],
            {"Avgpool": 1, "ReLU": 3, "Conv": 3, "BatchNorm": 4, "Add": 1},
        ),
    ],
)
def test_an_edge_of_none_is_no_edge(ops: list[str], inside: dict[str, int]) -> None:
    assert cell_ops(ops) == inside
    graph = SPACE.build(ops)
    assert len(graph) == 3 + 15 * sum(inside.values()) + 2 * 7 + 3
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_the_341_cells_without_a_path_have_zeros_and_no_other_has(everything: Everything) -> None:
    zero = everything.table.columns["op"] == OP_INDEX["Zero"]
    zeros = np.add.reduceat(zero.astype(int), everything.table.node_ptr[:-1])[everything.which]
    assert np.bincount(zeros).tolist() == [15_625 - 341, 0, 0, 341]
    assert len(set(everything.which[zeros > 0].tolist())) == 1


def test_every_cell_is_a_graph_in_normal_form(everything: Everything) -> None:
    everything.table.check()


def test_equal_terms_of_a_sum_stay_two() -> None:
    graph = SPACE.build([SKIP] * 6, depth=1)
    first = graph.ops.index("Add")
    assert sources(graph, first) == [first - 1, first - 1]
    adds = graph.ops.count("Add")
    assert adds == 3 * 3 + 2
    assert len(graph.edges) == len(graph) - 1 + adds


def test_order_of_the_sums() -> None:
    graph = SPACE.build([CONV3, CONV1, POOL, CONV1, CONV3, POOL], depth=1)
    inner, outer, last = [i for i, op in enumerate(graph.ops) if op == "Add"][:3]
    kernel, ops = graph.column("kernel_h"), graph.ops

    def term(norm: int) -> tuple[str, int]:
        """Operation and kernel before a BatchNorm."""
        assert ops[norm] == "BatchNorm"
        (before,) = sources(graph, norm)
        return ops[before], int(kernel[before])

    # Node 2 is op(0 -> 2) + op(1 -> 2); the output (op(2 -> 3) + op(1 -> 3)) + op(0 -> 3).
    assert [term(s) for s in sources(graph, inner)] == [("Conv", 1), ("Avgpool", 3)]
    assert [term(s) for s in sources(graph, outer)] == [("Avgpool", 3), ("Conv", 3)]
    assert sources(graph, last)[0] == outer
    assert term(sources(graph, last)[1]) == ("Conv", 1)
    branch, shortcut = sources(graph, [i for i, op in enumerate(ops) if op == "Add"][3])
    assert [int(kernel[branch]), int(kernel[shortcut])] == [3, 1]  # reduction


def test_graphs_and_functions(everything: Everything, without_none: np.ndarray) -> None:
    """Of cells without none the authors' graphs, which lack x + x, are 3,688."""
    for keys, of_all, of_part in (
        (everything.table.hashes, 6_464, 3_712),
        (everything.table.groups, 5_425, 2_939),
    ):
        keys_of_cells = keys[everything.which]
        assert len(set(keys_of_cells.tolist())) == of_all
        assert len(set(keys_of_cells[without_none].tolist())) == of_part


def test_a_cell_of_skips_is_four_times_its_input() -> None:
    """2 x + x + x in each of three cells; what stands between is linear in positive factors."""
    identity = ["none", "none", "none", SKIP, "none", "none"]
    fourfold = SPACE.build([SKIP] * 6, depth=1, resolution=16).to_torch().eval()
    plain = SPACE.build(identity, depth=1, resolution=16).to_torch().eval()
    states = zip(plain.parameters(), fourfold.parameters(), strict=True)
    with torch.no_grad():
        for mine, its in states:
            mine.copy_(its)
        images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(fourfold(images), 4**3 * plain(images), rtol=1e-4, atol=1e-6)
        assert plain(images).abs().max() > 1e-4


def test_a_network_of_zeros_sees_nothing_of_the_image() -> None:
    module = SPACE.build(["none"] * 6, depth=1, resolution=8, width=0.5).to_torch().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
        out = module(torch.randn(2, 3, 8, 8, generator=generator))
    assert torch.equal(out[0], out[1])


@pytest.mark.parametrize("seed", range(6))
def test_any_scale_is_a_network_that_trains(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scale, spec = random_scale(rng), SPACE.sample(rng)
    check_scale(SPACE, spec, scale)
    check_trains(SPACE, spec, min(scale["width"], 0.4), 13)


def test_channels_follow_the_width() -> None:
    graph = SPACE.build([CONV3] * 6, width=0.5, depth=2)
    assert sorted(set(graph.column("c_out").tolist())) == [3, 8, 10, 16, 32]


def test_all_published_strings_are_read(shared: Path) -> None:
    with (shared / "labels/nb201_vtao/nats_bench.csv").open(newline="") as file:
        texts = [row["ArchitectureString"] for row in csv.DictReader(file)]
    specs = [SPACE.parse(text) for text in texts]
    assert [SPACE.format(spec) for spec in specs] == texts
    assert {spec["arch_str"] for spec in specs} == {s["arch_str"] for s in SPACE.enumerate()}
