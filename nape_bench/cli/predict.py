"""`nape-bench predict NETWORK`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nape_bench.cli.architectures import read_graph
from nape_bench.cli.command import Command, positive, print_table
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import argparse

    from nape_bench.data import Dataset
    from nape_bench.graph import ArchGraph

LATENCIES = "latency_cpu"
"""Config of latencies that were measured here, of fewer networks."""
_LATENCY = re.compile(r"(torch|onnxruntime)_b\d+_ms")

_MOST_TRAINED = 5000
"""Training networks that a network is compared with at most: distances are between all pairs."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "network", metavar="NETWORK", help="an ONNX model (.onnx), what `graph --json` printed "
        "(.json), or MODULE:FACTORY: Python of your own that is imported and run, and gives a "
        "torch module. Name nothing that you would not run yourself"
    )  # fmt: skip
    parser.add_argument(
        "--with", dest="baseline", default="gbdt", metavar="BASELINE",
        help="a predictor of values (`nape-bench predictors` lists them) (gbdt)",
    )  # fmt: skip
    parser.add_argument(
        "--on", default="nape/hiaml", metavar="DATASET", help="what it is trained on (nape/hiaml)"
    )
    parser.add_argument("--config", help="its set of labels (the dataset's default)")
    parser.add_argument(
        "--label", action="append", help="a label to predict; may be said again (the config's "
        "target, and latencies: its own, or those measured of the dataset's networks)",
    )  # fmt: skip
    parser.add_argument("--coverage", type=float, default=0.9, help="of the intervals (0.9)")
    parser.add_argument("--seed", type=int, default=0, help="of the predictor (0)")
    parser.add_argument(
        "--resolution", type=positive, help="input height and width in pixels, where an ONNX model "
        "leaves them open; of a MODULE:FACTORY (224)"
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def _run(args: argparse.Namespace) -> None:
    import numpy as np

    from nape_bench.data import load_dataset
    from nape_bench.predictors.estimate import strangeness

    graph = read_graph(args.network, args.resolution)
    data = load_dataset(args.on, config=args.config)
    labels = args.label or [
        data.target, *(n for n in data.labels_info if n.startswith("latency"))
    ]  # fmt: skip
    told = _told(args, graph, data, labels)
    latencies = None if args.label or args.config else _latencies(args.on)
    if latencies is not None:
        measured = [name for name in latencies.labels_info if _LATENCY.fullmatch(name)]
        told |= _told(args, graph, latencies, measured)
    trained = data["train"].graphs
    warnings = strangeness(graph, trained[np.arange(min(len(trained), _MOST_TRAINED))])
    facts = {"flops": graph.flops(), "params": graph.params(), "hash": graph.hash}
    configs = [each.config for each in (data, latencies) if each is not None]
    source = f"{args.baseline}, trained on {data.name} {data.version} {', '.join(configs)}"
    if args.json:
        print(json.dumps({"with": source, **facts, "labels": told, "warnings": warnings}))
        return
    print(f"{args.network}: {len(graph)} nodes, {facts['flops']:,} multiply-adds, "
          f"{facts['params']:,} parameters")  # fmt: skip
    print(f"{source}\n")
    rows = [
        (label, f"{t['value']:.4g}", f"{t['low']:.4g} to {t['high']:.4g}", t["unit"])
        for label, t in told.items()
    ]
    print_table(rows, ["label", "predicted", f"{args.coverage:.0%} interval", "unit"])
    if warnings:
        print("\nwarning: the network lies outside of what the predictor was trained on, and the "
              "intervals do not hold for it:")  # fmt: skip
        for warning in warnings:
            print(f"  - {warning}")


def _latencies(name: str) -> Dataset | None:
    """Return the dataset's measured latencies, None where it has none at hand."""
    from nape_bench.data import list_datasets, load_dataset

    there = {each.config for each in list_datasets(name) if each.version is not None}
    return load_dataset(name, LATENCIES) if LATENCIES in there else None


def _told(
    args: argparse.Namespace, graph: ArchGraph, data: Dataset, labels: list[str]
) -> dict[str, dict[str, Any]]:
    """Predict labels of a network with intervals."""
    import numpy as np

    from nape_bench.graph import GraphTable
    from nape_bench.predictors import predictor
    from nape_bench.predictors.estimate import estimate

    if "validation" not in data or "train" not in data:
        raise DataError(
            f"{args.on}: it has splits {', '.join(data)}: train and validation are needed"
        )
    # What it is not trained on tells how far it errs: of few latencies the test's too.
    held_out = [n for n in data if n != "train"] if data.config == LATENCIES else ["validation"]
    told: dict[str, dict[str, Any]] = {}
    for label in dict.fromkeys(labels):
        if label not in data.labels_info:
            known = ", ".join(data.labels_info)
            raise DataError(f"{args.on}: it has no label {label!r}, but {known}")
        made = predictor(args.baseline, seed=args.seed)
        if not made.is_value:
            raise DataError(f"predictor {args.baseline} ranks only: take one that predicts values")
        parts = []
        for names in (["train"], held_out):
            y = np.concatenate([data[name].labels[label] for name in names])
            there = np.flatnonzero(np.isfinite(y))
            graphs = GraphTable.concatenate([data[name].graphs for name in names])
            parts.append((graphs[there], y[there]))
        made.fit(*parts[0])
        found = estimate(made, graph, *parts[1], coverage=args.coverage)
        told[label] = {**found._asdict(), "unit": data.labels_info[label].unit}
    return told


COMMAND = Command(
    name="predict",
    help="predict labels of a network of your own",
    description="Train a predictor on a dataset and predict the labels of a network of your own, "
    "with intervals by split conformal prediction on the networks that were held out, and a "
    "warning where it is unlike them. MODULE:FACTORY imports and runs the Python that it names: "
    "FACTORY() gives a torch module, or a pair of it and an example input. What is predicted is "
    "the label as the dataset has it (micro accuracy is that of the network scaled down).",
    examples=[
        "nape-bench predict model.onnx",
        "nape-bench predict mine:network --with gp --on nape/nb201",
        "nape-bench predict torchvision.models:resnet18 --resolution 224 --json",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
