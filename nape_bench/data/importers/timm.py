"""import_timm: results of timm's weights (Wightman, PyTorch Image Models) with traced graphs.

`results/` of github.com/huggingface/pytorch-image-models has a table for each test set:
`results-imagenet.csv` and so on, a row for weights and an image size, with `top1` and `top5` in %
and parameters in millions; `benchmark-infer-*.csv` have the multiply-adds of networks. Graphs are
not among them: `benchmarks/build_timm.py` traces them, and what it wrote is given beside. Rows
without a graph are counted and named.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from tqdm import tqdm

from nape_bench.data import store
from nape_bench.data.build import split_rows
from nape_bench.data.importers.provenance import import_command, provenance
from nape_bench.data.importers.report import FILE_NAME, SkippedRow
from nape_bench.data.importers.sources import find_release, find_sources, given_name
from nape_bench.data.importers.timm_graphs import find_graphs, read_graph
from nape_bench.data.importers.timm_report import NEAR, NOT_TRACED, TimmReport
from nape_bench.data.importers.timm_results import Key, read_costs, read_results
from nape_bench.data.info import ConfigData, LabelInfo, check_version
from nape_bench.data.named import NamedNetwork, named_rows
from nape_bench.data.registry import dataset_specs
from nape_bench.data.rows import Rows
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from nape_bench.data.importers.sources import Source
    from nape_bench.data.importers.timm_graphs import Traced

NAME = "nape/timm"
CITE = "Wightman, PyTorch Image Models, GitHub 2019"

_TOP = ("top1", "top5")
_PARAMS, _COST = "published_params", "published_gmacs"
_BENCHMARK = re.compile(r"benchmark-infer-.*\.csv")
_DIGIT = 0.005  # half of the last digit that costs are published with, 10^9 and 10^6


class _Table(NamedTuple):
    """A test set: its file, that of the same classes' clean images if there is one, what it is."""

    file: str
    clean: str
    images: str


TABLES = {
    "imagenet": _Table("results-imagenet.csv", "", "the validation images of ImageNet-1K"),
    "imagenet_real": _Table(
        "results-imagenet-real.csv", "", "the same images with the labels of ImageNet-ReaL"
    ),
    "imagenet_v2": _Table(
        "results-imagenetv2-matched-frequency.csv", "", "ImageNet-V2, matched frequency"
    ),
    "imagenet_a": _Table("results-imagenet-a.csv", "results-imagenet-a-clean.csv", "ImageNet-A"),
    "imagenet_r": _Table("results-imagenet-r.csv", "results-imagenet-r-clean.csv", "ImageNet-R"),
    "imagenet_sketch": _Table("results-sketch.csv", "", "ImageNet-Sketch"),
}
"""Config -> its test set."""
_FILES = {name for table in TABLES.values() for name in (table.file, table.clean) if name}


def import_timm(
    path: str | os.PathLike[str],
    graphs: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    progress: bool = True,
) -> list[tuple[Path, TimmReport]]:
    """Make a dataset of timm's results, `nape/timm`, in the local store.

        import_timm("pytorch-image-models/results", "timm-graphs")

    Each test set becomes a config, a row of it weights at one image size: `top1` (the target) and
    `top5` in %, of ImageNet-A and ImageNet-R also those on clean images of the same classes, and
    what timm tells of the network's cost, 10^6 parameters and 10^9 multiply-adds. Values are the
    authors', unchanged. Weights of one architecture share a graph and so a split.

    Args:
        path: The folder `results`, a file of it, or an archive.
        graphs: A folder or an archive of what `benchmarks/build_timm.py` wrote.
        version: The version of the dataset.
        skip_bad: Leave out rows and graphs that cannot be read, and list them in
            `import_report.json` in the dataset folder; by default the first stops the import.
        progress: Whether to show progress on stderr.

    Returns:
        The folder of each config, and what was read, kept and left out.

    Raises:
        DataError: There are no such files, one cannot be read, or no result has a graph. Nothing of
            that test set is imported then.
    """
    check_version(version)
    tables = find_release(path, lambda name: name in _FILES, "results-imagenet.csv and so on")
    by_name = {source.name: source for source in tables}
    benchmarks = find_sources(Path(path).expanduser(), _BENCHMARK.fullmatch)
    costs = read_costs(benchmarks)
    files = find_graphs(graphs)
    known: dict[tuple[str, int], Traced] = {}
    done = []
    for config, table in TABLES.items():
        if table.file not in by_name:
            continue
        reading = _Reading(config, TimmReport(), skip_bad)
        results = reading.results(by_name)
        reading.trace(results, files, known, progress=progress)
        rows = reading.rows(results, known, costs)
        sources = [by_name[name] for name in (table.file, table.clean) if name in by_name]
        options = {
            "--graphs": [given_name(graphs)],
            "--version": [version],
            "--skip-bad": [""] * skip_bad,
        }
        told = provenance(
            [*sources, *benchmarks, *(files[place] for place in sorted(files))], "timm",
            import_command("timm", [given_name(path)], options),
            rows=reading.report.read, skipped=len(reading.report.skipped),
        )  # fmt: skip
        told |= reading.told(known)
        folder = reading.put(version, rows, told, sources)
        done.append((folder, reading.report))
    if not done:
        raise DataError(f"{path} has none of {', '.join(t.file for t in TABLES.values())}")
    return done


