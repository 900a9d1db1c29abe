"""Sheet: what a protocol asks, as data: which ids are predicted, and how they are scored.

A sheet is one Parquet file. Its rows are the test: `id`, the true label `y` (empty where labels
may not be redistributed), one boolean column `seed <n>` a seed where each is scored on rows of its
own, and one boolean column `subset <name>` a subset. All else is JSON in the file's metadata.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.atomic import new_file
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

FACTS_KEY = b"nape_bench.sheet"
SUFFIX = ".parquet"
_SEED, _SUBSET = "seed ", "subset "


@dataclass(frozen=True)
class Facts:
    """What a protocol asks, but for its rows.

    Attributes:
        protocol: Its name.
        title: What a reader calls it.
        dataset: The dataset whose architectures are predicted, "<owner>/<name>".
        config: Its set of labels.
        version: Its version.
        content_hash: The hash over its content.
        target: The label column.
        unit: Its unit, "" for none.
        higher_is_better: Its direction.
        label_budget: How many labels a predictor may see.
        shots: Of these, labels of rows drawn for each seed.
        seeds: The seeds that are asked for.
        reachable: The rank correlation that a perfect predictor would have, about; None where it
            cannot be told.
        labels_hash: `values_hash` of ids and true labels.
        about: What a reader of any result must know, in sentences.
    """

    protocol: str
    title: str
    dataset: str
    config: str
    version: str
    content_hash: str
    target: str
    unit: str
    higher_is_better: bool
    label_budget: int
    shots: int
    seeds: tuple[int, ...]
    reachable: float | None
    labels_hash: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Sheet:
    """What a protocol asks.

    Attributes:
        facts: All but the rows.
        ids: The ids of the test.
        y: True labels, float64 [ids]; None where they are not at hand.
        parts: bool [seeds, ids], the rows that each of `facts.seeds` is scored on; None where it
            is all.
        subsets: Parts of the test that papers report on, bool [ids] by name.
    """

    facts: Facts
    ids: tuple[str, ...] = field(repr=False)
    y: np.ndarray | None = field(repr=False)
    parts: np.ndarray | None = field(default=None, repr=False)
    subsets: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    def parts_of(self, seeds: tuple[int, ...]) -> np.ndarray | None:
        """Return the rows that some of the seeds are scored on, bool [seeds, ids], or None."""
        if self.parts is None:
            return None
        return self.parts[[self.facts.seeds.index(seed) for seed in seeds]]


class Sheets:
    """The sheets of a board, read when they are asked for.

    Args:
        root: The folder of all sheets.
        labelled: Sheets with labels that those in the folder lack, by protocol.
    """

    def __init__(self, root: Path, labelled: Mapping[str, Sheet] | None = None) -> None:
        self._root = root
        self._labelled = frozenset(labelled or ())
        self._read: dict[str, Sheet] = dict(labelled or {})

    def __contains__(self, protocol: str) -> bool:
        return protocol in self._read or sheet_path(self._root, protocol).is_file()

    def __getitem__(self, protocol: str) -> Sheet:
        """Return a protocol's sheet.

        Raises:
            DataError: There is none, or its file is none.
        """
        if protocol not in self._read:
            self._read[protocol] = read_sheet(self._root, protocol)
        return self._read[protocol]

    def has_labels(self, protocol: str) -> bool:
        """Return whether the folder itself has a protocol's labels."""
        return protocol not in self._labelled and self[protocol].y is not None


def sheet_path(root: Path, protocol: str) -> Path:
    """Return the file of a protocol's sheet; the name has been checked to be a protocol's."""
    return root / f"{protocol}{SUFFIX}"


def list_sheets(root: Path) -> list[str]:
    """Return the names of all protocols that have a sheet, sorted."""
    found = (path.relative_to(root).as_posix() for path in root.rglob(f"*{SUFFIX}"))
    return sorted(name.removesuffix(SUFFIX) for name in found)


def write_sheet(root: Path, sheet: Sheet, *, labels: bool = True) -> Path:
    """Write a sheet; the same sheet gives the same bytes.

    Args:
        root: The folder of all sheets.
        sheet: The sheet.
        labels: Whether true labels may be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = sheet.y is not None and labels
    columns: dict[str, pa.Array] = {
        "id": pa.array(sheet.ids, pa.string()),
        "y": pa.array(sheet.y) if known else pa.nulls(len(sheet.ids), pa.float64()),
    }
    if sheet.parts is not None:
        for seed, part in zip(sheet.facts.seeds, sheet.parts, strict=True):
            columns[f"{_SEED}{seed}"] = pa.array(part)
    for name, mask in sheet.subsets.items():
        columns[f"{_SUBSET}{name}"] = pa.array(mask)
    table = pa.table(columns).replace_schema_metadata({FACTS_KEY: json.dumps(vars(sheet.facts))})
    path = sheet_path(root, sheet.facts.protocol)
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as file:
        pq.write_table(table, file, compression="zstd", compression_level=15)
    return path


def read_sheet(root: Path, protocol: str) -> Sheet:
    """Read a protocol's sheet.

    Raises:
        DataError: There is none, or the file is no sheet of this protocol.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = sheet_path(root, protocol)
    if not path.is_file():
        raise DataError(f"{path}: there is no sheet of {protocol}")
    try:
        table = pq.read_table(path)
        facts = _facts(table.schema.metadata[FACTS_KEY])
        sheet = _sheet(facts, table)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: no sheet: {error}") from None
    if facts.protocol != protocol:
        raise DataError(f"{path}: the sheet of {facts.protocol}")
    return sheet


def _facts(text: bytes) -> Facts:
    told: dict[str, Any] = json.loads(text)
    return Facts(**{**told, "seeds": tuple(told["seeds"]), "about": tuple(told["about"])})


def _sheet(facts: Facts, table: pa.Table) -> Sheet:
    known = table["y"].null_count == 0
    parts = [f"{_SEED}{seed}" for seed in facts.seeds]
    return Sheet(
        facts,
        tuple(table["id"].to_pylist()),
        table["y"].to_numpy() if known else None,
        np.stack([table[name].to_numpy() for name in parts])
        if parts[0] in table.column_names
        else None,
        {
            name.removeprefix(_SUBSET): table[name].to_numpy()
            for name in table.column_names
            if name.startswith(_SUBSET)
        },
    )
