"""NAS-Bench-201: a cell of four nodes and six operations, 15 times (Dong and Yang, ICLR 2020).

The graph follows the code by which GENNAPE's authors made theirs, which differs from the networks
that were trained: reduction blocks have no BatchNorm and end in ReLU, their shortcut is a 3x3
average pool and a 1x1 convolution, average pools are followed by BatchNorm, and nothing stands
between the last cell and the mean over pixels. An edge of `none` is no edge. A node of the cell
that no input is left to adds nothing to what reads it, and operations that are then on no path
are dropped. Where the cell's own output has nothing left to add, a Zero node reads its input.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.registry import unknown_name
from nape_bench.spaces.base import Space, Spec
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np

OPS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""The (source, target) of each of the six operations, in the order of the API's strings."""
SUMS = ((0,), (1, 2), (5, 4, 3))
"""For nodes 1, 2 and 3: the operations that are summed into it, in order, from the left."""
READS = [(0,), (0,), (1,), (0,), (1,), (2, 3)]
"""For each operation in GENNAPE's pairs: the operations that it reads, from 1; 0 is the input."""
STACK_CHANNELS = (16, 32, 64)
CELLS = 5
NONE = "none"


class _Step(NamedTuple):
    """One node of the cell: the sum of (operation, source node) terms."""

    target: int
    terms: tuple[tuple[str, int], ...]


@register
class NB201(Space):
    """NAS-Bench-201: a specification is `{"arch_str": "|op~0|+|op~0|op~1|+...", "ops": [...]}`.

    `ops` are the six operations in the order of the string: edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3.
    """

    name = "nb201"
    title = "NAS-Bench-201"
    source = "Dong and Yang, NAS-Bench-201, ICLR 2020"
    size = len(OPS) ** len(EDGES)
    example = (
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_3x3~0|none~1|skip_connect~2|"
    )

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw uniformly from all 15,625 cells, those with `none` included."""
        return _spec([OPS[i] for i in rng.integers(len(OPS), size=len(EDGES))])

    def normalise(self, value: Any) -> Spec:
        """Return string and operations; either alone is read as well, bare or in a dictionary.

        Also read is a pair as GENNAPE publishes it: the operations, and which each of them reads.

        Raises:
            SpecError: It is none of these, an operation is unknown, or the two are different cells.
        """
        if isinstance(value, (list, tuple)) and len(value) == 2 and not isinstance(value[0], str):
            value = _from_pair(*value)
        if isinstance(value, dict):
            forms = [value[key] for key in ("arch_str", "ops") if value.get(key) is not None]
            if not forms or set(value) - {"arch_str", "ops"}:
                raise SpecError(f"nb201: a specification has arch_str or ops, not {value!r}")
        else:
            forms = [value]
        read = [_operations(form) for form in forms]
        if read[0] != read[-1]:
            raise SpecError(f"nb201: arch_str and ops are different cells in {value!r}")
        return _spec(read[0])

    def format(self, spec: Spec) -> str:
        """Return the API's string, "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"."""
        return str(self.normalise(spec)["arch_str"])

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Put another operation on one edge."""
        ops = list(self.normalise(spec)["ops"])
        edge = int(rng.integers(len(EDGES)))
        others = [op for op in OPS if op != ops[edge]]
        ops[edge] = others[int(rng.integers(len(others)))]
        return _spec(ops)

    def enumerate(self) -> Iterator[Spec]:
        """Go through all 15,625 cells, the last edge's operation changing fastest."""
        for ops in itertools.product(OPS, repeat=len(EDGES)):
            yield _spec(ops)

    def subsets(self) -> Mapping[str, Callable[[Spec], bool]]:
        """Return "no-none": the 4,096 cells without `none`, GENNAPE's part of the space."""
        return {"no-none": lambda spec: NONE not in self.normalise(spec)["ops"]}

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        steps = _live_steps(spec["ops"])
        b = GraphBuilder(resolution)
        x = b.batch_norm(b.conv(b.input, scale(STACK_CHANNELS[0], width), 3))
        for channels in STACK_CHANNELS:
            c = scale(channels, width)
            if channels != STACK_CHANNELS[0]:
                x = _reduction(b, x, c)
            start, read, x = len(b), x, _cell(b, x, c, steps)
            for _ in range((depth or CELLS) - 1):
                start, read, x = len(b), x, b.again(x, start, read, x)
        return b.finish(b.dense(b.mean(x), num_classes))


