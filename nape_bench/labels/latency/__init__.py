"""Latency: how long a network takes for a batch on this machine's processor, on one thread.

    from nape_bench.labels.latency import latency, quiet

    print(quiet())                      # is the machine quiet enough to measure anything?
    result = latency(nape_bench.space("hiaml").build(["hiaml_z"] * 4))
    result["torch", 1].median_ms        # milliseconds for one image in torch eager
    result.columns()                    # the row that a labelling run stores

`measure` tells how it is measured, `blocks` how interference is found.
"""

from __future__ import annotations

from nape_bench.labels.latency.measure import latency
from nape_bench.labels.latency.quietness import Quiet, quiet
from nape_bench.labels.latency.result import Latency, Timing
from nape_bench.labels.latency.settings import LATENCY, LatencySettings

__all__ = ["LATENCY", "Latency", "LatencySettings", "Quiet", "Timing", "latency", "quiet"]
