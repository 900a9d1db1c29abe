"""The board: ranks, what is left out and why, and stored results that must agree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.errors import DataError
from nape_bench.leaderboard.assemble import assemble, stored_results
from nape_bench.leaderboard.build import write_board
from nape_bench.leaderboard.checking.check import check_submission
from nape_bench.leaderboard.checking.folders import ACCEPTED_FILE
from nape_bench.leaderboard.checking.metadata import write_metadata
from nape_bench.leaderboard.checking.sheet import Sheets, write_sheet
from nape_bench.leaderboard.checking.stored import read_stored, write_stored
from nape_bench.leaderboard.markdown import board_markdown, plain
from tests.leaderboard.small_board import (
    PLAIN,
    SHOTS,
    board,
    guesses,
    metadata,
    sheet,
    submit,
)

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.leaderboard.checking.folders import Folders


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return board(tmp_path)


def order(folders: Folders, protocol: str = PLAIN) -> list[str]:
    return [place.submission for place in assemble(folders).rankings[protocol].places]


def say(folders: Folders, name: str, noise: float, seed: int, **other: object) -> None:
    """Let a submission say something else of itself."""
    text = write_metadata(metadata(guesses(noise, seed), name, **other))
    (folders.root / "submissions" / name / "submission.yaml").write_text(text)


def store(folders: Folders) -> None:
    for name, scores in stored_results(assemble(folders)).items():
        write_stored(folders.results, name, scores)


def test_the_best_comes_first_and_cost_stands_beside(folders: Folders) -> None:
    made = assemble(folders)
    places = made.rankings[PLAIN].places
    assert [place.submission for place in places] == ["better", "middling", "flops"]
    assert [place.rank for place in places] == [1, 2, 3]
    # All were shown as many labels for as long: one alone is on the front.
    assert [place.is_pareto for place in places] == [True, False, False]
    assert "mae" in places[0].score.metrics
    assert "mae" not in places[2].score.metrics
    assert made.scored_now == 6
    assert not any(place.is_stored for place in places)


def test_tracks_compare_what_stands_on_all_their_protocols(folders: Folders) -> None:
    submit(folders.root, "partial", guesses(1.0, 7, (PLAIN,)))
    tracks = assemble(folders).tracks
    assert {t.name: t.protocols for t in tracks.values()} == {
        "few-shot/*-20": (SHOTS,),
        "in-family/*": (PLAIN,),
    }
    first = tracks["in-family/*"].standings[0]
    assert (first.submission, first.mean_rank, first.is_tied) == ("better", 1.0, None)
    assert first.low is None


def test_what_does_not_hold_is_left_out_and_changes_nothing_else(folders: Folders) -> None:
    before = assemble(folders)
    submit(folders.root, "spoilt", {p: v * np.nan for p, v in guesses(0.5, 9).items()})
    submit(folders.root, "thief", guesses(0.7, 1))
    store_less = assemble(folders)
    # With nothing stored yet nobody knows who was first: a copy and its original are both asked.
    assert set(store_less.refused) == {"spoilt", "thief", "better"}
    for name, scores in stored_results(before).items():
        write_stored(folders.results, name, scores)
    after = assemble(folders)
    assert set(after.refused) == {"spoilt", "thief"}
    assert after.rankings == before.rankings
    assert after.tracks == before.tracks
    assert board_markdown(after, ()) == board_markdown(before, ())


def test_what_is_withdrawn_is_gone_and_what_is_superseded_is_shown_unranked(
    folders: Folders,
) -> None:
    say(folders, "middling", 1.5, 2, lifecycle="withdrawn")
    assert order(folders) == ["better", "flops"]
    say(folders, "middling", 1.5, 2, lifecycle="superseded", superseded_by="better")
    made = assemble(folders)
    places = made.rankings[PLAIN].places
    assert [(place.submission, place.rank) for place in places] == [
        ("better", 1), ("flops", 2), ("middling", None),
    ]  # fmt: skip
    assert "middling" not in [s.submission for s in made.tracks["in-family/*"].standings]


def test_a_successor_that_is_not_there_is_told(folders: Folders) -> None:
    say(folders, "middling", 1.5, 2, lifecycle="superseded", superseded_by="nobody")
    notes = assemble(folders).submissions["middling"].notes
    assert [note.code for note in notes] == ["successor"]


def test_a_new_dataset_version_makes_places_stale_and_ends_nothing_else(folders: Folders) -> None:
    write_sheet(folders.sheets, sheet(SHOTS, version="v1.2", content_hash="e" * 64))
    made = assemble(folders)
    assert SHOTS not in made.rankings
    assert made.submissions["better"].stale == (SHOTS,)
    assert [place.submission for place in made.rankings[PLAIN].places] == [
        "better", "middling", "flops",
    ]  # fmt: skip
    assert made.refused == {}


def test_what_is_stale_and_asked_about_does_not_stand(folders: Folders) -> None:
    submit(folders.root, "oracle", guesses(0.01, 4))
    write_sheet(folders.sheets, sheet(SHOTS, version="v1.2", content_hash="e" * 64))
    assert set(assemble(folders).refused) == {"oracle"}


def test_where_labels_are_not_at_hand_the_stored_result_stands_in(folders: Folders) -> None:
    before = assemble(folders)
    store(folders)
    write_sheet(folders.sheets, sheet(SHOTS), labels=False)
    after = assemble(folders)
    assert after.scored_now == 3
    for now, then in zip(after.rankings[SHOTS].places, before.rankings[SHOTS].places, strict=True):
        assert now.is_stored
        assert now.score == then.score
    assert "better**\\*" in board_markdown(after, ())


def test_a_stored_result_of_other_predictions_is_not_taken(folders: Folders) -> None:
    store(folders)
    write_sheet(folders.sheets, sheet(SHOTS), labels=False)
    folder = folders.root / "submissions" / "better"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    submit(folders.root, "better", guesses(0.7, 11))
    made = assemble(folders)
    assert made.submissions["better"].waiting == (SHOTS,)
    assert [place.submission for place in made.rankings[SHOTS].places] == ["middling", "flops"]


def test_a_stored_result_that_does_not_agree_is_an_error(folders: Folders) -> None:
    store(folders)
    file = folders.results / "better.json"
    told = json.loads(file.read_text())
    told["scores"][0]["metrics"]["spearman"]["value"] += 1e-4
    file.write_text(json.dumps(told))
    with pytest.raises(DataError, match=r"better\.json: stored results of 1 protocols"):
        assemble(folders)
    told["scores"][0]["metrics"]["spearman"]["value"] -= 1e-4 - 1e-12
    file.write_text(json.dumps(told))
    kept = assemble(folders).rankings[SHOTS].places[0].score
    assert kept == read_stored(folders.results, "better")[SHOTS]


def test_what_is_stored_is_taken_unscored_when_asked(folders: Folders) -> None:
    store(folders)
    assert assemble(folders, scored=False).scored_now == 0
    assert assemble(folders, scored=False).rankings == assemble(folders).rankings


def test_a_question_keeps_it_off_until_a_maintainer_accepts(folders: Folders) -> None:
    submit(folders.root, "oracle", guesses(0.01, 4))
    assert set(assemble(folders).refused) == {"oracle"}
    oracle = check_submission(folders.root / "submissions" / "oracle", Sheets(folders.sheets))
    why = f"predictions: '{oracle.fingerprint}', above-ceiling: it says that it is one"
    (folders.root / ACCEPTED_FILE).write_text(f"oracle: {{{why}}}\n")
    made = assemble(folders)
    assert made.refused == {}
    assert {note.code for note in made.submissions["oracle"].notes} == {"above-ceiling"}
    for file in (folders.root / "submissions" / "oracle").iterdir():
        file.unlink()
    (folders.root / "submissions" / "oracle").rmdir()
    submit(folders.root, "oracle", guesses(0.01, 5))
    assert set(assemble(folders).refused) == {"oracle"}, "other predictions were not accepted"
    (folders.root / ACCEPTED_FILE).write_text("oracle: yes\n")
    with pytest.raises(DataError, match="why"):
        assemble(folders)


def test_processes_change_nothing(folders: Folders) -> None:
    assert assemble(folders, jobs=2).rankings == assemble(folders).rankings


def test_building_twice_gives_the_same_bytes(folders: Folders, tmp_path: Path) -> None:
    read = []
    for out in (tmp_path / "a", tmp_path / "b"):
        write_board(assemble(folders), (), out, site=False)
        read.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()})
    assert read[0] == read[1]
    assert {str(path) for path in read[0]} == {
        "README.md", "results/better.json", "results/flops.json", "results/middling.json",
    }  # fmt: skip


def test_markup_in_a_name_is_shown_letter_by_letter(folders: Folders) -> None:
    name = "<img src=x onerror=alert(1)> | **bold** [a](http://b)"
    submit(folders.root, "loud", guesses(1.2, 5))
    text = write_metadata(metadata(guesses(1.2, 5), name))
    (folders.root / "submissions" / "loud" / "submission.yaml").write_text(text)
    shown = board_markdown(assemble(folders), ())
    assert "<img" not in shown
    assert plain(name) in shown
    assert plain(name) == (
        "&lt;img src\\=x onerror\\=alert\\(1\\)&gt; \\| \\*\\*bold\\*\\* \\[a\\]\\(http://b\\)"
    )


def test_the_name_of_a_baseline_is_taken(folders: Folders, tmp_path: Path) -> None:
    from nape_bench.leaderboard.checking.folders import Folders
    from nape_bench.leaderboard.checking.others import check_beside_others

    baselines = tmp_path / "baselines"
    (folders.root / "submissions" / "flops").rename(tmp_path / "flops")
    baselines.mkdir()
    (tmp_path / "flops").rename(baselines / "flops")
    both = Folders.of(folders.root, baselines)
    before = assemble(both)
    folder = submit(folders.root, "flops", guesses(0.5, 9))
    assert [f.code for f in check_beside_others(folder, both).findings] == ["name"]
    elsewhere = submit(tmp_path / "of a pull request", "flops", guesses(0.5, 9))
    assert [f.code for f in check_beside_others(elsewhere, both).findings] == ["name"]
    assert check_beside_others(baselines / "flops", both).holds
    after = assemble(both)
    assert set(after.refused) == {"submissions/flops"}
    assert after.rankings == before.rankings
    assert after.submissions["flops"].is_baseline


def test_the_original_stands_where_its_own_new_predictions_are_a_copy(folders: Folders) -> None:
    store(folders)
    folder = folders.root / "submissions" / "middling"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    submit(folders.root, "middling", guesses(0.7, 1))
    made = assemble(folders)
    assert set(made.refused) == {"middling"}
    assert {finding.code for finding in made.refused["middling"]} == {"copy"}


def test_what_fails_in_the_checker_is_its_own(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nape_bench.leaderboard import assemble as module

    before = assemble(folders)
    submit(folders.root, "poison", guesses(1.1, 8))
    real = module.check_submission

    def check(folder: Path, *args: object, **told: object) -> object:
        if folder.name == "poison":
            raise ZeroDivisionError("a mistake of ours")
        return real(folder, *args, **told)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "check_submission", check)
    after = assemble(folders)
    assert [finding.code for finding in after.refused["poison"]] == ["crash"]
    assert after.rankings == before.rankings


def test_what_is_new_is_scored_beside_what_is_taken(folders: Folders) -> None:
    store(folders)
    file = folders.results / "middling.json"
    told = json.loads(file.read_text())
    told["scores"] = [each for each in told["scores"] if each["protocol"] == PLAIN]
    file.write_text(json.dumps(told))
    made = assemble(folders, scored=False)
    assert made.scored_now == 1
    assert len(made.rankings[SHOTS].places) == 3
