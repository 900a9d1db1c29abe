"""Networks without labels, for pretraining: of NAS-Bench-101, GENNAPE's training family."""

from __future__ import annotations

from functools import cache

import numpy as np

from nape_bench.graph import GraphTable
from nape_bench.spaces import space

SPACE, SEED = "nb101", 101


@cache
def unlabelled(count: int) -> GraphTable:
    """Return `count` networks, the same ones in every run and for every seed."""
    family, rng = space(SPACE), np.random.default_rng(SEED)
    return GraphTable.from_graphs(family.build(family.sample(rng)) for _ in range(count))
