"""Multi-Predict's matrix: few-shot transfer from every space and task to every other.

    python benchmarks/check_transfer.py       # a table and baselines/transfer/matrix.svg

21 of its 28 spaces and tasks are at hand (`transfer_spaces`, which tells where from). An MLP on
zero-cost encodings is trained on 128 networks at most of a source's train and validation splits,
then fine-tuned on 20 labels of the target, and ranks the target's other networks, without isomorphs
of the 20. What a source of the same space has learnt is left out of what is drawn and ranked. Shown
is the mean SRCC over five seeds of each pair, and for each target: the same MLP on the 20 alone,
FLOPs, a Bayesian ridge on the encodings of the 20, the best source, the mean over sources, and how
many labels the MLP alone needs for the SRCC of the best source and of the mean one.

The MLP is that of `multi_predict`, half as wide, with 150 and 50 steps on all rows at once. Where
this departs from Multi-Predict, besides: it trains on about 15 % of a source's rows, 20 are drawn
with replacement and stay in its test, and scaling sees the whole target space. Results are kept in
`baselines/transfer/` and not measured again.
"""

from __future__ import annotations

import argparse
from functools import cache, partial
from html import escape
from pathlib import Path

import numpy as np
import stacked
from recorded import Recorded
from scipy.stats import t as student
from tabulate import tabulate
from transfer_spaces import ROWS, SpaceRows, open_space

from nape_bench.metrics import spearman
from nape_bench.predictors.multi_predict.encodings import Scale

FOLDER = Path(__file__).parent.parent / "baselines" / "transfer"
SHOTS, SEEDS = 20, range(5)
COUNTS = (10, 20, 40, 80)
MOST, WIDTH, STEPS = 128, 64, 150
Task = tuple[str, str]


def main() -> None:
    """Print the tables and draw the matrix."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    recorded = Recorded(FOLDER / "results.json")
    tasks = [(name, task) for name in ROWS for task in space_of(name).labels]
    matrix = np.full((len(tasks), len(tasks)), np.nan)
    for column, target in enumerate(tasks):
        found = recorded.get(f"to {told(target)}", partial(transfers, tasks, target))
        for row, source in enumerate(tasks):
            if source != target:
                matrix[row, column] = np.mean(found[told(source)])
    print(tabulate(
        [[told(source), *row] for source, row in zip(tasks, matrix, strict=True)],
        ["from \\ to", *map(short, tasks)], floatfmt=".2f",
    ))  # fmt: skip
    lines = []
    for column, target in enumerate(tasks):
        alone = recorded.get(f"alone {told(target)}", partial(scratch, target))
        curve = {int(count): float(np.mean(values)) for count, values in alone.items()}
        plain = [
            recorded.get(f"{name} {told(target)}", partial(way, target))
            for name, way in (("flops", flops), ("ridge", ridge))
        ]
        best = int(np.nanargmax(matrix[:, column]))
        best_seeds = recorded.get(f"to {told(target)}", dict)[told(tasks[best])]
        lines.append([
            told(target), interval(alone[str(SHOTS)]), *map(interval, plain),
            told(tasks[best]), interval(best_seeds), f"{np.nanmean(matrix[:, column]):.3f}",
            needed(curve, float(np.mean(best_seeds))),
            needed(curve, float(np.nanmean(matrix[:, column]))),
        ])  # fmt: skip
    print(tabulate(lines, [
        "target", "20 alone", "FLOPs", "ridge on 20", "best source", "its SRCC", "mean",
        "labels for best", "labels for mean",
    ]))  # fmt: skip
    (FOLDER / "matrix.svg").write_text(heatmap(tasks, matrix) + "\n")


@cache
def space_of(name: str) -> SpaceRows:
    """Return the architectures of a space."""
    return open_space(name, Recorded(FOLDER / f"encodings-{name}.json"))


def told(task: Task) -> str:
    """Return what a task is called."""
    return "/".join(task)


def short(task: Task) -> str:
    """Return what a column is called: the space's digits or initial, and six letters."""
    return f"{task[0].removeprefix('nb')[:3]}/{task[1][:6]}"


def transfers(tasks: list[Task], target: Task) -> dict[str, list[float]]:
    """Return the SRCC of each seed, to four digits, from each source."""
    scores: dict[str, list[float]] = {}
    for seed in SEEDS:
        together: dict[bytes, list[Task]] = {}
        for source in tasks:
            if source != target:
                together.setdefault(pool(target, source).tobytes(), []).append(source)
        for sources in together.values():
            given, tested = drawn(target, SHOTS, seed, pool(target, sources[0]))
            x, y = scaled(target, given)
            stack = stacked.joined(
                [[part[seed : seed + 1] for part in trained(source)] for source in sources]
            )
            rows = [(x[given], y[given])] * len(sources)
            tuned = stacked.trained(stack, rows, 50, 4e-4)
            every = stacked.said(tuned, [x] * len(sources))
            for source, values in zip(sources, every, strict=True):
                scores.setdefault(told(source), []).append(srcc(target, tested, values))
    return scores


@cache
def trained(source: Task) -> stacked.Stack:
    """Return an MLP a seed that has learnt a source's train and validation splits."""
    rows = source_rows(source)
    x, y = scaled(source, rows)
    stack = stacked.new(x.shape[1], list(SEEDS), WIDTH)
    return stacked.trained(stack, [(x[rows], y[rows])] * len(SEEDS), STEPS, 4e-3)


def source_rows(task: Task) -> np.ndarray:
    """Return labelled rows of the train and validation splits, 128 of them at most."""
    return np.flatnonzero(~space_of(task[0]).held_out & labelled(task))[:MOST]


