"""Reading architectures and graphs that are named on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.cli.own_code import is_own, own
from nape_bench.errors import DataError, NapeError

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Space, Spec


GRAPH_FILES = (".onnx", ".json")
"""What the names of files end in that are graphs, and no families."""


def read_graph(path: str, resolution: int | None = None) -> ArchGraph:
    """Read a graph from a file, or from standard input.

    Args:
        path: The file; - is standard input. It is an ONNX model if its name ends in .onnx, Python
            to run if it is MODULE:FACTORY (`of_factory`), else it holds a JSON object with `nodes`
            and `edges`, as `nape-bench graph --json` prints it.
        resolution: Height and width in pixels where an ONNX model leaves them open, or of the
            images of a factory's network.

    Raises:
        DataError: There is no such file, or no graph in it.
        GraphError: The ONNX model is none that a graph can tell; nodes are named.
    """
    from nape_bench.graph import ArchGraph

    if path.endswith(".onnx"):
        return ArchGraph.from_onnx(path, resolution=resolution)
    if is_own(path):
        return of_factory(path, resolution)
    name = "standard input" if path == "-" else path
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        return ArchGraph.from_dict(json.loads(text))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, NapeError) as error:
        raise DataError(
            f"{name}: a graph in the JSON of `nape-bench graph --json` expected: {error}"
        ) from None


def of_factory(name: str, resolution: int | None = None) -> ArchGraph:
    """Import and run a user's own Python, and return the graph of the network that it gives.

    Args:
        name: MODULE:FACTORY; the working folder is looked in first. FACTORY() gives a torch module,
            or a pair of it and an example input.
        resolution: Height and width of images where no example is given (224).

    Raises:
        DataError: There is no such module or factory, or it gives no torch module.
        GraphError: The network is none that a graph can tell.
    """
    import torch

    from nape_bench.graph import ArchGraph

    factory = own(name)
    if not callable(factory):
        raise DataError(f"{name}: is {type(factory).__name__}, where a function is asked for")
    made = factory()
    network, example = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(network, torch.nn.Module):
        raise DataError(f"{name}: it gives {type(network).__name__}, where a torch module is asked")
    if example is None:
        example = torch.empty(1, 3, resolution or 224, resolution or 224)
    return ArchGraph.from_torch(network, example)


def read_specs(space: Space, source: str) -> list[Spec]:
    """Read architectures of a space.

    Args:
        space: Their space; what a store holds of other spaces is passed over.
        source: A file with one architecture a line, as text or JSON (a row of a label store
            counts too); a label store; or the name or folder of a dataset.

    Returns:
        Their specifications, in normal form.

    Raises:
        DataError: There is nothing of this name, or a line is no architecture.
    """
    path = Path(source)
    if (path / "results").is_dir():
        from nape_bench.labels import read_labels

        rows = read_labels(path, space=space.name)
        specs = {row["text"]: row["spec"] for row in rows}
        return [space.normalise(spec) for spec in specs.values()]
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines()
        return [
            _spec(space, line, f"{path}, line {number}")
            for number, line in enumerate(lines, start=1)
            if line.strip()
        ]
    return _of_dataset(space, source)


def _spec(space: Space, line: str, where: str) -> Spec:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    try:
        if isinstance(value, dict) and "spec" in value:
            return space.normalise(value["spec"])
        return space.parse(line)
    except NapeError as error:
        raise DataError(f"{where}: an architecture of {space.name} expected: {error}") from None


def _of_dataset(space: Space, source: str) -> list[Spec]:
    """Return the architectures of a space that any config and version of a dataset has."""
    from nape_bench.data import load_dataset
    from nape_bench.data.places import find_all

    folder = source if Path(source).is_dir() else None
    found = find_all(None if folder else source, folder)
    if not found:
        raise DataError(
            f"{source}: a file of architectures, a label store, or the name or folder of a dataset "
            "expected (`nape-bench datasets` lists the names)"
        )
    specs: dict[str, Spec] = {}
    for name, config, version in found:
        data = load_dataset(name, config, revision=version, path=folder)
        for split in map(data.__getitem__, data):
            for family, row_id, spec in zip(split.families, split.ids, split.specs, strict=True):
                if family == space.name:
                    specs[row_id] = space.normalise(spec)
    return list(specs.values())
