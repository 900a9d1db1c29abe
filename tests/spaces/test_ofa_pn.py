from __future__ import annotations

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.spaces import space
from nape_bench.spaces._ofa import make_divisible
from tests.spaces.reading import conv, nodes_of, sources, windows

PN = space("ofa_pn")
SMALLEST = "r160_" + "-".join(["e3k3.e3k3"] * 5 + ["e3k3"])


def depthwise(c: int, k: int, s: int = 1) -> tuple[object, ...]:
    return ("Depthwise", c, c, (k, k), (s, s))


@pytest.mark.parametrize(
    ("channels", "expected"),
    # 41.6 is 1.6 above 40; 20 is as near to 16 as to 24, and goes up; 11 may not fall to 8,
    # which is more than a tenth below it; nothing is below 8.
    [(41.6, 40), (20, 24), (11, 16), (3, 8), (20.8, 24), (31.2, 32), (52, 56)],
)
def test_make_divisible(channels: float, expected: int) -> None:
    assert make_divisible(channels) == expected


def test_the_smallest_network() -> None:
    expected = [conv(3, 40, 3, 2), depthwise(40, 3), conv(40, 24)]
    c = 24
    for c_out, stride in ((32, 2), (56, 2), (104, 2), (128, 1), (248, 2)):
        for c_in, s in ((c, stride), (c_out, 1)):
            expected += [conv(c_in, 3 * c_in), depthwise(3 * c_in, 3, s), conv(3 * c_in, c_out)]
        c = c_out
    expected += [conv(248, 744), depthwise(744, 3), conv(744, 416), conv(416, 1664)]
    graph = PN.build(SMALLEST)
    assert windows(graph) == [*expected, ("MatMul", 1664, 1000, (0, 0), (1, 1))]
    assert graph.column("bias").sum() == 1
    assert [graph.column("h_out")[i] for i in nodes_of(graph, "Depthwise")] == [
        80, 40, 40, 20, 20, 10, 10, 10, 10, 5, 5, 5,
    ]  # fmt: skip


def test_ratio_and_kernel_are_the_blocks_own() -> None:
    graph = PN.build(SMALLEST.replace("e3k3.e3k3", "e6k7.e4k5", 1))
    assert windows(graph)[3:9] == [
        *[conv(24, 144), depthwise(144, 7, 2), conv(144, 32)],
        *[conv(32, 128), depthwise(128, 5), conv(128, 32)],
    ]


def test_only_blocks_behind_a_stages_first_are_residual() -> None:
    graph = PN.build("r160_" + "-".join(["e3k3.e3k3.e3k3"] * 5 + ["e3k3"]))
    adds = nodes_of(graph, "Add")
    assert len(adds) == 10
    for add in adds:
        branch, shortcut = sources(graph, add)
        assert branch == add - 1
        assert (
            shortcut == add - 9
        )  # eight nodes: three convolutions, each with BatchNorm, two ReLU6


def test_the_first_block_has_no_expansion_and_no_residual() -> None:
    ops = PN.build(SMALLEST).ops
    assert ops[1:9] == ["Conv", "BatchNorm", "ReLU6", "Depthwise", "BatchNorm", "ReLU6", "Conv",
                        "BatchNorm"]  # fmt: skip
    assert ops[9] == "Conv"


def test_depth_keeps_the_first_blocks() -> None:
    text = "r160_" + "-".join(["e3k5.e4k3.e6k7"] * 5 + ["e3k3"])
    two = PN.build("r160_" + "-".join(["e3k5.e4k3"] * 5 + ["e3k3"]))
    assert PN.build(text, depth=2) == two
    assert PN.build(text, depth=9) == PN.build(text)


def test_size_counts_blocks_of_every_depth() -> None:
    assert PN.size == (9**2 + 9**3 + 9**4) ** 5 * 9
    assert PN.size == pytest.approx(1.96e20, rel=0.01)


