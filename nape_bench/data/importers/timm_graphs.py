"""Graphs of timm's networks, as `benchmarks/build_timm.py` writes them: a JSON file a network."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.sources import find_release
from nape_bench.data.jsontext import once
from nape_bench.errors import DataError, NapeError
from nape_bench.graph import ArchGraph

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from nape_bench.data.importers.sources import Source

_FILE = re.compile(r"(\w[\w-]*)-(\d{1,5})\.json")
_FAMILY = re.compile(r"\w+")
_MOST_BYTES = 64 << 20  # of a file; the largest has a few megabytes


class Traced(NamedTuple):
    """A network of timm's at one image size.

    Attributes:
        family: The module of timm that it comes from, what it is compared within.
        graph: Its graph, None where it could not be read.
        left_out: Why not, empty where it could.
        traced_by: The versions of what traced it.
    """

    family: str
    graph: ArchGraph | None
    left_out: str
    traced_by: str


def find_graphs(path: str | os.PathLike[str]) -> dict[tuple[str, int], Source]:
    """Return (architecture, image size) -> file, of a folder or an archive of graphs.

    Raises:
        DataError: There is none.
    """
    found = find_release(
        path, _FILE.fullmatch, "<architecture>-<pixels>.json, of benchmarks/build_timm.py"
    )
    matches = [(_FILE.fullmatch(source.name), source) for source in found]
    return {(match[1], int(match[2])): source for match, source in matches if match}


def read_graph(source: Source, architecture: str, size: int) -> Traced:
    """Read the file of a network; nothing in it is run, and the graph is checked.

    Raises:
        DataError: It is no such file, of another network, or its graph is malformed.
    """
    try:
        told = json.loads(source.read(_MOST_BYTES).decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{source.where} is no JSON: {error}") from None
    if not isinstance(told, dict) or (told.get("architecture"), told.get("img_size")) != (
        architecture,
        size,
    ):
        raise DataError(f"{source.where}: the graph of {architecture} at {size} pixels expected")
    family, by, left_out = _texts(source.where, told)
    graph = None if left_out else _graph(source.where, told, size)
    return Traced(family, graph, left_out, by)


def _texts(where: str, told: Mapping[str, Any]) -> tuple[str, str, str]:
    found = [told.get(key) for key in ("family", "traced_by")] + [told.get("left_out", "")]
    if not all(isinstance(text, str) for text in found) or not _FAMILY.fullmatch(str(found[0])):
        raise DataError(f"{where}: family, traced_by and left_out are to be text: {short(found)}")
    family, by, left_out = map(str, found)
    return family, by, left_out


def _graph(where: str, told: Mapping[str, Any], size: int) -> ArchGraph:
    try:
        graph = ArchGraph.from_dict({key: told[key] for key in ("nodes", "edges") if key in told})
    except (NapeError, TypeError) as error:
        raise DataError(f"{where}: {error}") from None
    if (int(graph.column("h_in")[0]), int(graph.column("w_in")[0])) != (size, size):
        raise DataError(f"{where}: its Input has not {size} x {size} pixels")
    return graph
