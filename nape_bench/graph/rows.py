"""Distinct node rows of a table: networks repeat themselves, so there are few."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.graph.vocabulary import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping


class NodeRows(NamedTuple):
    """The distinct rows of node columns, and which of them each node has.

    Attributes:
        rows: int32 [distinct, 14], columns as `vocabulary.COLUMNS`, in order of first appearance.
        of_node: Index into `rows` of each node, int32 [nodes].
    """

    rows: np.ndarray
    of_node: np.ndarray


def distinct_rows(columns: Mapping[str, np.ndarray]) -> NodeRows:
    """Find the distinct rows of node columns, exactly.

    Columns are folded into one integer a node in mixed radix; whenever 63 bits do not hold
    another column, the integers so far are numbered anew.

    Args:
        columns: Name -> non-negative integers [nodes].
    """
    count = len(columns["op"])
    if count == 0:
        empty = np.zeros((0, len(COLUMNS)), dtype=np.int32)
        return NodeRows(empty, np.zeros(0, dtype=np.int32))
    code = np.zeros(count, dtype=np.int64)
    codes = 1
    for name in COLUMNS:
        radix = int(columns[name].max()) + 1
        if codes > (2**63 - 1) // radix:
            code = numbered(code)
            codes = int(code.max()) + 1
        code *= radix
        code += columns[name]
        codes *= radix
    number = numbered(code)
    first = np.empty(int(number.max()) + 1, dtype=np.int64)
    # Of several writes to one place the last one stays: backwards, the first node of each row.
    first[number[::-1]] = np.arange(count - 1, -1, -1)
    rows = np.stack([columns[name][first].astype(np.int32) for name in COLUMNS], axis=1)
    return NodeRows(rows, number.astype(np.int32))


def numbered(values: np.ndarray) -> np.ndarray:
    """Return the number of each value in order of first appearance, by a hash table.

    Args:
        values: Integers of 64 bits, signed or not, contiguous, [n].

    Returns:
        From 0, int64 [n].
    """
    import pyarrow as pa

    # By buffers, since pyarrow's own conversions from and to numpy import pandas where it is.
    array = pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])
    indices = array.dictionary_encode().indices
    return np.frombuffer(indices.buffers()[1], np.int32, len(indices)).astype(np.int64)
