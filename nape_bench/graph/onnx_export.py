"""An ArchGraph as an ONNX model, written node by node from the graph itself.

One node of the graph is one node of the model, named after its place and operation ("12_Conv"),
where ONNX has such an operation. Around it stand what a graph keeps in its columns: slices
("12_Conv.slice0"), layout changes around dense layers ("11_Mean.flat"). The model
computes what `GraphModule` computes in eval mode: a Mul and its ReLU6 that run as h-swish are one
HardSwish, and a ReLU6 that gates is a HardSigmoid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_export_ops import emit, emit_gate
from nape_bench.graph.onnx_export_weights import weights_for
from nape_bench.graph.onnx_export_writer import Tensor, Writer
from nape_bench.graph.torch_layers import NodeRow
from nape_bench.graph.torch_module import gates_of

if TYPE_CHECKING:
    import torch

    from nape_bench.graph.arch_graph import ArchGraph

LEAST_OPSET = 13
"""Slice, Clip and Unsqueeze have the form that is written here from this version on."""

OPSET = 20
"""The operator set that is written unless another is asked for: the first with Gelu."""


def to_onnx(
    graph: ArchGraph,
    *,
    module: torch.nn.Module | None = None,
    seed: int = 0,
    weights: bool = True,
    opset: int = OPSET,
    batch: str | int = "N",
) -> Any:
    """Write a graph as an ONNX model; see `ArchGraph.to_onnx`, which this is."""
    import onnx

    newest = onnx.defs.onnx_opset_version()
    if isinstance(opset, bool) or not isinstance(opset, int) or not LEAST_OPSET <= opset <= newest:
        raise GraphError(f"opset is an integer from {LEAST_OPSET} to {newest}, not {opset!r}")
    if isinstance(batch, bool) or not (
        (isinstance(batch, int) and batch >= 1) or (isinstance(batch, str) and batch)
    ):
        raise GraphError(f"batch is an integer of at least 1, or the axis's name, not {batch!r}")
    rows = [NodeRow.of(values) for values in graph.nodes.tolist()]
    writer = Writer(batch, opset, weights_for(graph, rows, module, weights, seed))
    _write(writer, rows, graph.edges.tolist())
    return writer.model(graph.hash)


def _write(writer: Writer, rows: list[NodeRow], edges: list[list[int]]) -> None:
    """Write all nodes, the input and the output."""
    sources: list[list[int]] = [[] for _ in rows]
    for source, target in edges:
        sources[target].append(source)
    gates = gates_of(rows, sources)
    reads = _reads(sources, gates)
    values: dict[int, Tensor] = {0: writer.graph_input(rows[0].shape_out)}
    for i, row in enumerate(rows[1:-1], start=1):
        if i not in reads:
            continue
        name = f"{i}_{row.op}"
        given = [values[source] for source in reads[i]]
        try:
            if i in gates:
                values[i] = emit_gate(writer, name, row, rows[gates[i][0]], given)
            else:
                values[i] = emit(writer, name, row, given)
        except GraphError as error:
            raise GraphError(f"node {i} ({row.op}): {error}") from None
    last = rows[-1]
    result = writer.sliced(f"{len(rows) - 1}_Output", 0, values[sources[-1][0]], last.shape_in)
    writer.output(result, flat=last.shape_out[:2] == (1, 1))


def _reads(sources: list[list[int]], gates: dict[int, tuple[int, int]]) -> dict[int, list[int]]:
    """Return what each node that is written reads: ReLU6 that went into gates are left out."""
    reads: dict[int, list[int]] = {}
    used = set(sources[-1])
    for i in range(len(sources) - 2, 0, -1):
        if i in used:
            reads[i] = [sources[gates[i][0]][0], gates[i][1]] if i in gates else sources[i]
            used.update(reads[i])
    return reads
