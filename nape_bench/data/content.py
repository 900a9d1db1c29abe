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
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.rows import TEXT_COLUMNS
from nape_bench.data.schema import LIST_DTYPES, list_values
from nape_bench.data.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nape_bench.data.rows import Rows

ALGORITHM = "nape-content-1"


def content_hash(rows: Rows) -> str:
    """Return the content hash of rows, 64 hexadecimal digits."""
    lists = list_values(rows.graphs)

    def digest(name: str) -> str:
        if name in rows.texts:
            return digest_texts(rows.texts[name])
        return digest_numbers(lists[name] if name in lists else rows.labels[name])

    names = [*TEXT_COLUMNS, *LIST_DTYPES, *rows.labels]
    with ThreadPoolExecutor(thread_count()) as pool:
        digests = dict(zip(names, pool.map(digest, names), strict=True))
    return combine(rows, digests)


def combine(rows: Rows, digests: Mapping[str, str]) -> str:
    """Return the content hash, given the digest of each column of the file."""
    graphs = rows.graphs
    columns = [(name, "string", digests[name]) for name in TEXT_COLUMNS]
    columns.append(("node_count", "int64", digest_numbers(np.diff(graphs.node_ptr))))
    columns.append(("edge_count", "int64", digest_numbers(np.diff(graphs.edge_ptr))))
    columns += [(name, dtype, digests[name]) for name, dtype in LIST_DTYPES.items()]
    columns += [(name, "float64", digests[name]) for name in rows.labels]
    return _sha256_json([ALGORITHM, len(rows), columns])


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
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.nan, values + 0.0)
    plain = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return hashlib.sha256(plain.view(np.uint8).data).hexdigest()


def digest_texts(texts: Any) -> str:
    """Return the digest of a text column (a `pyarrow` string array), hexadecimal."""
    digest = hashlib.sha256()
    if len(texts):
        _, offsets, data = texts.buffers()
        ends = np.frombuffer(offsets, dtype="<i4")[texts.offset : texts.offset + len(texts) + 1]
        digest.update(np.diff(ends).astype("<i4").tobytes())
        if data is not None:
            digest.update(memoryview(data)[int(ends[0]) : int(ends[-1])])
    return digest.hexdigest()


def _sha256_json(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
