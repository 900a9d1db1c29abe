"""Latency on new devices: predictors that see 20 samples of each, beside published ones.

    python benchmarks/check_devices.py fbnet                     # flops, params, gp, cost_ridge
    python benchmarks/check_devices.py nb201 --predictors known_gp --known

It needs the latencies that HELP published, imported by the command that `nape-bench datasets`
gives. Shown is the mean SRCC over the test devices of each task, five seeds each, and over tasks.

Published values are those of NASFLAT's tables for the same devices. Those predictors were trained
on latencies of other devices first, and draw their 20 samples and tests otherwise; tasks of
NAS-Bench-201 that have devices of Eagle among their test devices are compared with nothing.
"""

from __future__ import annotations

import argparse
from statistics import fmean

from tabulate import tabulate

from nape_bench.evaluation import Evaluator, evaluate, protocol
from nape_bench.evaluation.protocols.hardware import KNOWN, NAME, TASKS

PUBLISHED = {
    "fbnet": {
        "HELP": (0.910, 0.370, 0.793, 0.543, 0.413, 0.799),
        "Multi-Predict": (0.960, 0.450, 0.756, 0.567, 0.434, 0.763),
        "NASFLAT": (0.961, 0.577, 0.809, 0.871, 0.814, 0.734),
    },
    "nb201": {
        "HELP": (0.948, 0.410, None, 0.509, 0.729, None),
        "Multi-Predict": (0.930, 0.820, None, 0.757, 0.947, None),
        "NASFLAT": (0.959, 0.893, None, 0.857, 0.962, None),
    },
}
"""Dataset -> predictor -> SRCC of tasks 0 to 5."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", choices=PUBLISHED)
    parser.add_argument("--predictors", nargs="+", default=["flops", "params", "gp", "cost_ridge"])
    parser.add_argument(
        "--known", action="store_true", help="latencies on the training devices are known, of all"
    )
    args = parser.parse_args()
    tasks = {task: devices for task, devices in TASKS.items() if task.startswith(args.dataset)}
    found: dict[tuple[str, ...], Evaluator] = {}
    for task, devices in tasks.items():
        for device in devices.test:
            # Without known latencies a device is the same in every task.
            key = (task, device) if args.known else (device,)
            if key not in found:
                name = f"{NAME}/{task}{KNOWN * args.known}/{device}"
                found[key] = Evaluator(protocol(name))
    rows = []
    for name in args.predictors:
        srcc = {key: score(name, each) for key, each in found.items()}
        means = [
            fmean([srcc[(task, d) if args.known else (d,)] for d in devices.test])
            for task, devices in tasks.items()
        ]
        rows.append(line(name, means))
    rows += [line(f"{name}, published", list(row)) for name, row in PUBLISHED[args.dataset].items()]
    print(tabulate(rows, ["", *tasks, "mean"], floatfmt=".3f"))


def score(name: str, evaluator: Evaluator) -> float:
    """Return the mean SRCC over seeds."""
    return evaluate(name, evaluator).metrics["spearman"].value


def line(name: str, values: list[float | None]) -> list[str | float | None]:
    """Return a row of the table; the mean is over tasks that have a value."""
    return [name, *values, fmean([value for value in values if value is not None])]


if __name__ == "__main__":
    main()
