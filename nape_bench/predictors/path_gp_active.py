"""`path_gp`, which chooses the networks that it is told the labels of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.predictors.path_gp import PathGP
from nape_bench.predictors.paths.additive_gp import most_telling, prior_covariance
from nape_bench.predictors.paths.columns import Wiring
from nape_bench.predictors.registry import register
from nape_bench.predictors.standardise import Standardiser

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.graph import GraphTable


@register
class ActivePathGP(PathGP):
    """`path_gp`, and of a pool it chooses the networks that tell most of the others (`choose`).

    Before it has seen a label its process says how alike networks are. One after another, the
    network is taken whose label would leave the least variance in the pool: one that many are like,
    and that those before it are not like. Columns are standardised by the pool. On protocols
    without a pool it is `path_gp`. All settings are as there.
    """

    name = "path_gp_active"
    title = "Gaussian process on paths that chooses its samples"
    source = (
        "nape_bench; Seo et al., Gaussian process regression: active data selection, IJCNN 2000"
    )

    def _choose(self, graphs: GraphTable, count: int) -> np.ndarray:
        wiring = Wiring.of(graphs, self.layers)
        sets = wiring.columns(wiring.names).values()
        blocks = [Standardiser(columns)(columns) for columns in sets]
        return most_telling(prior_covariance([b for b in blocks if b.shape[1]]), count)
