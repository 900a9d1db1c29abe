"""build: write results, tables and the site of a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.atomic import new_file, write_text
from nape_bench.leaderboard.assemble import stored_results
from nape_bench.leaderboard.checking.stored import write_stored
from nape_bench.leaderboard.markdown import board_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nape_bench.leaderboard.board import Board
    from nape_bench.leaderboard.quoted import Quoted

SITE = "site"


def write_board(board: Board, quoted: Sequence[Quoted], out: Path, *, site: bool = True) -> None:
    """Write `results/`, `README.md` and `site/`; the same board gives the same bytes.

    Results of submissions that do not stand now stay as they were.

    Args:
        board: The board.
        quoted: What papers report, which stands apart.
        out: Where to.
        site: Whether to write the site.
    """
    results = out / "results"
    results.mkdir(parents=True, exist_ok=True)
    for name, scores in stored_results(board).items():
        write_stored(results, name, scores)
    with new_file(out / "README.md") as file:
        write_text(file, board_markdown(board, quoted))
    if site:
        from nape_bench.leaderboard.site.build import write_site

        write_site(board, quoted, out / SITE)
