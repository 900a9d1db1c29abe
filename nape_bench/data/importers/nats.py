"""import_nats: NATS-Bench's topology space, that is NAS-Bench-201 (Dong et al., TPAMI 2021).

Best read is the archive `NATS-tss-v1_0-3ffb9-simple.tar`, or the folder that it holds, which has a
file a cell, `000000.pickle.pbz2` and so on: a bzip2 of a pickled dictionary, epochs ("12", "200")
-> what became of the trainings with that many (`state_dict` of ArchResults,
nats_bench/api_utils.py): `arch_index`, `arch_str`, and `all_results`, (dataset, seed) -> `epochs`,
`flop`, `params`, `eval_names`, and `eval_acc1es`, "<set>@<epoch>" -> accuracy. It is read without
running anything in it, and so are the files that have all cells (`nats_whole`), cell by cell. What
holds weights is not read.

Accuracies are those at the end of a training. CIFAR-10's test accuracy is of networks trained on
train and validation data ("cifar10", `ori-test`), its validation accuracy of others, trained on
train data alone ("cifar10-valid", `x-valid`); the other two datasets have both from one training,
`x-test` and `x-valid`. So do GENNAPE and most others take them.
"""

from __future__ import annotations

import bz2
import math
import re
from typing import TYPE_CHECKING, Any

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.entries import Benchmark, Column, Config, Entry, import_entries
from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.nats_whole import NASBENCH201, is_whole, read_cells
from nape_bench.data.importers.published import label
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import find_release, given_name
from nape_bench.data.importers.torch_file import PLAIN
from nape_bench.data.pickles import read_objects
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport
    from nape_bench.data.importers.sources import Source

CITE_201 = (
    "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search, "
    "ICLR 2020"
)
CITE = (
    "Dong et al., NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size, "
    "TPAMI 2021"
)

DATASETS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "cifar10": (
        "CIFAR-10", {"test": ("cifar10", "ori-test"), "valid": ("cifar10-valid", "x-valid")},
    ),
    "cifar100": (
        "CIFAR-100", {"test": ("cifar100", "x-test"), "valid": ("cifar100", "x-valid")},
    ),
    "imagenet16": (
        "ImageNet-16-120",
        {"test": ("ImageNet16-120", "x-test"), "valid": ("ImageNet16-120", "x-valid")},
    ),
}  # fmt: skip
"""Ours -> what it is called, and ours for a set -> dataset and set in the files."""
EPOCHS = {"200": "", "12": "_12"}
"""Epochs of trainings in the files -> what ends a config's name."""

TESTED = "small files in this format, not the authors' own"

_FILE = re.compile(r"(\d{6})\.pickle\.pbz2")
_SEEDS = 3
_MOST_BYTES = 64 << 20  # of a file, unpacked
_WHERE = "its cell"
_COSTS = {"flops": ("flop", "M"), "params": ("params", "M")}


