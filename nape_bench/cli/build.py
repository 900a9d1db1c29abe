"""`nape-bench build FAMILY`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, positive
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import argparse

    from nape_bench.data.manifest import Manifest
    from nape_bench.data.measured.results import Choice

MULTITASK = "multitask"
"""Stands for the dataset of three families, nape/multitask."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("family", metavar="FAMILY", help="`nape-bench spaces` lists them; or "
        "multitask")  # fmt: skip
    parser.add_argument(
        "--store", required=True, type=Path, metavar="DIR", help="what `nape-bench label` filled"
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--name", metavar="OWNER/NAME", help="make it in the local store")
    where.add_argument(
        "--embed",
        action="store_true",
        help="make nape/FAMILY in the package of this checkout, with its card",
    )
    parser.add_argument("--version", default="v1.0", help="version of the dataset (v1.0)")
    parser.add_argument(
        "--configs", metavar="A,B", help="micro, proxies, latency_cpu (all that DIR has)"
    )
    parser.add_argument(
        "--use",
        action="append",
        default=[],
        metavar="VERSION",
        help="which results, where DIR has several of a measurement (micro-1)",
    )
    parser.add_argument("--seeds", type=positive, help="only the first seeds (all)")
    parser.add_argument(
        "--until", metavar="TIME", help="only results up to then (ISO 8601), to make again"
    )
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="CONFIG",
        help="with --embed: published labels at hand to compare accuracies with, for the card",
    )
    parser.add_argument(
        "--card", action="store_true", help="with --embed: make the card anew where it is there"
    )


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data.manifest import read_manifest
    from nape_bench.data.measured.results import Choice

    choice = Choice(versions=tuple(args.use), seeds=args.seeds, until=args.until)
    if args.embed:
        _embed(args, choice)
        return
    if args.against or args.card:
        raise DataError("--against and --card are for --embed")
    from nape_bench.data.measured.build import put_measured

    folders = put_measured(args.store, args.family, args.name, args.version, _configs(args), choice)
    for folder in folders:
        manifest = read_manifest(folder)
        for config, info in manifest.configs.items():
            print(f"{manifest.name} {manifest.version}, {config}, {info.rows} rows: {folder}")


def _embed(args: argparse.Namespace, choice: Choice) -> None:
    folder, manifest = _multitask(args, choice) if args.family == MULTITASK else _one(args, choice)
    rows = ", ".join(f"{config} {info.rows}" for config, info in manifest.configs.items())
    print(f"{manifest.name} {manifest.version} (rows: {rows}) is in {folder}", file=sys.stderr)
    pins = "".join(
        f'    "{config}": "{info.content_hash}",\n' for config, info in manifest.configs.items()
    )
    print(f'"{manifest.version}": {{\n{pins}}},')


def _one(args: argparse.Namespace, choice: Choice) -> tuple[Path, Manifest]:
    from nape_bench.data.measured.embed import embed

    return embed(
        args.store,
        args.family,
        args.version,
        configs=_configs(args),
        choice=choice,
        against=args.against,
        card=args.card,
    )


def _multitask(args: argparse.Namespace, choice: Choice) -> tuple[Path, Manifest]:
    from nape_bench.data.measured.multitask_embed import embed_multitask

    if args.configs or args.card or len(args.against) > 1:
        raise DataError(
            "multitask has a config for each family and task, and is compared with one published "
            "dataset: --configs and --card are not for it, nor --against twice"
        )
    against = args.against[0] if args.against else None
    return embed_multitask(args.store, args.version, choice=choice, against=against)


def _configs(args: argparse.Namespace) -> list[str] | None:
    return None if args.configs is None else args.configs.split(",")


COMMAND = Command(
    name="build",
    help="make a dataset of measured labels",
    description="Make a dataset from a store of labels: in the local store, under a name of your "
    "own, or (--embed) as a version of nape/FAMILY in the package. The same store and version give "
    "the same dataset; a version that is there is never changed. With --embed the content hashes "
    "to pin are printed.",
    examples=[
        "nape-bench build hiaml --store labels --name jane/hiaml",
        "nape-bench build hiaml --store labels --embed --version v1.1 --configs micro",
        "nape-bench build multitask --store labels --embed --version v1.1",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
