"""The hash by which predictions and labels are known, whatever file they lie in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def values_hash(ids: Sequence[str], values: np.ndarray) -> str:
    """Return the SHA-256 of values by id, of their content and not of a file's bytes.

    Args:
        ids: Whose they are; the order counts.
        values: float64 [ids].
    """
    digest = hashlib.sha256()
    for name in ids:
        text = name.encode()
        digest.update(len(text).to_bytes(8, "little") + text)
    digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest()
