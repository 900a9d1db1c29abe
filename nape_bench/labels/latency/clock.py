"""Clocks: time on the wall, of this process on processors, and of the machine's processors."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple, Protocol

STAT = Path("/proc/stat")


class Reading(NamedTuple):
    """All clocks at one moment, in seconds since some start.

    Attributes:
        wall: Time that has passed.
        own: Time that the threads of this process had a processor.
        busy: Time that the processors of the machine were at work for anybody, in sum, this
            process's included; None where the system does not tell.
        stolen: Time that the host of a virtual machine had the processors for others; None where
            the system does not tell.
    """

    wall: float
    own: float
    busy: float | None = None
    stolen: float | None = None


class Clock(Protocol):
    """Where times come from; tests have one that they set themselves."""

    def now(self) -> float:
        """Return seconds on the wall."""

    def read(self) -> Reading:
        """Return all clocks."""


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> float:
        """Return seconds on the wall, at the finest resolution there is."""
        return time.perf_counter()

    def read(self) -> Reading:
        """Return all clocks; those of the machine come from `/proc/stat` (Linux)."""
        busy, stolen = processors()
        return Reading(time.perf_counter(), time.process_time(), busy, stolen)


def processors(stat: Path = STAT) -> tuple[float | None, float | None]:
    """Return the seconds that this machine's processors were busy, and were stolen by its host.

    They count in ticks, most often of 10 ms, so that a short time is known to a tick or two.

    Args:
        stat: The file that tells (proc(5)).

    Returns:
        Two Nones where there is no such file.
    """
    try:
        with stat.open(encoding="ascii") as lines:
            fields = lines.readline().split()
    except OSError:  # no Linux, or a sandbox without /proc
        return None, None
    user, nice, system, _idle, _iowait, irq, softirq, stolen = map(int, fields[1:9])
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / ticks, stolen / ticks
