"""`nape-bench label`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, positive

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--space", required=True, metavar="FAMILY", help="`nape-bench spaces` lists them"
    )
    parser.add_argument(
        "--n", required=True, type=positive, help="number of architectures, drawn from the space"
    )
    parser.add_argument(
        "--store", required=True, type=Path, metavar="DIR", help="folder of results; it only grows"
    )
    parser.add_argument("--measure", default="micro", help="what to measure (micro)")
    parser.add_argument("--seeds", type=positive, default=2, help="measurements of each (2)")
    parser.add_argument("--jobs", type=positive, default=1, help="processes (1)")
    parser.add_argument("--draw-seed", type=int, default=0, help="draws other architectures (0)")
    parser.add_argument("--retry", action="store_true", help="do again what failed before")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _run(args: argparse.Namespace) -> None:
    from nape_bench.labels import label

    report = label(
        args.space,
        args.n,
        store=args.store,
        measure=args.measure,
        seeds=args.seeds,
        jobs=args.jobs,
        draw_seed=args.draw_seed,
        retry=args.retry,
        progress=not args.quiet,
    )
    print(f"{args.store}: {report.done} measurements done, {report.ran} of them now")
    if report.failed:
        print(f"{report.failed} failed: --retry does them again")
    if report.elsewhere:
        print(f"{report.elsewhere} at work in another run")


COMMAND = Command(
    name="label",
    help="measure architectures",
    description="Measure architectures of a space, into a store that only grows: a run that was "
    "ended, however, goes on when the same command is given again.",
    examples=[
        "nape-bench label --space hiaml --n 400 --seeds 2 --jobs 2 --store labels",
        "nape-bench label --space hiaml --n 400 --store labels --retry",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
