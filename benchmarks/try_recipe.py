"""What a recipe of micro training makes of a family, before labels are measured with it.

    python benchmarks/try_recipe.py two_path --recipe micro-4 --depth 1 --epochs 8
    python benchmarks/try_recipe.py nb301 --recipe micro-4 --width .125 --depth 1 --epochs 3 \
        --n 30 --seeds 1 --among nape/nb301 --against nape/nb301/surrogate

Networks are drawn from those that `cards/labels` does not hold, so that a recipe is not chosen on
what it will label. Printed are accuracy, its spread, what a training costs, and Spearman
correlations: between two seeds, with multiply-adds, and with published labels where they are at
hand (--against).
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import common  # noqa: F401 (one thread for all libraries)
import numpy as np
from joblib import Parallel, delayed

from nape_bench.cli.architectures import read_specs
from nape_bench.data import load_dataset
from nape_bench.labels import draw
from nape_bench.labels.micro.recipe import RECIPES, Recipe, Scale
from nape_bench.labels.micro.scaled import scaled
from nape_bench.labels.micro.train import train
from nape_bench.metrics import spearman
from nape_bench.spaces import Spec, space

STORE = str(Path(__file__).parents[1] / "cards" / "labels")


def trained(name: str, spec: Spec, scale: Scale, recipe: Recipe, seed: int) -> tuple[float, float]:
    """Return accuracy in %, NaN if the training diverged, and seconds of processor time."""
    outcome = train(scaled(space(name), spec, scale, recipe.task), recipe, seed)
    return np.nan if outcome.accuracy is None else outcome.accuracy, outcome.seconds


def published(named: str) -> dict[str, float]:
    """Return the main label of a config by architecture, as its space formats it."""
    name, _, config = named.rpartition("/")
    dataset = load_dataset(name, config)
    ids = [i.partition(":")[2] for split in dataset for i in dataset[split].ids]
    values = [y for split in dataset for y in dataset[split].y.tolist()]
    return dict(zip(ids, values, strict=True))


def main() -> None:
    """Train, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("space")
    parser.add_argument("--recipe", required=True, help=", ".join(RECIPES))
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--depth", type=int, help="repeats in a stage; the family's own")
    parser.add_argument("--pixels", type=int, default=16)
    parser.add_argument("--epochs", type=int, help="the recipe's")
    parser.add_argument("--n", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--among", help="draw from these architectures, not from the whole space")
    parser.add_argument("--against", help="OWNER/NAME/CONFIG of published labels at hand")
    args = parser.parse_args()
    family, recipe = space(args.space), RECIPES[args.recipe]
    recipe = dataclasses.replace(recipe, epochs=args.epochs or recipe.epochs)
    scale = Scale(args.width, args.depth, args.pixels)
    among = read_specs(family, args.among) if args.among else None
    specs = draw(args.space, args.n, 77, among=among, exclude=read_specs(family, STORE))
    jobs = [(spec, seed) for spec in specs for seed in range(args.seeds)]
    results = Parallel(args.jobs)(
        delayed(trained)(args.space, spec, scale, recipe, seed) for spec, seed in jobs
    )
    accuracy, seconds = np.array(results).reshape(args.n, args.seeds, 2).transpose(2, 0, 1)
    mean = accuracy.mean(1)
    flops = np.array([family.build(spec).flops() for spec in specs], dtype=np.float64)
    between = f"{spearman(accuracy[:, 0], accuracy[:, 1]):.3f}" if args.seeds > 1 else "-"
    known = published(args.against) if args.against else {}
    labels = np.array([known.get(family.format(spec), np.nan) for spec in specs])
    both = np.isfinite(labels)
    beside = ""
    if both.any():
        ours, costs = (spearman(values[both], labels[both]) for values in (mean, flops))
        beside = f"; with {both.sum()} published labels {ours:.3f}, multiply-adds {costs:.3f}"
    print(
        f"{args.space} {recipe.version} x {args.width:g}, {args.pixels} px, "
        f"{recipe.epochs} passes: accuracy {mean.mean():.1f}, sd {mean.std():.2f}, "
        f"{np.median(seconds):.1f} s a training, "
        f"two seeds {between}, multiply-adds {spearman(mean, flops):.3f}{beside}"
    )


if __name__ == "__main__":
    main()
