"""Which columns of a file are meant: by name, by pattern, or by a path into nested values."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def is_pattern(text: str) -> bool:
    """Return whether a name is a shell pattern: has *, ? or [ in it."""
    return any(sign in text for sign in "*?[")


def find_columns(
    file: str, asked: Sequence[str], known: Sequence[str], *, nested: bool = False
) -> dict[str, list[str]]:
    """Find the columns that were asked for among those of a file.

    Args:
        file: What messages call the file.
        asked: Names, or shell patterns ("*", "*_32", "[!n]*"). A pattern stands for the columns
            that match and are not asked for by name; a column may be named like a pattern.
        known: The columns of the file, in its order.
        nested: Whether "scores.0" and "flops.score" lead into the list or object that a column
            "scores" or "flops" holds.

    Returns:
        What was asked for -> columns.

    Raises:
        DataError: The file has no columns, a column twice, or none for a pattern.
        UnknownNameError: It does not have a column; the message gives the nearest.
    """
    if not known:
        raise DataError(f"{file} has no columns")
    named = {name for name in asked if name in known or not is_pattern(name)}
    found = {}
    for name in asked:
        if name in known or (nested and name.partition(".")[0] in known):
            found[name] = [name]
        elif not is_pattern(name):
            raise unknown_name(f"column of {PurePath(file).name}", name, known)
        else:
            found[name] = [each for each in known if each not in named and fnmatchcase(each, name)]
            if not found[name]:
                raise DataError(f"{file}: no other column matches {name}: {', '.join(known)}")
    for columns in found.values():
        for column in columns:
            if known.count(column) > 1:
                raise DataError(f"{file} has several columns {column}")
    return found


def cells_at(record: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Return column -> what stands there in a JSON record, without those that it does not have.

    A column that is no key of the record is a path: keys of objects and places in lists, from 0,
    with dots between.
    """
    cells = {}
    for column in columns:
        value: Any = record
        for step in [column] if column in record else column.split("."):
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                break
        else:
            cells[column] = value
    return cells
