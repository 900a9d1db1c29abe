"""The board of this repository: baselines stand on it by the door of everyone's, as scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nape_bench.evaluation.recording import list_recipes, read_records
from nape_bench.leaderboard.assemble import assemble
from nape_bench.leaderboard.baselines import write_baseline_metadata
from nape_bench.leaderboard.checking.folders import Folders
from nape_bench.leaderboard.checking.metadata import METADATA_FILE
from nape_bench.leaderboard.checking.scoring import agree, score
from nape_bench.leaderboard.checking.sheet import Sheets
from nape_bench.leaderboard.checking.stored import read_stored
from nape_bench.leaderboard.markdown import board_markdown
from nape_bench.leaderboard.quoted import read_quoted

if TYPE_CHECKING:
    from nape_bench.leaderboard.board import Board

ROOT = Path(__file__).parents[2]
FOLDERS = Folders.of(ROOT / "leaderboard", ROOT / "baselines")
BASELINES = list_recipes(ROOT / "baselines")
SCORED_AGAIN = ("in-family/two_path", "gennape/hiaml-ft50", "in-family/multitask/ofa_pn-detection")
"""Scoring all again takes a minute: `nape-bench leaderboard build`."""


@pytest.fixture(scope="module")
def board() -> Board:
    return assemble(FOLDERS, scored=False)


def test_every_recorded_baseline_stands_on_the_board(board: Board) -> None:
    assert board.refused == {}
    for name, recipe in BASELINES.items():
        if recipe.is_own:
            continue
        shown = board.submissions[name]
        assert shown.is_baseline
        assert shown.waiting == ()
        assert shown.stale == ()
        assert set(board.scores_of(name)) == set(read_records(ROOT / "baselines" / name))


@pytest.mark.parametrize("name", BASELINES)
def test_what_a_baseline_says_of_itself_is_of_its_records(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    write_baseline_metadata(folder, BASELINES[name], read_records(ROOT / "baselines" / name))
    said = (ROOT / "baselines" / name / METADATA_FILE).read_text(encoding="utf-8")
    assert (folder / METADATA_FILE).read_text(encoding="utf-8") == said


@pytest.mark.parametrize("protocol", SCORED_AGAIN)
def test_stored_results_are_what_predictions_score(board: Board, protocol: str) -> None:
    sheet = Sheets(FOLDERS.sheets)[protocol]
    assert board.rankings[protocol].places
    for place in board.rankings[protocol].places:
        submission = board.submissions[place.submission]
        now = score(
            board.predicted[place.submission][protocol],
            sheet,
            is_value=submission.metadata.is_value,
        )
        assert agree(now, read_stored(FOLDERS.results, place.submission)[protocol])


def test_the_tables_are_those_of_the_board(board: Board) -> None:
    said = (ROOT / "leaderboard" / "README.md").read_text(encoding="utf-8")
    quoted = read_quoted(ROOT / "leaderboard" / "quoted")
    assert said == board_markdown(board, quoted), "run `nape-bench leaderboard build`"
