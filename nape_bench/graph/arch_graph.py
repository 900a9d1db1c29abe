"""ArchGraph: one architecture as a directed acyclic graph of primitive operations.

The graph is GENNAPE's Computation Graph (Mills et al., AAAI 2023, section 3) in a normal form,
with strides, dilation, groups and slot order added so that a network can be built from it again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nape_bench.errors import GraphError, UnknownNameError
from nape_bench.graph import validate
from nape_bench.graph.flat import Flat
from nape_bench.graph.order import topological_order
from nape_bench.graph.vocabulary import COLUMN_INDEX, COLUMN_LIMITS, COLUMNS, OPS, op_index

if TYPE_CHECKING:
    import torch
    from numpy.typing import ArrayLike
    from torch_geometric.data import Data

    from nape_bench.picture import Picture


class ArchGraph:
    """One architecture in normal form; it never changes.

    Nodes stand in topological order, `Input` first and `Output` last, each on a path between
    them. A node that reads fewer channels than its source puts out reads the leading ones, one
    that reads a row or column less does without the leading one. Identity, dropout at inference,
    reshapes and softmax are no nodes, nor is padding, which follows from the sizes.

    Args:
        nodes: Integers [nodes, 14], columns as `vocabulary.COLUMNS`.
        edges: Integers [edges, 2], (source, target); the inputs of a target in slot order. The
            same source may feed two slots of one target.

    Raises:
        GraphError: The graph is malformed (a cycle, a dangling node, shapes that do not fit and
            are no slice); the message names the node by its place in `nodes` as given.

    Attributes:
        nodes: int32 [nodes, 14], read-only.
        edges: int32 [edges, 2], read-only, ordered by target and then by input slot.
    """

    nodes: np.ndarray
    edges: np.ndarray

    def __init__(self, nodes: ArrayLike, edges: ArrayLike) -> None:
        rows = _integers(nodes, "nodes", len(COLUMNS))
        pairs = _integers(edges, "edges", 2)
        names = [OPS[op] if 0 <= op < len(OPS) else f"operation {op}" for op in rows[:, 0]]
        _check_range(rows)
        order = topological_order(names, pairs)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        rows, pairs = rows[order], place[pairs]
        self._keep(rows, pairs[np.argsort(pairs[:, 1], kind="stable")])
        validate.check(self.flat()._replace(numbers=order))

    @classmethod
    def trusted(cls, nodes: np.ndarray, edges: np.ndarray) -> ArchGraph:
        """Wrap arrays that are known to be in normal form, unchecked (builders, verified files)."""
        graph = cls.__new__(cls)
        graph._keep(nodes, edges)
        return graph

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ArchGraph:
        """Read what `to_dict` gives; nodes may stand in any order.

        Columns that are missing take their plain value: kernel 0, stride, dilation and groups 1
        (for Depthwise, groups is c_in), bias 0.

        Raises:
            GraphError: A key is missing or unknown, or the graph is malformed.
            UnknownNameError: An operation is not in the vocabulary.
        """
        missing = {"nodes", "edges"} - set(data)
        if missing:
            raise GraphError(f"a graph has nodes and edges; {', '.join(sorted(missing))} missing")
        rows = [_row_of(number, node) for number, node in enumerate(data["nodes"])]
        return cls(rows, data["edges"])

    @classmethod
    def from_onnx(cls, model: Any, *, resolution: int | tuple[int, int] | None = None) -> ArchGraph:
        """Read a convolutional network from an ONNX model (`onnx_import`).

        What is no node in normal form is folded: identity, dropout, casts, reshapes, slices that a
        graph can tell, padding, scalars of h-swish, h-sigmoid and GeLU, biases, and a softmax
        behind the network. A dense layer over flattened maps is a convolution whose kernel is the
        whole map. Padding is what sizes ask for, or equal on both sides, as torch has it, which
        gives the same sizes; whether it counts in the mean of an average pool is not kept. A model
        that `to_onnx` wrote gives the graph that it was written from, except that a product of
        three or more becomes products of two, and that a ReLU6 which gates and is read elsewhere
        too becomes two nodes.

        The file is not trusted: only the file itself is opened, weights kept beside it (external
        data) are not, and nothing in it runs. Operator sets 7 to the newest that the installed onnx
        knows are read.

        Args:
            model: An `onnx.ModelProto`, or the path of a file below 2 GiB.
            resolution: Pixels, or (height, width), where the model leaves them open. An open batch
                needs nothing.

        Raises:
            DataError: There is no such file, it is too large, or no ONNX model.
            GraphError: Operators have no counterpart in the vocabulary (all are named, with their
                nodes), or a node does what a graph cannot tell (it is named, and what it does).
        """
        from nape_bench.graph.onnx_import import from_onnx

        return from_onnx(model, resolution=resolution)

    @classmethod
    def from_torch(cls, module: torch.nn.Module, example_input: torch.Tensor) -> ArchGraph:
        """Read a network from a torch module (`torch_import`): a convolutional one, a transformer.

        It is traced as it is at inference by torch.export, which runs the module's own code on
        tensors that have shapes and no values. A network that was written by hand, or came from
        `to_torch`, gives the graph that its family builds, and so the same hash. What ONNX models
        are read by holds here too (`from_onnx`). Besides, an attention is one node, however it is
        written (`scaled_dot_product_attention`, `nn.MultiheadAttention`, matrix products with a
        softmax between them, windows, grids); scale, mask, biases by position and rotary positions
        inside it are not kept. Nor is what padding is filled with (mirrored rows, noughts around a
        max pool). A learned position counts as many parameters as it adds numbers, whatever it was
        made of, and what reads each head by itself counts its weights once a head. Splitting into
        heads or windows is no node, LayerNorm, learned positions, class tokens and what else
        `vocabulary.OPS` has of our own words are. Whether channels are interleaved or side by side
        where q, k and v are of one layer, or where maps are flattened, is not kept: it is an order
        of weights.

            with torch.device("meta"):  # no weights are drawn
                module = torchvision.models.vit_h_14()
            graph = ArchGraph.from_torch(module, torch.empty(1, 3, 224, 224, device="meta"))

        Args:
            module: What is called with one tensor; where it has several outputs, a Tuple node
                gathers them in order.
            example_input: Images [batch, channels, height, width], vectors [batch, channels] or
                sequences [batch, tokens, channels]; shape and dtype count, the values do not.

        Raises:
            GraphError: It cannot be traced, operators have no counterpart in the vocabulary (all
                are named, with where in the module they stand), or one does what a graph cannot
                tell.
        """
        from nape_bench.graph.torch_import import from_torch

        return from_torch(module, example_input)

    def to_dict(self) -> dict[str, list[Any]]:
        """Return `{"nodes": [{"op": "Input", "h_in": 32, ...}, ...], "edges": [[0, 1], ...]}`."""
        rows = self.nodes.tolist()
        names = COLUMNS[1:]
        nodes = [{"op": OPS[r[0]], **dict(zip(names, r[1:], strict=True))} for r in rows]
        return {"nodes": nodes, "edges": self.edges.tolist()}

    def column(self, name: str) -> np.ndarray:
        """Return one column by name, int32 [nodes]."""
        return self.nodes[:, COLUMN_INDEX[name]]

    @property
    def ops(self) -> list[str]:
        """Operation names in node order."""
        return [OPS[op] for op in self.nodes[:, 0].tolist()]

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.nodes)

    @cached_property
    def hash(self) -> str:
        """Name of the graph, whatever the order of its nodes: 32 hexadecimal digits (`keys`)."""
        return self._keys[0]

    @cached_property
    def group(self) -> str:
        """Name of its function: the same after nested Adds are flattened into one (`keys`)."""
        return self._keys[1]

    @cached_property
    def _keys(self) -> tuple[str, str]:
        from nape_bench.graph.keys import graph_keys

        hashes, groups = graph_keys(self.flat())
        return str(hashes[0]), str(groups[0])

    def flops(self) -> int:
        """Multiply-adds of convolutions and dense layers for one image (`cost.flops`)."""
        from nape_bench.graph.cost import flops

        return int(flops(self.flat())[0])

    def params(self) -> int:
        """Trainable parameters: weights, biases, BatchNorm scales and shifts (`cost.params`).

        A graph has no word for weights that several nodes share: those of a detector's head, which
        reads each level of a pyramid, count once a level.
        """
        from nape_bench.graph.cost import params

        return int(params(self.flat())[0])

    def to_torch(self) -> torch.nn.Module:
        """Return the network as a trainable torch module (`torch_module.GraphModule`).

        It maps float32 [batch, channels, height, width] to [batch, classes] where the output is
        one pixel, else to [batch, channels, height, width]; tokens are a row of pixels. Most words
        of our own run as well (`torch_own_layers`): an attention without masks and positions, which
        a graph does not keep. Broadcast, Deconv, Join, Resize, Scalar, Softmax and Tuple do not.

        Raises:
            GraphError: An operation has no torch counterpart; the node is named.
        """
        from nape_bench.graph.torch_module import GraphModule

        return GraphModule(self)

    def to_onnx(
        self,
        *,
        module: torch.nn.Module | None = None,
        seed: int = 0,
        weights: bool = True,
        opset: int = 20,
        batch: str | int = "N",
    ) -> Any:
        """Return the network as an `onnx.ModelProto` (`onnx_export`).

        It maps `images`, float32 [batch, channels, height, width], to `output`, which is what
        `to_torch`'s module gives in eval mode: [batch, classes], or maps if there are some. Only
        standard operators are used; the shape of every value is written down, and equal arguments
        give equal bytes. `onnx.save(graph.to_onnx(), "network.onnx")` writes it to a file.

        Args:
            module: The module of `to_torch()` whose weights and BatchNorm statistics to write;
                None: those that it starts with after `torch.manual_seed(seed)`.
            seed: What weights are drawn from where no module is given.
            weights: Whether to write weights. Without them the model is a few kilobytes, and its
                weights are inputs: their names and shapes are declared, for whoever looks at the
                architecture only, or gives them when it is run.
            opset: Version of the operator set, 13 to the newest that the installed onnx has.
            batch: Size of the batch axis, or its name where it is left open.

        Raises:
            GraphError: An operation has no counterpart (the node is named), `module` is not of
                this graph, the weights take 2 GB or more, or an argument is out of range.
        """
        from nape_bench.graph.onnx_export import to_onnx

        how: dict[str, Any] = {"seed": seed, "weights": weights, "opset": opset, "batch": batch}
        return to_onnx(self, module=module, **how)

    def to_pyg(self) -> Data:
        """Return a torch_geometric `Data` with `op`, `x` and `edge_index` (`pyg.to_data`)."""
        from nape_bench.graph.pyg import to_data

        return to_data(self)

    def draw(
        self,
        *,
        title: str | None = None,
        fold: bool = True,
        layout: Literal["auto", "dot", "own"] = "auto",
        marked: Collection[int] = (),
    ) -> Picture:
        """Return a picture as SVG, top down: it stands on its own and knows dark pages (`drawing`).

        Nodes that follow one another without a branch are rows of one box, coloured by kind of
        operation; shapes, settings and cost are shown on hover. What repeats itself between nodes
        that lie on every path is drawn once, with "x 5" beside it.

        Args:
            title: What stands above it; None: nodes, edges and shapes.
            fold: Whether what repeats itself is drawn once.
            layout: "dot" is graphviz's, "own" needs nothing installed, "auto" is dot where it is
                installed and succeeds, else own.
            marked: Nodes that get a frame, by number; of what is folded the first copy's count.

        Raises:
            GraphError: There are more than 5,000 nodes, or `layout` is unknown or "dot" fails.
        """
        from nape_bench.graph.drawing import draw

        return draw(self, title=title, fold=fold, layout=layout, marked=marked)

    def _repr_svg_(self) -> str | None:
        """Return the picture that notebooks show, or None where there are too many nodes."""
        from nape_bench.graph.drawing.pictures import MOST_NODES

        return self.draw() if len(self) <= MOST_NODES else None

    def flat(self) -> Flat:
        """Return the graph as array code takes it: a `Flat` of one graph."""
        edges = self.edges.astype(np.int64)
        return Flat(
            {name: self.nodes[:, i] for i, name in enumerate(COLUMNS)},
            edges[:, 0],
            edges[:, 1],
            np.array([0, len(self.nodes)]),
            np.array([0, len(edges)]),
        )

    def __eq__(self, other: object) -> bool:
        """Return whether nodes and edges are the same, node order included (cf. `hash`)."""
        if not isinstance(other, ArchGraph):
            return NotImplemented
        return np.array_equal(self.nodes, other.nodes) and np.array_equal(self.edges, other.edges)

    def __hash__(self) -> int:
        return hash((self.nodes.tobytes(), self.edges.tobytes()))

    def __repr__(self) -> str:
        first, last = self.nodes[0], self.nodes[-1]
        c_in, c_out = COLUMN_INDEX["c_in"], COLUMN_INDEX["c_out"]
        image = f"{first[1]}x{first[3]}x{first[c_in]}"
        out = f"{last[2]}x{last[4]}x{last[c_out]}"
        return f"ArchGraph({len(self)} nodes, {len(self.edges)} edges, {image} -> {out})"

    def _keep(self, nodes: np.ndarray, edges: np.ndarray) -> None:
        self.nodes = np.ascontiguousarray(nodes, dtype=np.int32)
        self.edges = np.ascontiguousarray(edges, dtype=np.int32)
        self.nodes.flags.writeable = False
        self.edges.flags.writeable = False


def _integers(values: ArrayLike, what: str, width: int) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise GraphError(f"{what} must be rows of {width} integers: {error}") from None
    if array.size == 0:
        array = array.reshape(0, width).astype(np.int64)
    if array.ndim != 2 or array.shape[1] != width or array.dtype.kind not in "iub":
        raise GraphError(
            f"{what} must be integers [n, {width}], not {array.dtype} {list(array.shape)}"
        )
    return array.astype(np.int64)


def _check_range(rows: np.ndarray) -> None:
    """Check that each value fits the dtype in which tables keep its column."""
    for i, name in enumerate(COLUMNS):
        top = COLUMN_LIMITS[name]
        bad = np.flatnonzero((rows[:, i] < 0) | (rows[:, i] > top))
        if len(bad):
            value = int(rows[bad[0], i])
            raise GraphError(f"node {bad[0]}: {name}={value} is outside 0..{top}")


def _row_of(number: int, node: Any) -> list[int]:
    if not isinstance(node, Mapping) or not isinstance(node.get("op"), str):
        raise GraphError(f"node {number}: a mapping with a name as `op` expected, not {node!r}")
    where = f"node {number} ({node['op']})"
    try:
        op = op_index(node["op"])
    except UnknownNameError as error:
        raise UnknownNameError(f"node {number}: {error}") from None
    unknown = set(node) - set(COLUMNS)
    if unknown:
        told = ", ".join(sorted(map(str, unknown)))
        raise GraphError(f"{where}: unknown {told}; a node has {', '.join(COLUMNS)}")
    plain = {"kernel_h": 0, "kernel_w": 0, "stride_h": 1, "stride_w": 1, "dilation": 1, "bias": 0}
    plain["groups"] = node.get("c_in", 1) if node["op"] == "Depthwise" else 1
    lacking = [c for c in COLUMNS[1:] if c not in node and c not in plain]
    if lacking:
        raise GraphError(f"{where}: {', '.join(lacking)} missing")
    values = {**plain, **node}
    for column in COLUMNS[1:]:
        value = values[column]
        if not isinstance(value, (int, float, np.integer)) or value != value // 1:
            raise GraphError(f"{where}: {column}={value!r} is no integer")
    return [op, *(int(values[c]) for c in COLUMNS[1:])]
