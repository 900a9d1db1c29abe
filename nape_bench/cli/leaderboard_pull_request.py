"""`nape-bench leaderboard pull-request --base REF --head REF --out DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.check import REFUSED
from nape_bench.cli.command import Command

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repo",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="a clone with the objects of both commits (.)",
    )
    parser.add_argument(
        "--base", required=True, metavar="REF", help="the commit that it is to be merged into"
    )
    parser.add_argument("--head", required=True, metavar="REF", help="the pull request's commit")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where the submission's folder goes"
    )


def _run(args: argparse.Namespace) -> int:
    from nape_bench.leaderboard.pull_request import changes, extract

    made = changes(args.repo, args.base, args.head)
    for finding in made.findings:
        print(finding)
    if made.findings:
        return REFUSED
    folder = extract(args.repo, made, args.out)
    size = sum(blob.size for blob in made.blobs)
    print(f"{made.submission}: {'new' if made.is_new else 'changes what is there: is it theirs?'}")
    print(f"{folder}: {len(made.blobs)} files, {size:,} bytes")
    return 0


COMMAND = Command(
    name="leaderboard pull-request",
    help="see that a pull request holds one submission, and take it out as data",
    description="See by git's objects alone that a pull request changes the plain files of one "
    "submission and nothing else, and write these to a folder, which `nape-bench check` takes. "
    "Nothing of it is checked out or run. Exits with 1 where it changes anything else.",
    examples=[
        "nape-bench leaderboard pull-request --base origin/main --head FETCH_HEAD --out /tmp/pr",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
