"""A submission's predictions: read within bounds, and set beside what the protocols ask."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.hashing import values_hash
from nape_bench.leaderboard.checking.finding import (
    Finding,
    RefusedError,
    error,
    listed,
    note,
    shown,
)
from nape_bench.leaderboard.checking.folder import PREDICTIONS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from nape_bench.leaderboard.checking.metadata import Metadata
    from nape_bench.leaderboard.checking.sheet import Sheet

MOST_ROWS = 5_000_000
LARGEST = 1e100
"""No prediction is larger: sums over what is would not be finite."""
MOST_UNPACKED = 512 * 2**20
"""Bytes that the file may say it unpacks to; what it does unpack to is bounded by its process."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions of one protocol.

    Attributes:
        seeds: The seeds, ascending.
        values: float64 [seeds, ids], in the order of the sheet's ids.
    """

    seeds: tuple[int, ...]
    values: np.ndarray = field(repr=False)

    def hashes(self, ids: Sequence[str]) -> dict[int, str]:
        """Return `values_hash` of each seed."""
        rows = zip(self.seeds, self.values, strict=True)
        return {seed: values_hash(ids, row) for seed, row in rows}


def read_predictions(data: bytes) -> pa.Table:
    """Read `predictions.parquet`.

    Args:
        data: Its bytes.

    Returns:
        Columns `protocol` and `id` (dictionaries), `seed` int64, `prediction` float64, none empty.

    Raises:
        RefusedError: It is no Parquet file, unpacks to too much, or has other columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {
        "protocol": pa.string(), "seed": pa.int64(), "id": pa.string(), "prediction": pa.float64(),
    }  # fmt: skip
    try:
        _check_size(pq.read_metadata(io.BytesIO(data)))
        _check_columns(pq.read_schema(io.BytesIO(data)), kinds)
        with pq.ParquetFile(io.BytesIO(data), read_dictionary=["protocol", "id"]) as file:
            table = file.read()
        # Text that is no UTF-8, and numbers that point beyond their dictionary.
        table.validate(full=True)
    except RefusedError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as failed:
        raise RefusedError(
            "parquet", PREDICTIONS_FILE, f"not readable as Parquet: {shown(str(failed), 160)}"
        ) from None
    if len(table) == 0:
        raise RefusedError("empty", PREDICTIONS_FILE, "no row in it")
    for name in kinds:
        if table[name].null_count:
            row = table[name].is_null().to_pylist().index(True)
            raise RefusedError("empty-cell", f"{PREDICTIONS_FILE}, row {row}", f"no {name}")
    return table


def fit_to_sheets(
    table: pa.Table, metadata: Metadata, sheets: Mapping[str, Sheet]
) -> tuple[dict[str, Predicted], list[Finding]]:
    """Set predictions beside what the protocols ask.

    Args:
        table: As `read_predictions` gives it.
        metadata: What the submission says of itself.
        sheets: The sheets of its protocols.

    Returns:
        The predictions of each protocol where all is there and finite, and what is wrong.
    """
    made: dict[str, Predicted] = {}
    rows = _rows_by_protocol(table)
    found = []
    unnamed = [name for name in rows if name not in metadata.protocols]
    if unnamed:
        found.append(
            error(
                "protocol",
                PREDICTIONS_FILE,
                "predictions of protocols that submission.yaml does not name: "
                f"{listed(unnamed)}; name them, or leave out their rows",
            )
        )
    ids, seeds = _Codes(table["id"]), table["seed"].to_numpy()
    values = table["prediction"].to_numpy()
    for name, sheet in sheets.items():
        where = f"{PREDICTIONS_FILE}, {name}"
        if name not in rows:
            found.append(error("protocol", where, "submission.yaml names it, and it has no rows"))
            continue
        own = rows[name]
        told, wanted = set(np.unique(seeds[own]).tolist()), metadata.protocols[name].seeds
        if told != set(wanted):
            found.append(
                error(
                    "seeds",
                    where,
                    f"seeds {shown(sorted(told))}, but submission.yaml says {list(wanted)}",
                )
            )
            continue
        placed, wrong = {}, []
        place = ids.places(sheet.ids)
        for seed in sorted(told):
            row = own[seeds[own] == seed]
            each, problems = _placed(place[ids.codes[row]], row, values, sheet, ids)
            placed[seed] = each
            wrong += [(f"{where}, seed {seed}", *problem) for problem in problems]
        found += [error(code, at, what) for at, code, what in wrong]
        if not wrong:
            made[name] = Predicted(tuple(placed), np.stack(list(placed.values())))
    return made, found + list(_constants(made))


