from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.spaces import space
from tests.spaces.reading import conv, nodes_of, sources, windows

PLAIN = "c3/2-c3/2"  # a path of two convolutions, 32 -> 64 -> 128
TWO_PATH = space("two_path")


def path_windows(path: str, **scale: object) -> list[tuple[object, ...]]:
    """Return what a first path adds, the second being `PLAIN`."""
    # Two convolutions come before the paths; PLAIN's two, the head's and the classifier after.
    return windows(TWO_PATH.build(f"{path}_{PLAIN}", **scale))[2:-4]


def test_size_counts_blocks_and_places_of_reductions() -> None:
    # One op: 8. Two: 8 * 8, or a supplementary one of 5 before or behind. Three: likewise.
    block = 8 + (8 * 8 + 2 * 5 * 8) + (8**3 + 3 * 5 * 8**2)
    path = 1 * block**2 + 3 * block**3 + 6 * block**4
    assert block == 1624
    assert TWO_PATH.size == path**2


def test_the_network_around_the_paths() -> None:
    assert windows(TWO_PATH.build(f"{PLAIN}_{PLAIN}")) == [
        conv(3, 32, 3),
        conv(32, 32, 3, 2),
        *[conv(32, 64, 3, 2), conv(64, 128, 3, 2)] * 2,
        conv(256, 512, 3),
        ("MatMul", 512, 10, (0, 0), (1, 1)),
    ]
    graph = TWO_PATH.build(f"{PLAIN}_{PLAIN}")
    assert graph.ops[1:4] == ["Conv", "BatchNorm", "ReLU6"]
    assert graph.column("bias").sum() == 1  # the classifier's


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("c5/2", [conv(32, 64, 5, 2)]),
        ("cc3/2", [conv(32, 32, 3, 2), conv(32, 64, 3)]),
        ("r2k3/2", [conv(32, 16, 3, 2), conv(16, 64, 3)]),
        ("r4k3/2", [conv(32, 8, 3, 2), conv(8, 64, 3)]),
        ("e2k3/2", [conv(32, 64, 3, 2), conv(64, 64, 3)]),
        ("s5/2", [conv(32, 64, (1, 5), 2), conv(64, 64, (5, 1))]),
        # Supplementary operations never reduce: the first convolution behind one does.
        ("c1.c3/2", [conv(32, 32, 1), conv(32, 64, 3, 2)]),
        ("r2k1.c3/2", [conv(32, 16), conv(16, 32), conv(32, 64, 3, 2)]),
        ("c3.e2k1/2", [conv(32, 64, 3, 2), conv(64, 128), conv(128, 64)]),
        ("max3.c3/2", [("Maxpool", 32, 32, (3, 3), (1, 1)), conv(32, 64, 3, 2)]),
        ("c3.r4k3.cc3/2", [conv(32, 64, 3, 2), conv(64, 16, 3), conv(16, 64, 3), conv(64, 64, 3),
                           conv(64, 64, 3)]),
    ],
)  # fmt: skip
def test_operations(block: str, expected: list[tuple[object, ...]]) -> None:
    assert path_windows(f"{block}-c3/2") == [*expected, conv(64, 128, 3, 2)]


def test_activations_of_operations() -> None:
    graph = TWO_PATH.build(f"r2k3/2-max3.s3/2_{PLAIN}")
    first = graph.ops[7:]  # behind Input and the stem's two times Conv, BatchNorm, ReLU6
    assert first[:4] == ["Conv", "BatchNorm"] * 2  # a bottleneck has none
    assert first[4:12] == ["Maxpool", "BatchNorm", *["Conv", "BatchNorm", "ReLU6"] * 2]


def test_a_block_that_does_not_reduce_is_residual() -> None:
    graph = TWO_PATH.build(f"c3-c3/2-c3.c3-c3/2_{PLAIN}")
    adds = nodes_of(graph, "Add")
    assert len(adds) == 2
    for add, length in zip(adds, (3, 6), strict=True):
        branch, shortcut = sources(graph, add)
        assert branch == add - 1
        assert shortcut == add - 1 - length


