"""`nape-bench leaderboard build`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.check import REFUSED, add_board_arguments
from nape_bench.cli.command import Command, positive

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_board_arguments(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where results, tables and site go (the board)"
    )
    parser.add_argument(
        "--stored",
        action="store_true",
        help="take stored results as they are, and score only what has none",
    )
    parser.add_argument("--no-site", action="store_true", help="write tables and results alone")
    parser.add_argument("--open", action="store_true", help="open the site when it is written")
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="processes that score at once (1)"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _run(args: argparse.Namespace) -> int:
    from nape_bench.leaderboard.assemble import assemble
    from nape_bench.leaderboard.build import SITE, write_board
    from nape_bench.leaderboard.checking.finding import Level
    from nape_bench.leaderboard.checking.folders import Folders
    from nape_bench.leaderboard.quoted import read_quoted

    folders = Folders.of(args.board, args.baselines)
    out = args.out or args.board
    board = assemble(
        folders,
        scored=not args.stored,
        jobs=args.jobs,
        progress=not args.quiet and sys.stderr.isatty(),
    )
    write_board(board, read_quoted(args.board / "quoted"), out, site=not args.no_site)
    for name, findings in board.refused.items():
        for finding in findings:
            if finding.level is Level.NOTE:
                continue
            print(f"{name} is not on the board: {finding}", file=sys.stderr)
    places = sum(len(ranking.places) for ranking in board.rankings.values())
    print(
        f"{len(board.submissions)} submissions on {len(board.rankings)} protocols: {places:,} "
        f"scores, {board.scored_now:,} of them computed now, {places - board.scored_now:,} stored "
        "when their labels were at hand",
        file=sys.stderr,
    )
    page = out / SITE / "index.html"
    print(out / "README.md" if args.no_site else page)
    if args.open and not args.no_site:
        import webbrowser

        webbrowser.open(page.absolute().as_uri())
    return REFUSED if board.refused else 0


COMMAND = Command(
    name="leaderboard build",
    help="check and score all submissions, and write tables and the site",
    description="Check and score all submissions and recorded baselines, and write results, the "
    "tables of README.md, and the site. Every score is computed anew where labels are at hand, and "
    "must agree with what is stored. Exits with 1 where a submission does not stand; the others "
    "are written all the same.",
    examples=[
        "nape-bench leaderboard build --open",
        "nape-bench leaderboard build --stored --out /tmp/board",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
