"""NAS-Bench-301: forms of a genotype, `none`, other concats, reductions, and what is dropped."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph
from nape_bench.spaces.nb301 import NB301
from tests.spaces.reading import sources
from tests.spaces.scales import check_scale, check_trains, random_scale

if TYPE_CHECKING:
    from pathlib import Path

SPACE = NB301()
# Every state sums the two inputs of the cell: skips in the normal, max pools in the reduction cell.
SKIPS = "sk.0+sk.1/sk.0+sk.1/sk.0+sk.1/sk.0+sk.1"
POOLS = SKIPS.replace("sk", "m3")
STEMS = {"Conv": 2, "ReLU": 2, "BatchNorm": 2}
HEAD = {"Input": 1, "Global": 1, "Conv": 1, "Output": 1}
PROJECTION = Counter({"ReLU": 1, "Conv": 1, "BatchNorm": 1})
SHRINK = Counter({"ReLU": 1, "Conv": 2, "Concat": 1, "BatchNorm": 1})


def ops(*parts: dict[str, int]) -> Counter[str]:
    return sum(map(Counter, parts), Counter())


def times(count: int, part: dict[str, int]) -> dict[str, int]:
    return {op: count * n for op, n in part.items()}


# What every network of depth 1 has where all cells are used: five cells with two projections each,
# two of them (those behind reductions) factorised.
FRAME = ops(STEMS, HEAD, times(8, PROJECTION), times(2, SHRINK))


def state(first: str, normal: str = SKIPS) -> str:
    """A cell with other pairs for its first state."""
    return "/".join([first, *normal.split("/")[1:]])


NORMAL = [
    ["skip_connect", 0], ["max_pool_3x3", 1], ["sep_conv_3x3", 1], ["sep_conv_5x5", 2],
    ["dil_conv_3x3", 0], ["dil_conv_5x5", 3], ["avg_pool_3x3", 1], ["none", 4],
]  # fmt: skip
REDUCE = [["sep_conv_7x7", 0], ["skip_connect", 1]] * 4
WANT = {"normal": NORMAL, "reduce": REDUCE, "concat": [2, 3, 4, 5]}
LINE = "sk.0+m3.1/s3.1+s5.2/d3.0+d5.3/a3.1+no.4_s7.0+sk.1/s7.0+sk.1/s7.0+sk.1/s7.0+sk.1"


def genotype(call: str = "Genotype", concat: str = "range(2, 6)") -> str:
    pairs = [tuple(pair) for pair in NORMAL]
    # The two pairs of a state may stand in either order.
    normal, reduce = [pairs[1], pairs[0], *pairs[2:]], [tuple(pair) for pair in REDUCE]
    return (
        f"{call}(normal={normal}, normal_concat={concat}, reduce={reduce}, reduce_concat={concat})"
    )


def test_all_published_forms_are_one_specification() -> None:
    texts = [
        genotype(),
        genotype("genotypes.Genotype", "[2, 3, 4, 5]"),
        genotype(concat="list(range(2, 6))"),
        f"Genotype({NORMAL}, range(2, 6), {REDUCE}, [5, 4, 3, 2])",
        f"Genotype(normal={NORMAL}, reduce={REDUCE})",
        LINE,
        str(WANT),
        str({"normal": NORMAL, "normal_concat": [2, 3, 4, 5], "reduce": REDUCE}),
    ]
    for text in texts:
        assert SPACE.parse(f" {text}\n") == SPACE.normalise(text) == WANT
    twos = [REDUCE[i : i + 2] for i in range(0, 8, 2)]
    assert SPACE.normalise({"normal": NORMAL, "reduce": twos}) == WANT
    assert SPACE.format(WANT) == LINE


def test_concats_are_kept_and_only_a_different_one_is_written() -> None:
    base = {"normal": NORMAL, "reduce": REDUCE}
    for concat, reduce_concat, end in (
        ([3, 4, 5], [3, 4, 5], "_345"),
        ([2, 3, 4, 5], [4, 5], "_2345_45"),
        ([4], [2, 3, 4, 5], "_4_2345"),
    ):
        spec = SPACE.normalise({**base, "normal_concat": concat, "reduce_concat": reduce_concat})
        assert spec["concat"] == concat
        assert spec.get("reduce_concat", concat) == reduce_concat
        assert ("reduce_concat" in spec) == (concat != reduce_concat)
        assert SPACE.format(spec) == LINE + end
        assert SPACE.parse(LINE + end) == SPACE.normalise(spec) == spec


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"normal": NORMAL}, "normal and reduce"),
        ({"normal": NORMAL, "reduce": REDUCE, "cell": 1}, "no 'cell'"),
        ({"normal": NORMAL[:6], "reduce": REDUCE}, "8 .operation, input. pairs expected in normal"),
        ({"normal": NORMAL, "reduce": [["conv", 0]] * 8}, r"reduce\[0\]: unknown operation 'conv'"),
        ({"normal": NORMAL, "reduce": [["none", 2]] * 8}, r"reduce\[0\] reads 2; state 2"),
        ({"normal": NORMAL, "reduce": [["none", True]] * 8}, "reads True"),
        ({"normal": NORMAL, "reduce": [["none"]] * 8}, "not an .operation, input. pair"),
        ({"normal": NORMAL, "reduce": REDUCE, "concat": [1, 2]}, "concat names"),
        ({"normal": NORMAL, "reduce": REDUCE, "concat": [2, 2]}, "concat names"),
        ({"normal": NORMAL, "reduce": REDUCE, "concat": []}, "concat names"),
        (LINE.replace("a3", "a9"), "not 'a9.1'"),
        (LINE.replace("a3.1", "a3"), "not 'a3'"),
        ("Genotype(normal=", "cannot be read"),
        ("Genotype(1, 2, 3, 4, 5)", "cannot be read"),
        ("Genotype(normal=print(1), reduce=[])", "cannot be read"),
        ("Genotype(normal=range(2, x), reduce=[])", "cannot be read"),
        ("Genotype(**{})", "cannot be read"),
        (genotype(concat="range(0, 10 ** 30)"), "cannot be read"),
        (genotype(concat="range(2, 1000000000000)"), "concat names"),
        ("s3.0", "expected"),
    ],
)
def test_what_is_no_genotype_is_refused(wrong: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        SPACE.normalise(wrong)


def test_samples_are_read_back_and_mutations_change_one_pair() -> None:
    rng = np.random.default_rng(0)
    met: set[str] = set()
    for _ in range(200):
        spec = SPACE.sample(rng)
        assert SPACE.parse(SPACE.format(spec)) == SPACE.normalise(spec) == spec
        other = SPACE.mutate(spec, rng)
        assert SPACE.normalise(other) == other
        changed = 0
        for cell in ("normal", "reduce"):
            for i in range(0, 8, 2):
                old, new = ([tuple(p) for p in s[cell][i : i + 2]] for s in (spec, other))
                changed += 2 - sum((Counter(old) & Counter(new)).values())
                assert new[0][1] < new[1][1], "inputs of a state stay different"
                met.update(op for op, _ in old)
        assert changed == 1
    assert len(met) == 7


def test_size() -> None:
    assert SPACE.size == (1 * 3 * 6 * 10 * 7**8) ** 2
    assert 1e18 < SPACE.size < 1.1e18


@pytest.mark.parametrize(
    ("first", "in_normal", "in_reduction"),
    [
        ("sk.0+sk.1", {}, times(2, SHRINK)),
        ("m3.0+a3.1", {"Maxpool": 1, "Avgpool": 1}, {"Maxpool": 1, "Avgpool": 1}),
        *[
            (f"s{k}.0+m3.1",
             {"ReLU": 1, "Depthwise": 2, "Conv": 2, "BatchNorm": 2, "Maxpool": 1}, None)
            for k in (3, 5, 7)
        ],
        ("d3.0+m3.1", {"ReLU": 1, "Depthwise": 1, "Conv": 1, "BatchNorm": 1, "Maxpool": 1}, None),
    ],
)  # fmt: skip
def test_operations(first: str, in_normal: dict[str, int], in_reduction: Any) -> None:
    """Three normal cells and two reductions, one of whose states is looked at."""
    sums, joins = {"Add": 4}, {"Concat": 1}
    others = ops(FRAME, times(5, sums), times(5, joins))
    graph = SPACE.build(f"{state(first)}_{POOLS}", depth=1)
    assert Counter(graph.ops) == others + ops(times(3, in_normal), {"Maxpool": 16})
    graph = SPACE.build(f"{SKIPS}_{state(first, POOLS)}", depth=1)
    inside = in_normal if in_reduction is None else in_reduction
    assert Counter(graph.ops) == others + ops(times(2, inside), {"Maxpool": 12})
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_kernels_strides_and_dilation_of_reductions() -> None:
    graph = SPACE.build(f"{SKIPS}_{state('s7.0+d5.1', POOLS)}", depth=1)
    depthwise = [i for i, op in enumerate(graph.ops) if op == "Depthwise"]
    names = ("h_in", "h_out", "c_out", "kernel_h", "stride_h", "dilation", "groups")
    rows = [[int(graph.column(name)[i]) for name in names] for i in depthwise]
    assert rows == [
        [32, 16, 96, 7, 2, 1, 96], [16, 16, 96, 7, 1, 1, 96], [32, 16, 96, 5, 2, 2, 96],
        [16, 8, 192, 7, 2, 1, 192], [8, 8, 192, 7, 1, 1, 192], [16, 8, 192, 5, 2, 2, 192],
    ]  # fmt: skip


@pytest.mark.parametrize(("resolution", "second"), [(32, 31), (33, 33), (8, 7), (9, 9)])
def test_factorised_reduction_drops_a_row_where_the_number_is_even(
    resolution: int, second: int
) -> None:
    graph = SPACE.build(f"{SKIPS}_{SKIPS}", depth=1, resolution=resolution)
    at = [i for i, op in enumerate(graph.ops) if op == "Conv" and graph.column("stride_h")[i] == 2]
    half = -(-resolution // 2)
    for index, h in zip(at[:2], (resolution, second), strict=True):
        row = {name: int(graph.column(name)[index]) for name in ("h_in", "w_in", "h_out", "c_out")}
        assert row == {"h_in": h, "w_in": h, "h_out": half, "c_out": 48}
    assert sources(graph, at[0]) == sources(graph, at[1])
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_a_pair_of_equal_terms_stays_two() -> None:
    graph = SPACE.build(f"{state('sk.1+sk.1')}_{POOLS}", depth=1)
    doubled = [i for i in range(len(graph)) if graph.ops[i] == "Add" and
               len(set(sources(graph, i))) == 1]  # fmt: skip
    assert len(doubled) == 3


def test_none_is_no_edge() -> None:
    one = Counter(SPACE.build(f"{state('no.0+sk.1')}_{POOLS}", depth=1).ops)
    two = Counter(SPACE.build(f"{SKIPS}_{POOLS}", depth=1).ops)
    assert two - one == {"Add": 3}  # the state is the other term itself
    # State 2 has nothing left, and adds nothing to state 3, which is then a skip of input 0.
    cell = "no.0+no.1/sk.0+s3.2/sk.0+sk.1/sk.0+sk.1"
    graph = SPACE.build(f"{cell}_{POOLS}_345", depth=1)
    assert Counter(graph.ops) == ops(
        FRAME, times(5, {"Concat": 1}), {"Add": 6 + 6}, {"Maxpool": 12}
    )


def test_a_state_of_nothing_that_is_put_out_is_a_zero() -> None:
    cell = "no.0+no.1/sk.0+sk.1/sk.0+sk.1/no.0+s3.2"
    graph = SPACE.build(f"{cell}_{POOLS}", depth=1)
    zeros = [i for i, op in enumerate(graph.ops) if op == "Zero"]
    assert len(zeros) == 3
    for zero in zeros:
        (join,) = {target for source, target in graph.edges.tolist() if source == zero}
        slots = sources(graph, join)
        assert slots[0] == slots[3] == zero
        assert len(set(slots)) == 3
    assert ArchGraph(graph.nodes, graph.edges) == graph
    # In a reduction cell the zeros have its output's pixels.
    graph = SPACE.build(f"{SKIPS}_{state('no.0+no.1', POOLS)}", depth=1)
    zero = graph.ops.index("Zero")
    (pool,) = sources(graph, zero)
    assert graph.ops[pool] == "Maxpool"
    assert [int(graph.column(n)[pool]) for n in ("kernel_h", "stride_h", "h_out")] == [1, 2, 16]
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_a_network_of_none_still_builds() -> None:
    nothing = SKIPS.replace("sk", "no")
    graph = SPACE.build(f"{nothing}_{nothing}", depth=1, resolution=16)
    # Only last outputs are read, so the second last stem is dropped, and so are projections.
    assert Counter(graph.ops) == ops(
        HEAD, PROJECTION, times(5, PROJECTION), {"Zero": 5, "Concat": 5, "Maxpool": 2}
    )
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_the_last_states_are_put_out_whatever_the_concat_names() -> None:
    assert SPACE.build(f"{SKIPS}_{POOLS}_23", depth=1) == SPACE.build(
        f"{SKIPS}_{POOLS}_45", depth=1
    )
    graph = SPACE.build(f"{SKIPS}_{POOLS}_5_2345", depth=1)
    # Normal cells put out one sum, without a Concat; the states that nothing reads are dropped.
    joined = [c for i, c in enumerate(graph.column("c_out").tolist()) if graph.ops[i] == "Concat"]
    assert joined == [4 * 96, 96, 4 * 192, 192]
    assert graph.ops.count("Add") == 3 * 1 + 2 * 4
    assert graph.nodes[-2, 5] == 192
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_cells_on_no_path_are_dropped() -> None:
    """Where only the second last output is read, the last cell reads the third, that the first."""
    first = SKIPS.replace("sk.1", "sk.0")
    graph = SPACE.build(f"{first}_{first}", depth=1)
    # One stem, three normal cells, and no reduction cell: the way goes round them.
    want = ops(HEAD, PROJECTION, PROJECTION, times(2, SHRINK), times(3, {"Add": 4, "Concat": 1}))
    assert Counter(graph.ops) == want
    assert graph.nodes[-3, 1] == 8
    assert ArchGraph(graph.nodes, graph.edges) == graph


def test_twenty_cells() -> None:
    graph = SPACE.build(f"{SKIPS}_{POOLS}")
    joins = [c for i, c in enumerate(graph.column("c_out").tolist()) if graph.ops[i] == "Concat"]
    cells = [4 * 48] * 6 + [4 * 96, 96] + [4 * 96] * 6 + [4 * 192, 192] + [4 * 192] * 6
    assert joins == cells
    assert graph.ops.count("Maxpool") == 16
    assert graph.nodes[-2].tolist()[5:9] == [768, 10, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_any_scale_is_a_network_that_trains(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scale, spec = random_scale(rng), SPACE.sample(rng)
    spec["normal"][2 * (seed % 4)][0] = "none"
    check_scale(SPACE, spec, scale)
    check_trains(SPACE, spec, 0.1, 9 + seed)


@pytest.mark.parametrize("name", ["nb301_surrogate_cifar10", "nb301_9x_tasks"])
def test_published_genotypes_are_read(shared: Path, name: str) -> None:
    with (shared / f"labels/nb301_naslib/{name}.csv").open(newline="") as file:
        texts = [row["genotype"] for row in csv.DictReader(file)]
    lines = {SPACE.format(SPACE.parse(text)) for text in texts}
    assert len(lines) == len(texts) > 100
    assert all("no." not in line and line.count("_") == 1 for line in lines)
