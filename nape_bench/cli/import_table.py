"""`nape-bench import table FILE`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from nape_bench.cli.command import Command
from nape_bench.cli.import_release import add_choices, print_made
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

NB201 = (
    "nape-bench import table nats_bench.csv --space nb201 --spec ArchitectureString "
    "--label cifar10=CIFAR10TestAccuracy200Epochs --unit cifar10=% --name nape/nb201"
)
LATENCY = (
    "nape-bench import table latency.csv --space nb201 --spec arch_str --label '*' "
    "--unit '*=ms' --lower-is-better '*' --config latency --name jane/phones"
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        nargs="+",
        metavar="FILE",
        help="CSV, TSV, Parquet, JSON or JSON lines; several that have the same columns are one",
    )
    parser.add_argument(
        "--space", required=True, metavar="FAMILY", help="`nape-bench spaces` lists them"
    )
    parser.add_argument(
        "--spec",
        required=True,
        metavar="COLUMN[,COLUMN]",
        help="the columns that name the architecture; KEY=COLUMN where the space has another name",
    )
    parser.add_argument(
        "--label",
        required=True,
        action="append",
        metavar="LABEL=COLUMN",
        help="a label and its column; a pattern alone, as in '*', stands for all other columns "
        "that match, by their names; in JSON, x.0 leads into a list or object; may be given "
        "again, the first is the main label",
    )
    parser.add_argument("--name", required=True, metavar="OWNER/NAME", help="name of the dataset")
    parser.add_argument("--config", metavar="CONFIG", help="name of the labels (the first label's)")
    parser.add_argument("--version", default="v1.0", help="version of the dataset (v1.0)")
    parser.add_argument(
        "--spec-field",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what all specifications have besides, the value as JSON; may be given again",
    )
    parser.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="LABEL=UNIT",
        help="unit of a label or of all that match, as in cifar10=%% or '*=ms'; may be given again",
    )
    parser.add_argument(
        "--lower-is-better",
        action="append",
        default=[],
        metavar="LABEL",
        help="a label, or a pattern of labels, of which less is wanted; may be given again",
    )
    parser.add_argument(
        "--missing",
        action="append",
        default=[],
        metavar="TEXT",
        help="what stands for a missing label, as in -1; may be given again",
    )
    parser.add_argument(
        "--each", action="store_true", help="make a config of each label, named by it, not one of "
        "all: tasks that have protocols of their own"
    )  # fmt: skip
    add_choices(parser, "rows")


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data.importers import import_table

    folders, report = import_table(
        args.file,
        space=args.space,
        spec=args.spec.split(","),
        labels=_pairs("--label", _named(args.label), "cifar10=COLUMN"),
        name=args.name,
        config=args.config,
        version=args.version,
        spec_fields=_fields(args.spec_field),
        skip_bad=args.skip_bad,
        on_duplicate=args.on_duplicate,
        units=_pairs("--unit", args.unit, "cifar10=%"),
        lower_is_better=args.lower_is_better,
        missing=args.missing,
        each=args.each,
        progress=not args.quiet and sys.stderr.isatty(),
    )
    print(report.summary())
    for folder in folders:
        print_made(folder)


def _named(texts: Sequence[str]) -> list[str]:
    """Give patterns that stand alone their own name: "*" is "*=*"."""
    from nape_bench.data.importers.columns import is_pattern

    return [f"{text}={text}" if is_pattern(text) and "=" not in text else text for text in texts]


def _pairs(option: str, texts: Sequence[str], example: str) -> dict[str, str]:
    pairs = [_pair(option, text, example) for text in texts]
    if len(dict(pairs)) < len(pairs):
        raise DataError(f"{option}: a name is given twice in {' '.join(texts)}")
    return dict(pairs)


def _pair(option: str, text: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise DataError(f"{option} {text}: NAME=VALUE expected, as in {option} {example}")
    return name, value


def _fields(texts: Sequence[str]) -> dict[str, Any]:
    pairs = _pairs("--spec-field", texts, "resolution=224")
    try:
        return {name: json.loads(value) for name, value in pairs.items()}
    except ValueError as error:
        raise DataError(f"--spec-field {' '.join(texts)}: a value is not JSON: {error}") from None


COMMAND = Command(
    name="import table",
    help="make a dataset of a published table",
    description="Make a dataset in the local store from a table that has architecture and label "
    "columns. A row that cannot be read stops the import, and nothing is written.",
    examples=[
        NB201,
        LATENCY,
    ],
    add_arguments=_add_arguments,
    run=_run,
)
