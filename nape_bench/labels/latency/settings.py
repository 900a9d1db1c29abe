"""What a measurement of latency is done with."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

_LEAST = {"calibration_images": 2, "repeats": 1, "blocks": 1}
"""Least values of numbers; others are 0 or more."""


@dataclass(frozen=True)
class LatencySettings:
    """Settings of a latency measurement; results of one version are comparable on one machine.

    A setting is a runtime with a batch size; each is timed in blocks of runs, which take turns
    with those of the other settings.

    The machine's clocks say what others used (`others`, `stolen`). They count in ticks, so that
    over a time of t seconds the limits are `others` + `ticks` / t and `stolen` + `ticks` / t
    processors on average. They hold twice:

    - Over a block (t is `seconds` / `blocks`, or a run if that is longer) for the setting that it
      is of: what is short and strong is found. By default t is about 0.1 s or more, and the limits
      are 0.4 and 0.31 processors or less; over the blocks of a setting, 0.2 and 0.11.
    - Over the whole measurement of a network, with what is not timed between blocks, for all of
      its settings: what is steady is found. By default t is about 1.2 s or more, and the limits
      are 0.125 and 0.035 processors or less; for a network that takes 3 s, 0.11 and 0.02.

    Attributes:
        version: Name of all that is told here, and of how it is measured.
        runtimes: What runs the network.
        batches: Images a run.
        calibration_images: Images from which BatchNorm takes its statistics, 2 or more.
        seconds: Of timed runs of a setting, if these are more than `repeats`.
        repeats: Timed runs of a setting, at least.
        blocks: Blocks of runs of a setting that a result is taken from.
        extra_blocks: More blocks of a setting, at most, where some were disturbed.
        extra_seconds: After so long in these a setting gets no more of them.
        warm_up_seconds: After so long a warm-up ends, stable or not.
        stable: A warm-up ends where runs grow faster by no more than this share.
        waited: Largest share of a block's time that the process may be without a processor.
        others: Processors that other processes may use, on average, and also how many this
            process may use beyond one.
        stolen: Processors that the host may take from this virtual machine, on average.
        ticks: Seconds by which the machine's clocks may be wrong, whatever the time.
        disagreement: By what share the median of a block may be above that of the fastest one;
            blocks that are slower do not count (`turns.chosen`).

    Raises:
        ValueError: A value is out of range; the message names it.
    """

    version: str = "latency-2"
    runtimes: tuple[str, ...] = ("torch", "onnxruntime")
    batches: tuple[int, ...] = (1, 16)
    calibration_images: int = 4
    seconds: float = 0.3
    repeats: int = 3
    blocks: int = 3
    extra_blocks: int = 9
    extra_seconds: float = 1.0
    warm_up_seconds: float = 0.5
    stable: float = 0.05
    waited: float = 0.02
    others: float = 0.1
    stolen: float = 0.01
    ticks: float = 0.03
    disagreement: float = 0.05

    def __post_init__(self) -> None:
        for name in ("runtimes", "batches"):
            if not getattr(self, name):
                raise ValueError(f"{name} is empty: there is nothing to time")
        if min(self.batches) < 1:
            raise ValueError(f"batches are of at least 1 image, not {self.batches}")
        for name, value in dataclasses.asdict(self).items():
            least = _LEAST.get(name, 0)
            if isinstance(value, (int, float)) and not least <= value < math.inf:
                raise ValueError(f"{name} is a number of at least {least}, not {value}")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


LATENCY = LatencySettings()
"""The settings of the version in use."""
