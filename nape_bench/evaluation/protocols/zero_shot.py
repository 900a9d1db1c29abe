"""Zero-shot: no label is seen, and every architecture of the dataset is ranked.

For FLOPs, parameters, zero-cost proxies and predictors that were trained elsewhere: the
correlation over a whole space is what papers on zero-cost proxies report.
"""

from __future__ import annotations

from nape_bench.evaluation.protocols.base import ALL
from nape_bench.evaluation.protocols.one_dataset import one_dataset_family
from nape_bench.evaluation.protocols.registry import add_family

add_family(
    one_dataset_family(
        "zero-shot",
        "no labels seen, scored on every row of a dataset",
        told="no labels seen, every row ranked",
        train=None,
        validation=None,
        test=ALL,
    )
)
