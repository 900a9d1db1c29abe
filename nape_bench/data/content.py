"""The logical content hash of a split: over values, not file bytes.

The same rows have the same hash however a file is compressed, encoded or cut into row groups, and
another one as soon as a value, a column, a dtype or the order of rows changes. Order counts since
it is part of what users see: seeded draws and shuffles go by row number.

The algorithm `nape-content-1`: each column is hashed alone (SHA-256, which most processors have
an instruction for), numbers little-endian in the dtype of the schema, texts as their byte lengths
(int32) followed by UTF-8. A list column is hashed as its items end to end; the lengths of the
lists, which all columns of nodes (of edges) share, once, as `node_count` and `edge_count` (int64).
A label's NaN is one bit pattern and -0.0 is 0.0. The hash is SHA-256 over a JSON line of algorithm,
number of rows and (name, dtype, digest) of each column. A change to any of this is a new algorithm
with a new name.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.rows import TEXT_COLUMNS
from nape_bench.data.schema import LIST_DTYPES, list_values
from nape_bench.data.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nape_bench.data.rows import Chunked, Rows
    from nape_bench.graph import GraphTable

ALGORITHM = "nape-content-1"

COUNTS = ("node_count", "edge_count")

CHUNK = 4096
"""Rows that are hashed at a time."""


def content_hash(rows: Chunked) -> str:
    """Return the content hash of rows, 64 hexadecimal digits, holding few of them at a time."""
    names = [*TEXT_COLUMNS, *COUNTS, *LIST_DTYPES, *rows.labels]
    digests = {name: hashlib.sha256() for name in names}
    for chunk in rows.chunks(CHUNK):  # the lengths of all texts come before the first text
        for name in TEXT_COLUMNS:
            digests[name].update(_lengths(chunk.texts[name]))
    with ThreadPoolExecutor(thread_count()) as pool:
        for chunk in rows.chunks(CHUNK):
            list(pool.map(lambda item: digests[item[0]].update(item[1]()), _contents(chunk)))
    return combine(len(rows), rows.labels, {name: d.hexdigest() for name, d in digests.items()})


def combine(rows: int, labels: Iterable[str], digests: Mapping[str, str]) -> str:
    """Return the content hash.

    Args:
        rows: Number of rows.
        labels: Names of the labels, in the order of the file.
        digests: Digest of each column of the file, and of each of `COUNTS`.
    """
    dtypes = {
        **dict.fromkeys(TEXT_COLUMNS, "string"),
        **dict.fromkeys(COUNTS, "int64"),
        **LIST_DTYPES,
        **dict.fromkeys(labels, "float64"),
    }
    return _sha256_json(
        [ALGORITHM, rows, [(name, dtype, digests[name]) for name, dtype in dtypes.items()]]
    )


def counts(graphs: GraphTable) -> dict[str, np.ndarray]:
    """Return how many nodes and edges each graph has, int64 [graphs], by the names in `COUNTS`."""
    return dict(zip(COUNTS, (np.diff(graphs.node_ptr), np.diff(graphs.edge_ptr)), strict=True))


def combine_splits(
    hashes: Iterable[tuple[str, str]], target: str, labels: Iterable[tuple[str, str, bool]]
) -> str:
    """Return one hash over all splits and what their labels are to be read as.

    Args:
        hashes: (split, content hash) pairs, in any order.
        target: The main label.
        labels: (name, unit, whether higher is better) of each label, in any order.
    """
    return _sha256_json([ALGORITHM, sorted(hashes), target, sorted(labels)])


def digest_numbers(values: np.ndarray) -> str:
    """Return the digest of a numeric column, hexadecimal."""
    return hashlib.sha256(_numbers(values)).hexdigest()


def digest_texts(texts: Any) -> str:
    """Return the digest of a text column (a `pyarrow` string array), hexadecimal."""
    digest = hashlib.sha256(_lengths(texts))
    digest.update(_texts(texts))
    return digest.hexdigest()


def _contents(rows: Rows) -> list[tuple[str, Callable[[], memoryview]]]:
    """Return what each column of rows adds to its digest, behind the lengths of texts."""
    numbers = {**counts(rows.graphs), **list_values(rows.graphs), **rows.labels}
    return [
        *[(name, partial(_texts, texts)) for name, texts in rows.texts.items()],
        *[(name, partial(_numbers, values)) for name, values in numbers.items()],
    ]


def _numbers(values: np.ndarray) -> memoryview:
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.nan, values + 0.0)
    plain = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return plain.view(np.uint8).data


def _ends(texts: Any) -> np.ndarray:
    """Return where each text begins in the array's data and, last, where all end, int32."""
    if not len(texts):
        return np.zeros(1, dtype="<i4")
    offsets = np.frombuffer(texts.buffers()[1], dtype="<i4")
    return offsets[texts.offset : texts.offset + len(texts) + 1]


def _lengths(texts: Any) -> bytes:
    return np.diff(_ends(texts)).astype("<i4").tobytes()


def _texts(texts: Any) -> memoryview:
    ends, data = _ends(texts), texts.buffers()[2]
    return memoryview(b"" if data is None else data)[int(ends[0]) : int(ends[-1])]


def _sha256_json(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
