"""What `run` and `evaluate` do with results: save them, print them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from nape_bench.evaluation import Result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what becomes of results."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="save results in this folder")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a result that is in DIR already"
    )
    parser.add_argument("--json", action="store_true", help="print results as JSON")


def folders(args: argparse.Namespace, names: Sequence[str]) -> list[Path]:
    """Return where results go: DIR itself if it is one, else a folder in it for each.

    Raises:
        DataError: Something is in the way; found before anything has been run.
    """
    if args.out is None:
        return []
    from nape_bench.evaluation.store import check_free

    chosen = [args.out] if len(names) == 1 else [args.out / name for name in names]
    for folder in chosen:
        check_free(folder, overwrite=args.overwrite)
    return chosen


def deliver(args: argparse.Namespace, results: Sequence[Result], where: Sequence[Path]) -> None:
    """Save results in `where` (may be empty), and print them as asked for."""
    for result, folder in zip(results, where, strict=False):
        result.save(folder, overwrite=args.overwrite)
        print(f"saved {folder}", file=sys.stderr)
    if args.json:
        print(json.dumps([result.to_dict() for result in results], indent=2, ensure_ascii=False))
        return
    from nape_bench.evaluation.tables import describe

    print(describe(results))
