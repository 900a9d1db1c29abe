"""Latency on new devices: predictors that see 20 samples of each, beside published ones.

    python benchmarks/check_devices.py fbnet                     # 20 samples alone
    python benchmarks/check_devices.py nb201 --others seen       # and 900 networks a known device
    python benchmarks/check_devices.py nb201 --others known      # and all networks there

It needs the latencies that HELP published, imported by the command that `nape-bench datasets`
gives. Shown is the mean SRCC over the test devices of each task, five seeds each, and over tasks,
with the half width of a 95 % interval over seeds (Student's t). Results are kept in
`baselines/devices/` and not measured again.

Published values are those of NASFLAT's tables for the same devices. Those predictors were trained
on latencies of other devices first, as with `--others seen`; they draw their samples and tests
otherwise, and test on the networks that they were trained on, too. Tasks of NAS-Bench-201 that
have devices of Eagle among their test devices are compared with nothing.
"""

from __future__ import annotations

import argparse
from functools import cached_property, partial
from pathlib import Path
from statistics import fmean

import numpy as np
from recorded import Recorded
from scipy.stats import t as student
from tabulate import tabulate

from nape_bench.evaluation import protocol
from nape_bench.evaluation.protocols.hardware import KNOWN, NAME, SEEN, TASKS
from nape_bench.evaluation.task import Task, open_task
from nape_bench.metrics import spearman
from nape_bench.predictors import Predictor, predictor

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

ENDINGS = {"none": "", "seen": SEEN, "known": KNOWN}
DRAWS_NOTHING = {"flops", "params", "cost_ridge", "known_gp", "latency_mix"}
"""Predictors that do not depend on the seed, which need take in other devices but once."""
FOLDER = Path(__file__).parent.parent / "baselines" / "devices"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", choices=PUBLISHED)
    parser.add_argument(
        "--predictors", nargs="+", default=["flops", "cost_ridge", "known_gp", "latency_mix"]
    )
    parser.add_argument(
        "--others", choices=ENDINGS, default="none", help="latencies of training devices told"
    )
    parser.add_argument("--tasks", nargs="+", default=list("012345"), help="numbers of tasks")
    args = parser.parse_args()
    tasks = {f"{args.dataset}-{number}": TASKS[f"{args.dataset}-{number}"] for number in args.tasks}
    recorded = Recorded(FOLDER / f"{args.dataset}-{args.others}.json")
    found: dict[str, list[np.ndarray]] = {name: [] for name in args.predictors}
    ending = ENDINGS[args.others]
    for task, devices in tasks.items():
        means: dict[str, list[list[float]]] = {name: [] for name in args.predictors}
        ready: dict[tuple[str, int], Predictor] = {}
        for device in devices.test:
            # Without other devices a device is the same in every task.
            where = f"{task}/{device}" if ending else device
            opened = Opened(f"{NAME}/{task}{ending}/{device}", ready)
            for name in args.predictors:
                means[name].append(recorded.get(f"{where} {name}", partial(opened.score, name)))
        for name in args.predictors:
            found[name].append(np.mean(means[name], axis=0))
    rows = [line(name, per_seed) for name, per_seed in found.items()]
    for name, row in PUBLISHED[args.dataset].items():
        values = [row[int(number)] for number in args.tasks]
        rows.append([f"{name}, published", *values, fmean(v for v in values if v is not None)])
    print(tabulate(rows, ["", *tasks, "mean"], floatfmt=".3f"))


class Opened:
    """A protocol, opened when something is scored on it.

    Args:
        name: Its name.
        ready: Predictors that have taken in the other devices of the task, by name and seed: they
            are the same for each of its test devices.
    """

    def __init__(self, name: str, ready: dict[tuple[str, int], Predictor]) -> None:
        self._name = name
        self._ready = ready

    @cached_property
    def _task(self) -> Task:
        return open_task(protocol(self._name))

    def score(self, name: str) -> list[float]:
        """Return the SRCC of each seed, to five digits: that of `evaluate`."""
        task, scores = self._task, []
        for seed in task.protocol.seeds:
            sample, part = task.sample(seed), task.parts([seed])[0]
            model = self._predictor(name, 0 if name in DRAWS_NOTHING else seed)
            said = model.fit(sample.graphs, sample.y).predict(task.test.graphs)
            scores.append(round(spearman(task.test.y[part], said[part]), 5))
        return scores

    def _predictor(self, name: str, seed: int) -> Predictor:
        if (name, seed) not in self._ready:
            model, known = predictor(name, seed=seed), self._task.known
            if known is not None and model.can_learn_known:
                model.learn_known(known.graphs, known.labels)
            self._ready[name, seed] = model
        return self._ready[name, seed]


def line(name: str, per_seed: list[np.ndarray]) -> list[str]:
    """Return a row of the table: means over seeds, and half widths of intervals."""
    cells = []
    for values in (*per_seed, np.mean(per_seed, axis=0)):
        half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        cells.append(f"{values.mean():.3f} ±{half:.3f}")
    return [name, *cells]


if __name__ == "__main__":
    main()
