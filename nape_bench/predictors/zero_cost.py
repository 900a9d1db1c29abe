"""A zero-cost proxy as a score: what one batch tells of an untrained network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.proxies import PROXIES
from nape_bench.predictors.base import Score, SettingError
from nape_bench.predictors.registry import register
from nape_bench.predictors.zero_cost_encoding import zero_cost_encoding

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable


@register
class ZeroCost(Score):
    """One of the 13 zero-cost proxies of NAS-Bench-Suite-Zero.

    Proxies of networks in a `proxies` config that comes with the package are read there; those of
    others are computed, for seconds a network. A network that has no value is ranked last.

    Args:
        seed: Nothing is drawn: proxies are computed with one seed.
        progress: Nothing to show.
        proxy: Which: synflow, nwot, zen, snip, grad_norm, fisher, grasp, jacov, plain, epe_nas,
            l2_norm, flops or params.
    """

    name = "zero_cost"
    title = "A zero-cost proxy"
    source = "Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022"

    def __init__(self, *, seed: int = 0, progress: bool = False, proxy: str = "synflow") -> None:
        super().__init__(seed=seed, progress=progress)
        self.proxy = proxy
        if proxy not in PROXIES:
            raise SettingError(f"zero_cost: proxy is one of {', '.join(PROXIES)}, not {proxy!r}")

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        values = zero_cost_encoding(graphs, (self.proxy,))[:, 0]
        there = np.isfinite(values)
        least = values[there].min() if there.any() else 0.0
        return np.where(there, values, least - 1.0)
