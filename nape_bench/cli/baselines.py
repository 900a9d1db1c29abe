"""`nape-bench baselines [NAME ...] [--run]`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, add_folder, print_table
from nape_bench.errors import ProtocolError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.evaluation.recording import Done, Recipe
    from nape_bench.predictors import Predictor


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="folders below DIR (all if none is said)"
    )
    add_folder(parser, "--root", "baselines", "where recorded baselines are")
    parser.add_argument(
        "--run", action="store_true", help="run what is missing or no longer holds, and record it"
    )
    parser.add_argument(
        "--again", action="store_true", help="with --run: run what is recorded too, and compare"
    )
    parser.add_argument(
        "--protocol",
        action="append",
        metavar="TEXT",
        help="only protocols with this in their name; may be given again",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _run(args: argparse.Namespace) -> int | None:
    from nape_bench.evaluation.recording import list_recipes
    from nape_bench.registry import unknown_name

    recipes = list_recipes(args.root)
    for name in args.names:
        if name not in recipes:
            raise unknown_name(f"baseline in {args.root}", name, list(recipes))
    chosen = {name: recipes[name] for name in args.names or recipes}
    if args.again and not args.run:
        raise ProtocolError("--again goes with --run")
    if not args.run:
        _print_states(args, chosen)
        return None
    wanted = {name: _wanted(args, recipe) for name, recipe in chosen.items()}
    bring_up_to_date(args.root, wanted, again=args.again, quiet=args.quiet)
    return None


def _print_states(args: argparse.Namespace, recipes: dict[str, Recipe]) -> None:
    from nape_bench.evaluation.recording import read_records, state

    rows = []
    for name, recipe in recipes.items():
        records = read_records(args.root / name)
        for protocol in _wanted(args, recipe):
            result = records.get(protocol)
            score = "-" if result is None else f"{result.metrics['spearman'].value:.3f}"
            rows.append((name, protocol, score, state(recipe, protocol, result)))
    print_table(rows, ["baseline", "protocol", "SRCC", "state"], right="SRCC")


def bring_up_to_date(
    root: Path,
    wanted: Mapping[str, Sequence[str]],
    *,
    own: Mapping[str, Predictor] | None = None,
    again: bool = False,
    quiet: bool = False,
) -> None:
    """Run what is missing or no longer holds, tell each result, and write all cards anew.

    Args:
        root: The folder of baselines.
        wanted: Baseline -> protocols to look at.
        own: Predictors of those that are somebody's own.
        again: Whether to run what is recorded too.
        quiet: Whether no progress is shown.
    """
    from nape_bench.evaluation.recording import list_recipes, read_records, record
    from nape_bench.evaluation.recording.card import CARD_FILE, baseline_card, overview
    from nape_bench.leaderboard.baselines import write_baseline_metadata

    recipes = list_recipes(root)
    progress = not quiet and sys.stderr.isatty()
    for name, only in wanted.items():
        made = (own or {}).get(name)
        for done in record(
            root / name, recipes[name], own=made, only=only, again=again, progress=progress
        ):
            print(_told(name, done), flush=True)
    recorded = {name: read_records(root / name) for name in recipes}
    for name in wanted:
        card = baseline_card(name, recipes[name], recorded[name])
        (root / name / CARD_FILE).write_text(card, encoding="utf-8")
        write_baseline_metadata(root / name, recipes[name], recorded[name])
    (root / CARD_FILE).write_text(overview(recorded), encoding="utf-8")


def _told(name: str, done: Done) -> str:
    told = f"{name} {done.protocol}: SRCC {done.result.metrics['spearman'].value:.3f}"
    if done.before is None:
        return told
    was = done.before.metrics["spearman"].value
    return told + (", the same predictions as before" if done.same else f", was {was:.3f}")


def _wanted(args: argparse.Namespace, recipe: Recipe) -> list[str]:
    texts = args.protocol or [""]
    return [name for name in recipe.protocols if any(text in name for text in texts)]


COMMAND = Command(
    name="baselines",
    help="list recorded baselines, or run and record them",
    description="List what is recorded of each baseline and whether it still holds; or run what is "
    "missing, and write results, predictions and cards. Run again, it goes on where it was killed.",
    examples=[
        "nape-bench baselines",
        "nape-bench baselines gbdt gp --run",
        "nape-bench baselines --run --again --protocol in-family/hiaml",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
