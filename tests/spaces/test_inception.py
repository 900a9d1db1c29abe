from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.spaces import _inception_blocks as blocks
from nape_bench.spaces import space
from tests.spaces.reading import conv, nodes_of, sources, windows

INCEPTION = space("inception")
REST = "2xc3:64_2xc3:128_2xc3:256"


def stage_windows(number: int, stage: str, **scale: object) -> list[tuple[object, ...]]:
    """Return what one block of a stage adds, the other stages being plain convolutions."""
    stages = ["2xc3:32", "2xc3:64", "2xc3:128", "2xc3:256"]
    stages[number] = stage
    found = windows(INCEPTION.build("_".join(stages), depth=1, **scale))
    # The stem before, a convolution for each other stage, the head and the classifier behind.
    return found[1 + number : len(found) - 2 - (3 - number)]


def test_the_network_around_the_blocks() -> None:
    graph = INCEPTION.build(f"2xc3:32_{REST}")
    assert windows(graph) == [
        conv(3, 32, 3),
        conv(32, 32, 3),
        conv(32, 32, 3),
        *[conv(32, 64, 3, 2), conv(64, 64, 3)],
        *[conv(64, 128, 3, 2), conv(128, 128, 3)],
        *[conv(128, 256, 3, 2), conv(256, 256, 3)],
        conv(256, 512, 3),
        ("MatMul", 512, 10, (0, 0), (1, 1)),
    ]
    weighted = [op in ("Conv", "MatMul") for op in graph.ops]
    assert (graph.column("bias") == weighted).all()
    # Residual: both blocks of the first stage and the second ones of the others.
    adds = nodes_of(graph, "Add")
    assert len(adds) == 5
    assert all(sources(graph, add) == [add - 1, add - 4] for add in adds)
    # Nothing follows a residual sum.
    assert [graph.ops[add + 1] for add in adds] == ["Conv"] * 5


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("2xs3:64", [conv(32, 64, (1, 3), (1, 2)), conv(64, 64, (3, 1), (2, 1))]),
        ("2xp5:64", [
            *[conv(32, 32, (1, 5), (1, 2)), conv(32, 32, (5, 1), (2, 1))],
            *[conv(32, 32, (5, 1), (2, 1)), conv(32, 32, (1, 5), (1, 2))],
        ]),
        ("2xdw5:64", [conv(32, 64), ("Depthwise", 64, 64, (5, 5), (2, 2))]),
        # The first operation that can goes to the channels inside, the first conv takes the
        # stride, the last one that can restores the path's channels.
        ("2xc3.c5:128:64", [conv(32, 128, 3, 2), conv(128, 64, 5)]),
        ("2xcc1.c3:32:64", [conv(32, 32), conv(32, 32), conv(32, 64, 3, 2)]),
        ("2xc3.c1:32:64", [conv(32, 32, 3, 2), conv(32, 64)]),
        ("2xc3.c3.c1:32:64", [conv(32, 32, 3, 2), conv(32, 32, 3), conv(32, 64)]),
        ("2xavg3.c3:64", [("Avgpool", 32, 32, (3, 3), (1, 1)), conv(32, 64, 3, 2)]),
        ("2xc3.max3:64", [conv(32, 64, 3, 2), ("Maxpool", 64, 64, (3, 3), (1, 1))]),
        ("2xc1.dw3:32:64", [conv(32, 32), conv(32, 64), ("Depthwise", 64, 64, (3, 3), (2, 2))]),
        ("2xdw3.c1:32:64", [("Depthwise", 32, 32, (3, 3), (2, 2)), conv(32, 64)]),
    ],
)  # fmt: skip
def test_a_path_at_stride_two(stage: str, expected: list[tuple[object, ...]]) -> None:
    assert stage_windows(1, stage) == expected


def test_operations_at_stride_one() -> None:
    assert stage_windows(0, "2xp3.cc1.s5:16:32") == [
        *[conv(32, 8, (1, 3)), conv(32, 8, (3, 1))],
        *[conv(16, 16), conv(16, 16)],
        *[conv(16, 32, (1, 5)), conv(32, 32, (5, 1))],
    ]


