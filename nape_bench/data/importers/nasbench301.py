"""import_nasbench301: the trainings behind NAS-Bench-301 (Zela et al., ICLR 2022).

The authors' data has a JSON file a training, `<optimizer>/run_*/results_fidelity_*/results_*.json`:
`optimized_hyperparamater_config` is a flat ConfigSpace configuration of the cells and of how the
network was trained, `info` what came of it (`val_accuracy`), then `test_accuracy` and `runtime`.
What was measured by training is imported here, not what a surrogate predicts.

A cell's four states have edges that are numbered state by state, two of them to state 2 and one
more to each later one, from every state before it; `edge_<cell>_<number>` is the operation on an
edge that is there, and `inputs_node_<cell>_<state>` = "0_2" says which ones those of a state are.

Networks were trained with several budgets of epochs, cells and channels, whose accuracies do not
compare: each budget is a config.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tqdm import tqdm

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.entries import Benchmark, Column, Config, Entry, import_entries
from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import find_release, given_name
from nape_bench.data.jsontext import once
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport
    from nape_bench.data.importers.sources import Source

CITE = "Zela et al., Surrogate NAS Benchmarks, ICLR 2022"

TESTED = "the example in the authors' repository and small files like it, not all of their data"

_FILE = re.compile(r"results_\d+\.json")
_FOLDER = re.compile(r"results_fidelity_\d+")
_MOST_BYTES = 1 << 20  # of a file; they have some 4 kilobytes
_CONFIG = "optimized_hyperparamater_config"  # as the files spell it
_SELECTED = "NetworkSelectorDatasetInfo:"
_DARTS = f"{_SELECTED}darts:"
_BUDGET = {
    "e": "SimpleLearningrateSchedulerSelector:cosine_annealing:T_max",
    "l": f"{_DARTS}layers",
    "c": f"{_DARTS}init_channels",
}
"""What stands in a config's name -> what says it in the files: epochs, cells, channels."""
_UNREAD = ""
_STATES = (2, 3, 4, 5)
_NODES = re.compile(r"(\d)_(\d)")


class _Training(NamedTuple):
    """What a file holds: the budget as a config's name, the genotype, and the labels."""

    config: str
    genotype: dict[str, Any]
    labels: dict[str, Any]


