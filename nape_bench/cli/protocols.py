"""`nape-bench protocols`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, no_arguments, print_table

if TYPE_CHECKING:
    import argparse


def _run(_: argparse.Namespace) -> None:
    from nape_bench.evaluation import known_protocols, protocol, protocol_families

    families = protocol_families()
    print_table(
        [(families[name].pattern, families[name].title) for name in families],
        ["protocols", "what they are for"],
    )
    print("\nOver the datasets that are at hand:\n")
    made = [protocol(name) for name in known_protocols()]
    print_table(
        [(p.name, p.title, str(len(p.seeds))) for p in made],
        ["name", "title", "seeds"],
        right="seeds",
    )


COMMAND = Command(
    name="protocols",
    help="list protocols",
    description="List the kinds of protocols, and the protocols over the datasets at hand.",
    examples=["nape-bench protocols"],
    add_arguments=no_arguments,
    run=_run,
)
