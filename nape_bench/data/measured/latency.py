"""Config `latency_cpu`: times of a batch on one thread of the machine that measured."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from nape_bench.data.info import LabelInfo
from nape_bench.data.measured.base import CONFIGS, Label, LabelConfig, repeated
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.data.measured.results import Results


def labels(results: Results) -> dict[str, Label]:
    """Return the labels of each runtime and batch size, then those of the measurement.

    `torch_b16_ms` is the median time of a batch of 16 in torch, `torch_b16_spread_ms` how far
    runs lie apart (90th less 10th percentile), both of the runs in undisturbed blocks;
    `standard_ms` is the time of a fixed piece of work, which tells how fast the machine was, and
    `interference` how many settings something disturbed, 0 in a good measurement. With several
    seeds each is the mean over them, but `interference`, which is the worst.

    Raises:
        DataError: The settings name no runtimes and batch sizes, or a column is missing.
    """
    told = results.settings
    try:
        settings = list(itertools.product(told["runtimes"], told["batches"]))
        source = f"measured by nape_bench, {results.version}, on {told['processor']}"
    except KeyError as error:
        raise DataError(f"settings of {results.version} have no {error}") from None

    def times(values: np.ndarray, meaning: str) -> Label:
        return repeated(values, meaning, "ms", higher_is_better=False, source=source)

    made = {}
    for runtime, batch in settings:
        name = f"{runtime}_b{batch}"
        what = f"{runtime} with {'one image' if batch == 1 else f'{batch} images'}, one thread"
        made[f"{name}_ms"] = times(
            results.column(f"{name}_ms"), f"median time of undisturbed runs of {what}"
        )
        spread = results.column(f"{name}_p90_ms") - results.column(f"{name}_p10_ms")
        meaning = f"90th less 10th percentile of the time of undisturbed runs of {what}"
        made[f"{name}_spread_ms"] = times(spread, meaning)
    meaning = "time of a fixed piece of work, which tells how fast the machine was"
    made["standard_ms"] = times(results.column("standard_ms"), meaning)
    meaning = "settings that something else on the machine disturbed, of the worst seed"
    info = LabelInfo(meaning, "", False, source, len(results.seeds))
    made["interference"] = Label(info, results.column("interference").max(axis=1))
    return made


CONFIGS.add("latency_cpu", LabelConfig("latency_cpu", "latency", "torch_b1_ms", labels))
