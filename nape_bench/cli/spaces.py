"""`nape-bench spaces`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, no_arguments, print_table

if TYPE_CHECKING:
    import argparse

EXACT_UP_TO = 10**9


def _run(_: argparse.Namespace) -> None:
    from nape_bench.spaces import spaces

    known = spaces()
    print_table(
        [(name, known[name].title, _size(known[name].size), known[name].source) for name in known],
        ["name", "title", "architectures", "source"],
        right="architectures",
    )


def _size(size: int) -> str:
    return f"{size:,}" if size <= EXACT_UP_TO else f"{float(size):.1e}"


COMMAND = Command(
    name="spaces",
    help="list families of architectures",
    description="List the families of architectures that `nape-bench graph` and imports know.",
    examples=["nape-bench spaces"],
    add_arguments=no_arguments,
    run=_run,
)
