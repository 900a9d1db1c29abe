"""`nape-bench cite NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.cli.command import Command

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a dataset, as in nape/hiaml")
    parser.add_argument("--version", help="a version at hand (the newest)")


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data.citation import citation

    print(citation(args.name, args.version))


COMMAND = Command(
    name="cite",
    help="print BibTeX for a dataset",
    description="Print BibTeX for a dataset version with its content hashes, for the rule that "
    "splits it, for nape_bench, and for the papers behind it.",
    examples=[
        "nape-bench cite nape/hiaml",
        "nape-bench cite nape/hiaml --version v1.1 > references.bib",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
