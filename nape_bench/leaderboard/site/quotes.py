"""What papers report of themselves, shown apart from what was scored here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nape_bench.leaderboard.quoted import Quoted


@dataclass(frozen=True)
class Source:
    """Quoted rows of one table of one paper, with what is different there.

    Attributes:
        paper: The paper.
        table: The table.
        differs: What was done differently, in sentences.
        rows: The rows.
    """

    paper: str
    table: str
    differs: str
    rows: tuple[Quoted, ...]


def sources(quoted: Iterable[Quoted]) -> list[Source]:
    """Return quoted rows by where they are from, in the order in which they come."""
    made: dict[tuple[str, str, str], list[Quoted]] = {}
    for each in quoted:
        made.setdefault((each.paper, each.table, each.differs), []).append(each)
    return [Source(*key, tuple(rows)) for key, rows in made.items()]
