"""GraphBuilder: write a network down operation by operation; shapes are inferred.

    b = GraphBuilder(resolution=32)
    x = b.relu(b.batch_norm(b.conv(b.input, 64, 3, stride=2)))
    graph = b.finish(b.dense(b.mean(x), 10))

A method takes node numbers and returns the number of the node that it adds. Networks repeat
themselves, so what a node's row of columns and output shape are is looked up, not worked out
again: that keeps the cost of a node near one microsecond.
"""

from __future__ import annotations

import math
import threading
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.errors import GraphError
from nape_bench.graph.arch_graph import ArchGraph
from nape_bench.graph.vocabulary import (
    COLUMN_INDEX,
    COLUMN_LIMITS,
    COLUMNS,
    OP_INDEX,
    OPS,
    POINTWISE,
    SIZES,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

_C_IN, _GROUPS = COLUMN_INDEX["c_in"], COLUMN_INDEX["groups"]
Shape = tuple[int, int, int]
"""(height, width, channels) of a tensor, the batch left out."""


class _Kind(NamedTuple):
    """A row of node columns, known by its number in `_Rows`, and the shape that it gives."""

    row: int
    shape: Shape


class _Rows:
    """Every distinct row of node columns met so far, numbered, and what led to each."""

    def __init__(self) -> None:
        self.known: dict[Hashable, _Kind] = {}
        # What led to a convolution, BatchNorm and ReLU in a row -> their rows, and their shape.
        self.triples: dict[Hashable, tuple[list[int], Shape]] = {}
        self._number: dict[tuple[int, ...], int] = {}
        self._matrix = np.empty((1024, len(COLUMNS)), dtype=np.int32)
        self._lock = threading.Lock()

    def add(self, key: Hashable, row: tuple[int, ...]) -> _Kind:
        """Number `row`, and remember that `key` leads to it.

        Raises:
            GraphError: A value is outside what tables keep of its column.
        """
        for name, value in zip(COLUMNS, row, strict=True):
            least = 1 if name in SIZES else 0
            if not least <= value <= COLUMN_LIMITS[name]:
                raise GraphError(f"{name}={value} is outside {least}..{COLUMN_LIMITS[name]}")
        with self._lock:
            number = self._number.get(row)
            if number is None:
                number = len(self._number)
                if number == len(self._matrix):
                    self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
                self._matrix[number] = row
                self._number[row] = number
        kind = _Kind(number, (row[2], row[4], row[6]))
        self.known[key] = kind
        return kind

    def reading(self, number: int, before: int, channels: int) -> int:
        """Return the row of a convolution that reads other channels, all that there are.

        -1 where it is no convolution, or none that reads all of the `before` channels.
        """
        key = ("reading", number, before, channels)
        kind = self.known.get(key)
        if kind is None:
            row = self._matrix[number].tolist()
            if OPS[row[0]] != "Conv" or row[_GROUPS] != 1 or row[_C_IN] != before:
                return -1
            row[_C_IN] = channels
            kind = self.add(key, tuple(row))
        return kind.row

    def gather(self, numbers: list[int]) -> np.ndarray:
        """Return the rows of these numbers, int32 [len(numbers), len(COLUMNS)]."""
        return self._matrix.take(np.frombuffer(array("q", numbers), np.int64), axis=0)


_ROWS = _Rows()


def same_size(size: int, stride: int) -> int:
    """Return the output size of a window operation with SAME padding: ceil(size / stride)."""
    return -(-size // stride)


def scale(channels: int, width: float) -> int:
    """Return `channels` times `width`, rounded half up, at least 1."""
    return max(1, math.floor(channels * width + 0.5))


class GraphBuilder:
    """Builds one `ArchGraph`; shapes, and what only follows from them, are filled in.

    Args:
        resolution: Height and width of the input image in pixels.
        channels: Channels of the input image.

    Attributes:
        input: The number of the Input node (0).
    """

    input = 0

    def __init__(self, resolution: int, channels: int = 3) -> None:
        shape = (resolution, resolution, channels)
        self._rows: list[int] = []
        self._shapes: list[Shape] = []
        self._sources: list[int] = []
        self._targets: list[int] = []
        key = ("Input", shape)
        self._append(_ROWS.known.get(key) or self._new(key, _row("Input", shape, shape)))

    def shape(self, x: int) -> Shape:
        """Return (height, width, channels) of what node `x` puts out."""
        return self._shapes[x]

    def __len__(self) -> int:
        """Return the number of nodes so far, which is the number that the next one gets."""
        return len(self._rows)

    def channels(self, x: int) -> int:
        """Return the number of channels that node `x` puts out."""
        return self._shapes[x][2]

    def conv(
        self,
        x: int,
        c_out: int,
        kernel: int | tuple[int, int] = 1,
        stride: int | tuple[int, int] = 1,
        *,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = False,
        read: Shape | None = None,
    ) -> int:
        """Add a convolution with SAME padding: the output has ceil(size / stride) pixels.

        Args:
            x: The node that it reads.
            c_out: Output channels.
            kernel: Kernel size in pixels, or (height, width).
            stride: Stride in pixels, or (vertical, horizontal).
            dilation: Distance of kernel taps in pixels.
            groups: Channel groups; must divide input and output channels.
            bias: Whether a bias is added.
            read: (height, width, channels) to read where that is less than `x` gives: leading
                channels are kept, the leading row and column dropped.

        Raises:
            GraphError: The sizes do not fit.
        """
        seen = self._shapes[x] if read is None else self._cut(x, read)
        key = ("Conv", seen, c_out, kernel, stride, dilation, groups, bias)
        kind = _ROWS.known.get(key)
        if kind is None:
            self._divides(groups, seen[2], c_out, "Conv")
            row = self._window(
                "Conv", seen, c_out, kernel, stride, dilation=dilation, groups=groups, bias=bias
            )
            kind = self._new(key, row)
        return self._append(kind, x)

    def depthwise(
        self,
        x: int,
        kernel: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        *,
        dilation: int = 1,
        bias: bool = False,
    ) -> int:
        """Add a depthwise convolution (one filter a channel) with SAME padding; see `conv`."""
        seen = self._shapes[x]
        key = ("Depthwise", seen, kernel, stride, dilation, bias)
        kind = _ROWS.known.get(key)
        if kind is None:
            c = seen[2]
            row = self._window(
                "Depthwise", seen, c, kernel, stride, dilation=dilation, groups=c, bias=bias
            )
            kind = self._new(key, row)
        return self._append(kind, x)

    def max_pool(self, x: int, kernel: int, stride: int = 1, *, read: Shape | None = None) -> int:
        """Add a max pooling with SAME padding over `kernel` x `kernel` pixels; `read` as `conv`."""
        return self._pool("Maxpool", x, kernel, stride, read)

    def avg_pool(self, x: int, kernel: int, stride: int = 1) -> int:
        """Add an average pooling with SAME padding; padding is left out of the mean."""
        return self._pool("Avgpool", x, kernel, stride)

    def batch_norm(self, x: int) -> int:
        """Add a batch normalisation."""
        return self._pointwise("BatchNorm", x)

    def relu(self, x: int) -> int:
        """Add a ReLU."""
        return self._pointwise("ReLU", x)

    def relu6(self, x: int) -> int:
        """Add a ReLU6; a 1 x 1 one that gates another tensor by `mul` runs as h-sigmoid."""
        return self._pointwise("ReLU6", x)

    def activation(self, x: int, op: str) -> int:
        """Add the activation of this vocabulary name (ReLU, Sigmoid, Tanh, Swish, GeLU ...).

        Raises:
            GraphError: The operation changes shapes or is unknown.
        """
        if op not in POINTWISE:
            raise GraphError(f"{op!r} is no activation: one of {', '.join(sorted(POINTWISE))}")
        return self._pointwise(op, x)

    def conv_bn_relu(self, x: int, c_out: int, kernel: int, *, read: Shape | None = None) -> int:
        """Add `relu(batch_norm(conv(x, c_out, kernel, read=read)))`, at a third of the cost."""
        seen = self._shapes[x] if read is None else self._cut(x, read)
        key = (seen, c_out, kernel)
        known = _ROWS.triples.get(key)
        if known is None:
            made = self.relu(self.batch_norm(self.conv(x, c_out, kernel, read=read)))
            _ROWS.triples[key] = self._rows[-3:], self._shapes[made]
            return made
        rows, shape = known
        number = len(self._rows)
        self._rows += rows
        self._shapes += (shape, shape, shape)
        self._sources += (x, number, number + 1)
        self._targets += (number, number + 1, number + 2)
        return number + 2

    def h_swish(self, x: int) -> int:
        """Add an h-swish, which is two nodes: Mul(x, ReLU6(x))."""
        return self.mul(x, self.relu6(x))

    def zero(self, x: int) -> int:
        """Add a Zero: what it reads, times nought."""
        return self._pointwise("Zero", x)

    def mean(self, x: int) -> int:
        """Add the mean over all pixels (global average pooling): 1 x 1 x channels."""
        return self._reduce("Mean", x)

    def global_pool(self, x: int) -> int:
        """Add the same as `mean`, under the vocabulary's other name, Global."""
        return self._reduce("Global", x)

    def dense(self, x: int, c_out: int, *, bias: bool = True) -> int:
        """Add a dense layer over channels, at every pixel or token."""
        seen = self._shapes[x]
        key = ("MatMul", seen, c_out, bias)
        kind = _ROWS.known.get(key)
        if kind is None:
            out = (seen[0], seen[1], c_out)
            kind = self._new(key, _row("MatMul", seen, out, bias=bias))
        return self._append(kind, x)

    def add(self, *xs: int, channels: int | None = None) -> int:
        """Add the sum of two or more nodes; larger inputs are sliced to the smallest.

        Args:
            xs: The nodes.
            channels: Leading channels to read where that is less than the smallest input has.
        """
        return self._elementwise("Add", xs, channels)

    def mul(self, *xs: int) -> int:
        """Add the product of two or more nodes; an input of 1 x 1 pixels is broadcast."""
        return self._elementwise("Mul", xs)

    def concat(self, *xs: int) -> int:
        """Add the concatenation of two or more nodes along channels."""
        shapes = tuple([self._shapes[x] for x in xs])
        key = ("Concat", shapes)
        kind = _ROWS.known.get(key)
        if kind is None:
            self._several("Concat", xs)
            h, w, _ = shapes[0]
            if any(shape[:2] != (h, w) for shape in shapes):
                raise self._misfit("Concat", xs, "inputs have different heights or widths")
            out = (h, w, sum(shape[2] for shape in shapes))
            kind = self._new(key, _row("Concat", shapes[0], out))
        return self._append(kind, *xs)

    def again(self, made: int, start: int, read: int, x: int) -> int:
        """Add all nodes from number `start` on once more; where they read `read`, they read `x`.

            first = b.relu(b.conv(x, 64, 3))            # x has 64 channels
            second = b.again(first, first - 1, x, first)  # another convolution and ReLU

        That is several times faster than to add them one by one: stages repeat their blocks. Where
        `x` has other channels than `read`, convolutions that read it read as many.

        Returns:
            The node that stands for `made`, which is one of those from `start` on.

        Raises:
            GraphError: `x` and `read` have different shapes, but for channels that convolutions
                read.
        """
        shift = len(self._rows) - start
        edge = bisect_left(self._targets, start)
        rows = self._rows[start:]
        seen, given = self._shapes[read], self._shapes[x]
        if seen != given:
            for source, target in zip(self._sources[edge:], self._targets[edge:], strict=True):
                if source == read:
                    rows[target - start] = _ROWS.reading(self._rows[target], seen[2], given[2])
            if seen[:2] != given[:2] or -1 in rows:
                raise GraphError(
                    f"{self._name(x)} cannot be read in place of {self._name(read)}: they put out "
                    f"{given} and {seen}"
                )
        self._sources += [
            s + shift if s >= start else x if s == read else s for s in self._sources[edge:]
        ]
        self._targets += [t + shift for t in self._targets[edge:]]
        self._rows += rows
        self._shapes += self._shapes[start:]
        return made + shift

    def finish(self, x: int) -> ArchGraph:
        """Add the Output node behind `x` and return the graph.

        Raises:
            GraphError: A node other than `x` is read by no other, or one that is not there was
                read: it is named.
        """
        if min(self._sources, default=x) < 0 or x < 0:
            reader = next(
                (t for s, t in zip(self._sources, self._targets, strict=True) if s < 0), 0
            )
            raise GraphError(
                f"{self._name(reader) if reader else 'the Output'} reads a negative node number"
            )
        seen = self._shapes[x]
        key = ("Output", seen)
        kind = _ROWS.known.get(key) or self._new(key, _row("Output", seen, seen))
        self._append(kind, x)
        count = len(self._rows)
        if len(set(self._sources)) != count - 1:
            loose = min(set(range(count - 1)) - set(self._sources))
            raise GraphError(f"{self._name(loose)} is read by no other node")
        edges = np.empty((len(self._sources), 2), dtype=np.int32)
        for column, ends in enumerate((self._sources, self._targets)):
            edges[:, column] = np.frombuffer(array("q", ends), np.int64)  # faster than np.array
        return ArchGraph.trusted(_ROWS.gather(self._rows), edges)

    def _new(self, key: Hashable, row: tuple[int, ...]) -> _Kind:
        try:
            return _ROWS.add(key, row)
        except GraphError as error:
            raise GraphError(f"node {len(self._rows)} ({OPS[row[0]]}): {error}") from None

    def _window(
        self,
        op: str,
        seen: Shape,
        c_out: int,
        kernel: int | tuple[int, int],
        stride: int | tuple[int, int],
        *,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> tuple[int, ...]:
        kh, kw = (kernel, kernel) if isinstance(kernel, int) else kernel
        sh, sw = (stride, stride) if isinstance(stride, int) else stride
        if min(kh, kw, sh, sw, dilation, c_out) < 1:
            raise GraphError(
                f"node {len(self._rows)} ({op}): {kernel=}, {stride=}, {dilation=} and {c_out=} "
                "must be positive"
            )
        (h, w, c) = seen
        sizes = (h, same_size(h, sh), w, same_size(w, sw), c, c_out)
        return (OP_INDEX[op], *sizes, kh, kw, sh, sw, dilation, groups, int(bias))

    def _append(self, kind: _Kind, *xs: int) -> int:
        number = len(self._rows)
        self._rows.append(kind.row)
        self._shapes.append(kind.shape)
        for x in xs:
            self._sources.append(x)
            self._targets.append(number)
        return number

    def _pointwise(self, op: str, x: int) -> int:
        seen = self._shapes[x]
        key = (op, seen)
        kind = _ROWS.known.get(key) or self._new(key, _row(op, seen, seen))
        return self._append(kind, x)

    def _reduce(self, op: str, x: int) -> int:
        seen = self._shapes[x]
        key = (op, seen)
        kind = _ROWS.known.get(key) or self._new(key, _row(op, seen, (1, 1, seen[2])))
        return self._append(kind, x)

    def _pool(self, op: str, x: int, kernel: int, stride: int, read: Shape | None = None) -> int:
        seen = self._shapes[x] if read is None else self._cut(x, read)
        key = (op, seen, kernel, stride)
        kind = _ROWS.known.get(key)
        if kind is None:
            kind = self._new(key, self._window(op, seen, seen[2], kernel, stride))
        return self._append(kind, x)

    def _elementwise(self, op: str, xs: tuple[int, ...], channels: int | None = None) -> int:
        shapes = tuple([self._shapes[x] for x in xs])
        key = (op, shapes, channels)
        kind = _ROWS.known.get(key)
        if kind is None:
            self._several(op, xs)
            low = tuple(min(sizes) for sizes in zip(*shapes, strict=True))
            if channels is not None:
                if not 1 <= channels <= low[2]:
                    raise self._misfit(op, xs, f"inputs do not have {channels} channels each")
                low = (*low[:2], channels)
            high = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
            # 1 x 1 maps are spread over the larger ones; else what is larger is sliced.
            spread = low[:2] == (1, 1) and op == "Mul"
            out = (high[0], high[1], low[2]) if spread else low
            misfits = not spread and any(s[i] - low[i] > 1 for s in shapes for i in (0, 1))
            if misfits:
                raise self._misfit(op, xs, "heights or widths differ by more than one pixel")
            kind = self._new(key, _row(op, (low[0], low[1], low[2]), out))
        return self._append(kind, *xs)

    def _cut(self, x: int, read: Shape) -> Shape:
        h, w, c = self._shapes[x]
        if not (h - 1 <= read[0] <= h and w - 1 <= read[1] <= w and 1 <= read[2] <= c):
            raise GraphError(
                f"{self._name(x)} puts out {(h, w, c)}, of which {read} cannot be read: at most "
                "one row, one column and trailing channels are cut"
            )
        return read

    def _name(self, x: int) -> str:
        op = OPS[int(_ROWS.gather([self._rows[x]])[0, 0])]
        return f"node {x} ({op})"

    def _several(self, op: str, xs: tuple[int, ...]) -> None:
        if len(xs) < 2:
            raise GraphError(f"node {len(self._rows)} ({op}) needs two inputs or more, not {xs}")

    def _divides(self, groups: int, c_in: int, c_out: int, op: str) -> None:
        if groups < 1 or c_in % groups or c_out % groups:
            raise GraphError(
                f"node {len(self._rows)} ({op}): groups={groups} does not divide "
                f"{c_in} input and {c_out} output channels"
            )

    def _misfit(self, op: str, xs: tuple[int, ...], why: str) -> GraphError:
        inputs = ", ".join(f"{self._name(x)} {self._shapes[x]}" for x in xs)
        return GraphError(f"node {len(self._rows)} ({op}): {why}: {inputs}")


def _row(op: str, seen: Shape, out: Shape, *, bias: bool = False) -> tuple[int, ...]:
    (h, w, c), (h_out, w_out, c_out) = seen, out
    return (OP_INDEX[op], h, h_out, w, w_out, c, c_out, 0, 0, 1, 1, 1, 1, int(bias))
