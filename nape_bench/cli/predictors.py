"""`nape-bench predictors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, no_arguments, print_table

if TYPE_CHECKING:
    import argparse


def _run(_: argparse.Namespace) -> None:
    from nape_bench.predictors import predictors

    known = predictors()
    print_table(
        [
            (
                name,
                known[name].title,
                "value" if known[name].is_value else "score",
                "yes" if known[name].needs_training else "no",
                known[name].source,
            )
            for name in known
        ],
        ["name", "title", "predicts", "needs training", "source"],
    )


COMMAND = Command(
    name="predictors",
    help="list predictors",
    description="List the predictors that `nape-bench run` knows.",
    examples=["nape-bench predictors"],
    add_arguments=no_arguments,
    run=_run,
)
