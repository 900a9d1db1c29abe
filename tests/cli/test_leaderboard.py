"""submit, check and leaderboard, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from nape_bench.cli.main import main
from nape_bench.evaluation import evaluate
from nape_bench.evaluation.store import load
from nape_bench.leaderboard.checking.metadata import read_metadata
from nape_bench.leaderboard.checking.sheet import read_sheet, write_sheet
from nape_bench.leaderboard.checking.stored import read_stored

PROTOCOL = "in-family/two_path"
BOARD = Path(__file__).parents[2] / "leaderboard"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a result and a board that has its protocol alone."""
    monkeypatch.chdir(tmp_path)
    evaluate("cost_ridge", PROTOCOL).save("result")
    write_sheet(Path("leaderboard/protocols"), read_sheet(BOARD / "protocols", PROTOCOL))
    (Path("leaderboard") / "quoted").symlink_to(BOARD / "quoted")
    return tmp_path


def submit(*more: str) -> int:
    return main(["submit", "result", "--name", "My Ridge!", "--code", "https://example.org/r",
                 "--author", "Jane Doe", *more])  # fmt: skip


def test_from_a_result_to_the_board(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit() == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == "leaderboard/submissions/my-ridge"
    assert "may stand on the board" in told.out
    folder = here / "leaderboard" / "submissions" / "my-ridge"
    metadata, findings = read_metadata((folder / "submission.yaml").read_text())
    assert findings == []
    assert metadata is not None
    assert metadata.name == "My Ridge!"
    result = load("result")
    entry = metadata.protocols[PROTOCOL]
    assert entry.content_hash == result.dataset.content_hash
    assert entry.labels == result.counts.train + result.counts.validation
    assert entry.seeds == result.seeds
    assert metadata.environment == result.environment
    assert main(["leaderboard", "build", "--no-site", "--quiet"]) == 0
    assert "My Ridge\\!" in (here / "leaderboard" / "README.md").read_text()
    scored = read_stored(here / "leaderboard" / "results", "my-ridge")[PROTOCOL]
    # The board's code gives what the evaluator gave.
    for name, interval in result.metrics.items():
        assert scored.metrics[name].value == pytest.approx(interval.value, rel=1e-9)
        assert scored.metrics[name].high == pytest.approx(interval.high, rel=1e-9)


def test_a_folder_that_is_there_is_replaced_only_when_asked(here: Path) -> None:
    assert submit() == 0
    assert submit() == 2
    assert submit("--overwrite", "--remarks", "again") == 0
    assert "again" in (here / "leaderboard/submissions/my-ridge/submission.yaml").read_text()
    (here / "leaderboard" / "submissions" / "notes").mkdir()
    (here / "leaderboard" / "submissions" / "notes" / "mine.txt").write_text("keep")
    assert submit("--id", "notes", "--overwrite") == 2
    assert (here / "leaderboard" / "submissions" / "notes" / "mine.txt").read_text() == "keep"


def test_what_is_refused_says_what_to_change(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", "result", "--name", "x" * 90, "--code", "https://example.org", "--id",
                 "long", "--author", "J"]) == 1  # fmt: skip
    told = capsys.readouterr()
    assert "at most 80 characters" in told.out
    assert "long: refused" in told.out
    assert not (here / "leaderboard" / "submissions" / "long").exists()
    del here


def test_an_id_that_climbs_is_no_id(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit("--id", "../evil") == 2
    assert "2 to 40 of a-z" in capsys.readouterr().err
    assert not (here / "leaderboard" / "evil").exists()


def test_without_a_board_protocols_come_from_the_datasets_at_hand(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit() == 0
    (here / "leaderboard").rename(here / "elsewhere")
    assert main(["check", "elsewhere/submissions/my-ridge"]) == 0
    told = capsys.readouterr()
    assert "no leaderboard/ here" in told.err
    assert PROTOCOL in told.out


def test_a_board_that_is_none_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard", "build", "--board", "result"]) == 2
    assert "no folder of a board" in capsys.readouterr().err
    del here


def test_results_of_two_predictors_are_no_submission(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate("flops", "in-family/hiaml").save("other")
    assert main(["submit", "result", "other", "--name", "Both", "--code", "https://example.org",
                 "--author", "J"]) == 2  # fmt: skip
    assert "one submission is one predictor" in capsys.readouterr().err
    del here


def test_sheets_written_again_change_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["leaderboard", "sheets", "--quiet"]) == 0
    assert "0 of 1 sheets" in capsys.readouterr().err
    del here


def test_a_submission_is_compared_with_a_result(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit() == 0
    evaluate("flops", PROTOCOL).save("flops")
    capsys.readouterr()
    assert main(["compare", "my-ridge", "flops", "--protocol", PROTOCOL, "--top", "0"]) == 0
    told = capsys.readouterr().out
    assert "My Ridge!" in told or "my-ridge" in told
    assert "p = " in told
    assert main(["compare", "result", "my-ridge", "--protocol", PROTOCOL, "--top", "0"]) == 0
    assert "cannot be told apart" in capsys.readouterr().out
    del here