def test_depth_keeps_the_first_blocks_at_each_resolution() -> None:
    path = "c5-r2k3-cc3/2-c3/2"
    assert path_windows(path, depth=1) == path_windows("c5-cc3/2-c3/2")
    assert path_windows(path, depth=2) == path_windows(path)
    path = "c3/2-c3/2-c5-r2k3"
    assert path_windows(path, depth=1) == path_windows("c3/2-c3/2")
    assert path_windows(path, depth=2) == path_windows("c3/2-c3/2-c5")


def test_width_scales_channels_as_built_at_one() -> None:
    # 32, 64, 128 and the hidden 8 times .3 are 9.6, 19.2, 38.4 and 2.4.
    assert path_windows("r4k3/2-c3/2", width=0.3) == [
        conv(10, 2, 3, 2),
        conv(2, 19, 3),
        conv(19, 38, 3, 2),
    ]


def test_sample_draws_as_published() -> None:
    rng = np.random.default_rng(0)
    specs = [TWO_PATH.sample(rng) for _ in range(1500)]
    paths = [spec[name] for spec in specs for name in ("path1", "path2")]
    lengths = Counter(len(path) for path in paths)
    assert all(abs(lengths[n] / len(paths) - 1 / 3) < 0.03 for n in (2, 3, 4))
    blocks = [block["op_types"] for path in paths for block in path]
    assert all(
        abs(sum(len(b) == n for b in blocks) / len(blocks) - 1 / 3) < 0.03 for n in (1, 2, 3)
    )
    # Of two operations the second draw is supplementary in 5 of 13, and then in either place.
    pairs = Counter(tuple(b) for b in blocks if len(b) == 2)
    total = pairs.total()
    assert pairs["conv", "supp"] / total == pytest.approx(5 / 26, abs=0.025)
    assert pairs["supp", "conv"] / total == pytest.approx(5 / 26, abs=0.025)
    # Of three, no draw after the first is in (8/13)^2.
    threes = [b for b in blocks if len(b) == 3]
    assert sum("supp" not in b for b in threes) / len(threes) == pytest.approx(64 / 169, abs=0.03)
    four = Counter(tuple(s["path1_reduce_inds"]) for s in specs if len(s["path1"]) == 4)
    assert all(abs(n / four.total() - 1 / 6) < 0.06 for n in four.values())
    assert len(four) == 6


def test_short_forms_are_completed() -> None:
    block = {"op_names": ["conv3x3"]}
    spec = {"path1": [block] * 2, "path2": [block] * 3, "path1_reduce_inds": (1, 0),
            "path2_reduce_inds": [2, 0]}  # fmt: skip
    read = TWO_PATH.normalise(spec)
    assert TWO_PATH.format(read) == "c3/2-c3/2_c3/2-c3-c3/2"
    assert read["path1"][0] == {"op_names": ["conv3x3"], "op_types": ["conv"]}
    assert read["path1_reduce_inds"] == [0, 1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("c3/2-c3/2", "two paths"),
        ("c3/2-c3/2_c3/2-c3", "path2_reduce_inds are the 2 positions"),
        ("c3/2-c3/2_c3/2-c3/2-c3/2", "path2_reduce_inds"),
        ("c3/2_c3/2-c3/2", "path1 has 2 to 4 blocks"),
        ("c3/2-c1/2_c3/2-c3/2", "path1, block 1: a path has at least one of"),
        ("c3/2-c1.c3.c1/2_c3/2-c3/2", "at most one of"),
        ("c3.c3.c3.c3/2-c3/2_c3/2-c3/2", "at most 3 operations, not 4"),
        ("conv3x4/2-c3/2_c3/2-c3/2", "did you mean conv3x3"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        TWO_PATH.parse(text)


def test_types_that_do_not_fit_are_refused() -> None:
    spec = TWO_PATH.normalise(f"{PLAIN}_{PLAIN}")
    spec["path2"][1]["op_types"] = ["supp"]
    with pytest.raises(SpecError, match=r"path2, block 1.*types"):
        TWO_PATH.normalise(spec)
