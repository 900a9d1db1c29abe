"""Time the scoring of many predictions beside a bootstrap written with SciPy.

Run `OMP_NUM_THREADS=1 python benchmarks/bench_metrics.py`. Both compute MAE and Spearman with
95 % intervals over the same number of draws; the loop over SciPy is timed on a few draws and
extrapolated, which is fair because its draws take equally long. Times are of the processor, so
that other work on the machine counts less; they are those of one core where NumPy has one thread.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy import stats

from nape_bench.metrics import METRICS, score

TARGET_SECONDS = 2.0
PAIR = ["mae", "spearman"]


def sample(items: int, decimals: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Make accuracies in percent and predictions of them, with ties where rounded."""
    rng = np.random.default_rng(0)
    true = rng.normal(90.0, 2.0, items)
    pred = true + rng.normal(0.0, 2.0, items)
    return (true, pred) if decimals is None else (true.round(decimals), pred.round(decimals))


def seconds_of_ours(
    true: np.ndarray, pred: np.ndarray, draws: int, metrics: list[str], repeats: int
) -> float:
    """Time `score`, the best of some repeats."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        score(true, pred, draws=draws, metrics=metrics)
        times.append(time.process_time() - start)
    return min(times)


def seconds_of_scipy(true: np.ndarray, pred: np.ndarray, draws: int, timed: int) -> float:
    """Time `timed` draws of a loop over SciPy and extrapolate to `draws`."""
    rng = np.random.default_rng(0)
    start = time.process_time()
    for _ in range(timed):
        picks = rng.integers(0, len(true), len(true))
        drawn_true, drawn_pred = true[picks], pred[picks]
        np.abs(drawn_true - drawn_pred).mean()
        stats.spearmanr(drawn_true, drawn_pred)
    return (time.process_time() - start) / timed * draws


def main() -> None:
    """Print one row for each kind of data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--scipy-draws", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    print(f"{args.items:,} predictions, {args.draws:,} draws, seconds of the processor")
    print(f"{'data':22}{'all metrics':>12}{'MAE + SRCC':>12}{'SciPy loop':>12}{'ratio':>8}")
    for name, decimals in (("continuous", None), ("rounded to 0.01", 2)):
        true, pred = sample(args.items, decimals)
        every = seconds_of_ours(true, pred, args.draws, list(METRICS), args.repeats)
        ours = seconds_of_ours(true, pred, args.draws, PAIR, args.repeats)
        theirs = seconds_of_scipy(true, pred, args.draws, args.scipy_draws)
        print(f"{name:22}{every:12.2f}{ours:12.2f}{theirs:12.1f}{theirs / ours:8.1f}")
    print(f"target: MAE + SRCC under {TARGET_SECONDS:g} s for 100,000 predictions and 1,000 draws")


if __name__ == "__main__":
    main()
