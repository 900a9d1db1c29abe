"""An ArchGraph from a torch module.

The module is traced (`trace`), its operators are read in order into the draft that ONNX models
are read into (`reader`, `operators`), and folded as those are. Reshapes, transpositions, slices,
windows and heads become part of how a tensor is seen (`views`), and nodes where nodes need them to
(`desk`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import import graph_of_draft
from nape_bench.graph.onnx_import_fold import fold

if TYPE_CHECKING:
    import torch

    from nape_bench.graph.arch_graph import ArchGraph


def from_torch(module: torch.nn.Module, example_input: torch.Tensor) -> ArchGraph:
    """Read a graph from a torch module; see `ArchGraph.from_torch`, which this is."""
    from nape_bench.graph.torch_import.reader import Reader
    from nape_bench.graph.torch_import.trace import exported

    name = type(module).__name__
    reader = Reader(exported(module, example_input))
    problems = reader.read()
    if not problems:
        problems = fold(reader.draft, ours=True)
    if problems:
        raise GraphError(f"{name}: {'; '.join(problems)}")
    return graph_of_draft(name, reader.draft)
