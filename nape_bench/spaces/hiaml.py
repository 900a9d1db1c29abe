"""HiAML: four stages of two blocks each, the block of a stage one of 14 (GENNAPE, section 4).

The graph follows the authors' TensorFlow builder, which ends every convolution of a block in
ReLU where the networks that were trained have ReLU6 (only the split convolutions have it in both).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.registry import unknown_name
from nape_bench.spaces.base import Space, Spec
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

STAGES = 4
REPEATS = 2
STAGE_CHANNELS = (64, 128, 128, 256)
STAGE_STRIDES = (1, 2, 1, 2)
PREFIX = "hiaml_"


class _Block:
    """The operations that blocks are made of, at one place in the network.

    Args:
        b: The builder.
        x: The node that the block reads.
        c: Channels that the block puts out.
        s: Its stride, taken by the first operations that read x.
    """

    def __init__(self, b: GraphBuilder, x: int, c: int, s: int) -> None:
        self.b, self.x, self.c, self.s = b, x, c, s

    def conv(self, x: int, kernel: int, c: int | None = None, stride: int = 1) -> int:
        """Convolution, BatchNorm."""
        return self.b.batch_norm(self.b.conv(x, c or self.c, kernel, stride))

    def conv_relu(self, x: int, kernel: int, c: int | None = None, stride: int = 1) -> int:
        """Convolution, BatchNorm, ReLU."""
        return self.b.relu(self.conv(x, kernel, c, stride))

    def split(self, x: int, stride: int = 1) -> int:
        """1x3 and 3x1 convolution, each with BatchNorm and ReLU6; the first takes the stride."""
        b = self.b
        x = b.relu6(b.batch_norm(b.conv(x, self.c, (1, 3), stride)))
        return b.relu6(b.batch_norm(b.conv(x, self.c, (3, 1))))

    def project(self) -> int:
        """1x1 convolution and BatchNorm where the block changes shape, else the input itself."""
        if self.s == 1 and self.b.channels(self.x) == self.c:
            return self.x
        return self.conv(self.x, 1, stride=self.s)


def _z(k: _Block) -> int:
    a = k.conv_relu(k.x, 3, stride=k.s)
    return k.b.add(a, k.split(a))


def _a22(k: _Block) -> int:
    a = k.conv_relu(k.x, 3, stride=k.s)
    return k.b.add(a, k.conv(k.conv_relu(a, 1), 1))


def _b23(k: _Block) -> int:
    return k.b.add(k.project(), k.split(k.split(k.x, k.s)))


def _j30(k: _Block) -> int:
    return k.b.add(k.project(), k.split(k.conv_relu(k.x, 3, stride=k.s)))


def _g30(k: _Block) -> int:
    a = k.split(k.x, k.s)
    return k.b.add(a, k.conv(k.split(k.b.add(k.project(), a)), 1))


def _r30(k: _Block) -> int:
    a = k.split(k.x, k.s)
    both = k.b.add(k.project(), a)
    return k.b.add(k.b.add(k.project(), k.conv(both, 1)), k.split(a))


def _l20(k: _Block) -> int:
    return k.conv(k.conv_relu(k.x, 3, stride=k.s), 1)


def _t20(k: _Block) -> int:
    return k.b.add(k.conv(k.x, 1, stride=k.s), k.split(k.x, k.s))


def _t31(k: _Block) -> int:
    a = k.split(k.x, k.s)
    c = k.conv_relu(a, 1)
    both = k.b.add(k.project(), c)
    return k.b.add(k.b.add(k.project(), c), k.split(both))


def _src0(k: _Block) -> int:
    a = k.conv_relu(k.x, 1, stride=k.s)
    return k.b.add(a, k.conv(k.conv_relu(a, 3), 3))


def _src1(k: _Block) -> int:
    a = k.conv_relu(k.x, 1, stride=k.s)
    inner = k.conv_relu(k.x, 3, k.b.channels(k.x))
    return k.b.add(a, k.conv(inner, 3, stride=k.s))


def _src3(k: _Block) -> int:
    a = k.conv(k.x, 1, stride=k.s)
    inner = k.conv_relu(k.x, 1, k.b.channels(k.x))
    return k.b.add(a, k.conv(k.conv_relu(inner, 3, stride=k.s), 1))


def _src7(k: _Block) -> int:
    a = k.conv(k.x, 1, stride=k.s)
    return k.b.add(a, k.split(k.split(a)))


def _src8(k: _Block) -> int:
    a = k.conv(k.x, 1, stride=k.s)
    return k.b.add(a, k.conv(k.split(a), 1))


BLOCKS: dict[str, Callable[[_Block], int]] = {
    "z": _z, "a22": _a22, "b23": _b23, "j30": _j30, "g30": _g30, "r30": _r30, "l20": _l20,
    "t20": _t20, "t31": _t31, "src0": _src0, "src1": _src1, "src3": _src3, "src7": _src7,
    "src8": _src8,
}  # fmt: skip
"""What each of the 14 blocks computes, before the ReLU that ends all of them."""


@register
class HiAML(Space):
    """HiAML: a specification is four block names, `["hiaml_z", "hiaml_t31", ...]`."""

    name = "hiaml"
    title = "HiAML"
    source = "Mills et al., GENNAPE, AAAI 2023, section 4"
    size = len(BLOCKS) ** STAGES
    example = ("hiaml_t20", "hiaml_src8", "hiaml_t31", "hiaml_src8")

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw four blocks uniformly with replacement."""
        names = list(BLOCKS)
        return [PREFIX + names[i] for i in rng.integers(len(names), size=STAGES)]

    def normalise(self, value: Any) -> Spec:
        """Return four block names with their prefix; "t20-src8-t31-src8" is read as well."""
        names = value.replace(",", "-").split("-") if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or len(names) != STAGES:
            raise SpecError(f"hiaml: {STAGES} block names expected, a stage each, not {value!r}")
        short = [str(name).strip().removeprefix(PREFIX) for name in names]
        for name in short:
            if name not in BLOCKS:
                raise SpecError(f"hiaml: {unknown_name('block', name, BLOCKS)}")
        return [PREFIX + name for name in short]

    def format(self, spec: Spec) -> str:
        """Return the block names without prefix, as in "t20-src8-t31-src8"."""
        return "-".join(name.removeprefix(PREFIX) for name in self.normalise(spec))

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Put another block into one stage."""
        names = self.normalise(spec)
        stage = int(rng.integers(STAGES))
        others = [PREFIX + name for name in BLOCKS if PREFIX + name != names[stage]]
        names[stage] = others[int(rng.integers(len(others)))]
        return names

    def enumerate(self) -> Iterator[Spec]:
        """Go through all 38,416 architectures."""
        for names in itertools.product(BLOCKS, repeat=STAGES):
            yield [PREFIX + name for name in names]

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        b = GraphBuilder(resolution)
        x = b.conv(b.input, scale(STAGE_CHANNELS[0], width), 3, 2)
        x = b.relu(b.batch_norm(x))
        for name, channels, stride in zip(spec, STAGE_CHANNELS, STAGE_STRIDES, strict=True):
            block = BLOCKS[name.removeprefix(PREFIX)]
            for repeat in range(depth or REPEATS):
                first = repeat == 0
                x = b.relu(block(_Block(b, x, scale(channels, width), stride if first else 1)))
        return b.finish(b.dense(b.mean(x), num_classes))
