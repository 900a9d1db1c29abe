"""GENNAPE and its members on gennape/ protocols, beside FLOPs, a GP and published numbers.

    python benchmarks/check_gennape.py predictions         # runs what the folder lacks, and shows
    python benchmarks/check_gennape.py predictions --show  # shows what it has
    python benchmarks/check_gennape.py predictions --families nb201/cifar10  # published labels

All protocols have the same training labels, so that a predictor is fitted once a seed, and
fine-tuned once a seed and family; `nape-bench run gennape --protocol gennape/hiaml-ft50` gives the
same numbers. Predictions of the ensemble and of its members are kept in the folder, a file a seed
and family; those that are there are not made again. An hour or two on one core. Published labels of
nb201 and nb101 are imported by the commands that `nape-bench datasets` gives, and are a run of
their own; shown are the 4,096 cells without `none`, though the 50 are drawn from all.

Shown are SRCC with 95 % intervals over rows and seeds. Published values are GENNAPE's tables 1 and
5, for trained accuracies of other networks of the same families: they tell how far the papers'
method gets on its own labels, not what to reach on these.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tabulate import tabulate

from nape_bench.evaluation import Evaluator, evaluate
from nape_bench.predictors import predictor
from nape_bench.predictors.gennape.ensemble import MEMBERS

if TYPE_CHECKING:
    from nape_bench.evaluation.result import Result
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gennape import GENNAPE

PUBLISHED = {
    "nb201/cifar10": (0.001, 0.4930, 0.8146, 0.8606, 0.9103),
    "nb201": (0.001, 0.4930, 0.8146, 0.8606, 0.9103),
    "nb301": (0.578, 0.0642, 0.3214, 0.8584, 0.8825),
    "ofa_pn": (0.689, 0.0703, 0.8213, 0.7559, 0.9506),
    "ofa_mbv3": (0.614, 0.4345, 0.8660, 0.6862, 0.9449),
    "ofa_resnet": (0.785, 0.5721, 0.5115, 0.9102, 0.9114),
    "hiaml": (0.277, -0.1211, 0.4331, 0.4300, 0.4169),
    "inception": (0.412, -0.2045, 0.4249, 0.3340, 0.5524),
    "two_path": (0.333, 0.1970, 0.3413, 0.3694, 0.4875),
}
"""Family -> SRCC of FLOPs, k-GNN and GENNAPE zero-shot, k-GNN and GENNAPE fine-tuned."""

SUBSETS = {"nb201/cifar10": "no-none"}
"""Family -> the subset of the test that is shown."""

KINDS = ("zero-shot", "ft50")
NAMES = ("gennape", *MEMBERS)


def main() -> None:
    """Run what is lacking, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where predictions are kept")
    parser.add_argument("--families", nargs="+", default=list(PUBLISHED)[1:], metavar="FAMILY")
    parser.add_argument("--seeds", type=int, default=5, help="runs, with the seeds 0 to N - 1")
    parser.add_argument("--show", action="store_true", help="run nothing")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    tasks = {family: Evaluator(f"gennape/{family}-ft50") for family in args.families}
    for seed in () if args.show else range(args.seeds):
        run(args.folder, tasks, seed)
    for kind in KINDS:
        rows = [row(args.folder, family, kind, args.seeds) for family in args.families]
        print(f"\n{kind}\n" + tabulate(rows, headers="keys", missingval="-"))


def run(folder: Path, evaluators: dict[str, Evaluator], seed: int) -> None:
    """Predict with one seed for all families whose file is not there."""
    labels = {evaluator.task.train.y.tobytes() for evaluator in evaluators.values()}
    if len(labels) > 1:
        raise SystemExit("--families: these are fitted to different labels; run them one by one")
    lacking = {f: e for f, e in evaluators.items() if not place(folder, f, seed).exists()}
    if not lacking:
        return
    task = next(iter(lacking.values())).task
    held_out = task.validation
    source: GENNAPE = predictor("gennape", seed=seed)
    source.fit(task.train.graphs, task.train.y, validation=(held_out.graphs, held_out.y))
    for family, evaluator in lacking.items():
        task, tuned = evaluator.task, copy.deepcopy(source)
        sample = task.sample(seed)
        tuned.fine_tune(sample.graphs, sample.y)
        said = {}
        for kind, one in zip(KINDS, (source, tuned), strict=True):
            said |= {f"{kind} {name}": v for name, v in predicted(one, task.test.graphs).items()}
        half = place(folder, family, seed).with_suffix(".part")
        with half.open("wb") as file:
            np.savez(file, **said)
        half.rename(place(folder, family, seed))
        print(f"{family}, seed {seed}", flush=True)


def predicted(one: GENNAPE, graphs: GraphTable) -> dict[str, np.ndarray]:
    """Return predictions of the ensemble and of its members by name."""
    return {"gennape": one.predict(graphs), **one.member_predictions(graphs)}


def place(folder: Path, family: str, seed: int) -> Path:
    """Return the file of a family and seed."""
    return folder / f"{family.replace('/', '_')}-{seed}.npz"


def row(folder: Path, family: str, kind: str, seeds: int) -> dict[str, str]:
    """Return a row of the table of one kind of protocol."""
    evaluator = Evaluator(f"gennape/{family}-{kind}")
    files = {seed: place(folder, family, seed) for seed in range(seeds)}
    there = {seed: np.load(file) for seed, file in files.items() if file.exists()}
    cells = {"family": family, "seeds": str(len(there))}
    for name in NAMES if there else ():
        values = {seed: arrays[f"{kind} {name}"] for seed, arrays in there.items()}
        cells[name] = cell(evaluator.evaluate(values, predictor=name), SUBSETS.get(family))
    cells["gp"] = cell(evaluate("gp", evaluator, seeds=seeds), SUBSETS.get(family))
    if family in PUBLISHED:
        flops, *others = PUBLISHED[family]
        kgnn, ensemble = others[:2] if kind == KINDS[0] else others[2:]
        cells["published flops, kgnn, gennape"] = f"{flops:.3f} {kgnn:.3f} {ensemble:.3f}"
    return cells


def cell(result: Result, subset: str | None) -> str:
    """Return the SRCC of a result, or of a subset of its rows, with its interval."""
    metrics = result.metrics if subset is None else result.subsets[subset].metrics
    found = metrics["spearman"]
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


if __name__ == "__main__":
    main()
