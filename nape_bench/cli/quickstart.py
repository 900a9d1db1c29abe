"""`nape-bench quickstart`: the whole path, from a dataset to a table of scored predictors."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, no_arguments

if TYPE_CHECKING:
    import argparse

    from nape_bench.data import Dataset
    from nape_bench.evaluation import Result

DATASET = "nape/hiaml"
PROTOCOL = "in-family/hiaml"
PREDICTORS = ("flops", "params", "gbdt", "gp", "kgnn")
SEEDS = 3
"""Fewer than the protocol asks for, so that the whole takes a few minutes on two cores."""

NEXT = (
    ("see one architecture as a graph", "nape-bench graph hiaml --random"),
    ("run a predictor as the protocol asks", f"nape-bench run gbdt --protocol {PROTOCOL}"),
    ("score predictions of your own", f"nape-bench evaluate FILE.csv --protocol {PROTOCOL}"),
)


def _run(_: argparse.Namespace) -> None:
    from nape_bench.data import load_dataset
    from nape_bench.evaluation import Evaluator, evaluate
    from nape_bench.evaluation.tables import SHORT, heading, remarks, table

    start = perf_counter()
    dataset = load_dataset(DATASET)
    print(_introduction(dataset))
    evaluator = Evaluator(PROTOCOL, dataset=dataset)
    bars = sys.stderr.isatty()
    results: list[Result] = []
    for number, name in enumerate(PREDICTORS, 1):
        _tell(f"[{number}/{len(PREDICTORS)}] {name}")
        begun = perf_counter()
        results.append(evaluate(name, evaluator, seeds=SEEDS, progress=bars))
        srcc = results[-1].metrics["spearman"].value
        _tell(f"      SRCC {srcc:.3f} after {perf_counter() - begun:.1f} s")
    print(f"\n{heading(results[0])}\n\n{table(results, SHORT)}")
    print("\n" + "\n".join(remarks(results)))
    _tell(f"\nAll of it took {perf_counter() - start:.0f} s.")
    print("\nWhat next:")
    for what, command in NEXT:
        print(f"  {what:<38} {command}")


def _introduction(dataset: Dataset) -> str:
    """Say what the dataset is: rows, splits, labels, and how far the labels can be trusted."""
    sizes = {split: len(dataset[split]) for split in dataset}
    target = dataset.labels_info[dataset.target]
    lines = [
        (
            f"{dataset.name} ({dataset.config}) {dataset.version}, from the {dataset.source}: "
            f"{dataset.info.title}"
        ),
        dataset.info.description,
        f"{sum(sizes.values()):,} architectures: "
        + ", ".join(f"{n:,} {split}" for split, n in sizes.items()),
        f"label {dataset.target} [{target.unit or 'no unit'}]: {target.meaning}",
    ]
    if target.reachable is not None:
        lines.append(
            f"noise ceiling: a perfect predictor would have a rank correlation of about "
            f"{target.reachable:.3f} (single seeds have {target.noise_ceiling:.3f} with each other)"
        )
    return "\n".join(lines) + "\n"


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


COMMAND = Command(
    name="quickstart",
    help="from a dataset to a table of scored predictors, in minutes",
    description="Load nape/hiaml, which comes with the package, fit the baselines on its training "
    "split, and print how well they do on its test split.",
    examples=["nape-bench quickstart"],
    add_arguments=no_arguments,
    run=_run,
)
