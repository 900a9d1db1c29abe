"""`nape-bench graph FAMILY SPEC` and `nape-bench graph FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.cli.architectures import GRAPH_FILES, read_graph
from nape_bench.cli.command import Command, positive, print_table
from nape_bench.cli.output import write_picture
from nape_bench.cli.own_code import is_own
from nape_bench.errors import SpecError

if TYPE_CHECKING:
    import argparse

    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Space, Spec

PICKLE = ".pkl"
"""What the files of AutoGO's graphs end in."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "family", metavar="FAMILY", help="a family (`nape-bench spaces` lists them), or a file: an "
        "ONNX model (.onnx), what --json printed (.json), or one of AutoGO's graphs (.pkl), of "
        "which no code is run; or MODULE:FACTORY, Python of your own that is imported and run, and "
        "gives a torch module"
    )  # fmt: skip
    parser.add_argument(
        "spec",
        metavar="SPEC",
        nargs="?",
        help="the architecture, as its family writes it or as JSON; - reads standard input",
    )
    parser.add_argument("--random", action="store_true", help="draw an architecture instead")
    parser.add_argument(
        "--mutate", type=positive, metavar="N", help="take N steps of its family's mutation from it"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="what --random and --mutate draw from (0)"
    )
    parser.add_argument("--json", action="store_true", help="print the whole graph as JSON")
    parser.add_argument(
        "--svg", type=Path, metavar="FILE", help="write a picture of the graph to this file, which "
        "may be there already; graphviz's dot lays it out where it is installed"
    )  # fmt: skip
    parser.add_argument("--width", type=float, default=1.0, help="factor on all channels (1)")
    parser.add_argument("--depth", type=positive, help="repeats in a stage or stack")
    parser.add_argument("--resolution", type=positive, help="input height and width in pixels; "
        "of an ONNX model, where it leaves them open; of a MODULE:FACTORY (224)")  # fmt: skip
    parser.add_argument("--num-classes", type=positive, help="number of classes")


def _run(args: argparse.Namespace) -> None:
    is_file = args.family.endswith((*GRAPH_FILES, PICKLE)) or is_own(args.family)
    named, graph = _of_file(args) if is_file else _of_family(args)
    facts = {
        **named,
        "hash": graph.hash,
        "group": graph.group,
        "flops": graph.flops(),
        "params": graph.params(),
    }
    if args.svg is not None:
        title = named.get("id") or Path(named["file"]).name
        write_picture(args.svg, graph.draw(title=title))
    if args.json:
        print(json.dumps({**facts, **graph.to_dict()}))
    else:
        _summarise(facts, graph)


def _of_family(args: argparse.Namespace) -> tuple[dict[str, Any], ArchGraph]:
    """Return what names an architecture of a family, and its graph."""
    from nape_bench.spaces import space

    family = space(args.family)
    if args.random == (args.spec is not None):
        raise SpecError(f"graph {args.family}: give either SPEC or --random")
    spec = _spec(args, family)
    graph = family.build(
        spec,
        width=args.width,
        depth=args.depth,
        resolution=args.resolution,
        num_classes=args.num_classes,
    )
    identity = f"{family.name}:{family.format(spec)}"
    return {"id": identity, "family": family.name, "spec": spec}, graph


def _of_file(args: argparse.Namespace) -> tuple[dict[str, Any], ArchGraph]:
    """Return what names a file, and the graph in it."""
    asked = {
        "SPEC": args.spec is not None,
        "--random": args.random,
        "--mutate": args.mutate is not None,
        "--width": args.width != 1,
        "--depth": args.depth is not None,
        "--num-classes": args.num_classes is not None,
        "--resolution": args.resolution is not None
        and not (args.family.endswith(".onnx") or is_own(args.family)),
    }
    wrong = ", ".join(name for name, given in asked.items() if given)
    if wrong:
        raise SpecError(
            f"graph {args.family}: a file is no family to build from: leave out {wrong}"
        )
    if not args.family.endswith(PICKLE):
        return {"file": args.family}, read_graph(args.family, args.resolution)
    from nape_bench.data.importers.graph_file import read_graph_file

    name, graph = read_graph_file(args.family)
    return {"id": name or args.family, "file": args.family}, graph


def _spec(args: argparse.Namespace, family: Space) -> Spec:
    import numpy as np

    if args.seed < 0:
        raise SpecError(f"--seed is an integer of at least 0, not {args.seed}")
    rng = np.random.default_rng(args.seed)
    if args.random:
        spec = family.sample(rng)
    else:
        spec = family.parse(sys.stdin.read() if args.spec == "-" else args.spec)
    for _ in range(args.mutate or 0):
        spec = family.mutate(spec, rng)
    return spec


def _summarise(facts: dict[str, Any], graph: ArchGraph) -> None:
    from nape_bench.graph.cost import flops_by_node, params_by_node

    flat = graph.flat()
    first, last = (flat.columns["h_in"][0], flat.columns["w_in"][0]), flat.columns["c_out"][-1]
    named: dict[str, Any] = {name: facts[name] for name in ("id", "file") if name in facts}
    lines = {
        **named,
        "nodes": f"{len(graph):,}",
        "edges": f"{len(graph.edges):,}",
        "input": f"{first[0]} x {first[1]} pixels, {flat.columns['c_in'][0]} channels",
        "output": f"{last:,} channels",
        "FLOPs": f"{facts['flops']:,} multiply-adds of convolutions and dense layers for an image",
        "params": f"{facts['params']:,} trainable",
        "hash": f"{facts['hash']} (names the graph)",
        "group": f"{facts['group']} (names its function)",
    }
    for name, value in lines.items():
        print(f"{name:<7} {value}")
    ops = graph.ops
    flops, params = flops_by_node(flat), params_by_node(flat)
    rows = []
    for op in sorted(set(ops), key=lambda op: (-ops.count(op), op)):
        own = [i for i, name in enumerate(ops) if name == op]
        rows.append((op, f"{len(own):,}", f"{flops[own].sum():,}", f"{params[own].sum():,}"))
    print()
    headers = ["operation", "nodes", "FLOPs", "params"]
    print_table(rows, headers, right="nodes,FLOPs,params")


COMMAND = Command(
    name="graph",
    help="build or read the computation graph of an architecture",
    description="Build the computation graph of an architecture, or read it from an ONNX model, "
    "and print what it is made of, its keys, FLOPs and parameters, or all of it as JSON.",
    examples=[
        "nape-bench graph hiaml z-t31-src8-l20",
        "nape-bench graph hiaml --random --seed 3 --json",
        "nape-bench graph hiaml z-t31-src8-l20 --mutate 2 --json > mutated.json",
        "nape-bench graph hiaml z-t31-src8-l20 --width 0.25 --resolution 16",
        "nape-bench graph nb201 --random --svg cell.svg",
        "nape-bench graph model.onnx",
        "nape-bench graph torchvision.models:vit_b_16 --resolution 224",
        "nape-bench graph model.onnx --resolution 224 --json > model.json",
        "echo z-t31-src8-l20 | nape-bench graph hiaml -",
        "nape-bench graph hiaml_best.pkl --json > best.json",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
