"""`nape-bench submit --pr`: a submission as a pull request at the Hub, and nothing but it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nape_bench.evaluation import evaluate
from nape_bench.leaderboard.checking.sheet import read_sheet, write_sheet
from tests.hub.repositories import Repository

if TYPE_CHECKING:
    from tests.hub.conftest import Answered, User
    from tests.hub.server import Hub

PROTOCOL = "in-family/two_path"
SHEETS = Path(__file__).parents[2] / "leaderboard" / "protocols"
BOARD = "a/leaderboard"


@pytest.fixture
def result(tmp_path: Path) -> Path:
    write_sheet(tmp_path / "board" / "protocols", read_sheet(SHEETS, PROTOCOL))
    return evaluate("cost_ridge", PROTOCOL).save(tmp_path / "result")


def submit(user: User, result: Path, *options: str) -> Answered:
    return user.cli(
        "submit", str(result), "--name", "Mine", "--code", "https://example.org/mine", "--author",
        "Jane", "--board", str(result.parent / "board"),
        "--baselines", str(result.parent / "none"), "--pr", "--to", BOARD, *options,
    )  # fmt: skip


def test_a_pull_request_with_the_submission_alone(user: User, hub: Hub, result: Path) -> None:
    hub.repositories[BOARD] = Repository(BOARD)
    before = set(hub.repositories[BOARD].contents("main"))
    done = submit(user, result)
    assert done.value == 0, done.err
    assert done.out.splitlines()[-1] == f"{hub.address}/datasets/{BOARD}/discussions/1"
    found = hub.repositories[BOARD]
    assert set(found.contents("main")) == before
    proposed = set(found.contents("refs/pr/1")) - before
    assert proposed == {"submissions/mine/submission.yaml", "submissions/mine/predictions.parquet"}
    local = result.parent / "board" / "submissions" / "mine" / "submission.yaml"
    assert found.contents("refs/pr/1")["submissions/mine/submission.yaml"] == local.read_bytes()


def test_what_does_not_hold_is_not_sent(user: User, hub: Hub, result: Path) -> None:
    hub.repositories[BOARD] = Repository(BOARD)
    done = submit(user, result, "--licence", "<none>")
    assert done.value == 1
    assert hub.requests == []


def test_no_repository_and_no_hub_are_errors(user: User, hub: Hub, result: Path) -> None:
    done = submit(user, result)
    assert done.value == 2
    assert BOARD in done.err
    hub.stop()
    done = submit(user, result, "--overwrite")
    assert done.value == 2
    assert "cannot be reached" in done.err
