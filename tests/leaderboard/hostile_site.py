"""A board whose submissions say markup of themselves wherever they can."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nape_bench.leaderboard.assemble import assemble
from nape_bench.leaderboard.board import Shown
from nape_bench.leaderboard.checking.finding import error, note
from nape_bench.leaderboard.quoted import Quoted
from tests.leaderboard.small_board import PLAIN, board, guesses, submit

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.leaderboard.board import Board

SCRIPT = "<script>window.hurt=1</script>"
IMAGE = '"><img src=x onerror="window.hurt=1">'
QUOTE = "' onmouseover='window.hurt=1' x='{{ 7*7 }}"
LINK = "javascript:window.hurt=1"


def hostile_board(root: Path) -> Board:
    """Assemble a board with a hostile submission; what the checker refuses is put in after it."""
    folders = board(root)
    submit(
        root, "hostile", guesses(1.0, 9), summary=IMAGE, authors=(SCRIPT, QUOTE), licence="MIT",
        training_data=IMAGE, hardware=SCRIPT, remarks=f"{SCRIPT}\n{IMAGE}{QUOTE}",
        settings={IMAGE: SCRIPT, "nested": {SCRIPT: [IMAGE, None, True]}},
        environment={"torch": IMAGE, SCRIPT: "1"},
    )  # fmt: skip
    made = assemble(folders)
    shown = made.submissions["hostile"]
    told = replace(shown.metadata, name=f"{SCRIPT}{QUOTE}", code=LINK, paper=f" {LINK}")
    hostile = Shown("hostile", told, False, (note("x", IMAGE, SCRIPT),), (SCRIPT,), (IMAGE,))
    refused = {"other": (error("x", IMAGE, SCRIPT),)}
    return replace(made, submissions={**made.submissions, "hostile": hostile}, refused=refused)


def quoted() -> tuple[Quoted, ...]:
    return (
        Quoted("Theirs", PLAIN, "spearman", 0.812, 0.01, "", "A paper", "Table 1", "Other labels."),
        Quoted(SCRIPT, "gone/x", "mae", 2.5, None, IMAGE, "A paper", "Table 2", QUOTE),
    )
