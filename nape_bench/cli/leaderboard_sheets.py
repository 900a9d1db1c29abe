"""`nape-bench leaderboard sheets [TEXT ...]`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, add_folder

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names",
        metavar="PROTOCOL",
        nargs="*",
        help="protocols to write (those that have a sheet, and are at hand, if none is said)",
    )
    add_folder(parser, "--board", "leaderboard", "the folder of the board")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _run(args: argparse.Namespace) -> None:
    from nape_bench.evaluation.protocols import protocol
    from nape_bench.evaluation.protocols.at_hand import AtHand
    from nape_bench.leaderboard.checking.sheet import list_sheets
    from nape_bench.leaderboard.sheets import write_sheets

    root, at_hand = args.board / "protocols", AtHand()
    chosen = args.names or [n for n in list_sheets(root) if at_hand.has(protocol(n))]
    changed = write_sheets(root, chosen, progress=not args.quiet and sys.stderr.isatty())
    for name in changed:
        print(name)
    print(f"{len(changed)} of {len(chosen)} sheets are new or others than before", file=sys.stderr)


COMMAND = Command(
    name="leaderboard sheets",
    help="write what protocols ask, as the board reads it",
    description="Write the sheets of protocols: ids, parts, and true labels where they come with "
    "the package. Submissions are checked and scored by these. Without names, those that are there "
    "are written again, which changes none unless a dataset or the code has changed.",
    examples=[
        "nape-bench leaderboard sheets",
        "nape-bench leaderboard sheets in-family/hiaml few-shot/hiaml-50",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
