"""TransNAS-Bench-101's cells: what reduces, what an edge of none does, and published costs."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph, GraphTable
from nape_bench.spaces import space
from tests.spaces.reading import conv, nodes_of, sources, windows

if TYPE_CHECKING:
    from pathlib import Path

MICRO = space("transnas_micro")
STEM = [conv(3, 32, 3, 2), conv(32, 64, 3, 2)]
HEAD = ("MatMul", 512, 75, (0, 0), (1, 1))
CONV = {"ReLU": 1, "Conv": 1, "BatchNorm": 1}

# Parameters and, by a counter that also takes other layers in, operations; with 63 classes. No
# operation of these cells is unused.
PUBLISHED = {
    "1_00_210": (910687, 263299072),
    "1_10_312": (7381087, 1600561152),
    "1_10_123": (9103199, 1852907520),
    "3_10_022": (8064351, 1744805888),
    "1_33_223": (23237983, 4744880128),
    "3_22_323": (22372959, 4662861824),
    "3_02_201": (7718495, 1693786112),
}


def name(cell: str) -> str:
    return f"64-41414-{cell}"


def plain_cell(cell: str) -> dict[str, float]:
    """What a cell that changes no shape consists of: the second ones against none, five times."""
    once, twice = (Counter(MICRO.build(name(cell), depth=depth).ops) for depth in (1, 2))
    return {op: count / 5 for op, count in (twice - once).items()}


def test_one_convolution_a_cell() -> None:
    cells = [
        [conv(c, 2 * c, 3, 2), conv(2 * c, 2 * c, 3), *extra]
        for c, extra in ((64, [conv(128, 128, 3)] * 2), (128, [conv(256, 256, 3)] * 2), (256, []))
    ]
    graph = MICRO.build(name("0_00_300"))
    assert windows(graph) == [*STEM, *[w for cell in cells for w in cell], HEAD]
    assert graph.ops[1:9] == ["Conv", "BatchNorm", "ReLU", "Conv", "BatchNorm",
                              "ReLU", "Conv", "BatchNorm"]  # fmt: skip
    assert graph.ops[-4:] == ["BatchNorm", "Mean", "MatMul", "Output"]
    assert graph.column("h_in")[0] == 256
    assert graph.column("h_out")[nodes_of(graph, "Mean")[0] - 1] == 8
    assert graph.column("bias").sum() == 1


def test_a_skip_that_changes_shape_is_a_factorised_reduction() -> None:
    graph = MICRO.build(name("0_00_100"))
    halves = [conv(c, c, 1, 2) for c in (64, 128, 256) for _ in range(2)]
    assert windows(graph) == [*STEM, *halves, HEAD]
    first = graph.ops.index("Concat")
    left, right = sources(graph, first)
    assert sources(graph, left) == sources(graph, right) == [left - 1]
    assert graph.ops[left - 1] == "ReLU"
    assert graph.ops[first + 1] == "BatchNorm"
    # The second half reads without the first row and column.
    assert graph.nodes[[left, right], 1:5].tolist() == [[64, 32, 64, 32], [63, 32, 63, 32]]


def test_only_operations_on_the_cells_input_reduce() -> None:
    graph = MICRO.build(name("3_11_223"), depth=1)
    first = windows(graph)[2:9]
    assert first == [
        conv(64, 128, 3, 2),  # 0-1
        conv(64, 64, 1, 2), conv(64, 64, 1, 2),  # 0-2, the halves of a skip; 1-2 is no node
        conv(64, 128, 1, 2), conv(128, 128, 1), conv(128, 128, 3),  # 0-3, 1-3, 2-3
        conv(128, 128, 3),  # 0-1 of the second module
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "inside"),
    [
        ("0_00_000", {"Zero": 1}),
        ("3_12_000", {"Zero": 1}),  # nothing leads to the output
        ("0_03_033", {"Zero": 1}),  # nothing leads to nodes 1 and 2
        ("0_03_133", {}),  # ... and they are no terms of the output
        ("3_21_100", {}),  # nothing reads nodes 1 and 2
        ("1_11_111", {"Add": 2}),  # node 2 is x + x, the output x + x + node 2
        ("3_33_333", {"ReLU": 6, "Conv": 6, "BatchNorm": 6, "Add": 2}),
        ("3_00_010", CONV),
    ],
)
def test_an_edge_of_none_is_no_edge(cell: str, inside: dict[str, int]) -> None:
    assert plain_cell(cell) == inside
    graph = MICRO.build(name(cell))
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_a_node_is_one_sum() -> None:
    graph = MICRO.build(name("1_11_111"), depth=1)
    adds = nodes_of(graph, "Add")
    # The second module's cell changes no shape: x, and x + x.
    x = adds[1]
    assert sources(graph, adds[2]) == [x, x]
    assert sources(graph, adds[3]) == [x, x, adds[2]]


@pytest.mark.parametrize("cell", PUBLISHED)
def test_published_costs(cell: str) -> None:
    graph = MICRO.build(name(cell), num_classes=63)
    params, flops = PUBLISHED[cell]
    assert graph.params() == params
    assert graph.flops() + other_operations(graph) == flops


def other_operations(graph: ArchGraph) -> int:
    """Return what published FLOPs count besides multiply-adds of convolutions and the head.

    BatchNorm counts two for each element, ReLU one, and the mean (h + 1)^2 for each channel.
    """
    elements = np.prod(graph.nodes[:, [2, 4, 6]].astype(np.int64), axis=1)
    norms = elements[nodes_of(graph, "BatchNorm")].sum()
    relus = elements[nodes_of(graph, "ReLU")].sum()
    _, h, _, _, _, c, *_ = graph.nodes[nodes_of(graph, "Mean")[0]].tolist()
    return int(2 * norms + relus + c * (h + 1) ** 2)


class Everything:
    """All 4,096 cells, one a module: as many different graphs as with two."""

    def __init__(self) -> None:
        self.specs = list(MICRO.enumerate())
        self.table = GraphTable.from_graphs([MICRO.build(spec, depth=1) for spec in self.specs])
        part = MICRO.subsets()["connected"]
        self.connected = np.array([part(spec) for spec in self.specs])


@pytest.fixture(scope="module")
def everything() -> Everything:
    return Everything()


def test_graphs_and_functions(everything: Everything) -> None:
    assert len(set(everything.specs)) == MICRO.size == 4096
    everything.table.check()
    assert len(set(everything.table.hashes.tolist())) == 1664
    assert len(set(everything.table.groups.tolist())) == 1376


def test_cells_without_a_path_are_one_graph(everything: Everything) -> None:
    assert everything.connected.sum() == 4096 - 169
    cut = set(everything.table.hashes[~everything.connected].tolist())
    assert len(cut) == 1
    assert not cut & set(everything.table.hashes[everything.connected].tolist())


def test_cells_without_a_path_are_those_that_learnt_nothing(
    everything: Everything, shared: Path
) -> None:
    with (shared / "labels/transnas101_naslib/transnas101_micro.csv").open(newline="") as file:
        scores = {row["arch_str"]: float(row["class_scene_val"]) for row in csv.DictReader(file)}
    found = np.array([scores[spec] for spec in everything.specs])
    assert set(np.round(found[~everything.connected], 4)) == {7.4841}
    assert found[everything.connected].min() > 17


@pytest.mark.parametrize(("width", "resolution"), [(0.1, 33), (0.25, 32)])
def test_a_network_of_zeros_sees_nothing_of_the_image(width: float, resolution: int) -> None:
    graph = MICRO.build(name("0_00_000"), width=width, resolution=resolution)
    assert ArchGraph(graph.nodes, graph.edges) == graph
    module = graph.to_torch().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
        out = module(torch.randn(2, 3, resolution, resolution, generator=generator))
    assert torch.equal(out[0], out[1])


def test_forms_that_are_read() -> None:
    for text in (MICRO.example, f" {MICRO.example}\n", f'"{MICRO.example}"'):
        assert MICRO.parse(text) == MICRO.example


@pytest.mark.parametrize(
    "wrong",
    ["64-41414-1_02_33", "64-41414-1_02_334", "64-4141-1_02_333", "64-1234-basic", "1_02_333",
     "32-41414-1_02_333", [1, 0, 2, 3, 3, 3]],
)  # fmt: skip
def test_what_is_no_cell_is_refused(wrong: object) -> None:
    with pytest.raises(SpecError, match='"64-41414-a_bc_def" with digits 0 to 3 expected'):
        MICRO.normalise(wrong)


def test_a_mutation_changes_one_edge() -> None:
    rng = np.random.default_rng(0)
    found = {MICRO.mutate(MICRO.example, rng) for _ in range(300)}
    assert len(found) == 18
    assert all(sum(a != b for a, b in zip(n, MICRO.example, strict=True)) == 1 for n in found)
