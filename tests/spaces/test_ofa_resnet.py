from __future__ import annotations

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.spaces import space
from nape_bench.spaces.ofa_resnet import OfaResNet
from tests.spaces.reading import conv, nodes_of, sources, windows
from tests.spaces.test_every_space import run_steps

RESNET = space("ofa_resnet")


def spec_of(
    *, d: object = (0, 0, 0, 0, 0), e: float = 0.2, w: object = (0,) * 6, r: int = 160
) -> dict[str, object]:
    return {"d": list(d), "e": [e] * 18, "w": list(w), "r": r}


def pool(op: str, c: int, k: int, s: int) -> tuple[object, ...]:
    return (op, c, c, (k, k), (s, s))


def test_the_smallest_network() -> None:
    # Stem: 64 * .65 = 41.6 -> 40, and half of that, 20 -> 24, in the middle.
    expected = [conv(3, 24, 3, 2), conv(24, 40, 3), pool("Maxpool", 40, 3, 2)]
    c_in = 40
    # A fifth of 168, 336, 664 and 1328 is 33.6, 67.2, 132.8 and 265.6: to multiples of 8.
    for c, mid, stride, depth in (
        (168, 32, 1, 2),
        (336, 64, 2, 2),
        (664, 136, 2, 4),
        (1328, 264, 2, 2),
    ):
        expected += [
            *[conv(c_in, mid), conv(mid, mid, 3, stride), conv(mid, c)],
            *[pool("Avgpool", c_in, stride, stride), conv(c_in, c)],
            *[conv(c, mid), conv(mid, mid, 3), conv(mid, c)] * (depth - 1),
        ]
        c_in = c
    expected.append(("MatMul", 1328, 1000, (0, 0), (1, 1)))
    graph = RESNET.build(spec_of())
    assert windows(graph) == expected
    assert graph.column("bias").sum() == 1


@pytest.mark.parametrize(
    ("index", "middles"),
    # Width by index, then .2, .25 and .35 of it, each to the nearest multiple of 8.
    [
        (0, {168: (32, 40, 56), 336: (64, 88, 120), 664: (136, 168, 232), 1328: (264, 336, 464)}),
        (1, {208: (40, 56, 72), 408: (80, 104, 144), 816: (160, 208, 288), 1640: (328, 408, 576)}),
        (2, {256: (48, 64, 88), 512: (104, 128, 176), 1024: (208, 256, 360),
             2048: (408, 512, 720)}),
    ],
)  # fmt: skip
def test_middle_widths(index: int, middles: dict[int, tuple[int, ...]]) -> None:
    for i, ratio in enumerate((0.2, 0.25, 0.35)):
        graph = RESNET.build(spec_of(e=ratio, w=(0, 0, *[index] * 4)))
        found = windows(graph)
        ends = [c for _, _, c, kernel, _ in found if kernel == (1, 1) and c in middles]
        assert set(ends) == set(middles)
        threes = {c_out for op, c_in, c_out, k, _ in found[2:] if k == (3, 3) and op == "Conv"}
        assert threes == {middle[i] for middle in middles.values()}


def test_the_stems_middle_has_an_index_of_its_own() -> None:
    middles = {0: 24, 1: 24, 2: 32}  # half of 40, 48 and 64
    ends = {0: 40, 1: 48, 2: 64}
    for first, middle in middles.items():
        for second, end in ends.items():
            graph = RESNET.build(spec_of(w=(first, second, 0, 0, 0, 0)))
            assert windows(graph)[:2] == [conv(3, middle, 3, 2), conv(middle, end, 3)]


def test_the_stems_residual_convolution() -> None:
    graph = RESNET.build(spec_of(d=(2, 0, 0, 0, 0)))
    assert windows(graph)[:3] == [conv(3, 24, 3, 2), conv(24, 24, 3), conv(24, 40, 3)]
    assert graph.ops[1:8] == ["Conv", "BatchNorm", "ReLU"] * 2 + ["Add"]
    assert sources(graph, 7) == [6, 3]  # the branch ends in ReLU, and nothing follows the sum
    assert graph.ops[8] == "Conv"
    assert "Add" not in RESNET.build(spec_of()).ops[:8]


def test_a_first_depth_of_one_is_none() -> None:
    # The supernet's own code skips the residual convolution unless the first depth is 2.
    assert RESNET.normalise(spec_of(d=(1, 0, 0, 0, 0))) == RESNET.normalise(spec_of())


def test_depths_add_to_two_two_four_two() -> None:
    def blocks(d: object) -> list[int]:
        graph = RESNET.build(spec_of(d=d))
        widths = [graph.column("c_out")[i] for i in nodes_of(graph, "Add")]
        return [widths.count(c) for c in (168, 336, 664, 1328)]

    assert blocks((0, 0, 0, 0, 0)) == [2, 2, 4, 2]
    assert blocks((0, 0, 1, 2, 1)) == [2, 3, 6, 3]
    assert blocks((0, 2, 2, 2, 2)) == [4, 4, 6, 4]


