"""`nape-bench search`."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.cli.architectures import GRAPH_FILES, read_graph
from nape_bench.cli.command import Command, positive, print_table
from nape_bench.errors import NapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.search.loop import Outcome
    from nape_bench.search.study import Study

COSTS = ("flops", "params", "latency")


def _percent(text: str) -> float:
    """Read a change in percent: "-20%" is -0.2."""
    match = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)%", text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"a change in percent expected, as in -20%, not {text!r}")
    return float(match[1]) / 100


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    # So that -20% is read as a number, and as no option.
    parser._negative_number_matcher = re.compile(r"-\d+(\.\d+)?%?$")
    what = parser.add_argument_group("what to search")
    what.add_argument("--space", metavar="FAMILY", help="`nape-bench spaces` lists them")
    what.add_argument("--from", dest="start", metavar="ARCH", help="the architecture to begin "
                      "with, as its space writes it; best: the one of the best label that the "
                      "predictor is fitted to; or a network of your own, an ONNX model (.onnx) or "
                      "the JSON of `nape-bench graph --json` (.json)")  # fmt: skip
    what.add_argument("--resolution", type=positive, help="pixels where an ONNX model leaves them "
                      "open")  # fmt: skip
    what.add_argument(
        "--moves", default="graph", metavar="WHAT", help="graph: operations, kernels, widths, "
        "layers and parts of the graph are changed; space: one change of the specification, so "
        "that it stays in the space (graph)"
    )  # fmt: skip
    what.add_argument("--kinds", metavar="NAMES", help="mutations of graphs, comma-separated, of "
                      "insert, kernel, operation, remove, replace, shortcut, width (all)"
                      )  # fmt: skip
    for cost, told in (("flops", "multiply-adds"), ("params", "parameters"),
                       ("latency", "predicted latency")):  # fmt: skip
        what.add_argument(
            f"--{cost}", type=_percent, metavar="CHANGE", help=f"{told} to have at most, against "
            f"the start: {'-20%' if cost == 'flops' else '+0%'}, for instance".replace("%", "%%")
        )  # fmt: skip
    what.add_argument("--scale", default="micro", metavar="SCALE", help="micro: networks as small "
                      "as micro training has them; full: as papers have them (micro)")  # fmt: skip
    what.add_argument("--table", metavar="NAME", help="in place of all these: search in a table of "
                      "labels, OWNER/NAME/CONFIG, and count questions, against random search and "
                      "evolution")  # fmt: skip
    what.add_argument("--queries", type=positive, default=300, help="questions that the predictor "
                      "may ask of a table (300)")  # fmt: skip
    who = parser.add_argument_group("what guides it")
    who.add_argument("--with", dest="predictor", default="path_gp", metavar="PREDICTOR",
                     help="`nape-bench predictors` lists them (path_gp)")  # fmt: skip
    who.add_argument("--fit", metavar="PROTOCOL", help="whose labels it is fitted to, its test "
                     "left aside (in-family/FAMILY)")  # fmt: skip
    who.add_argument("--load", metavar="FOLDER", help="a predictor that was saved, in its place; "
                     "--fit says what it was trained on")  # fmt: skip
    who.add_argument("--fit-latency", metavar="PROTOCOL", help="what predicts latency is fitted to")
    who.add_argument("--free", action="store_true", help="allow layers and sizes that the "
                     "predictor has not seen")  # fmt: skip
    how = parser.add_argument_group("how to search")
    how.add_argument("--method", default="evolution", metavar="NAME", help="evolution "
                     "(regularised) or local (evolution)")  # fmt: skip
    how.add_argument("--steps", type=positive, default=100, help="rounds (100)")
    how.add_argument("--batch", type=positive, default=100, help="mutants of a round (100)")
    how.add_argument("--pool", type=positive, default=100, help="networks that are mutated (100)")
    how.add_argument("--edits", type=positive, help="changes from the start, at most (any)")
    how.add_argument("--keep", type=positive, default=8, help="networks to find (8)")
    how.add_argument("--runs", type=positive, default=1, help="searches, with the seeds from "
                     "--seed on (1)")  # fmt: skip
    how.add_argument("--rounds", type=positive, default=1, help="times to search; between two of "
                     "them what was found is trained and learnt from, as many random mutants "
                     "too (1)")  # fmt: skip
    how.add_argument("--seed", type=int, default=0, help="of the first (0)")
    how.add_argument("--out", type=Path, metavar="DIR", help="where the search is kept: "
                     "the same command goes on where it was ended")  # fmt: skip
    how.add_argument("--quiet", action="store_true", help="show no progress")
    after = parser.add_argument_group("how to check it")
    after.add_argument("--verify", choices=["micro"], help="train what was found (the best of each "
                       "run), as many random networks of equal multiply-adds, and the start; "
                       "results are kept in DIR/labels")  # fmt: skip
    after.add_argument("--seeds", type=positive, default=3, help="trainings of each network (3)")
    after.add_argument("--report", type=Path, metavar="DIR", help="write README.md, results.json "
                       "and pictures there")  # fmt: skip


def _run(args: argparse.Namespace) -> None:
    if args.table:
        _run_table(args)
        return
    lacking = [name for name in ("space", "start", "out") if getattr(args, name) is None]
    if lacking:
        raise NapeError(f"give --{lacking[0].replace('start', 'from')}")
    if args.verify and args.scale != "micro":
        raise NapeError("--verify micro trains networks of --scale micro")
    if args.report and not args.verify:
        raise NapeError("--report tells what --verify measured: give both")
    from nape_bench.search import closed
    from nape_bench.search import study as studies

    progress = not args.quiet and sys.stderr.isatty()
    graph = None
    if args.start.endswith(GRAPH_FILES):
        graph = read_graph(args.start, args.resolution)
    given = studies.ready(_study(args), graph=graph, progress=progress)
    given, outcomes = closed.rounds(given, args.out, progress=progress)
    _print_found(outcomes)
    if not args.verify:
        return
    from nape_bench.search import check, report

    numbers = check.checked(given, outcomes, args.out, seeds=args.seeds, progress=not args.quiet)
    print()
    _print_checked(numbers)
    if args.report:
        report.write(args.report, given, outcomes, numbers, _command(args))
        print(f"\nreport: {args.report / 'README.md'}")


def _run_table(args: argparse.Namespace) -> None:
    if args.space or args.start or args.out or args.verify:
        raise NapeError("--table has its own start, labels and check: it goes without --space, "
                        "--from, --out and --verify")  # fmt: skip
    from nape_bench.search import race_report

    progress = not args.quiet and sys.stderr.isatty()
    numbers = race_report.race(
        args.table, args.predictor, most=args.queries, runs=args.runs, seed=args.seed,
        progress=progress,
    )  # fmt: skip
    rows = []
    for way, of in numbers["ways"].items():
        asked = of["questions"].values()
        medians = [f"{a['median']:.0f}" if a["median"] else f">{of['most']}" for a in asked]
        rows.append((way, *medians))
    print_table(
        rows, ["median questions to the", *numbers["aims"]], right=",".join(numbers["aims"])
    )
    if args.report:
        race_report.write(args.report, numbers, _command(args))
        print(f"\nreport: {args.report / 'README.md'}")


def _study(args: argparse.Namespace) -> Study:
    from nape_bench.search.loop import Plan
    from nape_bench.search.study import Study

    plan = Plan(args.method, args.steps, args.batch, args.pool, args.keep, args.edits, args.seed)
    return Study(
        space=args.space,
        start=args.start,
        predictor=args.predictor,
        fit=args.fit or f"in-family/{args.space}",
        loaded=args.load,
        moves=args.moves,
        kinds=tuple(args.kinds.split(",")) if args.kinds else (),
        cuts={cost: getattr(args, cost) for cost in COSTS if getattr(args, cost) is not None},
        latency=args.fit_latency,
        scale=args.scale,
        free=args.free,
        runs=args.runs,
        rounds=args.rounds,
        plan=plan,
    )


def _print_found(outcomes: Sequence[Outcome]) -> None:
    start = outcomes[0].start.facts
    rows: list[tuple[Any, ...]] = [("start", f"{start.value:.4g}", start.flops, start.params, "")]
    for outcome in outcomes:
        rows += [
            (f.spec or f.hash[:8], f"{f.value:.4g}", f.flops, f.params, f.edits)
            for f in (member.facts for member in outcome.best)
        ]
    print_table(
        [(n, v, f"{flops:,}", f"{params:,}", e) for n, v, flops, params, e in rows],
        ["network", "predicted", "multiply-adds", "parameters", "changes"],
        right="predicted,multiply-adds,parameters,changes",
    )


def _print_checked(numbers: dict[str, Any]) -> None:
    rows = [
        (name, f"{of['value']:+.2f}", f"{of['low']:+.2f} to {of['high']:+.2f}")
        for name, of in numbers["found less"].items()
    ]
    print_table(rows, ["measured accuracy: found less", "difference", "95 % interval"])


def _command(args: argparse.Namespace) -> str:
    """Return the command that was given, without what only says how much is shown."""
    flags = {"start": "from", "predictor": "with"}
    words = ["nape-bench", "search"]
    parser = argparse.ArgumentParser()
    _add_arguments(parser)
    for name, value in vars(args).items():
        if (
            name in ("command", "quiet")
            or value in (None, False)
            or value == parser.get_default(name)
        ):
            continue
        flag = f"--{flags.get(name, name).replace('_', '-')}"
        told = f"{value * 100:+g}%" if name in COSTS else str(value)
        words += [flag] if value is True else [flag, told]
    return shlex.join(words)


COMMAND = Command(
    name="search",
    help="find better networks with a predictor, and check it by training them",
    description="Mutate networks, keep those that a predictor likes within limits of cost, and, "
    "with --verify, train what was found beside random networks of equal cost.",
    examples=[
        "nape-bench search --space hiaml --from z-t31-src8-l20 --flops -20% --out found",
        (
            "nape-bench search --space hiaml --from z-t31-src8-l20 --flops -20% --out found "
            "--runs 8 --edits 12 --verify micro --report found/report"
        ),
        "nape-bench search --space two_path --from best --with kgnn --moves space --out found",
        "nape-bench search --table nape/nb201_no_none/cifar10 --runs 10 --report found/table",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
