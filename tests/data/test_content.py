"""The content hash: over values, and over all of them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nape_bench.data.content import combine_splits, content_hash
from nape_bench.data.parquet import read_rows, write_rows
from nape_bench.data.rows import TEXT_COLUMNS, Rows
from nape_bench.data.schema import LIST_DTYPES, from_arrow, to_arrow
from nape_bench.graph import GraphTable
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path


def by_hand(rows: Rows) -> str:
    """Work the hash out from the words of its definition, row by row."""

    def sha(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    table = to_arrow(rows).to_pylist()
    columns = []
    for name in TEXT_COLUMNS:
        texts = [row[name].encode() for row in table]
        lengths = np.array([len(text) for text in texts], dtype="<i4").tobytes()
        columns.append([name, "string", sha(lengths + b"".join(texts))])
    for name, first in (("node_count", "node_op"), ("edge_count", "edge_source")):
        counts = np.array([len(row[first]) for row in table], dtype="<i8")
        columns.append([name, "int64", sha(counts.tobytes())])
    for name, dtype in LIST_DTYPES.items():
        items = np.array([item for row in table for item in row[name]])
        columns.append(
            [name, dtype, sha(items.astype(np.dtype(dtype).newbyteorder("<")).tobytes())]
        )
    for name in rows.labels:
        values = np.array([row[name] for row in table], dtype="<f8")
        columns.append([name, "float64", sha(values.tobytes())])
    text = json.dumps(["nape-content-1", len(table), columns], separators=(",", ":"))
    return sha(text.encode())


def test_it_is_what_its_definition_says() -> None:
    assert content_hash(tables.rows()) == by_hand(tables.rows())


def test_it_never_changes() -> None:
    """A pin: if this fails, the algorithm has changed and needs a new name."""
    graphs = GraphTable(
        {name: np.array([1, 2], dtype=dtype) for name, dtype in _graph_dtypes().items()},
        np.array([0]),
        np.array([1]),
        np.array([0, 2]),
        np.array([0, 1]),
    )
    rows = Rows({n: pa.array([f"{n} é"]) for n in TEXT_COLUMNS}, graphs, {"y": np.array([0.5])})
    assert content_hash(rows) == "d2554a7c5112b7d916137cae060f8a0561d835643eb962f0f622fd79170e5226"


def _graph_dtypes() -> dict[str, str]:
    return {n.removeprefix("node_"): d for n, d in LIST_DTYPES.items() if n.startswith("node_")}


def test_files_of_other_bytes_have_the_same_hash(tmp_path: Path) -> None:
    expected = content_hash(tables.rows())
    table = to_arrow(tables.rows())
    ways = [
        {"compression": "none", "use_dictionary": False},
        {"compression": "gzip", "row_group_size": 7},
        {"compression": "lz4", "data_page_size": 100, "version": "1.0"},
    ]
    seen = set()
    for number, way in enumerate(ways):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(table, path, **way)
        seen.add(path.read_bytes())
        assert read_rows(path, ["accuracy", "latency"])[1] == expected
    assert len(seen) == len(ways)


def test_the_hash_taken_while_reading_is_that_of_the_rows(tmp_path: Path) -> None:
    for rows in (tables.rows(), tables.rows().take([])):
        write_rows(tmp_path / "x.parquet", rows)
        read, found = read_rows(tmp_path / "x.parquet", ["accuracy", "latency"])
        assert found == content_hash(rows) == content_hash(read)


def test_chunks_and_slices_do_not_count() -> None:
    table = to_arrow(tables.rows())
    part = from_arrow(table.slice(3, 8), ["accuracy", "latency"], "t")
    assert content_hash(part) == content_hash(tables.rows().take(np.arange(3, 11)))


@pytest.mark.parametrize("name", [*TEXT_COLUMNS, *LIST_DTYPES, "accuracy", "latency"])
def test_every_column_counts(name: str) -> None:
    changed = to_arrow(tables.rows())
    index = changed.schema.get_field_index(name)
    values = changed.column(name).to_pylist()
    if isinstance(values[3], list):
        values[3][5] += 1
    else:
        values[3] += "0" if isinstance(values[3], str) else 1e-12
    column = pa.array(values, changed.schema.field(name).type)
    changed = changed.set_column(index, changed.schema.field(name), column)
    other = from_arrow(changed, ["accuracy", "latency"], "t")
    assert content_hash(other) != content_hash(tables.rows())


def test_text_that_moves_between_rows_counts() -> None:
    rows = tables.rows()
    ids = rows.texts["id"].to_pylist()
    ids[0], ids[1] = ids[0] + ids[1][:3], ids[1][3:]
    moved = dataclasses.replace(rows, texts={**rows.texts, "id": pa.array(ids)})
    assert content_hash(moved) != content_hash(rows)


def test_order_of_rows_and_names_of_labels_count() -> None:
    rows = tables.rows()
    other = [
        rows.take(np.arange(len(rows))[::-1]),
        rows.take(np.arange(len(rows) - 1)),
        dataclasses.replace(rows, labels={"acc": rows.labels["accuracy"], **rows.labels}),
        dataclasses.replace(rows, labels=dict(reversed(rows.labels.items()))),
    ]
    assert len({content_hash(rows), *map(content_hash, other)}) == 1 + len(other)


def test_numbers_that_are_equal_have_the_same_hash() -> None:
    rows = tables.rows()
    odd = rows.labels["accuracy"].copy()
    odd[np.isnan(odd)] = np.array([0xFFF8000000000123], dtype=np.uint64).view(np.float64)[0]
    odd[0] = -0.0
    plain = odd.copy()
    plain[np.isnan(plain)] = np.nan
    plain[0] = 0.0
    assert odd.tobytes() != plain.tobytes()
    a, b = (dataclasses.replace(rows, labels={"y": values}) for values in (odd, plain))
    assert content_hash(a) == content_hash(b)


def test_splits_combine_in_order_of_their_names() -> None:
    a, b = ("train", "1" * 64), ("test", "2" * 64)
    labels = [("x", "%", True), ("y", "", True)]
    made = combine_splits([a, b], "x", labels)
    assert made == combine_splits([b, a], "x", labels[::-1])
    assert made != combine_splits([("train", b[1]), ("test", a[1])], "x", labels)


def test_target_units_and_directions_count() -> None:
    kinds = [("x", "%", True), ("y", "%", True), ("x", "", True), ("x", "%", False)]
    split = ("test", "1" * 64)
    told = [combine_splits([split], t, [("x", u, h), ("y", "", True)]) for t, u, h in kinds]
    assert len(set(told)) == 4
