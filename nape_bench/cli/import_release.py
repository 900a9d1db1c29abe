"""What the commands that import what others published share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that all of them have."""
    parser.add_argument(
        "path",
        metavar="PATH",
        help="a file of the release, a folder with all below it, or a zip or tar archive",
    )
    parser.add_argument("--version", default="v1.0", help="version of the datasets (v1.0)")
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out entries that cannot be read, and list them in a report",
    )
    parser.add_argument(
        "--on-duplicate",
        default="error",
        choices=("error", "mean", "first"),
        help="what becomes of an architecture that comes with different labels (error)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def report(
    args: argparse.Namespace, importer: Callable[..., Sequence[tuple[Path, ImportReport]]]
) -> None:
    """Import what was asked for, and print what came of it."""
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
