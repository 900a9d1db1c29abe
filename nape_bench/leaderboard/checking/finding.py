"""Finding: what a check has to say of a submission, and what its author can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nape_bench.errors import DataError


class Level(str, Enum):
    """How grave a finding is.

    `ERROR` keeps a submission from the board. So does `QUESTION`, until a maintainer has looked
    and accepted it (`accepted`). A `NOTE` is told to the author, and stands on the board.
    """

    ERROR = "error"
    QUESTION = "question"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        level: How grave it is.
        code: A short name of its kind, as in "missing-ids".
        where: The file, or the file and the protocol or field, as in
            "predictions.parquet, in-family/hiaml, seed 0".
        what: What is wrong, and what to change, in a sentence or two.
    """

    level: Level
    code: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.level.value} ({self.code}): {self.where}: {self.what}"


class RefusedError(DataError):
    """Reading cannot go on.

    Attributes:
        finding: Why.
    """

    def __init__(self, code: str, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.finding = Finding(Level.ERROR, code, where, what)


def error(code: str, where: str, what: str) -> Finding:
    """Return a finding that keeps a submission from the board."""
    return Finding(Level.ERROR, code, where, what)


def question(code: str, where: str, what: str) -> Finding:
    """Return a finding that a maintainer must accept."""
    return Finding(Level.QUESTION, code, where, what)


def note(code: str, where: str, what: str) -> Finding:
    """Return a finding that is told, and no more."""
    return Finding(Level.NOTE, code, where, what)


def shown(text: object, most: int = 80) -> str:
    """Return a stranger's text as it may stand in a message: escaped, and cut where it is long."""
    plain = ascii(text) if isinstance(text, str) else repr(text)
    return plain if len(plain) <= most else f"{plain[:most]}... ({len(plain):,} characters)"


def listed(names: list[str], most: int = 5) -> str:
    """Return the first of many names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(shown(name) for name in names[:most]) + more
