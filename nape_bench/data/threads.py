"""How many threads reading and hashing take."""

from __future__ import annotations

import os

_MOST = 4  # beyond this, columns decoded at once cost memory and gain little


def thread_count() -> int:
    """Return the number of threads to read and hash with: the process's cores, at most 4."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # macOS and Windows have no affinity to ask for
        cores = os.cpu_count() or 1
    return max(1, min(_MOST, cores))
