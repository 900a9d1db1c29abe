"""Why torch's latency hardly goes with multiply-adds where cells pool: what operations cost.

    python benchmarks/check_pools.py

Multiply-adds are of convolutions and dense layers; a pool has none. In torch on a CPU a 3x3 average
pool takes about as long as a 3x3 convolution of as many channels, a max pool two to three times.
"""

from __future__ import annotations

import time

import common  # noqa: F401 (one thread for all libraries)
import torch
from tabulate import tabulate
from torch import nn

SIDE, REPEATS = 32, 15


def milliseconds(layer: nn.Module, images: torch.Tensor) -> float:
    """Return the third shortest time of some runs."""
    times = []
    with torch.inference_mode():
        for _ in range(REPEATS):
            start = time.perf_counter()
            layer(images)
            times.append(time.perf_counter() - start)
    return 1e3 * sorted(times)[2]


def main() -> None:
    """Print a row for each batch size and number of channels."""
    rows = []
    for batch in (1, 16):
        for channels in (16, 48):
            images = torch.randn(batch, channels, SIDE, SIDE)
            layers = {
                "conv 3x3": nn.Conv2d(channels, channels, 3, padding=1, bias=False),
                "depthwise 3x3": nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
                "avgpool 3x3": nn.AvgPool2d(3, 1, 1, count_include_pad=False),
                "maxpool 3x3": nn.MaxPool2d(3, 1, 1),
            }
            costs = {name: milliseconds(layer, images) for name, layer in layers.items()}
            rows.append({"images": batch, "channels": channels, **costs})
    print(f"ms for maps of {SIDE} x {SIDE}, torch {torch.__version__}, one thread")
    print(tabulate(rows, "keys", floatfmt=".2f"))


if __name__ == "__main__":
    main()