def import_nats(
    path: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[tuple[Path, ImportReport]]:
    """Make datasets of NATS-Bench's topology space, in the local store.

        import_nats("NATS-tss-v1_0-3ffb9-simple.tar")
        import_nats("NAS-Bench-201-v1_1-096897.pth")

    Each image dataset becomes config `nats_<dataset>` of `nape/nb201`, from trainings of 200
    epochs, and `nats_<dataset>_12`, of 12; of NAS-Bench-201's own file, `nb201_<dataset>`. Its
    label `<config>_test` is the mean test accuracy in % over the trainings of a cell, of which
    there are one to three, and these stand beside it in the order of their seeds; `..._valid`
    likewise; FLOPs and parameters in millions as the authors have them.

    Args and returns as for `gennape.import_gennape`.

    Raises:
        DataError: There are no such files, or one cannot be read (it is named). Nothing is
            imported then.
    """
    choices = Choices(version, skip_bad, on_duplicate, progress)
    what = "000000.pickle.pbz2 and so on, of NATS-tss-v1_0-3ffb9-simple.tar"
    found = find_release(path, lambda name: _FILE.fullmatch(name) or is_whole(name), what)
    cells = [source for source in found if _FILE.fullmatch(source.name)]
    whole = [source for source in found if is_whole(source.name)]
    if len(whole) + bool(cells) > 1:
        raise DataError(
            f"{path} has {', '.join([*(each.name for each in whole), *([what] * bool(cells))])}, "
            "which hold the same cells: give the path of one"
        )
    ours = NASBENCH201.fullmatch(whole[0].name) if whole else None
    prefix, cite = ("nb201", CITE_201) if ours else ("nats", CITE)
    configs = {
        name: Config(f"{DATASETS[dataset][0]}, {epochs} epochs", _columns(name, f"{epochs} epochs"))
        for name, dataset, epochs in _configs(prefix)
    }
    entries = _whole_entries(whole[0], prefix) if whole else _entries(cells)
    benchmark = Benchmark(
        "nats", cite, "nb201", configs, whole or cells, given_name(path), tested=TESTED
    )
    return import_entries(benchmark, entries, choices)


def _configs(prefix: str) -> Iterator[tuple[str, str, str]]:
    """Go through the configs: name, image dataset, epochs."""
    for epochs, ending in EPOCHS.items():
        for dataset in DATASETS:
            yield f"{prefix}_{dataset}{ending}", dataset, epochs


def _columns(config: str, epochs: str) -> dict[str, Column]:
    columns = {}
    for name, what in (("test", "test"), ("valid", "validation")):
        told = f"{what} accuracy after {epochs}"
        columns[f"{config}_{name}"] = Column(f"{told}, mean over trainings", "%", 0, 100)
        for seed in range(_SEEDS):
            columns[f"{config}_{name}_seed{seed}"] = Column(f"{told} of one", "%", 0, 100)
    costs = {
        f"{config}_{name}": Column(
            f"{name} as the authors counted them", unit, higher_is_better=False
        )
        for name, (_, unit) in _COSTS.items()
    }
    return columns | costs


def _entries(sources: Sequence[Source]) -> Iterator[Entry]:
    """Go through the cells, a file each."""
    for number, source in enumerate(sources):
        yield _entry(number, source)


def _entry(number: int, source: Source) -> Entry:
    try:
        arch, labels = _read(source)
    except DataError as error:
        reason = str(error).removeprefix(f"{source.where}, ")
        return Entry(_WHERE, error=reason, source=number)
    return Entry(_WHERE, arch, labels, number)


def _whole_entries(source: Source, prefix: str) -> Iterator[Entry]:
    """Go through the cells of a file that has all of them."""
    for where, number, told in read_cells(source):
        yield _whole_entry(where, number, told, prefix)


def _whole_entry(where: str, number: int, told: Any, prefix: str) -> Entry:
    try:
        return Entry(where, *_cell(told, number, prefix))
    except DataError as error:
        return Entry(where, error=str(error))


def _read(source: Source) -> tuple[str, dict[str, float]]:
    """Return the string of a cell, and its labels.

    Raises:
        DataError: The file is none of these.
    """
    told = read_objects(_unpacked(source), source.where, PLAIN, 1)[0]
    return _cell(told, int(source.name[:6]), "nats")


def _cell(told: Any, number: int, prefix: str) -> tuple[str, dict[str, float]]:
    """Return the string of a cell, and its labels.

    Args:
        told: Its results by epochs.
        number: Its number.
        prefix: What names of configs begin with.

    Raises:
        DataError: It is none of these.
    """
    found = {epochs: told[epochs] for epochs in EPOCHS if isinstance(told, dict) and epochs in told}
    if not found or not all(isinstance(each, dict) for each in found.values()):
        raise DataError(f"results by epochs ({', '.join(EPOCHS)}) expected, not {short(told)}")
    arch = next(iter(found.values())).get("arch_str")
    if not isinstance(arch, str):
        raise DataError(f"the string of a cell expected (arch_str), not {short(arch)}")
    labels: dict[str, float] = {}
    for name, dataset, epochs in _configs(prefix):
        if epochs not in found:
            continue
        results = found[epochs]
        if (results.get("arch_str"), results.get("arch_index")) != (arch, number):
            raise DataError(
                f"results of cell {number:06d} expected, and of one string, not of "
                f"{short(results.get('arch_index'))}, {short(results.get('arch_str'))}"
            )
        labels |= _labels(name, dataset, results.get("all_results"))
    return arch, labels


def _labels(config: str, dataset: str, results: Any) -> dict[str, float]:
    """Return the labels of a cell in a config; what it was not evaluated on is not there."""
    keys: list[Any] = list(results) if isinstance(results, dict) else [None]
    if not all(type(key) is tuple and list(map(type, key)) == [str, int] for key in keys):
        raise DataError(
            f"trainings by dataset and seed (all_results) expected, not {short(results)}"
        )
    found: dict[str, float] = {}
    for name, (trained_on, evaluated_on) in DATASETS[dataset][1].items():
        trainings = [results[key] for key in sorted(keys) if key[0] == trained_on]
        if len(trainings) > _SEEDS:
            raise DataError(
                f"{len(trainings)} trainings on {trained_on}, of which none has so many"
            )
        values = [y for each in trainings if (y := _last_accuracy(each, evaluated_on)) is not None]
        if values:
            found[f"{config}_{name}"] = sum(values) / len(values)
            found |= {f"{config}_{name}_seed{seed}": y for seed, y in enumerate(values)}
        if trainings and name == "test":
            found |= {
                f"{config}_{cost}": label(trainings[0].get(key), key, 0, math.inf)
                for cost, (key, _) in _COSTS.items()
            }
    return found


def _last_accuracy(training: Any, evaluated_on: str) -> float | None:
    """Return the accuracy on a set after the last epoch, None where it was not measured.

    Raises:
        DataError: It is no training, or the accuracy is none.
    """
    told = training if isinstance(training, dict) else {}
    epochs, sets, accuracies = (told.get(key) for key in ("epochs", "eval_names", "eval_acc1es"))
    if type(epochs) is not int or not isinstance(sets, list) or not isinstance(accuracies, dict):
        raise DataError(
            f"a training with epochs, eval_names and eval_acc1es expected, not {short(training)}"
        )
    if evaluated_on not in sets:
        return None
    last = f"{evaluated_on}@{epochs - 1}"
    return label(accuracies.get(last), last, 0, 100, needed=True)


def _unpacked(source: Source) -> bytes:
    """Return what a file holds, unpacked up to a size that none of them has."""
    unpacker = bz2.BZ2Decompressor()
    try:
        content = unpacker.decompress(source.read(_MOST_BYTES), _MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise DataError(f"it is no bzip2 file: {error}") from None
    if len(content) > _MOST_BYTES:
        raise DataError(f"it has more than {_MOST_BYTES:,} bytes unpacked")
    if not unpacker.eof:
        raise DataError("it is cut off")
    return content