def pool(target: Task, source: Task) -> np.ndarray:
    """Return which labelled rows of the target a source has not learnt, bool [n]."""
    there = labelled(target)
    if source[0] == target[0]:
        groups = space_of(source[0]).groups
        there &= ~np.isin(groups, groups[source_rows(source)])
    return there


def scratch(target: Task) -> dict[str, list[float]]:
    """Return the SRCC of each seed of the MLP on labels alone, by their number."""
    scores = {}
    for count in COUNTS:
        if count > most_labels(target):
            break
        draws = [drawn(target, count, seed, labelled(target)) for seed in SEEDS]
        told_of = [(*scaled(target, given), given) for given, _ in draws]
        stack = stacked.new(told_of[0][0].shape[1], list(SEEDS), WIDTH)
        rows = [(x[given], y[given]) for x, y, given in told_of]
        stack = stacked.trained(stack, rows, STEPS, 4e-3)
        every = stacked.said(stack, [x for x, _, _ in told_of])
        scores[str(count)] = [
            srcc(target, tested, values) for (_, tested), values in zip(draws, every, strict=True)
        ]
    return scores


def ridge(target: Task) -> list[float]:
    """Return the SRCC of each seed of a Bayesian ridge on the encodings of the 20."""
    from sklearn.linear_model import BayesianRidge

    scores = []
    for seed in SEEDS:
        given, tested = drawn(target, SHOTS, seed, labelled(target))
        x, y = scaled(target, given)
        scores.append(srcc(target, tested, BayesianRidge().fit(x[given], y[given]).predict(x)))
    return scores


def flops(target: Task) -> list[float]:
    """Return the SRCC of FLOPs on what each seed tests."""
    said = space_of(target[0]).flops
    return [srcc(target, drawn(target, SHOTS, seed, labelled(target))[1], said) for seed in SEEDS]


def labelled(task: Task) -> np.ndarray:
    """Return which rows have a label, bool [n]."""
    return np.isfinite(space_of(task[0]).labels[task[1]])


def most_labels(task: Task) -> int:
    """Return how many labels the MLP alone is given at most: half of the groups."""
    return len(np.unique(space_of(task[0]).groups[labelled(task)])) // 2


def drawn(task: Task, count: int, seed: int, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows among some, no two of them isomorphs; return them and the others without theirs."""
    rows = space_of(task[0])
    order = np.random.default_rng(seed).permutation(np.flatnonzero(among))
    first = np.sort(np.unique(rows.groups[order], return_index=True)[1])
    given = order[first[:count]]
    return given, np.flatnonzero(among & ~np.isin(rows.groups, rows.groups[given]))


def scaled(task: Task, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and labels of all rows, on the scale of those given."""
    rows = space_of(task[0])
    labels = rows.labels[task[1]]
    level, size = labels[given].mean(), labels[given].std() or 1.0
    return Scale.of(rows.encoding[given])(rows.encoding), (labels - level) / size


def srcc(task: Task, tested: np.ndarray, said: np.ndarray) -> float:
    """Return Spearman's rank correlation over tested rows, to four digits."""
    return round(spearman(space_of(task[0]).labels[task[1]][tested], said[tested]), 4)


def needed(curve: dict[int, float], wanted: float) -> str:
    """Return how many labels reach an SRCC, between counts by a line over their logarithms."""
    before = None
    for count, value in sorted(curve.items()):
        if value >= wanted:
            if before is None:
                return f"<= {count}"
            share = (wanted - before[1]) / (value - before[1])
            return f"{before[0] * (count / before[0]) ** share:.0f}"
        before = count, value
    return f"> {max(curve)}"


def interval(values: list[float]) -> str:
    """Return a mean and the half width of its 95 % interval over seeds."""
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.3f} ±{half:.3f}"


def heatmap(tasks: list[Task], matrix: np.ndarray) -> str:
    """Draw the matrix, as an SVG: blue for an SRCC of 1, white for 0, red for -1."""
    cell, left, top, right = 30, 200, 170, 110
    side = cell * len(tasks)
    size = f'width="{left + side + right}" height="{top + side + 20}"'
    font = 'font-family="system-ui,sans-serif" font-size="11"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {font} {size}>',
        f'<title>Few-shot transfer, {SHOTS} labels</title><rect {size} fill="#fff"/>',
        f'<text x="12" y="20" font-size="14">SRCC, {SHOTS} labels: from (rows) to (columns)</text>',
    ]
    for number, task in enumerate(tasks):
        name, middle = escape(told(task)), cell * number + cell / 2
        parts.append(f'<text x="{left - 6}" y="{top + middle + 4}" text-anchor="end">{name}</text>')
        parts.append(
            f'<text transform="translate({left + middle + 4} {top - 6}) rotate(-60)">{name}</text>'
        )
    for row, values in enumerate(matrix):
        for column, value in enumerate(values):
            x, y = left + cell * column, top + cell * row
            if np.isnan(value):
                parts.append(
                    f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" fill="#e6eaee"/>'
                )
                continue
            strength = min(abs(value), 1.0)
            far = (47, 111, 196) if value >= 0 else (196, 87, 47)
            colour = ",".join(str(round(255 + (part - 255) * strength)) for part in far)
            ink = "#fff" if strength > 0.6 else "#1d2530"
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" fill="rgb({colour})"/>'
                f'<text x="{x + cell / 2}" y="{y + cell / 2 + 4}" text-anchor="middle" '
                f'fill="{ink}">{value:.2f}</text>'
            )
    return "\n".join([*parts, "</svg>"])


if __name__ == "__main__":
    main()
