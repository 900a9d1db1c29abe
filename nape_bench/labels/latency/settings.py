"""What a measurement of latency is done with."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LatencySettings:
    """Settings of a latency measurement; results of one version are comparable on one machine.

    A setting is a runtime with a batch size; each is timed in blocks of runs, which take turns
    with those of the other settings.

    Attributes:
        version: Name of all that is told here, and of how it is measured.
        runtimes: What runs the network.
        batches: Images a run.
        calibration_images: Images from which BatchNorm takes its statistics, 2 or more.
        seconds: Of timed runs of a setting, if these are more than `repeats`.
        repeats: Timed runs of a setting, at least.
        blocks: Blocks of runs of a setting that a result is taken from.
        extra_blocks: More blocks of a setting, at most, where some were disturbed.
        warm_up_seconds: After so long a warm-up ends, stable or not.
        stable: A warm-up ends where runs grow faster by no more than this share.
        waited: Largest share of a block's time that the process may be without a processor.
        others: Processors that other processes may use, on average, and also how many this
            process may use beyond one.
        stolen: Processors that the host may take from this virtual machine, on average.
        disagreement: Largest difference between medians of blocks, as a share of the smallest.
    """

    version: str = "latency-1"
    runtimes: tuple[str, ...] = ("torch", "onnxruntime")
    batches: tuple[int, ...] = (1, 16)
    calibration_images: int = 16
    seconds: float = 0.3
    repeats: int = 3
    blocks: int = 3
    extra_blocks: int = 3
    warm_up_seconds: float = 0.5
    stable: float = 0.05
    waited: float = 0.02
    others: float = 0.1
    stolen: float = 0.01
    disagreement: float = 0.05

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


LATENCY = LatencySettings()
"""The settings of the version in use."""
