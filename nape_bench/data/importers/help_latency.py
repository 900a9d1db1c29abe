"""import_help_latency: the latencies that HELP published (Lee et al., NeurIPS 2021).

Its repository has, for each of three search spaces, the architectures in one file and a file a
device, all written by `torch.save`: `data/<space>/latency/<device>.pt` is a list of milliseconds in
the order of the architectures. The architectures are `nasbench201/str_arch2idx.pt` (string -> place
in that order), `fbnet/metainfo.pt` and `ofa/ofa_archs.pt` ({"arch": [...]}). The files are read as
pickles without running anything in them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.entries import Benchmark, Column, Config, Entry, import_entries
from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.published import label
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import find_release, given_name
from nape_bench.data.importers.torch_file import read_torch
from nape_bench.data.info import check_labels
from nape_bench.data.pickles.plain import plain
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport
    from nape_bench.data.importers.sources import Source

CITE = (
    "Lee et al., HELP: Hardware-Adaptive Efficient Latency Prediction for NAS via Meta-Learning, "
    "NeurIPS 2021"
)
CONFIG = "latency"
TESTED = "the published values, put into files in this format, not the authors' own files"

_LATENCY = "latency"  # the folder of the devices
_OFA = ("ks", "e", "d", "r")


def import_help_latency(
    path: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[tuple[Path, ImportReport]]:
    """Make datasets of HELP's latencies, in the local store.

        import_help_latency("HELP/data")  # or HELP/data/fbnet, or an archive of the repository

    Each search space becomes config `latency` of `nape/nb201`, `nape/fbnet` or `nape/ofa_mbv3` with
    a label a device, named as its file: the authors' milliseconds, unchanged.

    Args and returns as for `gennape.import_gennape`.

    Raises:
        DataError: There are no such files, one cannot be read or does not fit the others; nothing
            of that search space is imported then.
    """
    choices = Choices(version, skip_bad, on_duplicate, progress)
    files = "data/<space>/latency/<device>.pt, and for each space " + ", ".join(
        f"{name}/{told.architectures}" for name, told in SPACES.items()
    )
    sources = find_release(path, lambda name: name.endswith(".pt"), files, by_folder=True)
    done = []
    for name, told in SPACES.items():
        devices = [each for each in sources if each.folders[-2:] == (name, _LATENCY)]
        if devices:
            architectures = [
                each
                for each in sources
                if (each.folders[-1:], each.name) == ((name,), told.architectures)
            ]
            done += _import_space(path, name, architectures, devices, choices)
    if not done:
        raise DataError(f"{path} has none of the files of this release: {files}")
    return done


def _import_space(
    path: str | os.PathLike[str],
    name: str,
    architectures: Sequence[Source],
    devices: Sequence[Source],
    choices: Choices,
) -> list[tuple[Path, ImportReport]]:
    told = SPACES[name]
    if len(architectures) != 1:
        raise DataError(
            f"{path}: beside {name}/latency, one {name}/{told.architectures} expected, not "
            f"{len(architectures)}: it says which architectures were measured"
        )
    names = [each.name.removesuffix(".pt") for each in devices]
    if len(set(names)) < len(names):
        raise DataError(f"{path} has several folders {name}/latency: give the path of one")
    check_labels(names)
    columns = {
        device: Column(f"latency on {device}, device and batch size", "ms", higher_is_better=False)
        for device in sorted(names)
    }
    benchmark = Benchmark(
        "help_latency", CITE, told.family, {CONFIG: Config(told.task, columns)},
        [*architectures, *devices], given_name(path), tested=TESTED,
    )  # fmt: skip
    specs = told.read(architectures[0])
    latencies = {
        device: _latencies(source, len(specs))
        for device, source in zip(names, devices, strict=True)
    }
    files = {device: source.where for device, source in zip(names, devices, strict=True)}
    return import_entries(benchmark, _entries(specs, latencies, files), choices)


def _entries(
    specs: Sequence[Any], latencies: Mapping[str, Sequence[Any]], files: Mapping[str, str]
) -> Iterator[Entry]:
    for number, spec in enumerate(specs):
        labels = {device: values[number] for device, values in latencies.items()}
        yield Entry(f"architecture {number + 1}", spec, labels, error=_wrong(labels, files, number))


def _wrong(labels: Mapping[str, Any], files: Mapping[str, str], number: int) -> str:
    """Say which of the labels of an architecture is no latency, and in which file; else nothing."""
    device = ""
    try:
        for device, value in labels.items():
            label(value, device, 0, math.inf)
    except DataError as error:
        return f"{files[device]}, value {number + 1}: {error}"
    return ""


def _latencies(source: Source, count: int) -> list[Any]:
    """Return the latencies on a device, as many as there are architectures."""
    values = plain(read_torch(source))
    if not isinstance(values, list) or len(values) != count:
        told = f"{len(values)} values" if isinstance(values, list) else short(values)
        raise DataError(f"{source.where}: a list of {count:,} latencies expected, not {told}")
    return values


def _by_place(source: Source) -> list[Any]:
    """Return the architectures of a dictionary: string -> place, from 0."""
    places = read_torch(source)
    found = list(places.values()) if isinstance(places, dict) else []
    if not found or any(type(place) is not int for place in found):
        raise DataError(f"{source.where}: architectures with their places expected")
    if sorted(found) != list(range(len(found))):
        raise DataError(f"{source.where}: places 0 to {len(found) - 1:,} expected, each once")
    return sorted(places, key=places.__getitem__)


def _listed(source: Source) -> list[Any]:
    """Return what a dictionary has under "arch", a list of dictionaries."""
    told = plain(read_torch(source))
    found = told.get("arch") if isinstance(told, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DataError(f'{source.where}: {{"arch": [...]}} of dictionaries expected')
    return found


def _fbnet(source: Source) -> list[Any]:
    return [each.get("op_idx_list") for each in _listed(source)]


def _ofa(source: Source) -> list[Any]:
    return [{key: each.get(key) for key in _OFA} for each in _listed(source)]


class _Space(NamedTuple):
    """A search space of the repository.

    Attributes:
        family: Ours.
        architectures: The file that has its architectures.
        read: Gives them, in any form that our space reads, in their order.
        task: What was measured.
    """

    family: str
    architectures: str
    read: Callable[[Source], list[Any]]
    task: str


_WHAT = "milliseconds of one batch on devices and batch sizes, as HELP published them"
SPACES = {
    "nasbench201": _Space("nb201", "str_arch2idx.pt", _by_place, _WHAT),
    "fbnet": _Space("fbnet", "metainfo.pt", _fbnet, _WHAT),
    "ofa": _Space("ofa_mbv3", "ofa_archs.pt", _ofa, f"{_WHAT}, at 128 to 224 pixels"),
}
"""Folder of a search space in the repository -> what it is."""
