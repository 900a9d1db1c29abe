"""What the commands that import published benchmarks are made by."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command
from nape_bench.cli.import_release import add_arguments, report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def benchmark_command(name: str, title: str, description: str, examples: Sequence[str]) -> Command:
    """Return `nape-bench import <name>`.

    Args:
        name: What it imports: `data.importers` has `import_<name>`.
        title: What the benchmark is called.
        description: What is read and what it becomes.
        examples: What stands behind the command's name.
    """
    return Command(
        name=f"import {name}",
        help=f"make datasets of {title}",
        description=f"Make datasets in the local store of {title}. {description} Labels stay the "
        "authors'. No code of the files is run.",
        examples=[f"nape-bench import {name} {each}" for each in examples],
        add_arguments=add_arguments,
        run=partial(_run, name),
    )


def _run(name: str, args: argparse.Namespace) -> None:
    from nape_bench.data import importers

    report(args, getattr(importers, f"import_{name}"))
