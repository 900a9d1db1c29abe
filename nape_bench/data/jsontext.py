"""JSON as Python reads it, made strict where that would hide an error."""

from __future__ import annotations

from typing import Any


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of JSON (`object_pairs_hook`), which else has the last of equal keys.

    Raises:
        ValueError: A key occurs more than once.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice!r} occurs more than once")
    return made
