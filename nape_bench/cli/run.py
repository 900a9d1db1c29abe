"""`nape-bench run PREDICTOR ... --protocol P`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.cli import output
from nape_bench.cli.command import Command, positive
from nape_bench.cli.own_code import is_own, own
from nape_bench.errors import ProtocolError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from nape_bench.predictors import Predictor

RESERVED = {"seed": "--seeds", "progress": "--quiet"}
"""Settings that every predictor has and the run decides on."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "predictors",
        metavar="PREDICTOR",
        nargs="+",
        help="what to run: `nape-bench predictors` lists them; MODULE:CLASS runs a class of your "
        "own Python, looked for in the working folder first",
    )
    parser.add_argument(
        "--protocol", required=True, metavar="P", help="`nape-bench protocols` lists them"
    )
    parser.add_argument(
        "--seeds", type=positive, metavar="N", help="runs, with the seeds 0 to N - 1 (the "
        "protocol's own if not said)"
    )  # fmt: skip
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the predictor, as in epochs=40; may be given again",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument(
        "--record",
        type=Path,
        nargs="?",
        const=Path("baselines"),
        metavar="DIR",
        help="record results in DIR/PREDICTOR (baselines/PREDICTOR), as `nape-bench baselines` "
        "reads them",
    )
    parser.add_argument(
        "--as", dest="called", metavar="NAME", help="with --record: DIR/NAME, for other settings"
    )
    output.add_arguments(parser)


def _run(args: argparse.Namespace) -> None:
    names = list(dict.fromkeys(args.predictors))
    where = [] if args.record else output.folders(args, names)

    from nape_bench.evaluation import Evaluator, evaluate

    # All names and settings are looked at before the first predictor runs.
    settings = dict(_setting(text) for text in args.set)
    chosen = {name: _predictor(name, settings) for name in names}
    evaluator = Evaluator(args.protocol)
    if args.record:
        _record(args, chosen, settings, evaluator.protocol.name)
        return
    progress = not args.quiet and sys.stderr.isatty()
    results = [
        evaluate(entry, evaluator, seeds=args.seeds, progress=progress) for entry in chosen.values()
    ]
    output.deliver(args, results, where)


def _predictor(name: str, settings: dict[str, Any]) -> Predictor:
    """Make a predictor of the registry, or of somebody's own Python (MODULE:CLASS)."""
    from nape_bench.predictors import Predictor, predictor
    from nape_bench.predictors.wrap import wrap

    try:
        if not is_own(name):
            return predictor(name, **settings)
        made = own(name)(**settings)
    except TypeError as error:
        told = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        raise ProtocolError(f"{name} with {told or 'no settings'}: {error}") from None
    return made if isinstance(made, Predictor) else wrap(made)


def _record(
    args: argparse.Namespace,
    chosen: Mapping[str, Predictor],
    settings: dict[str, Any],
    protocol: str,
) -> None:
    """Add the protocol to the recipes of baselines, made if they are not there, and run them."""
    from nape_bench.cli import baselines
    from nape_bench.evaluation.recording import Recipe, read_recipe, write_recipe
    from nape_bench.evaluation.recording.recipe import RECIPE_FILE

    if args.called and len(chosen) > 1:
        raise ProtocolError("--as names one baseline, and several predictors are given")
    called = {args.called or made.name: (name, made) for name, made in chosen.items()}
    for baseline, (name, _) in called.items():
        folder = args.record / baseline
        asked = Recipe(name, settings, seeds=args.seeds)
        there = read_recipe(folder) if (folder / RECIPE_FILE).is_file() else asked
        if replace(there, protocols=(), remarks="") != asked:
            raise ProtocolError(
                f"{folder}: is another recipe, {there.predictor} with {dict(there.settings)} and "
                f"seeds {there.seeds or 'of the protocol'}; record this one with --as NAME"
            )
        listed = dict.fromkeys([*there.protocols, protocol])
        write_recipe(folder, replace(there, protocols=tuple(listed)))
    baselines.bring_up_to_date(
        args.record,
        {baseline: [protocol] for baseline in called},
        own={baseline: made for baseline, (name, made) in called.items() if is_own(name)},
        quiet=args.quiet,
    )


def _setting(text: str) -> tuple[str, Any]:
    import ast

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ProtocolError(f"--set {text}: NAME=VALUE expected, as in epochs=40")
    if name in RESERVED:
        raise ProtocolError(f"--set {text}: {name} is for {RESERVED[name]} to say")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


COMMAND = Command(
    name="run",
    help="fit predictors and score them on a protocol",
    description="Fit predictors on the labels that a protocol gives, once a seed, score what they "
    "predict, and print one table.",
    examples=[
        "nape-bench run flops gbdt kgnn --protocol in-family/hiaml",
        "nape-bench run flops --protocol zero-shot/nb201/cifar10",
        "nape-bench run gbdt --protocol in-family/hiaml --seeds 3 --out result",
        "nape-bench run gbdt gp --protocol in-family/hiaml --record",
        "nape-bench run mine:Mine --protocol in-family/hiaml --set width=64",
        "nape-bench run gbdt --protocol in-family/hiaml --scatter gbdt.svg",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
