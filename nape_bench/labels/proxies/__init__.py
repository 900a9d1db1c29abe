"""Zero-cost proxies: 13 numbers that tell of a network before it is trained.

    values = nape_bench.labels.proxies.proxies(graph)      # {"epe_nas": ..., ..., "zen": ...}

They are those of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022), for any graph: defined
as its code NASLib and, before it, zero-cost-nas (Abdelfattah et al., ICLR 2021) have them, whose
published values they were checked against. What each is stands with the function of its name;
what differs from those codes:

- images are drawn (`batch`), where theirs are CIFAR-10 and others;
- flops and params are the graph's own: multiply-adds of convolutions and dense layers, and
  trained parameters, plain numbers. NASLib's flops add 2 an element of BatchNorm, 1 of ReLU and
  the window's size of a pool, its numbers are in millions;
- grasp takes a central difference of gradients, with every ReLU held on its side, in place of a
  second differentiation;
- synflow runs ReLU6 as ReLU, and is the logarithm;
- epe_nas leaves out classes of one image, jacov takes eigenvalues of a symmetric matrix;
- a proxy that a network has no value of is None, with a reason (`Scores`), where NASLib has -1e8.

Where nothing is said, the network has its weights as `to_torch` draws them, BatchNorm is in train
mode, and no seed but that of a call has a part in a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.labels.proxies.values import PROXIES, Scores

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nape_bench.graph import ArchGraph

__all__ = ["PROXIES", "Scores", "proxies"]


def proxies(
    graph: ArchGraph, *, batch: int = 16, seed: int = 0, names: Iterable[str] | None = None
) -> dict[str, float | None]:
    """Compute zero-cost proxies of a network, on one thread.

    Passes are shared: all 13 take less than half of what the 13 take one by one
    (`benchmarks/bench_proxies.py`).

    Args:
        graph: Any graph, at any resolution and with any number of classes.
        batch: Number of images, 2 or more.
        seed: 0 or more; sets weights and images.
        names: Which proxies; None for all 13.

    Returns:
        A finite number a proxy, in alphabetical order; None where the network has none:
        `score.score` gives the reason as well.

    Raises:
        UnknownNameError: There is no such proxy.
        NapeError: There are fewer than two images.
    """
    from nape_bench.labels.proxies.score import score

    return score(graph, batch=batch, seed=seed, names=names).values