class _Reading:
    """The reading of one test set."""

    def __init__(self, config: str, report: TimmReport, skip_bad: bool) -> None:
        self.config, self.report, self._skip_bad = config, report, skip_bad
        self._table = TABLES[config]
        self._networks: list[tuple[str, int]] = []

    def skip(self, where: str, reason: str) -> None:
        """Note what cannot be read.

        Raises:
            DataError: Such rows are not to be left out.
        """
        if not self._skip_bad:
            raise DataError(
                f"{where}: {reason}; nothing of {self.config} was imported (skip_bad, --skip-bad, "
                "leaves such rows out)"
            )
        self.report.skipped.append(SkippedRow(where, reason))

    def results(self, by_name: Mapping[str, Source]) -> dict[Key, dict[str, float]]:
        """Return weights and image size -> label -> value."""
        source = by_name[self._table.file]
        found = read_results(source, [*_TOP, "param_count"], self.skip)
        self.report.read = len(found) + len(self.report.skipped)
        self.report.results = len(found)
        results = {
            key: dict(zip([*_TOP, _PARAMS], values, strict=True)) for key, values in found.items()
        }
        if self._table.clean:
            clean = {}
            if self._table.clean in by_name:
                clean = read_results(by_name[self._table.clean], _TOP, self.skip)
            for key, labels in results.items():
                values = clean.get(key, [math.nan, math.nan])
                labels |= {f"{top}_clean": v for top, v in zip(_TOP, values, strict=True)}
        return results

    def trace(
        self,
        results: Mapping[Key, Any],
        files: Mapping[tuple[str, int], Source],
        known: dict[tuple[str, int], Traced],
        *,
        progress: bool,
    ) -> None:
        """Read the graphs of the results that are not known yet, and note who has none."""
        self._networks = sorted({(key.architecture, key.size) for key in results})
        bar = tqdm(self._networks, f"graphs of {self.config}", disable=not progress)
        for architecture, size in bar:
            place = (architecture, size)
            if place not in files:
                self._without(NOT_TRACED, place)
                continue
            try:
                if place not in known:
                    known[place] = read_graph(files[place], architecture, size)
                if known[place].left_out:
                    self._without(known[place].left_out, place)
            except DataError as error:
                self.skip(files[place].name, str(error))
                self._without("its file cannot be read", place)

    def rows(
        self,
        results: Mapping[Key, dict[str, float]],
        known: Mapping[tuple[str, int], Traced],
        costs: Mapping[tuple[str, int], float],
    ) -> Rows:
        """Return the rows of the results that have a graph, and compare their costs."""
        networks = list(self._with_graph(results, known, costs))
        if not networks:
            raise DataError(f"no result of {self._table.file} has a graph; {self.report.summary()}")
        rows = named_rows(networks)
        self._compare({(n.spec["model"], n.spec["resolution"]): n for n in networks})
        return Rows(rows.texts, rows.graphs, _given(rows.labels))

    def told(self, known: Mapping[tuple[str, int], Traced]) -> dict[str, Any]:
        """Return what the provenance says of the graphs."""
        used = [known[place] for place in self._networks if place in known]
        return {
            "source": CITE,
            "task": f"classification, {self._table.images}",
            "traced_by": ", ".join(sorted({each.traced_by for each in used if each.graph})),
            "networks_without_graph": sum(map(len, self.report.without_graph.values())),
        }

    def put(
        self, version: str, rows: Rows, told: dict[str, Any], sources: Sequence[Source]
    ) -> Path:
        """Write the config into the local store."""
        splits = split_rows(rows)
        self.report.kept = len(rows)
        self.report.splits = {split: len(part) for split, part in splits.items()}
        self.report.missing = {
            name: int(np.isnan(values).sum()) for name, values in rows.labels.items()
        }
        source = f"{CITE}: {', '.join(each.name for each in sources)}"
        said = _said(self._table, source)
        labels = {name: said[name] for name in rows.labels}
        data = ConfigData(_TOP[0], labels, told, splits)
        info = dataset_specs()[NAME].info
        extra = {FILE_NAME: self.report.to_json()}
        return store.put(NAME, version, self.config, info, data, extra=extra)

    def _without(self, reason: str, place: tuple[str, int]) -> None:
        short = " ".join(reason.split())[:400]
        self.report.without_graph.setdefault(short, []).append(f"{place[0]}-{place[1]}")

    def _with_graph(
        self,
        results: Mapping[Key, dict[str, float]],
        known: Mapping[tuple[str, int], Traced],
        costs: Mapping[tuple[str, int], float],
    ) -> Iterator[NamedNetwork]:
        for key, labels in results.items():
            place = (key.architecture, key.size)
            traced = known.get(place)
            if traced is None or traced.graph is None:
                continue
            _, _, weights = key.model.partition(".")
            spec = {
                "zoo": "timm", "model": key.architecture, "weights": weights,
                "resolution": key.size,
            }  # fmt: skip
            yield NamedNetwork(
                traced.family, f"timm/{key.model}/{key.size}", spec, traced.graph,
                labels | {_COST: costs.get(place, math.nan)},
            )  # fmt: skip

    def _compare(self, networks: Mapping[tuple[str, int], NamedNetwork]) -> None:
        """Compare parameters and multiply-adds of graphs with what is published."""
        counts = {"params": [0, 0], "flops": [0, 0]}
        for place, network in sorted(networks.items()):
            labels, graph = network.labels, network.graph
            ours = {"params": graph.params() / 1e6, "flops": graph.flops() / 1e9}
            published = {"params": labels[_PARAMS], "flops": labels[_COST]}
            wrong = []
            for what, value in published.items():
                if math.isnan(value):
                    continue
                same = abs(ours[what] - value) <= max(NEAR * value, _DIGIT)
                counts[what][0] += same
                counts[what][1] += 1
                if not same:
                    wrong.append(f"{what} {ours[what]:.3f}, published {value:g}")
            if wrong:
                self.report.differing[f"{place[0]}-{place[1]}"] = "; ".join(wrong)
        self.report.params = (counts["params"][0], counts["params"][1])
        self.report.multiply_adds = (counts["flops"][0], counts["flops"][1])


def _said(table: _Table, source: str) -> dict[str, LabelInfo]:
    """Return label -> what it holds."""
    meanings = {top: f"{top[:3]}-{top[3]} accuracy, {table.images}" for top in _TOP}
    meanings |= {f"{top}_clean": f"the same, clean images of {table.images}'s classes"
                 for top in _TOP}  # fmt: skip
    told = {name: LabelInfo(meaning, "%", True, source) for name, meaning in meanings.items()}
    told[_PARAMS] = LabelInfo("parameters of the network", "10^6", False, source)
    told[_COST] = LabelInfo(
        "multiply-adds of one image, the most that a table of speed has", "10^9", False,
        f"{CITE}: benchmark-infer-*.csv",
    )  # fmt: skip
    return told


def _given(labels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the labels that any row has."""
    return {name: values for name, values in labels.items() if not np.isnan(values).all()}
