"""Inert values as plain ones: what configurations are read from."""

from __future__ import annotations

from typing import Any

from nape_bench.data.pickles.values import LEAVES, SEQUENCES, Array, Pairs, Record, Twin


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
    if type(value) in SEQUENCES:
        kind = tuple if type(value) is tuple else list
        # Edges, or a row of a matrix.
        known = type(value) is Pairs or LEAVES.issuperset(map(type, value))
        return kind(value if known else [plain(part) for part in value])
    return value
