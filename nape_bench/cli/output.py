"""What `run` and `evaluate` do with results: save, draw and print them; writing pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.atomic import new_file
from nape_bench.errors import DataError

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
    parser.add_argument(
        "--scatter", type=Path, metavar="FILE", help="draw predictions of all seeds against true "
        "labels, as SVG, into this file, which may be there already; of several predictors, into "
        "FILE-PREDICTOR.svg each"
    )  # fmt: skip


def folders(args: argparse.Namespace, names: Sequence[str]) -> list[Path]:
    """Return where results go: DIR itself if it is one, else a folder in it for each.

    Raises:
        DataError: Something is in the way, or there is no folder for pictures; found before
            anything has been run.
    """
    if args.scatter is not None:
        check_folder(args.scatter)
    if args.out is None:
        return []
    from nape_bench.evaluation.store import check_free

    chosen = [args.out] if len(names) == 1 else [args.out / name for name in names]
    for folder in chosen:
        check_free(folder, overwrite=args.overwrite)
    return chosen


def deliver(args: argparse.Namespace, results: Sequence[Result], where: Sequence[Path]) -> None:
    """Save results in `where` (may be empty), and draw and print them as asked for."""
    for result, folder in zip(results, where, strict=False):
        result.save(folder, overwrite=args.overwrite)
        print(f"saved {folder}", file=sys.stderr)
    for result in results if args.scatter is not None else ():
        file = args.scatter
        if len(results) > 1:
            file = file.with_name(f"{file.stem}-{result.predictor.name}{file.suffix}")
        write_picture(file, result.scatter())
    if args.json:
        print(json.dumps([result.to_dict() for result in results], indent=2, ensure_ascii=False))
        return
    from nape_bench.evaluation.tables import describe

    print(describe(results))


def check_folder(file: Path) -> None:
    """Check that a file can be written where it is to go.

    Raises:
        DataError: There is no such folder.
    """
    if not file.absolute().parent.is_dir():
        raise DataError(f"{file}: there is no folder {file.parent} to write to")


def write_picture(file: Path, svg: str) -> None:
    """Write a picture; it appears whole, in the place of one that may be there.

    Raises:
        DataError: There is no such folder.
    """
    check_folder(file)
    with new_file(file) as temporary:
        temporary.write_text(svg, encoding="utf-8")
