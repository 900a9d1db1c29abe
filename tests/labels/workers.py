"""What a labelling run does with its measures: worker processes get them, and give results back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from joblib import Parallel, delayed

if TYPE_CHECKING:
    from nape_bench.labels.measures import Measure


def sent(measure: Measure) -> Measure:
    """Return the copy that a worker process makes of a measure, a dataclass, that it is sent."""
    copies: list[Measure] = Parallel(2, "loky")([delayed(dataclasses.replace)(measure)])
    return copies[0]
