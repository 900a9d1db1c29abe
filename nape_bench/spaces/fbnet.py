"""FBNet: 22 layers, each one of nine blocks (Wu et al., FBNet, CVPR 2019, tables 1 and 2).

The network is the one that HW-NAS-Bench (Li et al., ICLR 2021) measured and HELP (Lee et al.,
NeurIPS 2021) and Multi-Predict took over, for CIFAR-100 at 32 pixels: against the paper's ImageNet
network the stem and the second stage have stride 1 and the head has 1,504 channels, not 1,984.
From that code are also what the paper's tables leave open:

- the blocks of expansion 1 keep their first 1x1 convolution;
- a `skip` that changes shape is a 1x1 convolution, BatchNorm and ReLU, any other is no node;
- the input is added to a block's output where it has its shape, and no ReLU follows.

Parameters are the published ones of all 5,000 networks that HELP measured.

Two things are this package's. The two `g2` blocks shuffle channels behind their first convolution,
for which graphs have no operation: there is no node. It stands in each such block and in no other,
so graphs tell as much without it, but a `g2` block that is trained from its graph keeps the halves
of its channels apart. And padding is, as in all graphs here, what the sizes ask for, where that
code pads both sides of a convolution of stride 2 alike.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.registry import unknown_name
from nape_bench.spaces._mbconv import add_mbconv
from nape_bench.spaces.base import Space, Spec, read_literal
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    import numpy as np

STEM_CHANNELS = 16
STAGE_LAYERS = (1, 4, 4, 4, 4, 4, 1)
STAGE_CHANNELS = (16, 24, 32, 64, 112, 184, 352)
STAGE_STRIDES = (1, 1, 2, 2, 1, 2, 1)
HEAD_CHANNELS = 1504
LAYERS = sum(STAGE_LAYERS)
SKIP = "skip"


class _Block(NamedTuple):
    """Kernel size of the depthwise convolution, expansion, groups of the 1x1 convolutions."""

    kernel: int
    expansion: int
    groups: int = 1


BLOCKS = {
    "k3_e1": _Block(3, 1),
    "k3_e1_g2": _Block(3, 1, 2),
    "k3_e3": _Block(3, 3),
    "k3_e6": _Block(3, 6),
    "k5_e1": _Block(5, 1),
    "k5_e1_g2": _Block(5, 1, 2),
    "k5_e3": _Block(5, 3),
    "k5_e6": _Block(5, 6),
}
OPS = (*BLOCKS, SKIP)
"""The choices of a layer; publications write the position."""

_INDICES = re.compile(r"\s*\d(_\d)*\s*")


@register
class FBNet(Space):
    """FBNet on CIFAR-100: a specification is 22 operations, `["k5_e6", "skip", ...]`.

    A `skip` that changes no shape leaves nothing behind, so that specifications which have the
    other blocks of a stage in the same order may be one graph.

    With `depth`, each stage keeps its first `depth` layers.
    """

    name = "fbnet"
    title = "FBNet"
    source = "Wu et al., FBNet, CVPR 2019, tables 1 and 2; Li et al., HW-NAS-Bench, ICLR 2021"
    size = len(OPS) ** LAYERS
    example = "7_8_1_8_4_8_8_8_7_4_1_4_7_3_2_7_3_2_4_2_4_5"
    num_classes = 100

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw the operation of each layer uniformly."""
        return [OPS[i] for i in rng.integers(len(OPS), size=LAYERS)]

    def normalise(self, value: Any) -> Spec:
        """Return the 22 operations by name.

        Also read are their positions in `OPS`, as a list or as "7_8_1_...", and a dictionary of
        HELP's columns, `op_idx`, `ops` or both.

        Raises:
            SpecError: It is none of these, an operation is unknown, or the two differ.
        """
        if not isinstance(value, dict):
            return _operations(value)
        forms = [value[key] for key in ("ops", "op_idx") if value.get(key) is not None]
        if not forms or set(value) - {"ops", "op_idx"}:
            raise SpecError(f"fbnet: a specification has ops or op_idx, not {value!r}")
        read = [_operations(form) for form in forms]
        if read[0] != read[-1]:
            raise SpecError(f"fbnet: ops and op_idx are different networks in {value!r}")
        return read[0]

    def parse(self, text: str) -> Spec:
        """Read `format`'s text, or a JSON or Python list of names or positions."""
        return self.normalise(_literal(text))

    def format(self, spec: Spec) -> str:
        """Return the positions in `OPS`, as in "7_8_1_8_4_8_8_8_7_4_1_4_7_3_2_7_3_2_4_2_4_5"."""
        return "_".join([str(OPS.index(op)) for op in self.normalise(spec)])

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Put another operation into one layer."""
        ops = self.normalise(spec)
        layer = int(rng.integers(LAYERS))
        others = [op for op in OPS if op != ops[layer]]
        ops[layer] = others[int(rng.integers(len(others)))]
        return ops

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        b = GraphBuilder(resolution)
        x = _conv_relu(b, b.input, _even(STEM_CHANNELS, width), 3)
        c_in, start = STEM_CHANNELS, 0
        for layers, c, first in zip(STAGE_LAYERS, STAGE_CHANNELS, STAGE_STRIDES, strict=True):
            for i, op in enumerate(spec[start : start + layers][:depth]):
                stride = 1 if i else first
                # Not the built channels, which small widths may make alike.
                keeps_shape = stride == 1 and c_in == c
                x = _add_layer(b, x, op, _even(c, width), stride, keeps_shape=keeps_shape)
                c_in = c
            start += layers
        x = _conv_relu(b, x, scale(HEAD_CHANNELS, width), 1)
        return b.finish(b.dense(b.mean(x), num_classes))


def _add_layer(b: GraphBuilder, x: int, op: str, c: int, stride: int, *, keeps_shape: bool) -> int:
    """Add a layer of `c` output channels; `keeps_shape` is whether they are also its input's."""
    if op == SKIP:
        return x if keeps_shape else _conv_relu(b, x, c, 1, stride)
    block = BLOCKS[op]
    return add_mbconv(
        b,
        x,
        hidden=block.expansion * b.channels(x),
        c_out=c,
        kernel=block.kernel,
        stride=stride,
        activate=b.relu,
        groups=block.groups,
        residual=keeps_shape,
    )


def _conv_relu(b: GraphBuilder, x: int, c: int, kernel: int, stride: int = 1) -> int:
    return b.relu(b.batch_norm(b.conv(x, c, kernel, stride)))


def _even(channels: int, width: float) -> int:
    """Return `channels` times `width`, an even number: any layer may have two groups."""
    return 2 * scale(channels // 2, width)


def _literal(text: str) -> Any:
    """Read text; Python would take "7_8_1" for the number 781."""
    return text.strip().split("_") if _INDICES.fullmatch(text) else read_literal(text)


def _operations(form: Any) -> list[str]:
    """Read the operations from names or positions, listed or as text."""
    listed = _literal(form) if isinstance(form, str) else form
    if not isinstance(listed, (list, tuple)) or len(listed) != LAYERS:
        raise SpecError(
            f"fbnet: {LAYERS} operations expected, by name or by position as in "
            f'"{FBNet.example}", not {form!r}'
        )
    known = {**{str(i): op for i, op in enumerate(OPS)}, **{op: op for op in OPS}}
    for op in listed:
        if isinstance(op, bool) or str(op) not in known:
            raise SpecError(f"fbnet: {unknown_name('operation', str(op), known)}")
    return [known[str(op)] for op in listed]
