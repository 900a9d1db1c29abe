"""Which rows' labels a seed may see where a protocol gives it a few of the test's own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def draw(ids: Sequence[str], groups: NDArray[np.str_], shots: int, seed: int) -> NDArray[np.int64]:
    """Draw rows, no two of which are isomorphs.

    Rows are taken by the SHA-256 of "<seed> <id>", the smallest first, and one whose group was
    taken is passed over. So the draw depends on nothing but the ids: not on a library's random
    numbers, nor on the order of rows.

    Args:
        ids: Ids of the rows.
        groups: The `group` key of each, str [rows].
        shots: How many are drawn.
        seed: 0 or more.

    Returns:
        Row numbers in the order in which they were drawn, int64 [shots].

    Raises:
        ProtocolError: There are not so many groups, or none would be left to score.
    """
    different = len(np.unique(groups))
    if shots >= different:
        raise ProtocolError(
            f"{shots} labels cannot be drawn of {different} architectures that are no isomorphs, "
            "with others left to be scored: ask for fewer"
        )
    place = {name: row for row, name in enumerate(ids)}
    in_order = sorted(ids, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    taken: dict[str, int] = {}
    for name in in_order:
        if len(taken) == shots:
            break
        taken.setdefault(str(groups[place[name]]), place[name])
    return np.fromiter(taken.values(), dtype=np.int64, count=shots)
