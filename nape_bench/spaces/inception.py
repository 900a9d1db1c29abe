"""Inception: four stages of one repeated block of 1 to 4 parallel paths (GENNAPE, section 4).

The graph follows the authors' TensorFlow builder. InceptionP ends in one ReLU6 behind its Concat
there; in the networks that were trained it has one a branch as well, which changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.spaces._inception_blocks import UNIT, change_block, count_blocks, draw_block, ends
from nape_bench.spaces._inception_spec import REPEATS, STAGES, make_spec, read_spec, write_spec
from nape_bench.spaces._paths import Layers, Op, avg_pool, max_pool, plain_conv
from nape_bench.spaces.base import Space, Spec
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    import numpy as np

STEM_CHANNELS = 32
HEAD_CHANNELS = 512


def _double(k: Layers, x: int, c_in: int, c: int, s: int) -> int:  # noqa: ARG001
    return k.conv_relu6(k.conv_relu6(x, c, 1), c, 1, s)


def _split(kernel: int) -> Op:
    def op(k: Layers, x: int, c_in: int, c: int, s: int) -> int:  # noqa: ARG001
        return k.conv_relu6(k.conv_relu6(x, c, (1, kernel), (1, s)), c, (kernel, 1), (s, 1))

    return op


def _parallel(kernel: int) -> Op:
    """Half the channels through 1 x k, half through k x 1; at stride 2 each through both."""

    def op(k: Layers, x: int, c_in: int, c: int, s: int) -> int:  # noqa: ARG001
        c = k.scaled(c)  # before it is halved, so that the halves make it up again
        left = _strip(k, x, c // 2, kernel, s, flat=True)
        right = _strip(k, x, c - c // 2, kernel, s, flat=False)
        if s != 1:
            left = _strip(k, left, c // 2, kernel, s, flat=False)
            right = _strip(k, right, c - c // 2, kernel, s, flat=True)
        return k.b.relu6(k.b.concat(left, right))

    return op


def _strip(k: Layers, x: int, c: int, kernel: int, s: int, *, flat: bool) -> int:
    """1 x k or k x 1 convolution to `c` channels as built, its stride along k, BatchNorm."""
    size, stride = ((1, kernel), (1, s)) if flat else ((kernel, 1), (s, 1))
    return k.b.batch_norm(k.b.conv(x, c, size, stride, bias=k.bias))


def _depthwise(kernel: int) -> Op:
    """Depthwise convolution, behind a bare 1 x 1 one where the number of channels changes."""

    def op(k: Layers, x: int, c_in: int, c: int, s: int) -> int:
        if c_in != c:
            x = k.b.conv(x, k.scaled(c))
        return k.b.relu6(k.b.batch_norm(k.b.depthwise(x, kernel, s, bias=k.bias)))

    return op


OPS: dict[str, Op] = {
    "conv3x3": plain_conv(3),
    "inception_s3x3": _split(3),
    "inception_p3x3": _parallel(3),
    "depthwise3x3": _depthwise(3),
    "conv5x5": plain_conv(5),
    "depthwise5x5": _depthwise(5),
    "inception_s5x5": _split(5),
    "inception_p5x5": _parallel(5),
    "conv1x1": plain_conv(1),
    "avgpool3x3": avg_pool,
    "maxpool3x3": max_pool,
    "double1x1": _double,
}


def _size() -> int:
    total = 1
    for _, c, _ in STAGES:
        total *= len(REPEATS) * count_blocks(c)
    return total


@register
class Inception(Space):
    """Inception: a block of 1 to 4 paths for each of four stages, repeated 2 to 6 times.

    A specification is the authors' configuration: `{"stages": [{"block": {"paths": [{"ops": [...],
    "op_types": [...], "C_internal": 16, "C_out": 16}, ...]}, "n_blocks": 5, "C_in": 32, "C_out":
    32, "stride": 1}, ...]}`. As text, a path is its operations and channels, those inside first
    where they differ: "2xc3.s5:64:32-max3.p3:32" is a stage of two paths, repeated twice.

    `width` scales in steps of a sixteenth and to an eighth at least, so that halves and shares of
    channels still add up and the scaled network has the same layers.
    """

    name = "inception"
    title = "Inception"
    source = "Mills et al., GENNAPE, AAAI 2023, section 4"
    size = _size()
    example = "2xc3.s5:16-max3.p3:16_3xdw5.c1:32:64_2xp5:64-c1.s3:128:64_2xc3:256"

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw as the released data set was drawn: repeats uniformly, blocks by `draw_block`.

        Its caps on the operations of a block are `MOST_OPS`, with one operation a path or more.
        """
        repeats = rng.choice(REPEATS, size=len(STAGES)).tolist()
        blocks = [draw_block(c, rng) for _, c, _ in STAGES]
        return make_spec(repeats, blocks)

    def normalise(self, value: Any) -> Spec:
        """Return the authors' configuration; `format`'s text is read as well.

        Types, and the channels and strides of stages, may be left out.
        """
        return read_spec(value)

    def format(self, spec: Spec) -> str:
        """Return the stages joined by "_": repeats, "x", and the paths joined by "-"."""
        return write_spec(self.normalise(spec))

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Change the repeats of one stage or, four times out of five, its block."""
        spec = self.normalise(spec)
        stage = spec["stages"][rng.integers(len(STAGES))]
        if rng.integers(5) == 0:
            others = [n for n in REPEATS if n != stage["n_blocks"]]
            stage["n_blocks"] = others[rng.integers(len(others))]
        else:
            stage["block"]["paths"] = change_block(stage["block"]["paths"], stage["C_out"], rng)
        return spec

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        unit = max(2, scale(UNIT, width))
        k = Layers(GraphBuilder(resolution), lambda c: c // UNIT * unit, bias=True)
        x = k.conv_relu6(k.b.input, STEM_CHANNELS, 3)
        for stage in spec["stages"]:
            paths = [_steps(path) for path in stage["block"]["paths"]]
            c_in, c_out, stride = stage["C_in"], stage["C_out"], stage["stride"]
            for _ in range(depth or stage["n_blocks"]):
                x = _add_block(k, x, paths, c_in, c_out, stride)
                c_in, stride = c_out, 1
        x = k.conv_relu6(x, HEAD_CHANNELS, 3)
        return k.b.finish(k.b.dense(k.b.mean(x), num_classes))


def _steps(path: dict[str, Any]) -> list[tuple[Op, int | None, bool]]:
    """Return (operation, channels out if it may change them, whether strided) along a path.

    The first operation that can change channels goes to those inside, the last one to those of
    the path; the first convolution takes the stride.
    """
    ops = path["ops"]
    first, last = ends(ops)
    strided = path["op_types"].index("conv")
    channels = {last: path["C_out"], first: path["C_internal"]}
    return [(OPS[name], channels.get(i), i == strided) for i, name in enumerate(ops)]


def _add_block(
    k: Layers,
    x: int,
    paths: list[list[tuple[Op, int | None, bool]]],
    c_in: int,
    c_out: int,
    stride: int,
) -> int:
    shortcut, results, total = x, [], 0
    for steps in paths:
        x, c = shortcut, c_in
        for op, to, strided in steps:
            before, c = c, c if to is None else to
            x = op(k, x, before, c, stride if strided else 1)
        results.append(x)
        total += c
    x = k.b.concat(*results) if len(results) > 1 else results[0]
    if total != c_out:
        x = k.conv(x, c_out, 1)
    return k.b.add(x, shortcut) if stride == 1 and c_in == c_out else x
