"""`nape-bench correlations NAME [COLUMN ...]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, print_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a dataset at hand, as in nape/nb201")
    parser.add_argument(
        "columns",
        nargs="*",
        metavar="COLUMN",
        help="a config, of which the main label is taken, or config/label; each may be a shell "
        "pattern (the main labels of all configs at hand)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print them as JSON, with all intervals")
    form.add_argument("--markdown", action="store_true", help="print the table as Markdown")


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data import together as module

    told = module.together(args.name, args.columns)
    if args.json:
        print(module.to_json(told), end="")
        return
    show = _print_markdown if args.markdown else print_table
    show(module.pair_cells(told.columns, told.pairs), ["", *told.columns])
    print(f"\n{told.counts()} architectures. {module.LEGEND}")
    if cells := told.repeats_cells():
        print()
        show(cells, module.REPEATS_HEAD)
        print(f"\n{module.REPEATS_LEGEND}")


def _print_markdown(rows: Sequence[Sequence[str]], head: Sequence[str]) -> None:
    from nape_bench.data.readme import markdown_table

    print(markdown_table(head, rows))


COMMAND = Command(
    name="correlations",
    help="tell how labels of a dataset go together",
    description="Print Spearman rank correlations between labels of a dataset, those of several "
    "configs joined by architecture: between tasks, between devices, between what was measured "
    "here and what was published. Where architectures of one graph were measured apart, their "
    "correlation tells how far the labels can be predicted from the graph.",
    examples=[
        "nape-bench correlations nape/transnas_micro",
        "nape-bench correlations nape/multitask 'ofa_mbv3-*'",
        "nape-bench correlations nape/nb201 micro cifar10 'latency/*_1'",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
