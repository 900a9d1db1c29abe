"""`nape-bench protocols [TEXT]`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, print_table
from nape_bench.errors import UnknownNameError

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text",
        metavar="TEXT",
        nargs="?",
        help="list the protocols over the datasets at hand whose name has this in it",
    )


def _run(args: argparse.Namespace) -> None:
    from nape_bench.evaluation import known_protocols

    names = known_protocols()
    if args.text is None:
        _print_families(names)
    else:
        _print_names([name for name in names if args.text in name], args.text)


def _print_families(names: list[str]) -> None:
    from nape_bench.evaluation import protocol_families

    families = protocol_families()
    counts = Counter(name.partition("/")[0] for name in names)
    print_table(
        [
            (name, families[name].title, families[name].example, str(counts[name]))
            for name in families
        ],
        ["protocols", "what they are for", "as in", "at hand"],
        right="at hand",
    )
    print(f"\n`nape-bench protocols TEXT` lists those of {len(names)} with TEXT in their name.")


def _print_names(names: list[str], text: str) -> None:
    from nape_bench.evaluation import protocol

    if not names:
        raise UnknownNameError(
            f"no protocol over the datasets at hand has {text!r} in its name: `nape-bench "
            "protocols` says which there are, `nape-bench datasets` how datasets come to hand"
        )
    made = [protocol(name) for name in names]
    print_table(
        [(p.name, p.title, str(len(p.seeds))) for p in made],
        ["name", "title", "seeds"],
        right="seeds",
    )


COMMAND = Command(
    name="protocols",
    help="list protocols",
    description="List the kinds of protocols, and how many there are over the datasets at hand; or "
    "those by name.",
    examples=["nape-bench protocols", "nape-bench protocols few-shot/hiaml"],
    add_arguments=_add_arguments,
    run=_run,
)
