"""An ArchGraph from an ONNX model.

The model's nodes are read in order into a draft (`onnx_import_reader`, `onnx_import_ops`). What is
no node in normal form never becomes one: reshapes, slices and padding become part of how a value is
seen (`onnx_import_values`), scalars and biases are folded afterwards (`onnx_import_fold`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.arch_graph import ArchGraph
from nape_bench.graph.onnx_import_draft import Node
from nape_bench.graph.onnx_import_file import open_model
from nape_bench.graph.onnx_import_fold import fold
from nape_bench.graph.onnx_import_reader import KNOWN, Reader

if TYPE_CHECKING:
    from nape_bench.graph.onnx_import_draft import Draft


def from_onnx(model: Any, *, resolution: int | tuple[int, int] | None = None) -> ArchGraph:
    """Read a graph from an ONNX model; see `ArchGraph.from_onnx`, which this is."""
    size = (resolution, resolution) if isinstance(resolution, int) else resolution
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise GraphError(f"resolution is a positive integer or two, not {resolution!r}")
    source = open_model(model, KNOWN, size)
    reader = Reader(source)
    problems = reader.read()
    if not problems:
        result = reader.result()
        last = Node("Output", result.shape, result.shape, "its output", [result.node])
        reader.draft.add(last)
        problems = fold(reader.draft)
    if problems:
        raise GraphError(f"{source.name}: {'; '.join(problems)}")
    return graph_of_draft(source.name, reader.draft)


def graph_of_draft(name: str, draft: Draft) -> ArchGraph:
    """Return the graph of a folded draft.

    Args:
        name: What the model is called in messages.
        draft: Its nodes.

    Raises:
        GraphError: It is malformed; the node of the model is named.
    """
    nodes, edges, labels = draft.arrays()
    try:
        return ArchGraph(nodes, edges)
    except GraphError as error:
        # The message tells a node by its place in `nodes`; she who has the model knows its name.
        found = re.match(r"node (\d+)", str(error))
        where = f" ({labels[int(found[1])]} in the model)" if found else ""
        raise GraphError(f"{name}: {error}{where}") from None
