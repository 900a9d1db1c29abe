"""NAS-Bench-101: a cell of up to seven vertices, nine times (Ying et al., ICML 2019).

Channels in a cell follow the published code. Vertices that feed the output share its channels
evenly, the first of them with one more each while there is a remainder; the others take the most
that a vertex which they feed has. What comes from the cell's input is brought to a vertex's
channels by a 1x1 convolution, what comes from another vertex by leaving out its last channels.
Vertices that are on no path from input to output are dropped first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.spaces import _nb101_cells as cells
from nape_bench.spaces._nb101_uniform import uniform_cell
from nape_bench.spaces._nb101_unique import unique_cells
from nape_bench.spaces.base import Space, Spec
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from nape_bench.spaces._nb101_unique import Matrix

STACK_CHANNELS = (128, 256, 512)
MODULES = 3


class _Vertex(NamedTuple):
    """An inner vertex of a cell; vertices are counted with the input as 0.

    Attributes:
        op: Name of the operation.
        sources: Inner vertices that it reads, ascending.
        projects: Whether it reads the cell's input as well.
        feeds: Inner vertices that read it.
        ends: Whether the output reads it.
    """

    op: str
    sources: tuple[int, ...]
    projects: bool
    feeds: tuple[int, ...]
    ends: bool


class _Cell(NamedTuple):
    """A pruned cell: its inner vertices, and whether its output reads its input directly."""

    vertices: tuple[_Vertex, ...]
    residual: bool


@register
class NB101(Space):
    """NAS-Bench-101: `{"matrix": [[0, 1, ...], ...], "ops": ["input", ..., "output"]}`.

    A specification is kept as it is given; the limits of seven vertices and nine edges hold for
    what is on a path from input to output, as in the published code.
    """

    name = "nb101"
    title = "NAS-Bench-101"
    source = "Ying et al., NAS-Bench-101, ICML 2019"
    size = 423_624
    example = "i1m3o-1101.011.01.1"

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw one of the 423,624 cells, each with the same probability (`uniform_cell`)."""
        limits = (cells.MAX_VERTICES, cells.MAX_EDGES)
        return _spec(*uniform_cell(rng, *limits, len(cells.OPS)))

    def normalise(self, value: Any) -> Spec:
        """Return matrix and operations, checked but not pruned (`_nb101_cells.normal_form`).

        Keys and names of other publications are read as well, and text, see `parse`.

        Raises:
            SpecError: It is no cell, or breaks a limit; the message says which.
        """
        return cells.normal_form(cells.from_text(value) if isinstance(value, str) else value)

    def parse(self, text: str) -> Spec:
        """Read `format`'s text, JSON or a Python literal of what `normalise` takes.

        Raises:
            SpecError: The text is none of these, or no cell.
        """
        return cells.normal_form(cells.from_text(text))

    def format(self, spec: Spec) -> str:
        """Return operations and upper triangle as in "i1m3o-1101.011.01.1" (`to_text`)."""
        return self.format_normal(self.normalise(spec))

    def format_normal(self, spec: Spec) -> str:
        """Return what `format` does, of a specification in normal form."""
        return cells.to_text(spec)

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Change an operation or an edge of the pruned cell, or put a vertex into an edge.

        All changes to a valid cell are equally likely (`_nb101_cells.neighbours`); none leads to
        an isomorphic one.
        """
        changed = list(cells.neighbours(cells.pruned(self.normalise(spec))))
        return changed[int(rng.integers(len(changed)))]

    def enumerate(self) -> Iterator[Spec]:
        """Go through all 423,624 cells, no two of them isomorphic (`unique_cells`)."""
        limits = (cells.MAX_VERTICES, cells.MAX_EDGES)
        for matrix, labels in unique_cells(*limits, len(cells.OPS)):
            yield _spec(matrix, labels)

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        cell = _cell(spec)
        b = GraphBuilder(resolution)
        x = b.conv_bn_relu(b.input, scale(STACK_CHANNELS[0], width), 3)
        for full in STACK_CHANNELS:
            # Every vertex that feeds the output gets a channel of it at least.
            c = max(scale(full, width), cells.MAX_VERTICES - 2)
            channels = _channels(cell, c)
            if full != STACK_CHANNELS[0]:
                x = b.max_pool(x, 2, 2)
            x = _stack(b, x, cell, channels, c, depth or MODULES)
        return b.finish(b.dense(b.mean(x), num_classes))


def _spec(matrix: Matrix, labels: tuple[int, ...]) -> Spec:
    """Name the operations of a cell's inner vertices, which are given as numbers."""
    return {"matrix": matrix, "ops": [cells.INPUT, *(cells.OPS[i] for i in labels), cells.OUTPUT]}


def _cell(spec: Spec) -> _Cell:
    """Prune a cell and note what each of its vertices reads and feeds."""
    rest = cells.pruned(spec)
    matrix, ops = rest["matrix"], rest["ops"]
    last = len(ops) - 1
    inner = range(1, last)
    vertices = tuple(
        _Vertex(
            ops[v],
            tuple([u for u in range(1, v) if matrix[u][v]]),
            bool(matrix[0][v]),
            tuple([w for w in range(v + 1, last) if matrix[v][w]]),
            bool(matrix[v][last]),
        )
        for v in inner
    )
    return _Cell(vertices, bool(matrix[0][last]))


def _channels(cell: _Cell, c: int) -> list[int]:
    """Return the channels of each vertex where the output has `c`; index 0 (the input) is 0."""
    vertices = cell.vertices
    count = sum([vertex.ends for vertex in vertices])
    share, rest = divmod(c, count) if count else (0, 0)
    channels = [0] * (len(vertices) + 1)
    for v, vertex in enumerate(vertices, start=1):
        if vertex.ends:
            channels[v] = share + (rest > 0)
            rest -= 1
    for v in range(len(vertices), 0, -1):
        if not channels[v]:
            channels[v] = max([channels[w] for w in vertices[v - 1].feeds])
    return channels


def _stack(b: GraphBuilder, x: int, cell: _Cell, channels: list[int], c: int, modules: int) -> int:
    """Add modules of `c` output channels, which are equal but for the channels that they read."""
    start, read, x = len(b), x, _module(b, x, cell, channels, c)
    for _ in range(modules - 1):
        start, read, x = len(b), x, b.again(x, start, read, x)
    return x


def _module(b: GraphBuilder, x: int, cell: _Cell, channels: list[int], c: int) -> int:
    """Add a cell of `c` output channels."""
    values = [x]
    ends = []
    for vertex, width in zip(cell.vertices, channels[1:], strict=True):
        reads = [values[u] for u in vertex.sources]
        if vertex.projects:
            reads.append(b.conv_bn_relu(x, width, 1))
        # More channels than the vertex has are left out before they are summed.
        value = b.add(*reads, channels=width) if len(reads) > 1 else reads[0]
        h, w, given = b.shape(value)
        read = (h, w, width) if given > width else None
        if vertex.op == "maxpool3x3":
            value = b.max_pool(value, 3, read=read)
        else:
            value = b.conv_bn_relu(value, width, 1 if "1x1" in vertex.op else 3, read=read)
        values.append(value)
        if vertex.ends:
            ends.append(value)
    if not ends:
        return b.conv_bn_relu(x, c, 1)
    value = b.concat(*ends) if len(ends) > 1 else ends[0]
    return b.add(value, b.conv_bn_relu(x, c, 1)) if cell.residual else value
