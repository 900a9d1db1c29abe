"""Latency: what came of a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.labels.latency.blocks import Block
from nape_bench.labels.latency.turns import chosen, interference
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from nape_bench.labels.latency.settings import LatencySettings


@dataclass(frozen=True)
class Timing:
    """Times of one setting, in milliseconds for a batch.

    A network that takes longer for a batch than a block is meant to take has one run a block, so
    that median and percentiles come from as many numbers as there are blocks: with three, the
    percentiles are four fifths of the way from the middle one to the least and the largest.

    Attributes:
        runtime: What ran the network.
        batch: Images a run.
        median_ms: Median of runs.
        p10_ms: 10th percentile, interpolated between runs.
        p90_ms: 90th percentile, likewise.
        repeats: Runs that these come from.
        interference: What disturbed the blocks of this setting, or the machine over the whole
            measurement of the network, which is then told of every setting; empty if nothing did.
    """

    runtime: str
    batch: int
    median_ms: float
    p10_ms: float
    p90_ms: float
    repeats: int
    interference: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        runtime: str,
        batch: int,
        blocks: list[Block],
        whole: Block,
        settings: LatencySettings,
    ) -> Timing:
        """Summarise the blocks of a setting, and the whole time in which they lie."""
        times = np.array(Block.joined(chosen(blocks, settings)).times) * 1e3
        p10, median, p90 = (float(value) for value in np.percentile(times, (10, 50, 90)))
        why = tuple(interference(blocks, settings, whole))
        return cls(runtime, batch, median, p10, p90, len(times), why)


@dataclass(frozen=True)
class Latency:
    """Times of a network in every setting.

    Attributes:
        timings: Of each runtime and batch.
        standard_ms: Median time of a fixed product of matrices, timed in between: where it differs
            between two networks, the machine was not equally fast.
    """

    timings: tuple[Timing, ...]
    standard_ms: float

    def __getitem__(self, setting: tuple[str, int]) -> Timing:
        """Return the timing of (runtime, batch), or raise `UnknownNameError`."""
        known = {(t.runtime, t.batch): t for t in self.timings}
        if setting not in known:
            names = (f"{runtime}, {batch}" for runtime, batch in known)
            raise unknown_name("setting", ", ".join(map(str, setting)), names)
        return known[setting]

    @property
    def disturbed(self) -> tuple[Timing, ...]:
        """Timings that something interfered with."""
        return tuple(t for t in self.timings if t.interference)

    def columns(self) -> dict[str, Any]:
        """Return a flat row, plain JSON, times in milliseconds for a batch.

        `torch_b16_ms` is the median of torch eager with batch 16, `torch_b16_p10_ms` and
        `torch_b16_p90_ms` are its 10th and 90th percentile, `torch_b16_repeats` is the number of
        runs, which may be as few as there are blocks (see `Timing`); `interference` is the number
        of settings that were disturbed (0: a good measurement), `interference_reasons` says by
        what, or is None; `standard_ms` is the time of a product of two float32 matrices of
        512 x 512.
        """
        row: dict[str, Any] = {}
        for t in self.timings:
            name = f"{t.runtime}_b{t.batch}"
            row[f"{name}_ms"] = t.median_ms
            row[f"{name}_p10_ms"] = t.p10_ms
            row[f"{name}_p90_ms"] = t.p90_ms
            row[f"{name}_repeats"] = t.repeats
        row["standard_ms"] = self.standard_ms
        row["interference"] = len(self.disturbed)
        said = [f"{t.runtime}_b{t.batch}: {'; '.join(t.interference)}" for t in self.disturbed]
        row["interference_reasons"] = " | ".join(said) or None
        return row

    def __str__(self) -> str:
        """Return a table, and what interfered."""
        lines = [
            f"{'runtime':<12} {'batch':>5} {'median ms':>10} {'10-90 % of runs':>19} {'runs':>6}"
        ]
        for t in self.timings:
            spread = f"{t.p10_ms:.3f} - {t.p90_ms:.3f}"
            lines.append(
                f"{t.runtime:<12} {t.batch:>5} {t.median_ms:>10.3f} {spread:>19} {t.repeats:>6}"
            )
            lines.extend(f"  interference: {why}" for why in t.interference)
        return "\n".join(lines)
