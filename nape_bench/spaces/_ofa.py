"""What the once-for-all spaces share: how they round widths and read numbers.

Cai et al., Once-for-All, ICLR 2020.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, TypeVar

from nape_bench.errors import SpecError
from nape_bench.spaces.base import read_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

T = TypeVar("T")

FULL_RESOLUTION = 224
RESOLUTIONS = tuple(range(160, FULL_RESOLUTION + 1, 16))
"""Input sizes that `sample` and `mutate` draw from; a specification may have any other."""
RESOLUTION_KEYS = ("resolution", "r", "image_size")
"""Names under which publications give the input size."""


def make_divisible(channels: float, divisor: int = 8) -> int:
    """Return the multiple of `divisor` nearest to `channels`, but at most 10 % below.

    The rule of MobileNet's authors, by which all widths of the once-for-all networks are made.
    """
    near = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return near + divisor if near < 0.9 * channels else near


def read_integers(value: Any, what: str, count: Iterable[int]) -> list[int]:
    """Read a list of integers, which may come as text ("[3, 5, 7]").

    Args:
        value: The list.
        what: What is read, for messages ("ofa_pn: ks").
        count: The lengths that it may have.

    Raises:
        SpecError: It is no such list.
    """
    read = read_literal(value) if isinstance(value, str) else value
    lengths = tuple(count)
    try:
        found = [operator.index(item) for item in read if not isinstance(item, bool)]
    except TypeError:
        found = []
    if len(found) not in lengths:
        listed = " or ".join(map(str, lengths))
        raise SpecError(f"{what}: a list of {listed} integers expected, not {value!r}")
    return found


def read_resolution(values: Mapping[str, Any], family: str) -> int:
    """Read the input size under any of its names; text and a list of one are read as well.

    Returns:
        Pixels; 224 where there is none.

    Raises:
        SpecError: It is no positive integer, or given twice and not alike.
    """
    found = set()
    for key in RESOLUTION_KEYS:
        value = values.get(key)
        if value is not None:
            read = read_literal(value) if isinstance(value, str) else value
            several = isinstance(read, (list, tuple))
            found.update(read_integers(read if several else [read], f"{family}: {key}", [1]))
    if len(found) > 1 or min(found, default=1) < 1:
        raise SpecError(
            f"{family}: one input size of 1 pixel or more expected, not {sorted(found)}"
        )
    return found.pop() if found else FULL_RESOLUTION


def check_keys(value: Mapping[str, Any], family: str, needed: set[str], known: set[str]) -> None:
    """Check the keys of a specification.

    Raises:
        SpecError: One of `needed` is missing, or one is neither needed nor `known`.
    """
    missing, unknown = needed - set(value), set(value) - needed - known
    if missing or unknown:
        wrong = f"{min(missing)} is missing" if missing else f"{min(unknown)} is unknown"
        raise SpecError(
            f"{family}: {wrong}: a specification has {', '.join(sorted(needed))} and may have "
            f"{', '.join(sorted(known))}"
        )


def draw_other(choices: Sequence[T], now: T, rng: np.random.Generator) -> T:
    """Draw a choice that differs from the present one."""
    others = [choice for choice in choices if choice != now]
    return others[rng.integers(len(others))]
