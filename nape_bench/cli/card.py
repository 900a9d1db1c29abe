"""`nape-bench card NAME ... --out FOLDER`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="datasets, as in nape/hiaml")
    parser.add_argument(
        "--all", action="store_true", help="all datasets that the project publishes"
    )
    parser.add_argument("--version", help="the version (the newest)")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="FOLDER",
        help="each card goes to a folder of its own in it, named by the dataset (here)",
    )  # fmt: skip


def _run(args: argparse.Namespace) -> None:
    from nape_bench.atomic import new_file
    from nape_bench.data.hub.release import card
    from nape_bench.data.registry import dataset_specs

    names = list(args.names)
    if args.all:
        specs = dataset_specs()
        names += [name for name in specs if specs[name].pins]
    if not names:
        raise DataError("name a dataset, or ask for --all")
    for name in dict.fromkeys(names):
        folder = args.out / name.partition("/")[2]
        files = card(name, args.version)
        for path, content in files.items():
            with new_file(folder / path) as file:
                file.write_bytes(content)
        print(folder / "README.md")


COMMAND = Command(
    name="card",
    help="write the card of a dataset with its pictures",
    description="Write the card of a dataset version at hand, README.md with its pictures, as it "
    "would be published; of imported labels that of all that is at hand.",
    examples=[
        "nape-bench card nape/hiaml --out cards",
        "nape-bench card nape/transnas_micro",
        "nape-bench card --all --out cards/published",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
