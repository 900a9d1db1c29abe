"""Latency from NAS-Bench-201 to FBNet and back, by how many networks are measured in the new space.

    python benchmarks/check_cross_space.py          # a table and baselines/cross_space/*.svg

It needs the latencies that HELP published, imported by the command that `nape-bench datasets`
gives. A device is known from 100 networks of the one space; of the other 0 to 85 are measured on
it, and 1,000 others, without isomorphs of these, are ranked. Shown is the mean SRCC over six
devices, five draws each, and the half width of a 95 % interval over draws.

- `here alone`: `latency_mix` on the measurements in the new space;
- `from there`: the same, which is also told what `latency_mix` on the 100 says of networks here;
- `latency encoding`: Multi-Predict's: networks are told by their latencies on other devices of
  both spaces, an MLP learns from the 100, then from these. A network costs 17 measurements there
  (16 devices and the target), and what is ranked must be measured on the 16, which is not counted.

Multi-Predict claims fewer than 85 measurements, its figures were not at hand. Results are kept in
`baselines/cross_space/` and not measured again.
"""

from __future__ import annotations

import argparse
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from recorded import Recorded
from scipy.stats import t as student
from tabulate import tabulate

from nape_bench.data import load_dataset
from nape_bench.data.svg_axes import Plot, axis
from nape_bench.evaluation.few_labels import draw
from nape_bench.graph import GraphTable
from nape_bench.metrics import spearman
from nape_bench.predictors import predictor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nape_bench.predictors.multi_predict.network import Network

SPACES = ("nb201", "fbnet")
DEVICES = ("1080ti_1", "gold_6226", "essential_ph_1", "raspi4", "eyeriss", "fpga")
THERE, TESTED, SEEDS = 100, 1000, range(5)
COUNTS = (0, 3, 5, 10, 20, 40, 85)
ALIKE, PER_NETWORK = 16, 17
TOLD = 300
"""Networks of the new space of which `from there` is told what the old space says."""
FOLDER = Path(__file__).parent.parent / "baselines" / "cross_space"
COLOURS = ("#2f6fc4", "#c4572f", "#3a8f4d")


@dataclass(frozen=True, eq=False)
class Space:
    """Networks that were measured.

    Attributes:
        graphs: Those that are used, n of them.
        groups: The key that isomorphs share, str [n].
        latencies: Device -> milliseconds, float64 [n].
    """

    graphs: GraphTable
    groups: NDArray[np.str_]
    latencies: dict[str, np.ndarray]


