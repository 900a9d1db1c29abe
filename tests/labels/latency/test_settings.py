"""Settings of latency are checked where they are made."""

from __future__ import annotations

import math
from typing import Any

import pytest

from nape_bench.labels.latency import LATENCY, LatencySettings


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"blocks": 0}, "blocks is a number of at least 1, not 0"),
        ({"repeats": 0}, "repeats is a number of at least 1, not 0"),
        ({"calibration_images": 1}, "calibration_images is a number of at least 2, not 1"),
        ({"extra_blocks": -1}, "extra_blocks is a number of at least 0, not -1"),
        ({"seconds": -0.1}, "seconds is a number of at least 0, not -0.1"),
        ({"seconds": math.inf}, "seconds is a number of at least 0, not inf"),
        ({"others": math.nan}, "others is a number of at least 0, not nan"),
        ({"batches": ()}, "batches is empty: there is nothing to time"),
        ({"runtimes": ()}, "runtimes is empty: there is nothing to time"),
        ({"batches": (1, 0)}, r"batches are of at least 1 image, not \(1, 0\)"),
    ],
)
def test_a_value_out_of_range_is_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LatencySettings(**values)


def test_the_limits_that_its_docstring_states_are_those_of_the_settings_in_use() -> None:
    block = LATENCY.seconds / LATENCY.blocks
    whole = LATENCY.seconds * len(LATENCY.runtimes) * len(LATENCY.batches)
    limits = {
        t: (LATENCY.others + LATENCY.ticks / t, LATENCY.stolen + LATENCY.ticks / t)
        for t in (block, LATENCY.seconds, whole, 3)
    }
    assert limits == {
        block: pytest.approx((0.4, 0.31)),
        LATENCY.seconds: pytest.approx((0.2, 0.11)),
        whole: pytest.approx((0.125, 0.035)),
        3: pytest.approx((0.11, 0.02)),
    }
