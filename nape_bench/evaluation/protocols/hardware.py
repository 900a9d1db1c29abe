"""Latency on devices that nobody measured before: 20 samples of each, the other networks ranked.

Sets of test devices are those of NASFLAT (Akhauri and Abdelfattah, AutoML 2024), on the latencies
that HELP published (Lee et al., NeurIPS 2021). There, and in HELP and Multi-Predict, a predictor is
trained on latencies of further devices first, 900 networks each (NAS-Bench-201) or 4,000 (FBNet).
Here it sees the 20 samples alone, so that these protocols ask for more. Devices that are not in
HELP's table (those of Eagle) are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.registry import published_version
from nape_bench.errors import ProtocolError
from nape_bench.evaluation.protocols.base import ALL, Protocol, ProtocolFamily
from nape_bench.evaluation.protocols.naming import OWNER
from nape_bench.evaluation.protocols.registry import add_family
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "hw"
CONFIG = "latency"
SHOTS = 20
TASKS: dict[str, tuple[str, ...]] = {
    "fbnet-0": ("fpga", "raspi4", "eyeriss"),
    "fbnet-1": ("eyeriss", "fpga", "raspi4", "samsung_a50", "samsung_s7"),
    "fbnet-2": ("1080ti_1", "1080ti_32", "2080ti_32", "titan_rtx_1", "titanxp_1"),
    "fbnet-3": ("1080ti_1", "1080ti_32", "2080ti_1", "titan_rtx_1", "titan_rtx_32"),
    "fbnet-4": ("1080ti_1", "pixel2", "essential_ph_1"),
    "fbnet-5": ("gold_6226", "essential_ph_1", "samsung_s7", "pixel2"),
    "nb201-0": ("titan_rtx_256", "gold_6226", "fpga", "pixel2", "raspi4", "eyeriss"),
    "nb201-1": ("1080ti_1", "titan_rtx_32", "titanxp_1", "2080ti_32", "titan_rtx_1"),
    "nb201-2": ("pixel3",),
    "nb201-3": ("1080ti_1", "2080ti_1", "titanxp_1", "2080ti_32", "titanxp_32"),
    "nb201-4": ("1080ti_1", "2080ti_1", "titan_rtx_1"),
    "nb201-5": ("eyeriss",),
}
"""Task -> its test devices, columns of the config; NASFLAT's numbers of tasks."""


def _make(parts: Sequence[str]) -> Protocol:
    if len(parts) != 2 or not all(parts):
        raise ProtocolError(
            f"protocol {'/'.join([NAME, *parts])!r}: {NAME}/<dataset>-<task>/<device> expected, "
            f"as in {NAME}/fbnet-0/fpga"
        )
    task, device = parts
    if task not in TASKS:
        raise unknown_name(f"task of {NAME}", task, TASKS)
    if device not in TASKS[task]:
        raise unknown_name(f"test device of {NAME}/{task}", device, TASKS[task])
    dataset = _dataset(task)
    return Protocol(
        name=f"{NAME}/{task}/{device}",
        title=f"{dataset} ({CONFIG}): {SHOTS} latencies of {device} seen, the others ranked",
        dataset=dataset,
        config=CONFIG,
        version=published_version(dataset, CONFIG),
        target=device,
        train=None,
        validation=None,
        test=ALL,
        shots=SHOTS,
    )


def _dataset(task: str) -> str:
    return f"{OWNER}/{task.rpartition('-')[0]}"


def _names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [
        f"{NAME}/{task}/{device}"
        for task, devices in TASKS.items()
        for device in devices
        if (_dataset(task), CONFIG) in pairs
    ]


add_family(
    ProtocolFamily(
        name=NAME,
        title="latency on a new device, of which a predictor sees 20 samples",
        pattern=f"{NAME}/<dataset>-<task>/<device>",
        example=f"{NAME}/fbnet-0/fpga",
        make=_make,
        names=_names,
    )
)
