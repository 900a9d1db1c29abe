"""Two-Path: two chains of small blocks from one stem, concatenated (GENNAPE, section 4).

The graph follows the authors' TensorFlow builder, whose bottlenecks have no activation; the
networks that were trained have a ReLU6 after each of their two convolutions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.spaces._paths import Layers, Op, avg_pool, max_pool, plain_conv
from nape_bench.spaces._two_path_spec import (
    PATHS,
    WORDS,
    change_path,
    count_specs,
    draw_path,
    paths_of,
    read_paths,
    to_spec,
    to_text,
)
from nape_bench.spaces.base import Space, Spec
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.spaces._two_path_spec import Path

STEM_CHANNELS = 32
HEAD_CHANNELS = 512


def _double(k: Layers, x: int, c_in: int, c: int, s: int) -> int:
    return k.conv_relu6(k.conv_relu6(x, c_in, 3, s), c, 3)


def _bottleneck(kernel: int, *, shrink: int = 1, grow: int = 1) -> Op:
    def op(k: Layers, x: int, c_in: int, c: int, s: int) -> int:
        return k.conv(k.conv(x, max(1, c_in * grow // shrink), kernel, s), c, kernel)

    return op


def _split(kernel: int) -> Op:
    def op(k: Layers, x: int, c_in: int, c: int, s: int) -> int:  # noqa: ARG001
        return k.conv_relu6(k.conv_relu6(x, c, (1, kernel), s), c, (kernel, 1))

    return op


OPS: dict[str, Op] = {
    "conv3x3": plain_conv(3),
    "double3x3": _double,
    "conv5x5": plain_conv(5),
    "bottleneck-r2-k3": _bottleneck(3, shrink=2),
    "bottleneck-r4-k3": _bottleneck(3, shrink=4),
    "bottleneck-e2-k3": _bottleneck(3, grow=2),
    "inception_s3x3": _split(3),
    "inception_s5x5": _split(5),
    "conv1x1": plain_conv(1),
    "bottleneck-r2-k1": _bottleneck(1, shrink=2),
    "bottleneck-e2-k1": _bottleneck(1, grow=2),
    "avgpool3x3": avg_pool,
    "maxpool3x3": max_pool,
}


@register
class TwoPath(Space):
    """Two-Path: two paths of 2 to 4 blocks of 1 to 3 operations; two blocks a path reduce.

    A specification has the blocks of each path, `{"op_names": [...], "op_types": [...]}`, and the
    positions of the blocks that halve resolution and double channels:
    `{"path1": [...], "path2": [...], "path1_reduce_inds": [0, 1], "path2_reduce_inds": [0, 2]}`.
    As text, "/2" marks those: "r2k3.s5/2-c3-c5/2_c3/2-max3.c5/2".

    With `depth`, a path keeps the first `depth` blocks at each resolution (before the first
    reduction, from it on, and from the second one on), so that both reductions remain.
    """

    name = "two_path"
    title = "Two-Path"
    source = "Mills et al., GENNAPE, AAAI 2023, section 4"
    size = count_specs()
    example = "r2k3.s5/2-c3-c5/2_c3/2-max3.c5/2"

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw both paths as the authors do: all lengths and the reductions uniformly.

        A block's operations are drawn by `Vocabulary.draw` (conv to supplementary 8 to 5).
        """
        return to_spec([draw_path(rng) for _ in PATHS])

    def normalise(self, value: Any) -> Spec:
        """Return the dictionary form; `format`'s text is read as well.

        Types may be left out and operations given by their short names.
        """
        return to_spec(read_paths(value))

    def format(self, spec: Spec) -> str:
        """Return blocks joined by "-" and the paths by "_", "/2" behind a block that reduces."""
        return to_text(read_paths(spec))

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Change one operation, which block reduces, or the number of blocks, in one path."""
        paths = read_paths(spec)
        at = int(rng.integers(len(paths)))
        paths[at] = change_path(paths[at], rng)
        return to_spec(paths)

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        k = Layers(GraphBuilder(resolution), lambda c: scale(c, width), bias=False)
        stem = k.conv_relu6(k.b.input, STEM_CHANNELS, 3)
        stem = k.conv_relu6(stem, STEM_CHANNELS, 3, 2)
        ends = [_add_path(k, stem, path, depth) for path in paths_of(spec)]
        x = k.conv_relu6(k.b.concat(*ends), HEAD_CHANNELS, 3)
        return k.b.finish(k.b.dense(k.b.mean(x), num_classes))


def _add_path(k: Layers, x: int, path: Path, depth: int | None) -> int:
    """Add a path, of which the first `depth` blocks at each resolution are kept."""
    c, run = STEM_CHANNELS, 0
    for ops, reduces in path:
        run = 1 if reduces else run + 1
        if depth is None or run <= depth:
            x = _add_block(k, x, ops, c, reduces=reduces)
        c = 2 * c if reduces else c
    return x


def _add_block(k: Layers, x: int, ops: list[str], c: int, *, reduces: bool) -> int:
    """Add a block; its first `conv` operation reduces, and one that does not is residual."""
    shortcut = x
    stride, c_out = (2, 2 * c) if reduces else (1, c)
    for name in ops:
        if name in WORDS.conv:
            x = OPS[name](k, x, c, c_out, stride)
            c, stride = c_out, 1
        else:
            x = OPS[name](k, x, c, c, 1)
    return x if reduces else k.b.add(x, shortcut)
