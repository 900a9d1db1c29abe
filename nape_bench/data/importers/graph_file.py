"""read_graph_file: one published graph, pickled on its own (AutoGO's architectures)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.importers.computation_graphs import NodeRows, read_graph
from nape_bench.data.importers.graph_check import flat_of
from nape_bench.data.importers.normal_form import normal_form
from nape_bench.data.importers.sources import find_sources
from nape_bench.data.pickles import Limits, read_object
from nape_bench.data.pickles.references import scan
from nape_bench.errors import DataError, NapeError
from nape_bench.graph import COLUMNS, ArchGraph
from nape_bench.graph.vocabulary import OP_INDEX

if TYPE_CHECKING:
    import os

    from nape_bench.graph.flat import Flat


def read_graph_file(path: str | os.PathLike[str]) -> tuple[str, ArchGraph]:
    """Read a pickled ComputeGraph, as AutoGO's authors published theirs, in normal form.

    The authors' graphs have no sums of a tensor with itself, no groups, and no order of inputs.
    No code of the file is run.

    Args:
        path: The file.

    Returns:
        What its authors call the graph, and the graph.

    Raises:
        DataError: There is no such file, it is no such pickle, or the graph is malformed.
    """
    place = Path(path).expanduser()
    if place.is_dir():
        raise DataError(f"{place} is a folder: a file with one graph expected")
    (source,) = find_sources(place, lambda _: True)
    limits = Limits()
    with source.open() as file:
        references = scan(file, source.where, limits)
    with source.open() as file:
        value = read_object(file, source.where, references, limits)
    try:
        rows = NodeRows()
        graph = read_graph(value, rows)
        flat, wrong = normal_form(flat_of([graph], rows))
        if wrong:
            raise DataError(wrong[0])
        return graph.name, _arch_graph(flat)
    except NapeError as error:
        raise DataError(f"{source.where}: {error}") from None


def _arch_graph(flat: Flat) -> ArchGraph:
    """Return the graph, checked; what a Concat reads first is the input whose size it has."""
    nodes = np.stack([flat.columns[name] for name in COLUMNS], axis=1)
    concat = flat.columns["op"][flat.target] == OP_INDEX["Concat"]
    other = flat.columns["c_out"][flat.source] != flat.columns["c_in"][flat.target]
    order = np.lexsort((concat & other, flat.target))
    return ArchGraph(nodes, np.stack([flat.source[order], flat.target[order]], axis=1))
