"""`nape-bench label`."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.cli.command import Command, positive, print_table
from nape_bench.errors import NapeError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from nape_bench.labels import Report

UNTOLD = {"space", "spec", "text", "measure", "version", "seed", "error", "time", "machine"}
UNTOLD |= {"torch", "python", "wall_seconds"}
"""Columns of a result that are no values of its measurement."""
SIDE_BY_SIDE = 3
"""So many results fit beside each other; a latency has more columns than fit."""
WRAPPED = 50
"""Characters in a line of a cell: reasons are sentences."""
ALL_FAILED = 1
"""Exit status of a run that did jobs, every one of which failed."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to measure")
    what.add_argument("--space", metavar="FAMILY", help="`nape-bench spaces` lists them")
    what.add_argument("--n", type=positive, help="architectures to draw from the space")
    what.add_argument(
        "--spec", action="append", default=[], metavar="TEXT", help="this architecture of the "
        "space, as the space writes it or as JSON; may be given again"
    )  # fmt: skip
    what.add_argument(
        "--graph", action="append", default=[], metavar="FILE", help="this graph, an ONNX "
        "model (.onnx) or the JSON of `nape-bench graph --json`; micro training makes it small "
        "first, so that its label compares with those of other graphs, not with a dataset's: for a "
        "label as a dataset's give its specification with --space and --spec; - reads standard "
        "input; may be given again"
    )  # fmt: skip
    what.add_argument("--draw-seed", type=int, default=0, help="--n draws others (0)")
    what.add_argument(
        "--subset", metavar="NAME", help="part of the space that --n draws from, or all "
        "(nb201: no-none, the cells without the operation none; ofa_pn, ofa_mbv3 and ofa_resnet: "
        "full-resolution; other spaces: all)"
    )  # fmt: skip
    what.add_argument(
        "--among", action="append", default=[], metavar="FILE", help="draw --n from the "
        "architectures in FILE, not from the whole space: one a line, as text or JSON; or a label "
        "store; or the name or folder of a dataset; may be given again"
    )  # fmt: skip
    what.add_argument(
        "--exclude", action="append", default=[], metavar="FILE", help="leave out of --n what "
        "computes the same as an architecture in FILE, which is as with --among"
    )  # fmt: skip
    what.add_argument(
        "--split", action="append", default=[], metavar="SPLIT", help="draw --n from what datasets "
        "put into this split, train, validation or test; may be given again"
    )  # fmt: skip
    what.add_argument(
        "--pack", action="store_true", help="measure nothing: bring what ended runs left in the "
        "store into few small files, which can be kept in version control"
    )  # fmt: skip
    how = parser.add_argument_group("how to measure")
    how.add_argument(
        "--measure",
        default="micro",
        metavar="NAMES",
        help="measurements, comma-separated, of micro, proxies, latency, multitask and "
        "multitask_pseudo (micro)",
    )
    how.add_argument("--seeds", type=positive, default=2, help="measurements of each (2)")
    how.add_argument("--store", type=Path, default=Path("labels"), metavar="DIR", help="folder of "
        "results; it only grows (labels)")  # fmt: skip
    how.add_argument(
        "--jobs", type=positive, help="jobs at a time, each in a process of its own (1; with ray "
        "one for each processor of the cluster)"
    )  # fmt: skip
    how.add_argument("--engine", default="joblib", metavar="NAME", help="joblib, processes of this "
        "machine, or ray, a Ray cluster (joblib)")  # fmt: skip
    how.add_argument("--address", help="address of the Ray cluster (one that runs here is found)")
    how.add_argument("--retry", action="store_true", help="do again what failed before, and "
        "latencies that were disturbed; what was disturbed less is kept")  # fmt: skip
    how.add_argument("--quiet", action="store_true", help="show no progress")


def _run(args: argparse.Namespace) -> int:
    given = [name for name in ("n", "spec", "graph", "pack") if getattr(args, name)]
    if len(given) != 1:
        raise NapeError("give one of --n, --spec, --graph and --pack: they say what is done")
    if args.pack:
        _pack(args.store)
        return 0
    if (args.space is None) != (given == ["graph"]):
        raise NapeError("--n and --spec need --space; --graph is of no space")
    if given != ["n"] and (args.subset or args.among or args.exclude or args.split):
        raise NapeError("--subset, --among, --exclude and --split go with --n")
    report = _measure(args)
    if given != ["n"]:
        _print_labels(report.rows)
        print()
    print(f"{args.store}: {report.done} measurements done, {report.ran} of them now")
    if report.disturbed:
        print(f"{report.disturbed} of them disturbed: --retry does them again")
    if report.failed:
        print(f"{report.failed} failed: --retry does them again")
    if report.elsewhere:
        print(f"{report.elsewhere} at work in another run")
    return ALL_FAILED if report.ran and report.failed_now == report.ran else 0


