"""How latency is measured.

A network with random weights runs in torch eager and in onnxruntime, on one thread, in float32, in
eval mode and without gradients, its maps in NCHW order, with batches of 1 and of 16 images. torch
runs it node by node as it stands; onnxruntime optimises the graph first, which folds BatchNorm
into convolutions, fuses activations and may order channels in blocks. Both run one operation after
another, so that threads within operations are all that there could be. A run maps images in memory
to an output in memory, and the process keeps its memory from one run to the next (`memory`). Runs
of the four settings alternate in blocks after a warm-up; medians and percentiles are taken over
all runs of undisturbed blocks. What else the machine did is looked at within each block and over
the whole measurement, for the latter counts for every setting.
"""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

from nape_bench.labels.latency.blocks import Block
from nape_bench.labels.latency.clock import SystemClock
from nape_bench.labels.latency.memory import kept_memory
from nape_bench.labels.latency.result import Latency, Timing
from nape_bench.labels.latency.runtimes import prepare, standard_work
from nape_bench.labels.latency.settings import LATENCY
from nape_bench.labels.latency.turns import chosen, take_turns
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.latency.clock import Clock
    from nape_bench.labels.latency.settings import LatencySettings

STANDARD = ("standard", 0)


def latency(
    graph: ArchGraph,
    *,
    settings: LatencySettings = LATENCY,
    seed: int = 0,
    clock: Clock | None = None,
) -> Latency:
    """Measure how long a graph's network takes for a batch on this machine.

    Nothing else should run meanwhile; what does is noticed, blocks of runs that it disturbs are
    timed again a few times, and what is left of it is told in the result (`quiet` tells before;
    `LatencySettings` tells what is so weak that it is not noticed).

        hiaml = nape_bench.space("hiaml")
        print(latency(hiaml.build(["hiaml_z"] * 4)))

    Args:
        graph: The network; images have the size of its input.
        settings: How it is measured.
        seed: What weights and images are drawn from, 0 or more. Times hardly depend on it, so
            that measurements with other seeds tell how far they can be repeated.
        clock: Where times come from; None: this machine's clocks.

    Returns:
        The times.

    Raises:
        NapeError: onnxruntime is not installed, or the network's outputs are not finite.
        GraphError: An operation of the graph has no counterpart.
    """
    clock = clock or SystemClock()
    with one_thread(), kept_memory():
        blocks, whole = _timed(graph, settings, seed, clock)
    timings = [
        Timing.of(runtime, batch, timed, whole, settings)
        for (runtime, batch), timed in blocks.items()
        if (runtime, batch) != STANDARD
    ]
    standard = Block.joined(chosen(blocks[STANDARD], settings))
    return Latency(tuple(timings), standard.median * 1e3)


def _timed(
    graph: ArchGraph, settings: LatencySettings, seed: int, clock: Clock
) -> tuple[dict[tuple[str, int], list[Block]], Block]:
    """Time a network; when this returns its calls are gone, so that their memory can go back."""
    calls = {**prepare(graph, settings, seed), STANDARD: standard_work()}
    with _no_collection():
        return take_turns(calls, settings, clock, brief=(STANDARD,))


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python's garbage collector from running within the block."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
