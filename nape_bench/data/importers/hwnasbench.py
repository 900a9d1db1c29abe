"""import_hwnasbench: HW-NAS-Bench's latencies and energies (Li et al., ICLR 2021).

The file that its repository holds, `HW-NAS-Bench-v1_0.pickle`, is a dictionary: "nasbench201" ->
dataset -> {"config": a dictionary with `arch_str` for each architecture, and for each metric a
value an architecture}, by NAS-Bench-201's numbers. It is read without running anything in it. Its
other part, "fbnet", has costs of single blocks, whose sums are estimates of networks that nobody
measured: they are no labels of architectures, and are not imported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.entries import Benchmark, Column, Config, Entry, import_entries
from nape_bench.data.importers.gathering import Choices
from nape_bench.data.importers.repeats import ERROR
from nape_bench.data.importers.sources import find_release
from nape_bench.data.importers.torch_file import PLAIN
from nape_bench.data.pickles import read_objects
from nape_bench.data.pickles.plain import plain
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from nape_bench.data.importers.report import ImportReport

CITE = "Li et al., HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark, ICLR 2021"

CONFIGS = {"cifar10": "hw_cifar10", "cifar100": "hw_cifar100", "ImageNet16-120": "hw_imagenet16"}
"""Dataset in the file -> config."""

TESTED = (
    "the published values of CIFAR-10, put into a file in this format, not the authors' own file"
)

_FILE = re.compile(r"HW-NAS-Bench[\w-]*\.pickle")
_SPACE = "nasbench201"
_MISSING = -1  # stands for what did not run on the Edge TPU
_DEVICES = {
    "edgegpu": "the edge GPU (Jetson TX2)",
    "raspi4": "the Raspberry Pi 4",
    "edgetpu": "the Edge TPU",
    "pixel3": "the Pixel 3 phone",
    "eyeriss": "the Eyeriss accelerator, estimated",
    "fpga": "the FPGA",
}
COLUMNS = {
    f"{device}_{metric}": Column(f"{metric} on {what}", unit, higher_is_better=False)
    for metric, unit, devices in (
        ("latency", "ms", list(_DEVICES)),
        ("energy", "mJ", ["edgegpu", "eyeriss", "fpga"]),
    )
    for device, what in _DEVICES.items()
    if device in devices
} | {"eyeriss_arithmetic_intensity": Column("arithmetic intensity on Eyeriss, estimated", "")}
"""Metric -> what it is."""


def import_hwnasbench(
    path: str | os.PathLike[str],
    *,
    version: str = "v1.0",
    skip_bad: bool = False,
    on_duplicate: str = ERROR,
    progress: bool = True,
) -> list[tuple[Path, ImportReport]]:
    """Make datasets of HW-NAS-Bench, in the local store.

        import_hwnasbench("HW-NAS-Bench-v1_0.pickle")

    Each image dataset becomes config `hw_<dataset>` of `nape/nb201`, with a label a metric, named
    as in the file: the authors' milliseconds and millijoules, unchanged. Where a metric is -1 it
    is missing.

    Args and returns as for `gennape.import_gennape`.

    Raises:
        DataError: There is no such file, or it cannot be read. Nothing of that image dataset is
            imported then.
    """
    choices = Choices(version, skip_bad, on_duplicate, progress)
    sources = find_release(path, _FILE.fullmatch, "HW-NAS-Bench-v1_0.pickle")
    done = []
    for source in sources:
        content = source.read(PLAIN.entry_bytes)
        told = plain(read_objects(content, source.where, PLAIN, 1)[0])
        cells = told.get(_SPACE) if isinstance(told, dict) else None
        if not isinstance(cells, dict) or not set(cells) & set(CONFIGS):
            raise DataError(
                f"{source.where}: a dictionary with {_SPACE} and in it {', '.join(CONFIGS)} "
                "expected, as HW-NAS-Bench's file has it"
            )
        for name, config in CONFIGS.items():
            if name in cells:
                what = Config(f"cost of networks for {name}", COLUMNS)
                benchmark = Benchmark(
                    "hwnasbench", CITE, "nb201", {config: what}, [source], tested=TESTED
                )
                found = _entries(f"{source.where}, {name}", cells[name])
                done += import_entries(benchmark, found, choices)
    return done


def _entries(where: str, metrics: Any) -> Iterator[Entry]:
    """Go through the architectures for one image dataset."""
    configs = metrics.get("config") if isinstance(metrics, dict) else None
    if not isinstance(configs, list):
        raise DataError(f"{where}: a list of configurations (config) expected")
    known = {name: metrics[name] for name in COLUMNS if name in metrics}
    for name, values in known.items():
        if not isinstance(values, list) or len(values) != len(configs):
            told = f"{len(values)} values" if isinstance(values, list) else short(values)
            raise DataError(f"{where}: {name}: a list of {len(configs):,} expected, not {told}")
    for number, config in enumerate(configs):
        place = f"architecture {number}"
        arch = config.get("arch_str") if isinstance(config, dict) else None
        labels = {
            name: None if values[number] == _MISSING else values[number]
            for name, values in known.items()
        }
        if isinstance(arch, str):
            yield Entry(place, arch, labels)
        else:
            yield Entry(place, error=f"its configuration has no arch_str: {short(config)}")
