"""In-family: train, validation and test are the fixed splits of one dataset.

GENNAPE (section 5.1) and most predictor papers report this setting first. The splits keep a
graph's isomorphs together, so that no test architecture was seen in training.
"""

from __future__ import annotations

from nape_bench.evaluation.protocols.one_dataset import one_dataset_family
from nape_bench.evaluation.protocols.registry import add_family

add_family(
    one_dataset_family(
        "in-family",
        "fitted to the training split of a dataset, scored on its test split",
        told="trained and tested on its fixed splits",
        train="train",
        validation="validation",
        test="test",
    )
)
