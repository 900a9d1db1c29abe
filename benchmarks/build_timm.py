"""Traces timm's networks for `nape-bench import timm`, which joins their graphs with the results.

Needs `pip install -r benchmarks/zoo-requirements.txt`. For each architecture and image size that a
results file names, weights of one architecture share a graph, it writes one file,
`<architecture>-<pixels>.json`: the graph, or what stops it. Run again, it goes on with those that
have no file yet.

    python benchmarks/build_timm.py results/results-imagenet.csv timm-graphs
    python benchmarks/build_timm.py results/results-imagenet.csv timm-graphs --again

The second line tries those anew that could not be read.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import Counter
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo_models import images, import_torchvision, without_weights

from nape_bench.atomic import new_file
from nape_bench.graph import ArchGraph

if TYPE_CHECKING:
    import torch

CLASSES = 1000
"""Outputs of a network: the results are those of ImageNet-1K."""


def main() -> None:
    """Trace what has no file yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results-imagenet.csv, or one like it")
    parser.add_argument("out", type=Path, help="the folder of graphs")
    parser.add_argument("--again", action="store_true", help="try those anew that were left out")
    args = parser.parse_args()
    import_torchvision()
    for architecture, size in wanted(args.results):
        path = args.out / f"{architecture}-{size}.json"
        if path.exists() and not (args.again and "left_out" in json.loads(path.read_text())):
            continue
        start = time.perf_counter()
        told = traced(architecture, size)
        with new_file(path) as file:
            file.write_text(json.dumps(told), encoding="utf-8")
        what = told.get("left_out") or f"{len(told['nodes'])} nodes"
        print(f"{path.stem}: {time.perf_counter() - start:.1f} s: {what}", flush=True)


def wanted(results: Path) -> list[tuple[str, int]]:
    """Return the architectures and image sizes of a results file: most rows, then least weights."""
    found: Counter[tuple[str, int]] = Counter()
    params = {}
    with results.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["model"].partition(".")[0], int(row["img_size"]))
            found[key] += 1
            params[key] = float(row["param_count"].replace(",", ""))
    return sorted(found, key=lambda key: (-found[key], params[key], key))


def traced(architecture: str, size: int) -> dict[str, Any]:
    """Return what the file of an architecture holds."""
    told: dict[str, Any] = {
        "architecture": architecture,
        "family": family_of(architecture),
        "img_size": size,
        "traced_by": f"timm {version_of('timm')}, torch {version_of('torch')}",
    }
    try:
        module = built(architecture, size)
        told["params"] = sum(parameter.numel() for parameter in module.parameters())
        return told | ArchGraph.from_torch(module, images((size, size))).to_dict()
    except Exception as error:
        # Whatever stops one network is told, and the next one is tried.
        return told | {"left_out": f"{type(error).__name__}: {error}"}


def family_of(architecture: str) -> str:
    """Return the module of timm that an architecture comes from; "unknown" where it has gone."""
    import timm

    if not timm.is_model(architecture):
        return "unknown"
    return str(timm.model_entrypoint(architecture).__module__.rpartition(".")[2])


def built(architecture: str, size: int) -> torch.nn.Module:
    """Return a network without weights; one that has a size of its own is made for this one."""
    import timm

    known = timm.get_pretrained_cfg(architecture)
    fixed = known is not None and known.fixed_input_size and known.input_size[1] != size
    how = {"img_size": size} if fixed else {}
    with without_weights():
        module: torch.nn.Module = timm.create_model(
            architecture, pretrained=False, num_classes=CLASSES, **how
        )
    return module


if __name__ == "__main__":
    main()