def import_nasbench301(
    path: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[tuple[Path, ImportReport]]:
    """Make datasets of the trainings behind NAS-Bench-301, in the local store.

        import_nasbench301("nasbench301_full_data", on_duplicate="mean")

    Each budget becomes config `trained_e<epochs>_l<cells>_c<channels>` of `nape/nb301`, with the
    authors' `val_accuracy` (the target) and `test_accuracy` on CIFAR-10 in %, and `runtime` in
    seconds. A network that was trained several times with a budget stands in several files;
    `on_duplicate` says what becomes of it.

    Args and returns as for `gennape.import_gennape`.

    Raises:
        DataError: There are no such files, or one cannot be read (it is named). Nothing of that
            budget is imported then.
    """
    choices = Choices(version, skip_bad, on_duplicate, progress)
    files = "results_fidelity_<n>/results_<n>.json"
    sources = [
        source
        for source in find_release(path, _FILE.fullmatch, files, by_folder=True)
        if source.folders and _FOLDER.fullmatch(source.folders[-1])
    ]
    if not sources:
        raise DataError(f"{path} has none of the files of this release: {files}")
    groups: dict[str, list[tuple[Source, Entry]]] = {}
    for source in tqdm(sources, "read nasbench301", unit="file", disable=not progress):
        config, entry = _entry(source)
        groups.setdefault(config, []).append((source, entry))
    # What cannot be read is of no budget: it is told with the first.
    wrong = groups.pop(_UNREAD, [])
    groups.setdefault(min(groups, default=_UNREAD), [])[:0] = wrong
    done = []
    for name in sorted(groups):
        done += _import_group(name, groups[name], given_name(path), choices)
    return done


def _import_group(
    name: str, group: Sequence[tuple[Source, Entry]], given: str, choices: Choices
) -> list[tuple[Path, ImportReport]]:
    """Make the dataset of a budget."""
    budget = zip(re.findall(r"\d+", name), ("epochs", "cells", "channels"), strict=False)
    told = ", ".join([f"{number} {what}" for number, what in budget])
    config = Config(f"CIFAR-10, trained with a budget of {told}", _COLUMNS)
    sources = [source for source, _ in group]
    entries = [entry._replace(source=number) for number, (_, entry) in enumerate(group)]
    benchmark = Benchmark(
        "nasbench301", CITE, "nb301", {name: config}, sources, given, tested=TESTED
    )
    return import_entries(benchmark, entries, choices)


_COLUMNS = {
    "val_accuracy": Column("validation accuracy at the end of a training", "%", 0, 100),
    "test_accuracy": Column("test accuracy at the end of a training", "%", 0, 100),
    "runtime": Column("runtime of a training", "s", higher_is_better=False),
}


def _entry(source: Source) -> tuple[str, Entry]:
    """Return the config that a file belongs to, "" where it cannot be read, and what it holds."""
    where = f"of {'/'.join(source.folders[-2:])}"
    try:
        found = _read(source)
    except DataError as error:
        return _UNREAD, Entry(where, error=str(error))
    return found.config, Entry(where, found.genotype, found.labels)


def _read(source: Source) -> _Training:
    """Read a file.

    Raises:
        DataError: It is none of these; the message says what is missing.
    """
    try:
        told = json.loads(source.read(_MOST_BYTES).decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise DataError(f"it is no JSON: {error}") from None
    config = told.get(_CONFIG) if isinstance(told, dict) else None
    if not isinstance(config, dict) or config.get(f"{_SELECTED}network") != "darts":
        raise DataError(f"{_CONFIG} of a darts network expected, not {short(config)}")
    budget = {letter: config.get(key) for letter, key in _BUDGET.items()}
    if any(type(value) is not int or not 0 < value < 10_000 for value in budget.values()):
        raise DataError(f"epochs, cells and channels expected, not {short(list(budget.values()))}")
    info = told.get("info")
    if not isinstance(info, list) or not info or not isinstance(info[0], dict):
        raise DataError(f"info of a training expected, not {short(info)}")
    name = "_".join(["trained", *(f"{letter}{value}" for letter, value in budget.items())])
    labels = {
        "val_accuracy": info[0].get("val_accuracy"),
        "test_accuracy": told.get("test_accuracy"),
        "runtime": told.get("runtime"),
    }
    genotype = {cell: _cell(config, cell) for cell in ("normal", "reduce")}
    return _Training(name, genotype, labels)


def _cell(config: Mapping[str, Any], cell: str) -> list[list[Any]]:
    """Return the eight (operation, input) pairs of a cell.

    Raises:
        DataError: An edge or the inputs of a state are missing, or an edge is one too many.
    """
    pairs, first = [], 0
    named = {key for key in config if key.startswith(f"{_DARTS}edge_{cell}_")}
    for state in _STATES:
        key = f"inputs_node_{cell}_{state}"
        # State 2 can read nothing but 0 and 1: the files do not say so.
        nodes = _NODES.fullmatch(str(config.get(f"{_DARTS}{key}", "0_1" if state == 2 else "")))
        if nodes is None:
            raise DataError(f"{key}: two states expected, as in 0_1")
        for node in map(int, nodes.groups()):
            edge = f"{_DARTS}edge_{cell}_{first + node}"
            if node >= state or edge not in named:
                raise DataError(f"{key} is {nodes[0]}, and there is no such edge_{cell}_<number>")
            pairs.append([config[edge], node])
            named.discard(edge)
        first += state
    if named:
        raise DataError(f"{min(named)} is no edge that a state reads")
    return pairs