def test_inception_p_has_one_activation_behind_its_concat() -> None:
    graph = INCEPTION.build(f"2xp3:32_{REST}", depth=1)
    assert graph.ops[4:10] == ["Conv", "BatchNorm", "Conv", "BatchNorm", "Concat", "ReLU6"]
    assert sources(graph, 8) == [5, 7]


def test_depthwise_behind_a_bare_projection() -> None:
    graph = INCEPTION.build(f"2xc3:32_2xdw3:64_{REST.partition('_')[2]}", depth=1)
    at = nodes_of(graph, "Depthwise")[0]
    assert graph.ops[at - 1 : at + 3] == ["Conv", "Depthwise", "BatchNorm", "ReLU6"]
    assert graph.column("bias")[at - 1 : at + 1].tolist() == [0, 1]


def test_paths_that_do_not_add_up_are_projected() -> None:
    # Three paths of a block of 32 have 16 each, for a share is 16 at least.
    graph = INCEPTION.build(f"2xc3:16-c5:16-dw3:16_{REST}", depth=1)
    concat = nodes_of(graph, "Concat")[0]
    assert graph.column("c_out")[concat] == 48
    assert graph.ops[concat + 1 : concat + 4] == ["Conv", "BatchNorm", "Add"]
    assert graph.nodes[concat + 1, 5:9].tolist() == [48, 32, 1, 1]
    assert graph.column("bias")[concat + 1] == 1
    assert sources(graph, concat + 3) == [concat + 2, 3]


def test_shares_of_paths() -> None:
    assert blocks.layouts(1, 64) == [[64]]
    assert blocks.layouts(2, 64) == [[32, 32]]
    assert blocks.layouts(3, 64) == [[32, 16, 16], [16, 32, 16], [16, 16, 32]]
    assert blocks.layouts(4, 256) == [[64] * 4]
    assert blocks.layouts(3, 32) == [[16] * 3]
    assert blocks.layouts(4, 32) == [[16] * 4]


def test_channels_inside() -> None:
    assert blocks.internal_channels(["conv3x3"], 64) == [64]
    assert blocks.internal_channels(["avgpool3x3", "conv3x3"], 64) == [64]
    assert blocks.internal_channels(["conv1x1", "conv3x3"], 64) == [32, 64, 128]
    assert blocks.internal_channels(["conv3x3", "conv3x3"], 16) == [16, 32]


