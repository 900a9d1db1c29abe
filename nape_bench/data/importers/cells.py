"""What stands in a row: the specification and the labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError, SpecError, shortened
from nape_bench.spaces.base import read_literal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nape_bench.spaces import Space

MISSING = frozenset({"", "nan", "na", "n/a", "none", "null"})
"""Texts that stand for no value, in lower case."""


class SpecReader:
    """Reads the specification out of a row.

    One column is given to the space as it stands, text to `Space.parse` and anything else to
    `Space.normalise`. Several columns become a dictionary, column -> cell, whose text cells are
    read as JSON or Python literals; constants are added to it, or to the dictionary that a single
    column holds.

    Args:
        space: The space.
        columns: The columns; "key=column" puts `column` into the dictionary as `key`.
        constants: Fields that are the same for all rows.

    Attributes:
        columns: The names of the columns in the file.
    """

    def __init__(
        self, space: Space, columns: Sequence[str], constants: Mapping[str, Any] | None
    ) -> None:
        if not columns:
            raise DataError("no specification column was named")
        self.space = space
        self.constants = dict(constants or {})
        pairs = [_key_and_column(column) for column in columns]
        self._keys = dict(pairs)
        if len(self._keys) < len(pairs):
            raise DataError(f"specification columns {', '.join(columns)}: one stands there twice")
        self.columns = list(self._keys.values())
        # A single column is a field of a dictionary only where it is given a key.
        self._whole = len(pairs) == 1 and "=" not in columns[0]

    def value(self, cells: Mapping[str, Any]) -> Any:
        """Return the specification of a row, in normal form.

        Raises:
            SpecError: The space cannot read it, or a column is missing.
        """
        for column in self.columns:
            if cells.get(column) is None:
                raise SpecError(f"column {column} is empty")
        if not self._whole:
            fields = {key: _plain(cells[column]) for key, column in self._keys.items()}
            return self.space.normalise({**fields, **self.constants})
        cell = cells[self.columns[0]]
        if not self.constants:
            if isinstance(cell, str):
                return self.space.parse(cell)
            return self.space.normalise(cell)
        value = _plain(cell)
        if not isinstance(value, dict):
            names = ", ".join(self.constants)
            raise SpecError(f"{names} can be added to a dictionary only, not to {value!r}")
        return self.space.normalise({**value, **self.constants})


def label_value(column: str, cells: Mapping[str, Any], missing: Collection[str] = ()) -> float:
    """Return a label, NaN where there is none.

    Args:
        column: The column that holds it.
        cells: The row: column -> text, a number, or None.
        missing: More texts that stand for no value, as they are written ("-1").

    Raises:
        DataError: It is no number, or infinite.
    """
    cell = cells.get(column)
    text = "" if cell is None else str(cell).strip()
    if text.lower() in MISSING or text in missing:
        return math.nan
    try:
        # Python reads 9_3 as 93; in a table it is a slip.
        value = float(text.replace("_", "?"))
    except ValueError:
        raise DataError(f"column {column}: {shortened(repr(cell))} is no number") from None
    if isinstance(cell, bool) or math.isinf(value):
        raise DataError(f"column {column}: {shortened(repr(cell))} is no finite number")
    return value


def _key_and_column(text: str) -> tuple[str, str]:
    key, equals, column = text.partition("=")
    return (key, column) if equals else (text, text)


def _plain(cell: Any) -> Any:
    return read_literal(cell) if isinstance(cell, str) else cell