def test_residual_sums() -> None:
    graph = RESNET.build(spec_of())
    first, second = nodes_of(graph, "Add")[:2]
    branch, shortcut = sources(graph, first)
    assert graph.ops[branch - 1 : branch + 1] == ["Conv", "BatchNorm"]
    assert graph.ops[shortcut - 2 : shortcut + 1] == ["Avgpool", "Conv", "BatchNorm"]
    branch, shortcut = sources(graph, second)
    assert shortcut == first + 1  # the ReLU behind the sum before
    assert graph.ops[first + 1] == graph.ops[second + 1] == "ReLU"


def test_each_block_takes_the_ratio_of_its_slot() -> None:
    spec = spec_of(d=(0, 1, 0, 0, 0))
    slots = [0.2] * 18
    slots[2], slots[3], slots[4] = 0.35, 0.25, 0.35  # third of stage 0, an unused one, stage 1
    graph = RESNET.build({**spec, "e": slots})
    threes = [c for op, _, c, k, _ in windows(graph)[2:] if k == (3, 3) and op == "Conv"]
    assert threes[:5] == [32, 32, 56, 120, 64]
    slots[3] = 0.35
    assert RESNET.build({**spec, "e": slots}).hash == graph.hash


def test_average_pools_round_up() -> None:
    graph = RESNET.build(spec_of(r=176))
    pools = nodes_of(graph, "Avgpool")
    sizes = [(graph.column("h_in")[i], graph.column("h_out")[i]) for i in pools]
    assert sizes == [(44, 44), (44, 22), (22, 11), (11, 6)]
    graph = RESNET.build(spec_of(r=208))
    assert graph.nodes[nodes_of(graph, "Avgpool")[-1], 1:5].tolist() == [13, 7, 13, 7]


def test_average_pools_leave_padding_out_of_the_mean() -> None:
    import torch
    from torch.nn import functional

    graph = RESNET.build(spec_of(r=176), width=0.05)
    with torch.no_grad():
        values = run_steps(graph.to_torch(), torch.randn(2, 3, 176, 176))
    for node in nodes_of(graph, "Avgpool")[1:]:
        (source,) = sources(graph, node)
        expected = functional.avg_pool2d(values[source], 2, ceil_mode=True, count_include_pad=False)
        assert torch.allclose(values[node], expected, atol=1e-6)


def test_size_counts_unlike_networks() -> None:
    stage = 3**2 + 3**3 + 3**4
    assert RESNET.size == 2 * 3**6 * stage**3 * (3**4 + 3**5 + 3**6)
    assert pytest.approx(2.46e12, rel=0.01) == RESNET.size


def test_depth_keeps_the_first_blocks() -> None:
    full = RESNET.build(spec_of(d=(2, 2, 2, 2, 2)), depth=2)
    assert full.ops.count("Add") == 1 + 2 * 4
    assert RESNET.build(spec_of(d=(2, 0, 0, 0, 0)), depth=2) == full


def test_forms_that_are_read() -> None:
    flat = spec_of()
    spec = RESNET.normalise(flat)
    assert spec == {"resolution": 160, "config": {key: flat[key] for key in "dew"}}
    assert RESNET.normalise((160, spec["config"])) == spec
    assert RESNET.normalise({"config": spec["config"]})["resolution"] == 224
    cells = {"d": str(flat["d"]), "e": str(flat["e"]), "w": str(flat["w"]), "image_size": "160"}
    assert RESNET.normalise(cells) == spec


def test_text() -> None:
    spec = RESNET.normalise({**spec_of(d=(2, 1, 0, 2, 1), w=(2, 1, 0, 0, 1, 2)), "r": 192})
    spec["config"]["e"][4] = 0.35
    assert RESNET.format(spec) == (
        "r192_d2.1.0.2.1_w2.1.0.0.1.2_e20.20.20.20-35.20.20.20-20.20.20.20.20.20-20.20.20.20"
    )


def test_mutation_changes_the_network() -> None:
    rng = np.random.default_rng(0)
    spec = RESNET.normalise(OfaResNet.example)
    start = RESNET.build(spec)
    found = [RESNET.mutate(spec, rng) for _ in range(150)]
    # w[0] 0 and 1 give the same middle of the stem; all else shows.
    shown = [new for new in found if new["config"]["w"][0] in (spec["config"]["w"][0], 2)]
    assert all(RESNET.build(new) != start for new in shown)
    keys = [key for new in found for key in "dew" if new["config"][key] != spec["config"][key]]
    assert set(keys) == {"d", "e", "w"}
    assert any(new["resolution"] != spec["resolution"] for new in found)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"d": [2, 0, 0, 0]}, "d: a list of 5 integers"),
        ({"d": [2, 0, 0, 0, 3]}, "depths d are of"),
        ({"e": [0.2] * 17}, "e is a list of 18 ratios"),
        ({"e": [0.3] * 18}, "e is a list of 18 ratios"),
        ({"w": [0, 0, 0, 0, 0, 3]}, "w has indices into the widths"),
        ({"ks": [3]}, "ks is unknown"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        RESNET.normalise({**spec_of(), **change})