@pytest.mark.parametrize(("paths", "most", "c"), [(1, 3, 32), (2, 3, 32), (2, 3, 64), (3, 3, 64)])
def test_counts_are_those_of_an_enumeration(
    paths: int, most: int, c: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = blocks.WORDS
    single: Counter[tuple[int, int]] = Counter()  # (operations, channels out) -> paths
    shares = {share for layout in blocks.layouts(paths, c) for share in layout}
    for length in range(1, most + 1):
        for ops in itertools.product(words.short, repeat=length):
            extras = sum(name in words.supp for name in ops)
            if extras <= 1 and extras < length:
                for share in shares:
                    single[length, share] += len(blocks.internal_channels(ops, share))
    expected = 0
    for layout in blocks.layouts(paths, c):
        for lengths in itertools.product(range(1, most + 1), repeat=paths):
            if sum(lengths) <= most:
                ways = [single[n, share] for n, share in zip(lengths, layout, strict=True)]
                expected += int(np.prod(ways))
    monkeypatch.setattr(blocks, "MOST_OPS", {paths: most})
    assert blocks.count_blocks(c) == expected


def test_size_multiplies_stages() -> None:
    expected = 1
    for c in (32, 64, 128, 256):
        expected *= 5 * blocks.count_blocks(c)
    assert INCEPTION.size == expected


def test_width_scales_in_sixteenths() -> None:
    # 16 * .3 is 4.8: every 16 channels become 5, and the halves of 5 are 2 and 3.
    assert stage_windows(0, "2xp3:16-c3:16", width=0.3) == [
        *[conv(10, 2, (1, 3)), conv(10, 3, (3, 1))],
        conv(10, 5, 3),
    ]
    assert INCEPTION.build(INCEPTION.example, width=0.01).column("c_in").min() >= 1


def test_depth_is_the_repeats_of_every_stage() -> None:
    one, four = (INCEPTION.build(f"2xc3:32_{REST}", depth=depth) for depth in (1, 4))
    assert one.ops.count("Conv") == 4 + 2
    assert four.ops.count("Conv") == 16 + 2


def test_sample_draws_as_the_released_data_was() -> None:
    rng = np.random.default_rng(0)
    drawn = [blocks.draw_block(128, rng) for _ in range(6000)]
    counts = Counter(len(block) for block in drawn)
    assert all(counts[n] / len(drawn) == pytest.approx(1 / 4, abs=0.02) for n in (1, 2, 3, 4))
    four = [[len(path["ops"]) for path in block] for block in drawn if len(block) == 4]
    assert max(map(sum, four)) == 16
    assert min(map(sum, four)) < 8  # below what the released code's own minimum allows
    # The first of four paths has 1 to 13 operations, each as likely as another.
    first = Counter(lengths[0] for lengths in four)
    assert sorted(first) == list(range(1, 14))
    assert all(n / len(four) == pytest.approx(1 / 13, abs=0.03) for n in first.values())
    free = [p for b in drawn for p in b if len(blocks.internal_channels(p["ops"], p["C_out"])) > 1]
    inside = Counter(p["C_internal"] / p["C_out"] for p in free)
    shares = {ratio: n / len(free) for ratio, n in inside.items()}
    assert shares == pytest.approx({0.5: 0.3, 1: 0.6, 2: 0.1}, abs=0.02)
    wide = Counter(tuple(p["C_out"] for p in b) for b in drawn if len(b) == 3)
    assert all(n / counts[3] == pytest.approx(1 / 3, abs=0.04) for n in wide.values())
    assert len(wide) == 3


def test_a_block_as_large_as_a_released_one_is_in_the_space() -> None:
    long = ".".join(["c3"] * 11)
    assert INCEPTION.normalise(f"2xc3:16-{long}:32:16-s3.c1:16-dw3:16_{REST}")


@pytest.mark.parametrize("block", ["c3:128", "c3.s3:64:128", "c3.p3:64-c5:32-dw3.avg3:32"])
def test_every_kind_of_change_happens(block: str) -> None:
    start = INCEPTION.normalise(f"2xc3:32_2xc3:64_2x{block}_2xc3:256")
    paths = start["stages"][2]["block"]["paths"]
    rng = np.random.default_rng(0)
    found = [blocks.change_block(paths, 128, rng) for _ in range(300)]
    assert {len(new) for new in found} == {len(paths) - 1, len(paths), len(paths) + 1} - {0}
    same_length = [new for new in found if len(new) == len(paths)]
    assert any([p["ops"] for p in new] != [p["ops"] for p in paths] for new in same_length)
    if "." in block:
        assert any(
            [p["ops"] for p in new] == [p["ops"] for p in paths]
            and [p["C_out"] for p in new] == [p["C_out"] for p in paths]
            for new in same_length
        )
    if len(paths) == 3:
        assert any([p["C_out"] for p in new] != [p["C_out"] for p in paths] for new in same_length)


@pytest.mark.parametrize(
    ("stage", "says"),
    [
        ("7xc3:32", "stage 0: n_blocks is one of 2, 3, 4, 5, 6, not 7"),
        ("c3:32", "a stage as in"),
        ("2xc3", "a stage as in"),
        ("2xc3:64", "C_out of its 1 paths is .32., not .64."),
        ("2xc3:16:32", "C_internal of c3 to 32 channels is one of 32, not 16"),
        ("2xc3.c3.c3.c3.c3:32", "1 paths have at most 4 operations together, not 5"),
        ("2xc1:32", "at least one of"),
        ("2xdw7:32", "unknown operation 'dw7'"),
        ("2xc3:8-c3:8-c3:8-c3:8-c3:8", "1 to 4 paths"),
    ],
)
def test_what_is_wrong_is_named(stage: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        INCEPTION.parse(f"{stage}_{REST}")


def test_stages_have_fixed_channels() -> None:
    spec = INCEPTION.normalise(INCEPTION.example)
    spec["stages"][1]["C_in"] = 16
    with pytest.raises(SpecError, match="stage 1: C_in is 32, not 16"):
        INCEPTION.normalise(spec)
