"""The command line's entry: reads arguments, calls a command, turns errors into exit statuses.

Command modules import nothing heavy before they run, so that help comes at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from nape_bench import __version__
from nape_bench.errors import NapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.cli.command import Command

COMMANDS = (
    "quickstart",
    "datasets",
    "correlations",
    "protocols",
    "predictors",
    "spaces",
    "graph",
    "run",
    "evaluate",
    "compare",
    "baselines",
    "predict",
    "search",
    "submit",
    "check",
    "leaderboard_build",
    "leaderboard_publish",
    "leaderboard_sheets",
    "leaderboard_pull_request",
    "import_table",
    "import_gennape",
    "import_aiop",
    "import_transnas",
    "import_nasbench101",
    "import_nats",
    "import_nasbench301",
    "import_nasbench_macro",
    "import_dynas",
    "import_help_latency",
    "import_hwnasbench",
    "import_timm",
    "label",
    "build",
    "card",
    "publish",
    "cite",
)
"""Modules of this package that have a `COMMAND`, in the order of the help."""

FAILED = 2
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run `nape-bench`.

    Args:
        argv: The arguments; those of the process if not said.

    Returns:
        The exit status: 0 or what the command returns, 2 for an error that is told on standard
        error in one line, 130 for an interrupt, 141 where the reader of the output has gone. Wrong
        arguments exit with 2.
    """
    args = _parser().parse_args(argv)
    command: Command = args.command
    try:
        status = command.run(args) or 0
        # What is printed into a closed pipe fails when it is flushed: here, not at exit.
        sys.stdout.flush()
    except NapeError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # Python flushes again at exit; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        print("nape-bench: interrupted", file=sys.stderr)
        return INTERRUPTED
    return status


def _fail(message: str) -> int:
    print(f"nape-bench: error: {' '.join(message.split())}", file=sys.stderr)
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nape-bench",
        description="Datasets, protocols and baselines for performance predictors of neural "
        "architectures.",
        epilog="Begin with: nape-bench quickstart",
    )
    parser.add_argument("--version", action="version", version=f"nape-bench {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    groups: dict[str, Any] = {}
    for module in COMMANDS:
        importlib.import_module(f"nape_bench.cli.{module}").COMMAND.add_to(subparsers, groups)
    return parser
