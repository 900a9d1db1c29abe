"""Command: what `nape-bench` dispatches to."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


GROUPS = {
    "import": "make datasets of what others published",
    "leaderboard": "the board of submissions: build, publish, check a pull request",
}
"""What commands of two words do, by the first one."""


@dataclass(frozen=True)
class Command:
    """A command of `nape-bench`.

    Attributes:
        name: Its words after `nape-bench`.
        help: What it does, in one line.
        description: What it does, for its own help.
        examples: Lines as one would type them.
        add_arguments: Adds its arguments to a parser.
        run: Does it; prints what was asked for on standard output, all else on standard error.
            It may return an exit status.
    """

    name: str
    help: str
    description: str
    examples: Sequence[str]
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int | None]

    def add_to(self, subparsers: Any, groups: dict[str, Any]) -> None:
        """Make it known to the parser of `nape-bench`; "import table" goes under "import".

        Args:
            subparsers: What commands are added to.
            groups: The same of each first word that several commands share; one that is not there
                yet is added.
        """
        first, _, second = self.name.partition(" ")
        if second:
            if first not in groups:
                told = GROUPS[first]
                outer = subparsers.add_parser(first, help=told, description=f"{told.capitalize()}.")
                groups[first] = outer.add_subparsers(
                    title="commands", metavar="WHAT", required=True
                )
            subparsers = groups[first]
        parser = subparsers.add_parser(
            second or first,
            help=self.help,
            description=self.description,
            epilog="\n".join(["examples:", *(f"  {line}" for line in self.examples)]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.add_arguments(parser)
        parser.set_defaults(command=self)


def no_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


def add_folder(parser: argparse.ArgumentParser, flag: str, default: str, what: str) -> None:
    """Add an argument that names a folder.

    Args:
        parser: What it is added to.
        flag: As in "--board".
        default: The folder where it is not given.
        what: What the folder is, for the help.
    """
    parser.add_argument(
        flag, type=Path, default=Path(default), metavar="DIR", help=f"{what} ({default})"
    )


def positive(text: str) -> int:
    """Read a positive integer."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"a positive integer expected, not {text!r}")


def print_table(rows: Sequence[Sequence[object]], headers: Sequence[str], right: str = "") -> None:
    """Print a table.

    Args:
        rows: Its cells, printed as they are.
        headers: Titles of the columns.
        right: Names in `headers`, comma-separated, of columns that are set to the right.
    """
    from tabulate import tabulate

    numeric = right.split(",")
    aligned = ["right" if header in numeric else "left" for header in headers]
    print(tabulate(rows, headers, disable_numparse=True, colalign=aligned if rows else None))
