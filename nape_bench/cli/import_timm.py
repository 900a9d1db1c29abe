"""`nape-bench import timm PATH --graphs FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command
from nape_bench.cli.import_release import print_made

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        metavar="PATH",
        type=Path,
        help="the folder results of github.com/huggingface/pytorch-image-models, a file of it, or "
        "a zip or tar archive",
    )
    parser.add_argument(
        "--graphs",
        required=True,
        metavar="FOLDER",
        type=Path,
        help="what benchmarks/build_timm.py of the repository wrote, a folder or an archive",
    )
    parser.add_argument("--version", default="v1.0", help="version of the dataset (v1.0)")
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out rows and graphs that cannot be read, and list them in a report",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data.importers import import_timm

    for folder, report in import_timm(
        args.path,
        args.graphs,
        version=args.version,
        skip_bad=args.skip_bad,
        progress=not args.quiet and sys.stderr.isatty(),
    ):
        print(report.summary())
        print_made(folder)


COMMAND = Command(
    name="import timm",
    help="make a dataset of timm's results",
    description="Make a dataset in the local store, nape/timm, of the tables in "
    "pytorch-image-models/results (Apache-2.0): accuracies of weights on ImageNet-1K, "
    "ImageNet-ReaL, V2, A, R and Sketch, a config each. Graphs are traced before, by "
    "python benchmarks/build_timm.py results/results-imagenet.csv timm-graphs; results without one "
    "are counted and named. No code of the files is run.",
    examples=[
        "nape-bench import timm pytorch-image-models/results --graphs timm-graphs",
        "nape-bench import timm results-imagenet.csv --graphs timm-graphs.tar",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
