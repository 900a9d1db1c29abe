"""NAS-Bench-301: the DARTS space of normal and reduction cells (Zela et al., ICLR 2022).

The graph is GENNAPE's: 20 cells, the 7th and 14th of them reductions, 48, 96 and 192 channels in
a cell, two stems side by side, no ReLU between the halves of a separable convolution, a 1x1
convolution without bias for a classifier. The networks that were trained for the benchmark differ:
one stem, fewer cells, a second ReLU, a dense classifier with bias.

Beyond the benchmark's seven operations, `none` and `sep_conv_7x7` are read. An edge of `none` is
no edge; a state that nothing is left to add to adds nothing to what reads it, and what is then on
no path is dropped. Where the cell's output takes in such a state, a Zero node stands for it; it
reads the preprocessed output of the previous cell, every other pixel of it in a reduction cell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.spaces._genotype import (
    CONCAT,
    INPUTS,
    NONE,
    OPS,
    PAIRS,
    STATES,
    from_text,
    normal_form,
    to_text,
)
from nape_bench.spaces.base import Space, Spec
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

CELLS = 6
CHANNELS = (48, 96, 192)
KERNELS = {"sep_conv_3x3": 3, "sep_conv_5x5": 5, "sep_conv_7x7": 7, "dil_conv_3x3": 3,
           "dil_conv_5x5": 5}  # fmt: skip


class _Step(NamedTuple):
    """One state of a cell: the sum of (operation, state that it reads) terms."""

    state: int
    terms: tuple[tuple[str, int], ...]


class _Cell(NamedTuple):
    """What is left of a cell.

    Attributes:
        steps: States that are on a path to its output, in order.
        output: The states that are its output; -1 where nothing is left to add to one.
        reads: Whether it reads the second last and the last of the previous outputs.
    """

    steps: tuple[_Step, ...]
    output: tuple[int, ...]
    reads: tuple[bool, bool]


@register
class NB301(Space):
    """NAS-Bench-301: `{"normal": [[op, input], ...], "reduce": [...], "concat": [2, 3, 4, 5]}`.

    Eight (operation, input) pairs a cell, two for each of the states 2 to 5; inputs 0 and 1 are
    the second last and the last cell. The last `len(concat)` states are the cell's output,
    whichever indices it names, as in the authors' graphs. Where the reduction cell's concat is
    another, it is `reduce_concat`.

    The size counts what `sample` draws: two different inputs of a state and one of seven
    operations on each, hence C(i, 2) 7^2 choices for state i, 180 * 7^8 cells, and their square.
    """

    name = "nb301"
    title = "NAS-Bench-301"
    source = "Zela et al., Surrogate NAS Benchmarks, ICLR 2022"
    size = math.prod(math.comb(i, 2) * len(OPS) ** 2 for i in range(INPUTS, INPUTS + STATES)) ** 2
    example = "s3.0+s3.1/s3.0+s3.1/sk.0+s3.1/sk.0+d3.2_m3.0+m3.1/m3.1+sk.2/m3.0+sk.2/m3.1+sk.2"

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw uniformly: two different inputs a state, each with one of seven operations."""
        cells = {name: _sample_cell(rng) for name in ("normal", "reduce")}
        return normal_form({**cells, "concat": CONCAT})

    def normalise(self, value: Any) -> Spec:
        """Return the genotype with the two pairs of a state, which are summed, in order of input.

        DARTS' keys (`normal_concat`, `reduce_concat`), and all text that `parse` reads, do too.

        Raises:
            SpecError: It is no genotype of this space; the message says why.
        """
        if hasattr(value, "_asdict"):  # the named tuple of DARTS' code
            value = value._asdict()
        return normal_form(from_text(value) if isinstance(value, str) else value)

    def parse(self, text: str) -> Spec:
        """Read `format`'s text, JSON, or DARTS' `Genotype(normal=[('skip_connect', 0), ...], ...)`.

        Raises:
            SpecError: The text is none of these, or no genotype of this space.
        """
        return normal_form(from_text(text))

    def format(self, spec: Spec) -> str:
        """Return normal and reduction cell as "s3.0+s5.1/.../..._..." (`_genotype.to_text`)."""
        return to_text(self.normalise(spec))

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Change the operation or the input of one pair; a state's inputs are kept apart."""
        old = self.normalise(spec)
        while True:
            cell = ("normal", "reduce")[int(rng.integers(2))]
            pairs = list(old[cell])
            at = int(rng.integers(PAIRS))
            op, source = pairs[at]
            if rng.integers(2):
                op = OPS[int(rng.integers(len(OPS)))]
            else:
                source = int(rng.integers(INPUTS + at // 2))
                if source == pairs[at ^ 1][1]:
                    continue
            pairs[at] = [op, source]
            new = self.normalise({**old, cell: pairs})
            if new != old:
                return new

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        concat = spec["concat"]
        normal = _live(spec["normal"], len(concat))
        reduction = _live(spec["reduce"], len(spec.get("reduce_concat", concat)))
        stage = [normal] * (depth or CELLS)
        cells = [*stage, reduction, *stage, reduction, *stage]
        reductions = (len(stage), 2 * len(stage) + 1)
        used = _used(cells)
        # Half of them come from each side of a factorised reduction: the number stays even.
        widths = [2 * scale(c // 2, width) for c in CHANNELS]
        b = GraphBuilder(resolution)
        outputs = [_stem(b, widths[0]) if used[i] else -1 for i in range(INPUTS)]
        for i, cell in enumerate(cells):
            if not used[i + INPUTS]:
                outputs.append(-1)
                continue
            c = widths[sum(i >= r for r in reductions)]
            first, last = -1, -1
            if cell.reads[0]:
                shrink = i - 1 in reductions
                first = (_factorised_reduction if shrink else _project)(b, outputs[i], c)
            if cell.reads[1]:
                last = _project(b, outputs[i + 1], c)
            outputs.append(_cell(b, (first, last), cell, c, 2 if i in reductions else 1))
        return b.finish(b.conv(b.global_pool(outputs[-1]), num_classes))


def _sample_cell(rng: np.random.Generator) -> list[list[Any]]:
    pairs = []
    for state in range(INPUTS, INPUTS + STATES):
        sources = rng.choice(state, size=2, replace=False)
        ops = rng.integers(len(OPS), size=2)
        pairs += [[OPS[op], int(source)] for op, source in zip(ops, sources, strict=True)]
    return pairs


def _live(pairs: Sequence[Sequence[Any]], outputs: int) -> _Cell:
    """Return what is left of a cell whose last `outputs` states are put out."""
    fed = {0, 1}
    terms = {}
    for state in range(INPUTS, INPUTS + STATES):
        both = pairs[2 * (state - INPUTS) : 2 * (state - INPUTS) + 2]
        terms[state] = tuple((op, s) for op, s in both if op != NONE and s in fed)
        if terms[state]:
            fed.add(state)
    states = range(INPUTS + STATES - outputs, INPUTS + STATES)
    output = tuple(state if state in fed else -1 for state in states)
    read = {1 if state < 0 else state for state in output}
    steps = []
    for state in range(INPUTS + STATES - 1, INPUTS - 1, -1):
        if state in read:
            read.update(source for _, source in terms[state])
            steps.append(_Step(state, terms[state]))
    return _Cell(tuple(steps[::-1]), output, (0 in read, 1 in read))


def _used(cells: Sequence[_Cell]) -> list[bool]:
    """Return which of the two stems and the cells are on a path to the last cell's output."""
    used = [False] * (INPUTS + len(cells) - 1) + [True]
    for i in range(len(cells) - 1, -1, -1):
        if used[i + INPUTS]:
            used[i] |= cells[i].reads[0]
            used[i + 1] |= cells[i].reads[1]
    return used


def _cell(b: GraphBuilder, inputs: tuple[int, int], cell: _Cell, c: int, stride: int) -> int:
    """Add what is left of a cell; operations on its inputs take the stride."""
    values = [*inputs, *[-1] * STATES]
    for state, terms in cell.steps:
        total = -1
        for op, source in terms:
            value = _operation(b, op, values[source], c, stride if source < INPUTS else 1)
            total = value if total < 0 else b.add(total, value)
        values[state] = total
    zero = -1
    if -1 in cell.output:
        zero = b.zero(inputs[1] if stride == 1 else b.max_pool(inputs[1], 1, stride))
    parts = [zero if state < 0 else values[state] for state in cell.output]
    return b.concat(*parts) if len(parts) > 1 else parts[0]


def _operation(b: GraphBuilder, op: str, x: int, c: int, stride: int) -> int:
    if op == "skip_connect":
        return x if stride == 1 else _factorised_reduction(b, x, c)
    if op == "max_pool_3x3":
        return b.max_pool(x, 3, stride)
    if op == "avg_pool_3x3":
        return b.avg_pool(x, 3, stride)
    kernel = KERNELS[op]
    x = b.relu(x)
    if op.startswith("dil"):
        return b.batch_norm(b.conv(b.depthwise(x, kernel, stride, dilation=2), c))
    x = b.batch_norm(b.conv(b.depthwise(x, kernel, stride), c))
    return b.batch_norm(b.conv(b.depthwise(x, kernel), c))


def _stem(b: GraphBuilder, c: int) -> int:
    return b.batch_norm(b.relu(b.conv(b.input, c, 3)))


def _project(b: GraphBuilder, x: int, c: int) -> int:
    return b.batch_norm(b.conv(b.relu(x), c))


def _factorised_reduction(b: GraphBuilder, x: int, c: int) -> int:
    """Add two 1x1 convolutions of stride 2, the second over pixels that the first leaves out.

    The second reads without the first row and column. Of an odd number of rows or columns that
    would leave it one pixel short of the first, so there it reads all of them.
    """
    x = b.relu(x)
    h, w, channels = b.shape(x)
    read = (h - (h % 2 == 0), w - (w % 2 == 0), channels)
    return b.batch_norm(b.concat(b.conv(x, c // 2, 1, 2), b.conv(x, c // 2, 1, 2, read=read)))
