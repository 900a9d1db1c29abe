"""Inert values as plain ones: what configurations are read from."""

from __future__ import annotations

from typing import Any

from nape_bench.data.pickles.values import LEAVES, Array, Record, Twin


def plain(value: Any) -> Any:
    """Return a value without records and arrays: genotypes as dictionaries, arrays as lists.

    The value is as `measure` lets it be: of bounded depth, and no part of itself.
    """
    if isinstance(value, (Record, Twin)):
        return {key: plain(part) for key, part in value.fields.items()}
    if isinstance(value, Array):
        return value.values
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if type(value) is list or type(value) is tuple:
        if LEAVES.issuperset(map(type, value)):  # a row of a matrix
            return type(value)(value)
        return type(value)([plain(part) for part in value])
    return value