def _pack(store: Path) -> None:
    from nape_bench.labels import pack

    packed = pack(store)
    print(f"{store}: {packed.rows} results in {packed.files} packed files")
    if packed.in_use:
        print(f"{packed.in_use} files are left to runs that are at work")


def _measure(args: argparse.Namespace) -> Report:
    from nape_bench import labels
    from nape_bench.spaces import space

    how: dict[str, Any] = {
        "store": args.store,
        "measure": args.measure.split(","),
        "seeds": args.seeds,
        "jobs": args.jobs,
        "engine": args.engine,
        "address": args.address,
        "retry": args.retry,
        "progress": not args.quiet,
    }
    if args.graph:
        from nape_bench.cli.architectures import read_graph

        return labels.label_graphs([read_graph(path) for path in args.graph], **how)
    family = space(args.space)
    if args.spec:
        return labels.label_specs(args.space, [family.parse(text) for text in args.spec], **how)
    from nape_bench.cli.architectures import read_specs

    subset = labels.drawn_from(args.space, args.subset)
    if subset != "all":
        print(f"drawing from the subset {subset} of {args.space}", file=sys.stderr)
    among = [spec for source in args.among for spec in read_specs(family, source)]
    exclude = [spec for source in args.exclude for spec in read_specs(family, source)]
    choice: dict[str, Any] = {
        "subset": subset,
        "among": among if args.among else None,
        "exclude": exclude,
        "wanted": _in_splits(args.split) if args.split else None,
    }
    return labels.label(args.space, args.n, draw_seed=args.draw_seed, **choice, **how)


def _in_splits(names: Sequence[str]) -> Callable[[str], bool]:
    """Return what says of a group whether it is in one of some splits."""
    from nape_bench.data.splits import SPLITS, split_of
    from nape_bench.registry import unknown_name

    for name in names:
        if name not in SPLITS:
            raise unknown_name("split", name, SPLITS)
    return lambda group: split_of(group) in names


def _print_labels(rows: Sequence[dict[str, Any]]) -> None:
    """Print results, a table for each measurement: a few side by side, many one below the other."""
    for measure in dict.fromkeys(row["measure"] for row in rows):
        own = [dict(_told(row)) for row in rows if row["measure"] == measure]
        names = list(dict.fromkeys(name for row in own for name in row))
        table = [[name, *(_cell(row.get(name)) for row in own)] for name in names]
        if len(own) > SIDE_BY_SIDE:
            table = [list(line) for line in zip(*table, strict=True)]
        print_table(table[1:], table[0], right=",".join(table[0][1:]))


def _told(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is told of a result, by name; what is inside of it as "answers.hue"."""
    yield "architecture", row["text"]
    yield "seed", row["seed"]
    yield "measured", row["version"]
    for name, value in row.items():
        if name not in UNTOLD and value is not None:
            parts = value if isinstance(value, dict) else {"": value}
            yield from ((f"{name}.{part}".rstrip("."), inner) for part, inner in parts.items())
    if row["error"]:
        yield "error", row["error"]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return textwrap.fill(str(value), WRAPPED)


COMMAND = Command(
    name="label",
    help="measure architectures",
    description="Measure architectures of a space, or any graph, into a store that only grows: a "
    "run that was ended, however, goes on when the same command is given again. A measurement that "
    "fails is stored with its reason; the exit status is 1 only if this run measured something and "
    "all of it failed.",
    examples=[
        "nape-bench label --space hiaml --n 400 --seeds 2 --jobs 2 --store labels",
        "nape-bench label --space nb201 --n 120 --measure micro,latency --exclude chosen.txt",
        "nape-bench label --space nb101 --n 300 --among nape/nb101 --jobs 2",
        "nape-bench label --space ofa_pn --n 40 --split test --measure multitask --store labels",
        "nape-bench label --space hiaml --spec z-t31-src8-l20 --seeds 1",
        "nape-bench label --graph mutated.json --seeds 1",
        "nape-bench label --graph model.onnx --measure latency --seeds 1",
        "nape-bench label --space nb101 --n 300 --engine ray --address 192.0.2.1:6379",
        "nape-bench label --pack --store labels",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
