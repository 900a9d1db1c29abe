"""TransNAS-Bench-101, cell space: a cell of four nodes, ten times (Duan et al., CVPR 2021).

The graph follows the published code: five modules of two cells, of which the first, third and
fifth double the channels and halve the resolution. In the first cell of these, the operations on
the cell's input take both; a skip there is ReLU, a factorised reduction (two 1x1 convolutions of
stride 2, the second over the pixels that the first leaves out) and BatchNorm.

As in the graphs of NAS-Bench-201, which are this package's model where the published code computes
with zeros: an edge of 0 is no edge, a node that no input is left to adds nothing to what reads it,
and operations that are then on no path are dropped. Where the cell's own output has nothing left
to add, a Zero node reads its input, behind a subsampling, and joined with itself, where the cell
changes shape. The inputs of a node are one sum, as in that code. Padding is, as in all graphs
here, what the sizes ask for, where that code pads both sides of a convolution of stride 2 alike.
"""

from __future__ import annotations

import itertools
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.errors import SpecError
from nape_bench.spaces._transnas import (
    BASE_CHANNELS,
    NUM_CLASSES,
    RESOLUTION,
    build_network,
    relu_conv_norm,
)
from nape_bench.spaces.base import Space, Spec, read_literal
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np

    from nape_bench.graph import ArchGraph, GraphBuilder

MODULES = "41414"
NONE, SKIP, CONV1, CONV3 = OPS = ("0", "1", "2", "3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""The (source, target) of each digit of a cell, in the order of the text."""
OUTPUT = 3
KERNELS = {CONV1: 1, CONV3: 3}

_TEXT = re.compile(rf"{BASE_CHANNELS}-{MODULES}-([0-3])_([0-3])([0-3])_([0-3])([0-3])([0-3])")


class _Step(NamedTuple):
    """One node of the cell: the sum of (operation, source node) terms."""

    target: int
    terms: tuple[tuple[str, int], ...]


@register
class TransNASMicro(Space):
    """TransNAS-Bench-101, cells: a specification is its string, "64-41414-1_02_333".

    The digits are the operations on edges 0-1, 0-2, 1-2, 0-3, 1-3 and 2-3: 0 none, 1 skip, 2 a
    1x1 convolution, 3 a 3x3 one.

    The default build is the backbone at 256 pixels with the head of object classification. With
    `depth`, a module has that many cells; `width` scales the stem, of which all other channels
    are doublings.
    """

    name = "transnas_micro"
    title = "TransNAS-Bench-101 (cells)"
    source = "Duan et al., TransNAS-Bench-101, CVPR 2021"
    size = len(OPS) ** len(EDGES)
    example = "64-41414-1_02_333"
    resolution = RESOLUTION
    num_classes = NUM_CLASSES

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw uniformly from all 4,096 cells, those without a path through them included."""
        return _text([OPS[i] for i in rng.integers(len(OPS), size=len(EDGES))])

    def normalise(self, value: Any) -> Spec:
        """Return the benchmark's string."""
        return _text(self._digits(value))

    def format(self, spec: Spec) -> str:
        """Return the benchmark's string, "64-41414-a_bc_def"."""
        return str(self.normalise(spec))

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Put another operation on one edge."""
        digits = self._digits(spec)
        edge = int(rng.integers(len(EDGES)))
        others = [op for op in OPS if op != digits[edge]]
        digits[edge] = others[int(rng.integers(len(others)))]
        return _text(digits)

    def enumerate(self) -> Iterator[Spec]:
        """Go through all 4,096 cells, the last edge's operation changing fastest."""
        for digits in itertools.product(OPS, repeat=len(EDGES)):
            yield _text(digits)

    def subsets(self) -> Mapping[str, Callable[[Spec], bool]]:
        """Return "connected": the 3,927 cells whose output depends on their input."""
        return {"connected": lambda spec: bool(_live_steps(self._digits(spec)))}

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        return build_network(
            MODULES,
            partial(_add_cell, steps=_live_steps(self._digits(spec))),
            width=width,
            depth=depth,
            resolution=resolution,
            num_classes=num_classes,
        )

    def _digits(self, value: Any) -> list[str]:
        """Read the six operations."""
        text = read_literal(value) if isinstance(value, str) else value
        match = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise SpecError(
                f'transnas_micro: "{BASE_CHANNELS}-{MODULES}-a_bc_def" with digits 0 to 3 '
                f'expected, as in "{self.example}", not {value!r}'
            )
        return list(match.groups())


def _text(digits: Sequence[str]) -> str:
    a, b, c, d, e, f = digits
    return f"{BASE_CHANNELS}-{MODULES}-{a}_{b}{c}_{d}{e}{f}"


def _live_steps(digits: Sequence[str]) -> list[_Step]:
    """Return what is left of the cell: operations on a path from its input to its output."""
    fed = {0}
    for op, (source, target) in zip(digits, EDGES, strict=True):
        if op != NONE and source in fed:
            fed.add(target)
    steps: list[_Step] = []
    read = {OUTPUT}
    for node in range(OUTPUT, 0, -1):
        terms = tuple(
            (op, source)
            for op, (source, target) in zip(digits, EDGES, strict=True)
            if target == node and op != NONE and source in fed
        )
        if node in read and terms:
            read.update(source for _, source in terms)
            steps.insert(0, _Step(node, terms))
    return steps


def _add_cell(b: GraphBuilder, x: int, c: int, stride: int, *, steps: Sequence[_Step]) -> int:
    """Add what is left of a cell, or a Zero of its output's shape where nothing is."""
    if not steps:
        zero = b.zero(x if stride == 1 else b.max_pool(x, 1, stride))
        return zero if b.channels(x) == c else b.concat(zero, zero)
    values = {0: x}
    for target, terms in steps:
        parts = [
            _add_operation(b, op, values[source], c, 1 if source else stride)
            for op, source in terms
        ]
        values[target] = b.add(*parts) if len(parts) > 1 else parts[0]
    return values[OUTPUT]


def _add_operation(b: GraphBuilder, op: str, x: int, c: int, stride: int) -> int:
    if op != SKIP:
        return relu_conv_norm(b, x, c, KERNELS[op], stride)
    return x if stride == 1 else _factorised_reduction(b, x, c)


def _factorised_reduction(b: GraphBuilder, x: int, c: int) -> int:
    """Add two 1x1 convolutions of stride 2 side by side, the second a pixel further on.

    The second reads without the first row and column. Of an odd number of rows or columns that
    would leave it one pixel short of the first, so there it reads all of them.
    """
    x = b.relu(x)
    h, w, channels = b.shape(x)
    read = (h - (h % 2 == 0), w - (w % 2 == 0), channels)
    return b.batch_norm(b.concat(b.conv(x, c // 2, 1, 2), b.conv(x, c // 2, 1, 2, read=read)))