def _check_size(about: Any) -> None:
    unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if about.num_rows > MOST_ROWS or unpacked > MOST_UNPACKED:
        raise RefusedError(
            "size",
            PREDICTIONS_FILE,
            f"{about.num_rows:,} rows that unpack to {unpacked:,} bytes, of at most "
            f"{MOST_ROWS:,} and {MOST_UNPACKED:,}",
        )


def _check_columns(schema: pa.Schema, kinds: Mapping[str, Any]) -> None:
    import pyarrow as pa

    told = {column.name: column.type for column in schema}
    plain = {
        name: kind.value_type if pa.types.is_dictionary(kind) else kind
        for name, kind in told.items()
    }
    if plain != kinds or len(schema) != len(kinds):
        raise RefusedError(
            "columns",
            PREDICTIONS_FILE,
            f"columns are {shown(', '.join(f'{k} {v}' for k, v in told.items()), 200)}; "
            f"{', '.join(f'{k} {v}' for k, v in kinds.items())} expected",
        )


def _rows_by_protocol(table: pa.Table) -> dict[str, np.ndarray]:
    """Return the row numbers of each protocol."""
    codes = _Codes(table["protocol"])
    order = np.argsort(codes.codes, kind="stable")
    ends = np.searchsorted(codes.codes[order], np.arange(len(codes.names)), side="right")
    return {
        name: part
        for name, part in zip(codes.names, np.split(order, ends[:-1]), strict=True)
        if len(part)
    }


class _Codes:
    """A dictionary column as numbers, and the names that they stand for."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        whole = column.unify_dictionaries().combine_chunks()
        chunks = whole.chunks if hasattr(whole, "chunks") else [whole]
        self.names: list[str] = chunks[0].dictionary.to_pylist() if chunks else []
        # A writer may give one name two numbers.
        first = {name: code for code, name in reversed(list(enumerate(self.names)))}
        same = np.array([first[name] for name in self.names], dtype=np.int64)
        parts = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in chunks]
        codes = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        self.codes: np.ndarray = same[codes] if len(same) else np.zeros(0, dtype=np.int64)

    def places(self, ids: Sequence[str]) -> np.ndarray:
        """Return for each number the place of its name in `ids`, -1 where it is not there."""
        place = {name: i for i, name in enumerate(ids)}
        return np.array([place.get(name, -1) for name in self.names], dtype=np.int64)


def _placed(
    places: np.ndarray, rows: np.ndarray, values: np.ndarray, sheet: Sheet, ids: _Codes
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Put one seed's predictions in the sheet's order, or say what is wrong with them."""
    wrong = []
    count = len(sheet.ids)
    foreign = np.flatnonzero(places < 0)
    if len(foreign):
        names = sorted({ids.names[code] for code in ids.codes[rows[foreign]].tolist()})
        wrong.append(
            (
                "unknown-ids",
                f"{len(names):,} ids that are not in the test: {listed(names)}; leave them out",
            )
        )
    times = np.bincount(places[places >= 0], minlength=count)
    twice = [sheet.ids[i] for i in np.flatnonzero(times > 1).tolist()]
    if twice:
        wrong.append(("duplicate-ids", f"{len(twice):,} ids given more than once: {listed(twice)}"))
    lacking = [sheet.ids[i] for i in np.flatnonzero(times == 0).tolist()]
    if lacking:
        wrong.append(
            (
                "missing-ids",
                f"{len(lacking):,} of {count:,} ids are not predicted: {listed(lacking)}",
            )
        )
    own = values[rows]
    odd = np.flatnonzero(~(np.abs(own) <= LARGEST))
    if len(odd):
        row = int(rows[odd[0]])
        wrong.append(
            (
                "not-finite",
                f"{len(odd):,} are no finite number to {LARGEST:g}: {values[row]} in row {row}",
            )
        )
    placed = np.zeros(count)
    if not wrong:
        placed[places] = own
    return placed, wrong


def _constants(made: Mapping[str, Predicted]) -> Iterator[Finding]:
    flat = {name: np.ptp(each.values, axis=1) == 0 for name, each in made.items()}
    if flat and all(each.all() for each in flat.values()):
        yield error(
            "constant",
            PREDICTIONS_FILE,
            "every seed of every protocol predicts one value alone: there is nothing to rank",
        )
        return
    for name, each in flat.items():
        if each.any():
            seeds = np.array(made[name].seeds)[each].tolist()
            yield note(
                "constant",
                f"{PREDICTIONS_FILE}, {name}",
                f"all predictions of seeds {seeds} are equal, and have the correlation 0",
            )
