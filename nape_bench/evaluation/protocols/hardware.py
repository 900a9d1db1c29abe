"""Latency on devices that nobody measured before: 20 samples of each, the other networks ranked.

Sets of test devices are those of NASFLAT (Akhauri and Abdelfattah, AutoML 2024), on the latencies
that HELP published (Lee et al., NeurIPS 2021). There, and in HELP and Multi-Predict, a predictor is
trained on latencies of further devices first, 900 networks each (NAS-Bench-201) or 4,000 (FBNet).
`hw/<dataset>-<task>/<device>` gives the 20 samples alone, which asks for more;
`hw/<dataset>-<task>-seen/<device>` also the latencies of so many networks on the task's training
devices, which are then not in the test; and `hw/<dataset>-<task>-known/<device>` those of all
networks, the test's too. All are counted. Devices that are not in HELP's table (those of Eagle) are
left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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


class Devices(NamedTuple):
    """The devices of a task, columns of the config.

    Attributes:
        test: Those whose latencies are predicted.
        train: Those whose latencies may be known.
    """

    test: tuple[str, ...]
    train: tuple[str, ...]


def _devices(test: str, train: str) -> Devices:
    return Devices(tuple(test.split()), tuple(train.split()))


TASKS = {
    "fbnet-0": _devices(
        "fpga raspi4 eyeriss",
        "1080ti_1 1080ti_32 1080ti_64 silver_4114 silver_4210r samsung_a50 pixel3 "
        "essential_ph_1 samsung_s7",
    ),
    "fbnet-1": _devices(
        "eyeriss fpga raspi4 samsung_a50 samsung_s7",
        "2080ti_1 essential_ph_1 silver_4114 titan_rtx_1 titan_rtx_32",
    ),
    "fbnet-2": _devices(
        "1080ti_1 1080ti_32 2080ti_32 titan_rtx_1 titanxp_1",
        "essential_ph_1 gold_6226 gold_6240 pixel3 raspi4",
    ),
    "fbnet-3": _devices(
        "1080ti_1 1080ti_32 2080ti_1 titan_rtx_1 titan_rtx_32",
        "essential_ph_1 pixel2 pixel3 raspi4 samsung_s7",
    ),
    "fbnet-4": _devices(
        "1080ti_1 pixel2 essential_ph_1",
        "1080ti_64 2080ti_1 eyeriss gold_6226 gold_6240 raspi4 samsung_s7 silver_4210r "
        "titan_rtx_1 titan_rtx_32",
    ),
    "fbnet-5": _devices(
        "gold_6226 essential_ph_1 samsung_s7 pixel2",
        "1080ti_1 1080ti_32 1080ti_64 2080ti_1 2080ti_32 2080ti_64 titan_rtx_1 "
        "titan_rtx_32 titan_rtx_64 titanx_1 titanx_32 titanx_64 titanxp_1 titanxp_32 "
        "titanxp_64",
    ),
    "nb201-0": _devices(
        "titan_rtx_256 gold_6226 fpga pixel2 raspi4 eyeriss",
        "1080ti_1 1080ti_32 1080ti_256 silver_4114 silver_4210r samsung_a50 pixel3 "
        "essential_ph_1 samsung_s7",
    ),
    "nb201-1": _devices(
        "1080ti_1 titan_rtx_32 titanxp_1 2080ti_32 titan_rtx_1",
        "eyeriss pixel3",
    ),
    "nb201-2": _devices(
        "pixel3",
        "1080ti_1 1080ti_32 titanx_32 titanxp_1 titanxp_32",
    ),
    "nb201-3": _devices(
        "1080ti_1 2080ti_1 titanxp_1 2080ti_32 titanxp_32",
        "eyeriss",
    ),
    "nb201-4": _devices(
        "1080ti_1 2080ti_1 titan_rtx_1",
        "eyeriss pixel2",
    ),
    "nb201-5": _devices(
        "eyeriss",
        "titan_rtx_1 titan_rtx_32 titanxp_1 2080ti_1 titanx_1 1080ti_1 titanx_32 "
        "titanxp_32 2080ti_32 1080ti_32 gold_6226 samsung_s7 silver_4114 gold_6240 "
        "silver_4210r samsung_a50 pixel2",
    ),
}
"""Task -> its devices; NASFLAT's numbers of tasks."""

KNOWN, SEEN = "-known", "-seen"
"""Endings of tasks: the training devices' latencies of all networks, or of some, may be seen."""
SEEN_ROWS = {"nb201": 900, "fbnet": 4000}
"""Dataset -> networks that HELP, Multi-Predict and NASFLAT measure on each training device."""


def _make(parts: Sequence[str]) -> Protocol:
    if len(parts) != 2 or not all(parts):
        raise ProtocolError(
            f"protocol {'/'.join([NAME, *parts])!r}: {NAME}/<dataset>-<task>/<device> expected, "
            f"as in {NAME}/fbnet-0/fpga"
        )
    ending = next((e for e in (SEEN, KNOWN) if parts[0].endswith(e)), "")
    task, device = parts[0].removesuffix(ending), parts[1]
    if task not in TASKS:
        raise unknown_name(f"task of {NAME}", task, TASKS)
    if device not in TASKS[task].test:
        raise unknown_name(f"test device of {NAME}/{task}", device, TASKS[task].test)
    known = TASKS[task].train if ending else ()
    rows = SEEN_ROWS[task.rpartition("-")[0]] if ending == SEEN else 0
    dataset, also = _dataset(task), f", {rows or 'all'} of each of {len(known)} others"
    return Protocol(
        name="/".join([NAME, *parts]),
        title=f"{dataset} ({CONFIG}): {SHOTS} latencies of {device} seen"
        f"{also if known else ''}, the rest ranked",
        dataset=dataset,
        config=CONFIG,
        version=published_version(dataset, CONFIG),
        target=device,
        train=None,
        validation=None,
        test=ALL,
        shots=SHOTS,
        known=known,
        known_rows=rows,
    )


def _dataset(task: str) -> str:
    return f"{OWNER}/{task.rpartition('-')[0]}"


def _names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [
        f"{NAME}/{task}{kind}/{device}"
        for task, devices in TASKS.items()
        for kind in ("", SEEN, KNOWN)
        for device in devices.test
        if (_dataset(task), CONFIG) in pairs
    ]


add_family(
    ProtocolFamily(
        name=NAME,
        title="latency on a new device, of which a predictor sees 20 samples",
        pattern=f"{NAME}/<dataset>-<task>[{SEEN} or {KNOWN}]/<device>",
        example=f"{NAME}/fbnet-0/fpga",
        make=_make,
        names=_names,
    )
)