def main() -> None:
    """Print the table and draw the pictures."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    spaces = {name: open_space(name) for name in SPACES}
    recorded = Recorded(FOLDER / "results.json")
    for source, target in (SPACES, SPACES[::-1]):
        ways = {
            "here alone": partial(mix, None),
            "from there": partial(mix, spaces[source]),
            "latency encoding": partial(encoded, spaces[source]),
        }
        rows, lines = [], {}
        for way, learn in ways.items():
            counts = [count for count in COUNTS if applies(way, count)]
            scores = [
                [
                    recorded.get(
                        f"{source}-{target} {way} {count} {device}",
                        partial(measure, learn, spaces[target], device, count),
                    )
                    for count in counts
                ]
                for device in DEVICES
            ]
            means = dict(zip(counts, np.mean(scores, axis=0), strict=True))
            rows.append([way, *(cell(means.get(count)) for count in COUNTS)])
            lines[way] = {count: float(values.mean()) for count, values in means.items()}
        print(tabulate(rows, [f"{source} to {target}, measured:", *map(str, COUNTS)]))
        picture = draw_lines(f"Latency, {source} to {target}", lines, f"{source}-{target}")
        (FOLDER / f"{source}-{target}.svg").write_text(picture + "\n")


def applies(way: str, count: int) -> bool:
    """Return whether a way can do with so many measurements."""
    if way == "latency encoding":
        return count // PER_NETWORK >= 1
    return count > 0 or way == "from there"


def open_space(name: str) -> Space:
    """Read networks, no two of which are isomorphs: enough to draw from and to test on."""
    dataset = load_dataset(f"nape/{name}", "latency")
    splits = [dataset[split] for split in dataset]
    ids = [each for split in splits for each in split.ids]
    groups = np.concatenate([split.groups for split in splits])
    rows = draw(ids, groups, TESTED + 500, 10**6)
    graphs = GraphTable.concatenate([split.graphs.named(split.ids) for split in splits])
    latencies = {
        device: np.concatenate([split.labels[device] for split in splits])[rows]
        for device in splits[0].labels
    }
    return Space(graphs[rows], groups[rows], latencies)


def measure(learn: partial, target: Space, device: str, count: int) -> list[float]:
    """Return the SRCC of each seed, to five digits."""
    scores = []
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(target.groups))
        given, tested = order[:count], order[-TESTED:]
        said = learn(target, device, given, seed)
        scores.append(round(spearman(target.latencies[device][tested], said[tested]), 5))
    return scores


def mix(
    source: Space | None, target: Space, device: str, given: np.ndarray, seed: int
) -> np.ndarray:
    """Return what `latency_mix` says of all networks of the target."""
    model, y = predictor("latency_mix", seed=seed), target.latencies[device][given]
    if source is not None:
        said = _from_there(source, target, device, seed)
        if not len(given):
            return said
        told = np.union1d(given, np.arange(TOLD))
        model.learn_known(target.graphs[told], {"there": said[told]})
    return model.fit(target.graphs[given], y).predict(target.graphs)


@lru_cache(maxsize=len(SEEDS))
def _from_there(source: Space, target: Space, device: str, seed: int) -> np.ndarray:
    there = np.random.default_rng(seed).permutation(len(source.groups))[:THERE]
    model = predictor("latency_mix", seed=seed)
    model.fit(source.graphs[there], source.latencies[device][there])
    return model.predict(target.graphs)


def encoded(source: Space, target: Space, device: str, given: np.ndarray, seed: int) -> np.ndarray:
    """Return what an MLP on latencies on other devices says of all networks of the target."""
    from nape_bench.predictors.multi_predict.network import Schedule, say, train

    network, z, level, size = _encoded_there(source, target, device, seed)
    network = deepcopy(network)
    given = given[: len(given) // PER_NETWORK]
    few = (np.log(target.latencies[device][given]) - level) / size
    number = np.zeros(len(given), dtype=np.int64)
    train(network, z[given], number, few, Schedule(50, 4e-4), seed)
    return say(network, z, 0)


@lru_cache(maxsize=len(SEEDS))
def _encoded_there(
    source: Space, target: Space, device: str, seed: int
) -> tuple[Network, np.ndarray, float, float]:
    """Return an MLP that has learnt from the 100, the target's columns, and the labels' scale."""
    import torch

    from nape_bench.predictors.multi_predict.network import Network, Schedule, train

    there = np.random.default_rng(seed).permutation(len(source.groups))[:THERE]
    others = [each for each in source.latencies if each in target.latencies and each != device]
    logs = np.log(source.latencies[device][there])
    alike = [abs(np.corrcoef(np.log(source.latencies[each][there]), logs)[0, 1]) for each in others]
    # The released code takes those that are correlated least.
    chosen = [others[i] for i in np.argsort(alike)[:ALIKE]]
    columns = [np.log(np.stack([s.latencies[d] for d in chosen], 1)) for s in (source, target)]
    middle, spread = columns[0][there].mean(axis=0), columns[0][there].std(axis=0)
    x, z = ((each - middle) / spread for each in columns)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(ALIKE, 0, 256, 4, 0)
    level, size = float(logs.mean()), float(logs.std())
    number = np.zeros(THERE, dtype=np.int64)
    train(network, x[there], number, (logs - level) / size, Schedule(250, 4e-3), seed)
    return network, z, level, size


def cell(values: np.ndarray | None) -> str:
    """Return a mean and the half width of its interval."""
    if values is None:
        return ""
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.3f} ±{half:.3f}"


def draw_lines(title: str, lines: dict[str, dict[int, float]], name: str) -> str:
    """Draw curves, as an SVG."""
    lowest = min(min(line.values()) for line in lines.values())
    plot = Plot(
        axis(0, max(COUNTS), "networks or measurements in the new space"),
        axis(min(lowest, 0.5), 1.0, "Spearman's rank correlation, mean over devices"),
        title=title,
        description=f"{len(DEVICES)} devices, {len(SEEDS)} draws each",
        name=name,
    )
    for number, (way, line) in enumerate(lines.items()):
        points = [plot.at(x, y) for x, y in line.items()]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        plot.add(f'<path d="M{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="2"/>')
        for x, y in points:
            plot.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[number]}"/>')
        y = 250 + 18 * number
        plot.add(f'<path d="M340 {y}h18" stroke="{COLOURS[number]}" stroke-width="2"/>')
        plot.add(f'<text x="364" y="{y + 4}">{way}</text>')
    return plot.svg()


if __name__ == "__main__":
    main()
