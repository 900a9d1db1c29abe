"""`nape-bench submit RESULT ... --name NAME --code URL`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.check import add_board_arguments, check
from nape_bench.cli.command import Command
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import argparse

    from nape_bench.evaluation.result import Result


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "results",
        type=Path,
        metavar="RESULT",
        nargs="+",
        help="folders of results (`nape-bench run ... --out DIR`), or that of a recorded predictor "
        "(`nape-bench run ... --record`); all of one predictor",
    )
    parser.add_argument("--name", required=True, help="what a reader calls it")
    parser.add_argument("--code", required=True, metavar="URL", help="where its code is")
    parser.add_argument("--summary", help="what it is, in a sentence or two (its title)")
    parser.add_argument(
        "--author",
        action="append",
        metavar="NAME",
        help="an author; may be given again (git's user.name)",
    )
    parser.add_argument("--paper", default="", metavar="URL", help="its paper")
    parser.add_argument(
        "--licence", default="MIT", metavar="SPDX", help="of code and predictions (MIT)"
    )
    parser.add_argument(
        "--training-data",
        default="",
        metavar="TEXT",
        help="labels that it has seen beyond those that the protocols give",
    )
    parser.add_argument("--hardware", default="", help="what it ran on (this kind of machine)")
    parser.add_argument("--parameters", type=int, metavar="N", help="number of learnt parameters")
    parser.add_argument("--remarks", default="", help="what else a reader must know")
    parser.add_argument("--id", help="the folder's name (made of --name)")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a submission of the same folder name"
    )
    parser.add_argument(
        "--pr",
        action="store_true",
        help="open a pull request at the Hub's leaderboard repository with it",
    )
    parser.add_argument(
        "--to",
        default="nape/leaderboard",
        metavar="OWNER/NAME",
        help="with --pr: the dataset repository (nape/leaderboard)",
    )
    add_board_arguments(parser)


def _run(args: argparse.Namespace) -> int:
    from nape_bench.leaderboard.checking.folder import NAME
    from nape_bench.leaderboard.submission import (
        About,
        check_free,
        describe,
        folder_name,
        write_submission,
    )

    results = _results(args.results)
    title = next(iter(results.values())).predictor.title
    about = About(
        name=args.name,
        authors=tuple(args.author or [_git_user()]),
        summary=args.summary or title,
        code=args.code,
        licence=args.licence,
        paper=args.paper,
        training_data=args.training_data,
        hardware=args.hardware,
        parameters=args.parameters,
        remarks=args.remarks,
    )
    name = args.id or folder_name(args.name)
    if not NAME.fullmatch(name):
        raise DataError(f"--id {name!r}: 2 to 40 of a-z, 0-9, _ and - expected")
    folder = args.board / "submissions" / name
    check_free(folder, overwrite=args.overwrite)
    metadata = describe(results, about)
    with tempfile.TemporaryDirectory() as scratch:
        # Only what holds is left below the board.
        trial = write_submission(Path(scratch) / name, results, metadata)
        status = check(trial, args.board, args.baselines)
    if status:
        return status
    write_submission(folder, results, metadata, overwrite=args.overwrite)
    if args.pr:
        from nape_bench.leaderboard.hub import open_pull_request

        print(open_pull_request(folder, args.to))
        return 0
    print(f"{folder}: commit it and open a pull request, or run again with --pr", file=sys.stderr)
    print(folder)
    return 0


def _results(folders: list[Path]) -> dict[str, Result]:
    from nape_bench.evaluation.entries import read_results

    found: dict[str, Result] = {}
    for folder in folders:
        for result in read_results(folder).values():
            if result.protocol in found:
                raise DataError(f"{folder}: {result.protocol} is given twice")
            found[result.protocol] = result
    return found


def _git_user() -> str:
    try:
        told = subprocess.run(
            ["git", "config", "user.name"],  # noqa: S607 whichever git the user has
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
    except OSError:
        told = ""
    if not told:
        raise DataError("git knows no user.name: say --author NAME")
    return told


COMMAND = Command(
    name="submit",
    help="make a submission for the leaderboard, and check it",
    description="Make a submission of results: its folder below leaderboard/submissions, with all "
    "that the results know of themselves, checked as the leaderboard does. It holds predictions, "
    "never scores. Leave it for a git pull request, or let --pr open one at the Hub.",
    examples=[
        "nape-bench submit results/ --name 'My GCN' --code https://github.com/me/my-gcn",
        "nape-bench submit baselines/words --name Words --code https://example.org/words --pr",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
