"""`nape-bench evaluate FILE --protocol P`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli import output
from nape_bench.cli.command import Command

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="CSV, Parquet or JSON with id and prediction (and seed, if there are several), or a "
        "folder of predictions-<seed>.parquet",
    )
    parser.add_argument(
        "--protocol", required=True, metavar="P", help="`nape-bench protocols` lists them"
    )
    parser.add_argument("--name", help="what the table calls them (the file's name)")
    parser.add_argument(
        "--score",
        action="store_true",
        help="predictions only rank, higher for more of the label: no MAE",
    )
    output.add_arguments(parser)


def _run(args: argparse.Namespace) -> None:
    name = args.name or args.file.resolve().stem
    where = output.folders(args, [name])

    from nape_bench.evaluation import Evaluator

    result = Evaluator(args.protocol).evaluate(args.file, predictor=name, is_value=not args.score)
    output.deliver(args, [result], where)


COMMAND = Command(
    name="evaluate",
    help="score predictions from a file",
    description="Score the predictions in a file on a protocol. Every id of its test must have "
    "one prediction, and no other may.",
    examples=[
        "nape-bench evaluate predictions.csv --protocol in-family/hiaml",
        "nape-bench evaluate predictions.csv --protocol in-family/hiaml --scatter predictions.svg",
        "nape-bench evaluate ranks.parquet --protocol zero-shot/nb201/cifar10 --score",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
