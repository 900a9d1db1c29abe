"""NAS-Bench-101: channels of vertices, slices, pruning, forms of a cell, and the 423,624 cells."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from nape_bench.errors import GraphError, SpecError
from nape_bench.graph import ArchGraph, GraphBuilder, GraphTable
from nape_bench.spaces import _nb101_cells as cells
from nape_bench.spaces._nb101_uniform import uniform_cell, ways_of_writing
from nape_bench.spaces._nb101_unique import relabelled, unique_cells, unique_matrices
from nape_bench.spaces.nb101 import NB101
from tests.spaces.reading import sources
from tests.spaces.scales import check_scale, check_trains, random_scale

if TYPE_CHECKING:
    from pathlib import Path

SPACE = NB101()
# Vertices 1, 2 and 3 feed the output; 3 is a pool over the sum of 1 and 2.
SUMMED = "i31mo-1100.011.11.1"
# Vertex 1 feeds 2, 3 and 4, which feed the output; 4 is a pool.
SPREAD = "i131mo-10000.1110.001.01.1"


def channels(graph: ArchGraph, op: str) -> list[tuple[int, int]]:
    """(c_in, c_out) of all nodes of an operation."""
    at = [i for i, name in enumerate(graph.ops) if name == op]
    return [(int(graph.column("c_in")[i]), int(graph.column("c_out")[i])) for i in at]


def same_at_both_ends(values: list[int]) -> list[tuple[int, int]]:
    return [(value, value) for value in values]


def test_the_first_that_feed_the_output_get_what_is_left_over() -> None:
    """128 is 43 + 43 + 42, 256 is 86 + 85 + 85, 512 is 171 + 171 + 170."""
    graph = SPACE.build(SUMMED, depth=1)
    assert channels(graph, "Concat") == [(43, 128), (86, 256), (171, 512)]
    third = [42, 85, 170]
    # The sum is of the channels that vertex 3 has, though both of its inputs may have one more.
    assert channels(graph, "Add") == same_at_both_ends(third)
    pools = [42, 128, 85, 256, 170]  # vertex 3 in turn with the pools between stacks
    assert channels(graph, "Maxpool") == same_at_both_ends(pools)
    convs = [(3, 128), (128, 43), (43, 43), (128, 43), (43, 43)]  # stem, then projection, vertex
    convs += [(128, 86), (86, 86), (128, 85), (85, 85)]
    convs += [(256, 171), (171, 171), (256, 171), (171, 171)]
    assert channels(graph, "Conv") == convs
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_other_vertices_get_the_most_of_what_they_feed() -> None:
    graph = SPACE.build(SPREAD, depth=1)
    convs = [(3, 128)]
    for before, most, second in ((128, 43, 43), (128, 86, 85), (256, 171, 171)):
        convs += [(before, most), (most, most), (most, most), (second, second)]
    assert channels(graph, "Conv") == convs
    # Vertex 4 reads 42 of the 43 channels of vertex 1.
    assert channels(graph, "Maxpool")[::2] == same_at_both_ends([42, 85, 170])
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_channels_go_back_through_several_vertices() -> None:
    # 1 -> 2 -> {3, 4, 5}, which share the output: 1 and 2 both have what vertex 3 has.
    graph = SPACE.build("i11mmmo-100000.10000.1110.001.01.1", depth=1)
    assert channels(graph, "Conv")[1:4] == [(128, 43), (43, 43), (43, 43)]


def test_a_convolution_reads_the_leading_channels() -> None:
    graph = SPACE.build("i1331o-10000.1110.001.01.1", depth=1)
    cut = [pair for pair in channels(graph, "Conv") if pair == (42, 42)]
    assert cut == [(42, 42)]


def test_a_sum_of_fewer_channels_than_its_inputs_have() -> None:
    b = GraphBuilder(4)
    total = b.add(b.conv(b.input, 5), b.conv(b.input, 4), channels=3)
    graph = b.finish(total)
    assert channels(graph, "Add") == [(3, 3)]
    assert ArchGraph(graph.nodes, graph.edges) == graph
    module = graph.to_torch()
    images = torch.randn(2, 3, 4, 4)
    first, second = (layer(images) for layer in module.layers.values())
    assert torch.equal(module(images), first[:, :3] + second[:, :3])
    with pytest.raises(GraphError, match="do not have 6 channels"):
        b.add(1, 2, channels=6)
    wrong = graph.to_dict()
    wrong["nodes"][3]["c_in"] = 2
    with pytest.raises(GraphError, match=r"node 3 \(Add\)"):
        ArchGraph.from_dict(wrong)


def test_order_of_sums() -> None:
    # Vertex 3 reads 1, 2 and the input; the output reads 3 and the input.
    graph = SPACE.build("i133o-1111.010.10.1", depth=1)
    vertex, cell = [i for i, op in enumerate(graph.ops) if op == "Add"][:2]
    stem = 3

    def is_projection(relu: int) -> bool:
        (norm,) = sources(graph, relu)
        (conv,) = sources(graph, norm)
        return sources(graph, conv) == [stem]

    first, second, last = sources(graph, vertex)
    assert first < second
    assert [is_projection(x) for x in (first, second, last)] == [False, False, True]
    assert [is_projection(x) for x in sources(graph, cell)] == [False, True]


def test_a_cell_of_one_edge_is_a_projection() -> None:
    graph = SPACE.build("io-1")
    assert Counter(graph.ops) == {
        "Input": 1, "Conv": 10, "BatchNorm": 10, "ReLU": 10, "Maxpool": 2, "Mean": 1,
        "MatMul": 1, "Output": 1,
    }  # fmt: skip


def test_parameters_of_a_chain() -> None:
    def module(c_in: int, c: int) -> int:
        return c_in * c + 2 * c + 9 * c * c + 2 * c

    want = 27 * 128 + 2 * 128 + 3 * module(128, 128) + module(128, 256) + 2 * module(256, 256)
    want += module(256, 512) + 2 * module(512, 512) + 5120 + 10
    assert SPACE.build("i3o-10.1").params() == want


def test_vertices_on_no_path_are_dropped_from_the_graph_alone() -> None:
    # Vertex 2 is read by nothing, vertex 3 reads nothing.
    loose = "i3m1o-1100.001.00.1"
    spec = SPACE.parse(loose)
    assert SPACE.format(spec) == loose
    assert SPACE.build(loose) == SPACE.build("i3o-10.1")
    assert cells.pruned(spec) == SPACE.parse("i3o-10.1")
    # Limits are those of what is left: here are 8 vertices.
    assert SPACE.build("i3mmmmmo-1000000.000001.00000.0000.000.00.0") == SPACE.build("i3o-10.1")


def test_parameters_are_those_of_published_networks(shared: Path) -> None:
    """500 cells as they were drawn, most with vertices on no path, and their counts in millions."""
    with (shared / "labels/nb101_naslib500/nb101_500.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 500
    for row in rows:
        cell = {key: json.loads(row[key]) for key in ("adjacency", "ops")}
        assert SPACE.build(cell).params() == round(float(row["params_M"]) * 1e6)


def test_published_forms_are_one_specification() -> None:
    matrix = [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    ops = ["input", "conv3x3-bn-relu", "output"]
    want = {"matrix": matrix, "ops": ops}
    forms: list[Any] = [
        want,
        {"adjacency": matrix, "ops": ops},
        {"module_adjacency": matrix, "module_operations": ops},
        {"matrix": tuple(map(tuple, matrix)), "ops": ("input", "conv3x3", "output")},
        {"matrix": [[False, True, True], [False, False, True], [False] * 3], "ops": ops},
        (matrix, ops),
        [ops, matrix],
        "i3o-11.1",
    ]
    for form in forms:
        assert SPACE.normalise(form) == want
        assert SPACE.parse(form if isinstance(form, str) else str(form)) == want
    entries = [entry for row in SPACE.normalise(forms[4])["matrix"] for entry in row]
    assert all(type(entry) is int for entry in entries)
    assert SPACE.format(want) == "i3o-11.1"


def full(vertices: int) -> list[list[int]]:
    return np.triu(np.ones((vertices, vertices), dtype=int), 1).tolist()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"matrix": [[0, 1], [0]], "ops": ["input", "output"]}, "row 1 of a square matrix"),
        ({"matrix": [[0]], "ops": ["input"]}, "two rows or more"),
        ({"matrix": [[0, 2], [0, 0]], "ops": ["input", "output"]}, "other than 0 and 1"),
        ({"matrix": [[0, 1], [1, 0]], "ops": ["input", "output"]}, "up to the diagonal"),
        ({"matrix": [[1, 1], [0, 0]], "ops": ["input", "output"]}, "up to the diagonal"),
        ({"matrix": [[0, 1], [0, 0]], "ops": ["input"]}, "2 operations"),
        ({"matrix": [[0, 1], [0, 0]], "ops": ["output", "input"]}, "'input', ..., 'output'"),
        ({"matrix": full(3), "ops": ["input", "maxpool", "output"]}, "did you mean maxpool3x3"),
        ({"matrix": [[0, 0], [0, 0]], "ops": ["input", "output"]}, "no path"),
        ({"matrix": full(5), "ops": ["input", *["conv3x3"] * 3, "output"]}, "10 edges"),
        ({"matrix": np.eye(8, k=1, dtype=int).tolist(), "ops": ["input", *["conv3x3"] * 6,
          "output"]}, "8 vertices"),
        ({"matrix": [[0, 1], [0, 0]]}, "matrix and ops"),
        ("i3o-11.11", "2 rows of 2 to 1 bits"),
        ("i3o-1.1", "2 rows of 2 to 1 bits"),
        ("i4o-11.1", "JSON"),
        ("3", "matrix and ops"),
    ],
)  # fmt: skip
def test_what_is_no_cell_is_refused(wrong: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        SPACE.normalise(wrong)


def test_samples_are_pruned_cells_that_are_read_back() -> None:
    rng = np.random.default_rng(0)
    met: set[int] = set()
    for _ in range(200):
        spec = SPACE.sample(rng)
        assert (
            cells.pruned(spec) == SPACE.normalise(spec) == SPACE.parse(SPACE.format(spec)) == spec
        )
        assert sum(map(sum, spec["matrix"])) <= 9
        met.add(len(spec["ops"]))
    assert met >= {5, 6, 7}


def test_all_neighbours_of_a_small_cell() -> None:
    near = [cells.to_text(spec) for spec in cells.neighbours(SPACE.parse("i3o-10.1"))]
    assert near == [
        "i1o-10.1", "imo-10.1",  # another operation
        "i3o-11.1",  # an edge more; without either of its own there is no path
        "i33o-100.10.1", "i13o-100.10.1", "im3o-100.10.1",  # a vertex between input and conv
        "i33o-100.10.1", "i31o-100.10.1", "i3mo-100.10.1",  # ... and between conv and output
    ]  # fmt: skip


@pytest.mark.parametrize("start", [SUMMED, SPREAD, "io-1", "i3m1o-1100.001.00.1"])
def test_a_mutation_is_another_valid_graph(start: str) -> None:
    spec = SPACE.parse(start)
    near = list(cells.neighbours(cells.pruned(spec)))
    assert [SPACE.normalise(other) for other in near] == near
    table = GraphTable.from_graphs(SPACE.build(other, depth=1) for other in [spec, *near])
    assert (table.hashes[1:] != table.hashes[0]).all()
    rng = np.random.default_rng(1)
    for _ in range(50):
        new = SPACE.mutate(spec, rng)
        assert new != spec
        spec = new


def by_brute_force(vertices: int) -> int:
    """Count cells up to isomorphism by trying all vertex orders of all matrices."""
    pairs = list(itertools.combinations(range(vertices), 2))
    orders = [(0, *p, vertices - 1) for p in itertools.permutations(range(1, vertices - 1))]
    found = set()
    for bits in itertools.product((0, 1), repeat=len(pairs)):
        edges = [pair for pair, bit in zip(pairs, bits, strict=True) if bit]
        read, reading = {x for x, _ in edges}, {y for _, y in edges}
        whole = read == set(range(vertices - 1)) and reading == set(range(1, vertices))
        if len(edges) > 9 or not whole:
            continue
        for labels in itertools.product(range(3), repeat=vertices - 2):
            found.add(
                min(
                    (
                        tuple(sorted((order[x], order[y]) for x, y in edges)),
                        tuple(sorted(zip(order[1:-1], labels, strict=True))),
                    )
                    for order in orders
                )
            )
    return len(found)


def test_unique_cells_are_those_of_brute_force() -> None:
    found = Counter(len(matrix) for matrix, _ in unique_cells(5, 9, 3))
    assert found == {n: by_brute_force(n) for n in (2, 3, 4, 5)}
    assert found.total() == 2_532


def ways(matrix: list[list[int]], labels: tuple[int, ...]) -> set[Any]:
    """All upper triangular matrices with operations that are isomorphic to a cell."""
    last = len(matrix) - 1
    found = set()
    for inner in itertools.permutations(range(1, last)):
        order = (0, *inner, last)
        rows = tuple(tuple(matrix[x][y] for y in order) for x in order)
        if all(rows[x][y] == 0 for x in order for y in range(x + 1)):
            found.add((rows, tuple(labels[v - 1] for v in inner)))
    return found


def test_a_cell_is_written_in_so_many_ways() -> None:
    unique = list(unique_cells(5, 9, 2))
    assert [ways_of_writing(*cell) for cell in unique] == [len(ways(*cell)) for cell in unique]
    assert max(len(ways(*cell)) for cell in unique) > 1


def test_each_cell_is_drawn_as_often_as_any() -> None:
    rng = np.random.default_rng(0)
    cell_of = {
        written: i for i, cell in enumerate(unique_cells(4, 5, 2)) for written in ways(*cell)
    }
    each = Counter[int]()
    for _ in range(4_000):
        matrix, labels = uniform_cell(rng, 4, 5, 2)
        each[cell_of[tuple(map(tuple, matrix)), labels]] += 1
    cells_there = len(set(cell_of.values()))
    assert len(each) == cells_there == 39
    expected = each.total() / cells_there
    chi = sum((count - expected) ** 2 / expected for count in each.values())
    assert chi < chi2.ppf(0.99, cells_there - 1)


def test_unique_cells_are_graphs_of_their_own() -> None:
    specs = list(itertools.islice(SPACE.enumerate(), 500))
    assert all(cells.valid(spec) == SPACE.normalise(spec) == spec for spec in specs)
    assert [SPACE.format(spec) for spec in specs[:4]] == [
        "io-1",
        "i3o-10.1",
        "i1o-10.1",
        "imo-10.1",
    ]
    table = GraphTable.from_graphs(SPACE.build(spec, depth=1) for spec in specs)
    assert len(set(table.hashes.tolist())) == 500


def test_the_whole_space() -> None:
    found = Counter(len(matrix) for matrix, _ in unique_cells(7, 9, 3))
    assert found == {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}
    assert found.total() == SPACE.size == 423_624


def test_published_cells_are_among_the_unique_ones(shared: Path) -> None:
    """Which of isomorphic cells stands for them all is as in the published table."""
    matrices = {n: dict(unique_matrices(n, 9)) for n in range(2, 8)}
    numbers = {n: relabelled(n - 2, 3) for n in range(2, 8)}
    name = "labels/nb101_naslib500/nb101_10250_archs_unlabelled.csv"
    with (shared / name).open(newline="") as file:
        for row in csv.DictReader(file):
            spec = SPACE.normalise({key: json.loads(row[key]) for key in ("adjacency", "ops")})
            n = len(spec["ops"])
            edges = itertools.combinations(range(n), 2)
            bits = sum(spec["matrix"][x][y] << (y * (y - 1) // 2 + x) for x, y in edges)
            label = int("0" + "".join(str(cells.OPS.index(op)) for op in spec["ops"][1:-1]), 3)
            assert numbers[n][matrices[n][bits], label].min() == label


@pytest.mark.parametrize("seed", range(6))
def test_any_scale_is_a_network_that_trains(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scale, spec = random_scale(rng), SPACE.sample(rng)
    check_scale(SPACE, spec, scale)
    module = check_trains(SPACE, spec, 0.1, 9 + seed)
    assert all(p.grad is not None for p in module.parameters())


def test_the_narrowest_cell_has_a_channel_for_each_vertex() -> None:
    # Four vertices between input and output, side by side.
    graph = SPACE.build("i333mo-11110.0001.001.01.1", width=0.001)
    assert channels(graph, "Concat")[0] == (2, 5)
    assert ArchGraph(graph.nodes, graph.edges) == graph