def test_lists_of_slots_are_read() -> None:
    kernels = [3, 5, 7, 0] * 5 + [5]  # what stands in a slot that is not used does not count
    ratios = [6, 4, 3, 0] * 5 + [4]
    for depths in ([3] * 5, [3] * 5 + [1], [3] * 5 + [2]):
        spec = PN.normalise({"ks": kernels, "e": ratios, "d": depths, "r": [192], "wid": None})
        assert PN.format(spec) == "r192_" + "e6k3.e4k5.e3k7-" * 5 + "e4k5"
        cells = {"ks": str(kernels), "e": str(ratios), "d": str(depths), "r": "192"}
        assert PN.normalise(cells) == spec


def test_other_forms_are_read() -> None:
    spec = PN.normalise(SMALLEST)
    stages = spec["config"]
    assert stages[0] == ["mbconv2_e3_k3"] * 2
    assert PN.normalise((160, stages)) == spec
    assert PN.normalise({"image_size": 160, "config": tuple(map(tuple, stages))}) == spec
    assert PN.normalise(stages) == {"resolution": 224, "config": stages}
    assert PN.parse(SMALLEST.removeprefix("r160_")) == {"resolution": 224, "config": stages}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"config": []}, "6 stages expected"),
        ({"config": [["mbconv2_e3_k3"]] * 6}, "stage 0 has 2 or 3 or 4 block names"),
        ({"config": [["mbconv2_e3_k3"] * 2] * 6}, "stage 5 has 1 block names"),
        ({"config": [["mbconv3_e3_k3"] * 2] * 6}, "did you mean mbconv2_e3_k3"),
        ({"config": [], "width": 1.3}, "width is unknown"),
        ({"ks": [3] * 21, "e": [3] * 21}, "d is missing"),
        ({"ks": [3] * 20, "e": [3] * 21, "d": [2] * 5}, "ks: a list of 21 integers"),
        ({"ks": [3] * 21, "e": [3.5] * 21, "d": [2] * 5}, "e: a list of 21 integers"),
        ({"ks": [3] * 21, "e": [3] * 21, "d": [5] * 5}, "a depth in d is one of"),
        ({"ks": [4] * 21, "e": [3] * 21, "d": [2] * 5}, "unknown block 'mbconv2_e3_k4'"),
        ({"ks": [3] * 21, "e": [3] * 21, "d": [2] * 5, "wid": 1}, "wid"),
        ({"config": [], "r": 192, "resolution": 160}, "6 stages"),
        ("r160_e3k3", "6 stages expected"),
        ("r160_e3", "stages of blocks as in"),
    ],
)
def test_what_is_wrong_is_named(value: object, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        PN.normalise(value)


@pytest.mark.parametrize("sizes", [{"r": 192, "resolution": 160}, {"r": 0}, {"r": [160, 192]}])
def test_a_resolution_is_one_positive_number(sizes: dict[str, object]) -> None:
    spec = PN.normalise(SMALLEST)
    with pytest.raises(SpecError, match="ofa_pn"):
        PN.normalise({"config": spec["config"], **sizes})


def test_sample_is_uniform() -> None:
    rng = np.random.default_rng(0)
    specs = [PN.sample(rng) for _ in range(600)]
    stages = [stage for spec in specs for stage in spec["config"][:5]]
    assert np.bincount([len(s) for s in stages])[2:] / len(stages) == pytest.approx(1 / 3, abs=0.04)
    names = [name for stage in stages for name in stage]
    shares = [names.count(name) / len(names) for name in PN.blocks]
    assert shares == pytest.approx([1 / 9] * 9, abs=0.01)
    assert {spec["resolution"] for spec in specs} == {160, 176, 192, 208, 224}


def test_every_gene_changes() -> None:
    start = PN.normalise(SMALLEST)
    rng = np.random.default_rng(0)
    found = [PN.mutate(start, rng) for _ in range(400)]
    assert {spec["resolution"] for spec in found} == {160, 176, 192, 208, 224}
    assert {len(stage) for spec in found for stage in spec["config"]} == {1, 2, 3, 4}
    # Where depths and resolution stay, one block differs, in its kernel or in its ratio.
    for spec in found:
        if [len(s) for s in spec["config"]] == [len(s) for s in start["config"]]:
            new = [n for stage in spec["config"] for n in stage if n != "mbconv2_e3_k3"]
            assert len(new) == (spec["resolution"] == 160)
            assert all("_e3_" in name or name.endswith("_k3") for name in new)
