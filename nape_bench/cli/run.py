"""`nape-bench run PREDICTOR ... --protocol P`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from nape_bench.cli import output
from nape_bench.cli.command import Command, positive
from nape_bench.errors import ProtocolError

if TYPE_CHECKING:
    import argparse
RESERVED = {"seed": "--seeds", "progress": "--quiet"}
"""Settings that every predictor has and the run decides on."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "predictors",
        metavar="PREDICTOR",
        nargs="+",
        help="what to run: `nape-bench predictors` lists them",
    )
    parser.add_argument(
        "--protocol", required=True, metavar="P", help="`nape-bench protocols` lists them"
    )
    parser.add_argument(
        "--seeds", type=positive, metavar="N", help="runs, with the seeds 0 to N - 1 (the "
        "protocol's own if not said)"
    )  # fmt: skip
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the predictor, as in epochs=40; may be given again",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    output.add_arguments(parser)


def _run(args: argparse.Namespace) -> None:
    names = list(dict.fromkeys(args.predictors))
    where = output.folders(args, names)
    settings = dict(_setting(text) for text in args.set)

    from nape_bench.evaluation import Evaluator, evaluate
    from nape_bench.predictors import predictor

    # All names and settings are looked at before the first predictor runs.
    try:
        chosen = [predictor(name, **settings) for name in names]
    except TypeError as error:
        raise ProtocolError(f"--set {' '.join(args.set)}: {error}") from None
    evaluator = Evaluator(args.protocol)
    progress = not args.quiet and sys.stderr.isatty()
    results = [evaluate(entry, evaluator, seeds=args.seeds, progress=progress) for entry in chosen]
    output.deliver(args, results, where)


def _setting(text: str) -> tuple[str, Any]:
    import ast

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ProtocolError(f"--set {text}: NAME=VALUE expected, as in epochs=40")
    if name in RESERVED:
        raise ProtocolError(f"--set {text}: {name} is for {RESERVED[name]} to say")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


COMMAND = Command(
    name="run",
    help="fit predictors and score them on a protocol",
    description="Fit predictors on the labels that a protocol gives, once a seed, score what they "
    "predict, and print one table.",
    examples=[
        "nape-bench run flops gbdt kgnn --protocol in-family/hiaml",
        "nape-bench run flops --protocol zero-shot/nb201/cifar10",
        "nape-bench run gbdt --protocol in-family/hiaml --seeds 3 --out result",
        "nape-bench run gbdt --protocol in-family/hiaml --scatter gbdt.svg",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
