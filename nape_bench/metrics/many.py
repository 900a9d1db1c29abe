"""Whether several entries differ over several tasks: Friedman's test and Nemenyi's after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class ManyTest:
    """Several entries compared over several tasks.

    Attributes:
        mean_ranks: The mean rank of each entry, 1 is best; equal values share a rank.
        p_value: Of Friedman's test, that all entries are alike; 1 where it cannot be asked, with
            fewer than three entries or two tasks, or where all are equal.
        critical_difference: Mean ranks that differ by less cannot be told apart (Nemenyi, 5 %);
            infinite where it cannot be asked.
    """

    mean_ranks: tuple[float, ...]
    p_value: float
    critical_difference: float


def friedman_nemenyi(
    values: ArrayLike, *, higher_is_better: bool = True, level: float = 0.95
) -> ManyTest:
    """Compare entries over tasks by their ranks (Demsar, JMLR 2006, sections 3.2.2 and 3.2.3).

    Friedman's test takes tasks as independent, which families of one space are not quite: its
    p-value is a guide.

    Args:
        values: [entries, tasks], finite.
        higher_is_better: Whether a higher value is better.
        level: 1 - the level of Nemenyi's test.

    Raises:
        ValueError: There is no entry or no task, or a value is not finite.
    """
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape or not np.isfinite(table).all():
        raise ValueError(f"values of shape {table.shape}: finite [entries, tasks] expected")
    entries, tasks = table.shape
    ranks = rankdata(-table if higher_is_better else table, axis=0)
    means = tuple(float(mean) for mean in ranks.mean(axis=1))
    if entries < 3 or tasks < 2:
        return ManyTest(means, 1.0, float("inf"))
    alike = bool((ranks == ranks[0]).all())
    p_value = 1.0 if alike else float(friedmanchisquare(*table).pvalue)
    # The studentized range over sqrt(2), for infinitely many degrees of freedom.
    q = float(studentized_range.ppf(level, entries, np.inf)) / np.sqrt(2)
    return ManyTest(means, p_value, float(q * np.sqrt(entries * (entries + 1) / (6 * tasks))))
