"""What the commands that import what others published share."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport


def release_command(
    name: str, title: str, description: str, examples: Sequence[str], *, repository: str = ""
) -> Command:
    """Return `nape-bench import <name>`.

    Args:
        name: What it imports: `data.importers` has `import_<name>`.
        title: What is imported: "make datasets of ...".
        description: What is read and what it becomes.
        examples: What stands behind the command's name.
        repository: Where at the Hub its authors put it, `owner/name`, if they did.
    """
    return Command(
        name=f"import {name}",
        help=f"make datasets of {title}",
        description=f"{description} No code of the files is run.",
        examples=[f"nape-bench import {name} {each}" for each in examples],
        add_arguments=partial(_add_arguments, repository),
        run=partial(_run, name),
    )


def _add_arguments(repository: str, parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        metavar="PATH",
        nargs="?" if repository else None,
        help="a file of the release, a folder with all below it, or a zip or tar archive",
    )
    if repository:
        parser.add_argument(
            "--from-hub",
            action="store_true",
            help=f"download it from {repository} at the Hub; what was cut short goes on",
        )
        parser.add_argument(
            "--revision",
            metavar="REVISION",
            help="branch, tag or commit there (main); the provenance names the commit",
        )
    parser.add_argument("--version", default="v1.0", help="version of the datasets (v1.0)")
    add_choices(parser, "entries")


def add_choices(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the choices that every import has.

    Args:
        parser: What they are added to.
        what: What its files are made of: rows, entries.
    """
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help=f"leave out {what} that cannot be read, and list them in a report",
    )
    parser.add_argument(
        "--on-duplicate",
        default="error",
        choices=("error", "mean", "first"),
        help="what becomes of an architecture that comes with different labels (error)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _run(name: str, args: argparse.Namespace) -> None:
    """Import what was asked for, and print what came of it."""
    from nape_bench.data import importers

    importer: Callable[..., Sequence[tuple[Path, ImportReport]]]
    importer = getattr(importers, f"import_{name}")
    if "from_hub" in args:
        if args.from_hub == (args.path is not None) or (args.revision and not args.from_hub):
            raise DataError("a PATH is needed, or --from-hub, which --revision may go with")
        importer = partial(importer, revision=args.revision)
    imported = importer(
        args.path,
        version=args.version,
        skip_bad=args.skip_bad,
        on_duplicate=args.on_duplicate,
        progress=not args.quiet and sys.stderr.isatty(),
    )
    told = None
    for folder, found in imported:
        # Configs that were read together have one report.
        if found is not told:
            print(found.summary())
        told = found
        print_made(folder)


def print_made(folder: Path) -> None:
    """Say which dataset was made, and where it is."""
    from nape_bench.data.manifest import read_manifest

    manifest = read_manifest(folder)
    print(f"{manifest.name} {manifest.version} ({', '.join(manifest.configs)}) is in {folder}")
