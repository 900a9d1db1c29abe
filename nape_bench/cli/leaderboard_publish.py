"""`nape-bench leaderboard publish`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, add_folder
from nape_bench.cli.publish import print_change, summary

if TYPE_CHECKING:
    import argparse

TO = "nape/leaderboard"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_folder(parser, "--site", "leaderboard/site", "the built site")
    parser.add_argument("--to", default=TO, metavar="OWNER/NAME", help=f"the Space ({TO})")
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would change, and change nothing"
    )


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data.hub.repository import SPACE, Repository
    from nape_bench.data.info import is_name
    from nape_bench.errors import DataError
    from nape_bench.leaderboard.publish import plan_space, publish_site, space_files

    if not is_name(args.to):
        raise DataError(f"--to {args.to!r}: OWNER/NAME expected, as in {TO}")
    repository = Repository(args.to, SPACE)
    if args.dry_run:
        change = plan_space(space_files(args.site), repository)
        if print_change(change):
            print()
        print(f"{repository.url}: {summary(change)}")
        return
    done = publish_site(args.site, args.to)
    print(f"{args.to} ({summary(done.change)}), commit {done.commit}:", file=sys.stderr)
    print(repository.url)


COMMAND = Command(
    name="leaderboard publish",
    help="bring the built site to the Hub, as a static Space",
    description="Bring a built site to the Hugging Face Hub as a static Space, which is made where "
    "it is not there yet: all files in one commit, what is gone deleted, no commit where nothing "
    "has changed. The token is that of `hf auth login` or $HF_TOKEN.",
    examples=[
        "nape-bench leaderboard publish --to jane/leaderboard --dry-run",
        "nape-bench leaderboard publish",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