def _from_pair(ops: Any, reads: Any) -> Any:
    """Return the operations of a pair, whose second part must say what is fixed anyway."""
    given = reads if isinstance(reads, (list, tuple)) else ()
    if [tuple(each) if isinstance(each, (list, tuple)) else each for each in given] != READS:
        raise SpecError(
            f"nb201: the operations of a pair read {READS} (operations from 1, 0 is the cell's "
            f"input), not {reads!r}"
        )
    return ops


def _operations(form: Any) -> list[str]:
    """Read the six operations from the API's string or from a list in its order."""
    ops = _from_string(form) if isinstance(form, str) else form
    if not isinstance(ops, (list, tuple)) or len(ops) != len(EDGES):
        raise SpecError(
            f'nb201: "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|" or its six operations expected, '
            f"not {form!r}"
        )
    for op in ops:
        if op not in OPS:
            raise SpecError(f"nb201: {unknown_name('operation', str(op), OPS)}")
    return list(ops)


def _from_string(text: str) -> list[str] | None:
    """Split "|op~source|" terms, nodes joined by "+"; None where sources are not as they must."""
    # Matches begin where a name does: else a long text that is no cell takes quadratic time.
    term = re.compile(r"(?<![^|~+\s])([^|~+\s]+)~(\d)")
    nodes = [term.findall(node) for node in text.split("+")]
    written = "+".join("|" + "".join(f"{op}~{s}|" for op, s in node) for node in nodes)
    sources = [[int(s) for _, s in node] for node in nodes]
    if written != re.sub(r"\s", "", text) or sources != [[0], [0, 1], [0, 1, 2]]:
        return None
    return [op for node in nodes for op, _ in node]


def _spec(ops: Sequence[str]) -> Spec:
    a, b, c, d, e, f = ops
    return {"arch_str": f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|", "ops": list(ops)}


def _live_steps(ops: Sequence[str]) -> list[_Step]:
    """Return what is left of the cell: operations on a path from its input to its output."""
    fed = {0}
    for op, (source, target) in zip(ops, EDGES, strict=True):
        if op != NONE and source in fed:
            fed.add(target)
    steps: list[_Step] = []
    read = {3}
    for target in (3, 2, 1):
        terms = [(ops[i], EDGES[i][0]) for i in SUMS[target - 1]]
        left = tuple((op, source) for op, source in terms if op != NONE and source in fed)
        if target in read and left:
            read.update(source for _, source in left)
            steps.insert(0, _Step(target, left))
    return steps


def _cell(b: GraphBuilder, x: int, c: int, steps: list[_Step]) -> int:
    """Add a cell, or a Zero where nothing of it is left."""
    if not steps:
        return b.zero(x)
    values = [x, -1, -1, -1]
    for target, terms in steps:
        total = -1
        for op, source in terms:
            value = values[source]
            if op == "nor_conv_3x3":
                value = b.batch_norm(b.conv(b.relu(value), c, 3))
            elif op == "nor_conv_1x1":
                value = b.batch_norm(b.conv(b.relu(value), c, 1))
            elif op == "avg_pool_3x3":
                value = b.batch_norm(b.avg_pool(value, 3))
            total = value if total < 0 else b.add(total, value)
        values[target] = total
    return values[3]


def _reduction(b: GraphBuilder, x: int, c: int) -> int:
    """Add the residual block that halves resolution and leads to `c` channels."""
    branch = b.conv(b.relu(b.conv(x, b.channels(x), 3)), c, 3, 2)
    return b.relu(b.add(branch, b.conv(b.avg_pool(x, 3, 2), c, 1)))
