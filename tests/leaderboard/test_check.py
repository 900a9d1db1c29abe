"""Every hostile or mistaken submission gets its own clear answer; a right one holds."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nape_bench.leaderboard.checking.check import check_submission
from nape_bench.leaderboard.checking.folder import MOST_BYTES
from nape_bench.leaderboard.checking.metadata import write_metadata
from nape_bench.leaderboard.checking.others import check_beside_others
from nape_bench.leaderboard.checking.sheet import Sheets
from nape_bench.metrics import score
from tests.leaderboard.small_board import (
    PLAIN,
    SHOTS,
    board,
    guesses,
    labels,
    metadata,
    same,
    sheet,
    submit,
    table,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.leaderboard.checking.folders import Folders
    from nape_bench.leaderboard.checking.report import Report


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return board(tmp_path)


def checked(folders: Folders, columns: Any, told: Any = None, name: str = "mine") -> Report:
    values = guesses(1.0)
    folder = write(folders.root / "submissions" / name, columns, told or metadata(values))
    return check_beside_others(folder, folders)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def the(report: Report, code: str) -> str:
    """Return the one finding of a code, as text; the submission is refused."""
    assert not report.holds
    found = [str(finding) for finding in report.findings if finding.code == code]
    assert found, [str(finding) for finding in report.findings]
    return found[0]


def test_a_right_one_holds_and_is_scored_as_the_metrics_say(folders: Folders) -> None:
    values = guesses(1.0)
    report = checked(folders, table(values))
    assert report.holds
    assert report.findings == ()
    assert same(report.predicted[PLAIN], values[PLAIN])
    told = score(labels(PLAIN), values[PLAIN])["spearman"]
    assert report.scores[PLAIN].metrics["spearman"].value == pytest.approx(told.value, rel=1e-9)
    assert report.scores[PLAIN].subsets["first"].n == 30
    parts = sheet(SHOTS).parts
    told = score(labels(SHOTS), values[SHOTS], parts=parts)["spearman"]
    assert report.scores[SHOTS].metrics["spearman"].low == pytest.approx(told.low, rel=1e-9)
    assert report.scores[SHOTS].metrics["spearman"].n == 40


def test_rows_may_come_in_any_order(folders: Folders) -> None:
    values = guesses(1.0)
    columns = table(values)
    order = np.random.default_rng(0).permutation(len(columns["id"]))
    mixed = {name: [column[i] for i in order] for name, column in columns.items()}
    report = checked(folders, mixed)
    assert report.holds
    assert same(report.predicted[SHOTS], values[SHOTS])


def test_missing_ids(folders: Folders) -> None:
    columns = table(guesses(1.0))
    told = the(checked(folders, {k: v[3:] for k, v in columns.items()}), "missing-ids")
    assert "3 of 60 ids" in told
    assert "arch-000" in told
    assert "seed 0" in told


def test_unknown_and_extra_ids(folders: Folders) -> None:
    columns = table(guesses(1.0))
    columns["id"][0] = "arch-999"
    report = checked(folders, columns)
    assert "'arch-999'" in the(report, "unknown-ids")
    assert "'arch-000'" in the(report, "missing-ids")


def test_duplicate_ids(folders: Folders) -> None:
    columns = {name: [*column, column[0]] for name, column in table(guesses(1.0)).items()}
    told = the(checked(folders, columns), "duplicate-ids")
    assert "'arch-000'" in told


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_not_finite(folders: Folders, value: float) -> None:
    columns = table(guesses(1.0))
    columns["prediction"][7] = value
    told = the(checked(folders, columns), "not-finite")
    assert "row 7" in told


def test_text_as_prediction(folders: Folders) -> None:
    columns = table(guesses(1.0))
    columns["prediction"] = [str(value) for value in columns["prediction"]]
    assert "prediction double expected" in the(checked(folders, columns), "columns")


def test_an_empty_cell(folders: Folders) -> None:
    columns = table(guesses(1.0))
    columns["prediction"][9] = None
    assert "row 9: no prediction" in the(checked(folders, columns), "empty-cell")


def test_more_columns_than_asked(folders: Folders) -> None:
    columns = table(guesses(1.0))
    the(checked(folders, {**columns, "score": columns["prediction"]}), "columns")


def test_constant_predictions(folders: Folders) -> None:
    values = {p: np.ones_like(v) for p, v in guesses(1.0).items()}
    assert "one value alone" in the(checked(folders, table(values)), "constant")


def test_one_constant_seed_is_told_and_scored_as_no_order(folders: Folders) -> None:
    values = guesses(1.0)
    values[PLAIN][2] = 5.0
    report = checked(folders, table(values))
    assert report.holds
    assert codes(report) == {"constant"}
    assert report.scores[PLAIN].metrics["spearman"].per_seed[2] == 0


def test_the_labels_themselves(folders: Folders) -> None:
    values = {p: np.tile(labels(p), (5, 1)) for p in (PLAIN, SHOTS)}
    assert "100% of the predictions" in the(checked(folders, table(values)), "labels")


def test_the_labels_with_noise(folders: Folders) -> None:
    """Labels as near as no second measurement would be: asked about, until it is accepted."""
    values = guesses(0.01)
    report = checked(folders, table(values))
    assert "a perfect predictor would have about 0.900" in the(report, "above-ceiling")
    assert replace(
        report, considered={"above-ceiling": "an oracle", "predictions": report.fingerprint}
    ).holds
    assert not replace(
        report, considered={"above-ceiling": "an oracle", "predictions": "0" * 16}
    ).holds


def test_far_above_all_others_is_asked_about(folders: Folders) -> None:
    from nape_bench.leaderboard.checking.stored import write_stored

    report = check_submission(folders.root / "submissions" / "middling", Sheets(folders.sheets))
    write_stored(folders.results, "middling", report.scores)
    report = checked(folders, table(guesses(0.5)))
    assert "the best so far, middling, has" in the(report, "far-above")


def test_a_hair_above_a_nearly_perfect_order_is_not_asked_about() -> None:
    from nape_bench.leaderboard.checking.scoring import Score
    from nape_bench.leaderboard.checking.suspicion import check_scores
    from nape_bench.metrics import Interval

    def told(value: float) -> Score:
        interval = Interval(value, value - 1e-5, value + 1e-5, 60, (value,))
        return Score(PLAIN, (0,), {"spearman": interval}, "", {})

    asked = {PLAIN: sheet(PLAIN, reachable=None)}
    assert list(check_scores({PLAIN: told(0.998)}, asked, {PLAIN: ("other", told(0.99))})) == []
    assert list(check_scores({PLAIN: told(0.99)}, asked, {PLAIN: ("other", told(0.9))})) != []


def test_a_copy(folders: Folders) -> None:
    values = guesses(0.7, 1)
    stretched = {p: 3 * v + 7 for p, v in values.items()}
    told = the(checked(folders, table(stretched)), "copy")
    assert "better" in told


def test_a_copy_with_noise(folders: Folders) -> None:
    values = {p: v + 1e-4 * np.sin(np.arange(60)) for p, v in guesses(0.7, 1).items()}
    the(checked(folders, table(values)), "copy")


def test_what_takes_the_place_of_its_own_earlier_one(folders: Folders) -> None:
    submission = folders.root / "submissions" / "better"
    (submission / "submission.yaml").write_text(
        write_metadata(metadata(guesses(0.7, 1), lifecycle="superseded", superseded_by="better-2"))
    )
    assert checked(folders, table(guesses(0.7, 1)), name="better-2").holds


def test_a_stale_dataset(folders: Folders) -> None:
    values = guesses(1.0)
    told = metadata(values)
    old = {p: replace(e, version="v1.0", content_hash="f" * 64) for p, e in told.protocols.items()}
    text = the(checked(folders, table(values), replace(told, protocols=old)), "stale-dataset")
    assert "v1.1" in text
    assert "run it again" in text


def test_too_few_seeds(folders: Folders) -> None:
    values = {p: v[:3] for p, v in guesses(1.0).items()}
    told = the(checked(folders, table(values), metadata(values)), "seeds")
    assert "[0, 1, 2, 3, 4]" in told


def test_one_seed_is_enough_of_what_is_deterministic_but_not_where_seeds_are_shown_labels(
    folders: Folders,
) -> None:
    values = {p: v[:1] for p, v in guesses(1.0).items()}
    told = metadata(values, deterministic=True)
    report = checked(folders, table(values), told)
    where = [finding.where for finding in report.findings if finding.code == "seeds"]
    assert where == [f"submission.yaml, {SHOTS}"]


def test_more_labels_than_the_protocol_gives(folders: Folders) -> None:
    values = guesses(1.0)
    told = metadata(values)
    more = {p: replace(e, labels=101) for p, e in told.protocols.items()}
    the(checked(folders, table(values), replace(told, protocols=more)), "label-budget")


def test_a_protocol_that_the_board_has_not(folders: Folders) -> None:
    values = guesses(1.0)
    told = metadata(values)
    other = {**told.protocols, "in-family/unheard": told.protocols[PLAIN]}
    text = the(checked(folders, table(values), replace(told, protocols=other)), "protocol")
    assert "in-family/unheard" in text


def test_rows_of_a_protocol_that_is_not_named(folders: Folders) -> None:
    values = guesses(1.0)
    told = metadata(values)
    fewer = {PLAIN: told.protocols[PLAIN]}
    the(checked(folders, table(values), replace(told, protocols=fewer)), "protocol")


def test_a_file_of_a_gigabyte(folders: Folders) -> None:
    folder = submit(folders.root, "large", guesses(1.0))
    with (folder / "predictions.parquet").open("r+b") as file:
        file.truncate(2**30)  # sparse: nothing is written
    told = the(check_beside_others(folder, folders), "size")
    assert "1,073,741,824 bytes" in told
    assert f"{MOST_BYTES['predictions.parquet']:,}" in told


def test_a_file_that_says_it_unpacks_to_too_much(folders: Folders, monkeypatch: Any) -> None:
    from nape_bench.leaderboard.checking import predictions

    monkeypatch.setattr(predictions, "MOST_ROWS", 100)
    assert "600 rows" in the(checked(folders, table(guesses(1.0))), "size")


@pytest.mark.parametrize("name", ["predictions.parquet", "submission.yaml"])
def test_a_symlink(folders: Folders, name: str) -> None:
    folder = submit(folders.root, "linked", guesses(1.0))
    (folder / name).unlink()
    (folder / name).symlink_to(folders.root / "submissions" / "better" / name)
    assert "put a plain file in its place" in the(check_beside_others(folder, folders), "kind")


def test_a_folder_that_is_a_link(folders: Folders) -> None:
    folder = folders.root / "submissions" / "linked"
    folder.symlink_to(folders.root / "submissions" / "better")
    the(check_submission(folder, Sheets(folders.sheets)), "folder")


def test_a_fifo_is_not_waited_for(folders: Folders) -> None:
    folder = submit(folders.root, "fifo", guesses(1.0))
    (folder / "predictions.parquet").unlink()
    os.mkfifo(folder / "predictions.parquet")
    the(check_beside_others(folder, folders), "kind")


@pytest.mark.parametrize("name", ["run.py", "sub", "PREDICTIONS.parquet", "\u202emoc"])
def test_a_file_too_many(folders: Folders, name: str) -> None:
    folder = submit(folders.root, "more", guesses(1.0))
    (folder / name).mkdir()
    told = the(check_beside_others(folder, folders), "extra-file")
    assert told.isascii()


def test_a_path_that_climbs(folders: Folders) -> None:
    text = write_metadata(metadata(guesses(1.0)))
    told = text.replace(f'"{PLAIN}"', '"../../../../etc/passwd"')
    assert "etc/passwd" in the(checked(folders, table(guesses(1.0)), told), "schema")
    climbing = text.replace("dataset: nape/hiaml", "dataset: ../hiaml")
    the(checked(folders, table(guesses(1.0)), climbing, "other"), "schema")


def test_a_folder_name_with_odd_characters(folders: Folders) -> None:
    the(checked(folders, table(guesses(1.0)), name="Mine <b>"), "name")


def test_no_parquet(folders: Folders) -> None:
    folder = submit(folders.root, "broken", guesses(1.0))
    (folder / "predictions.parquet").write_bytes(b"PAR1 and then nothing PAR1")
    the(check_beside_others(folder, folders), "parquet")


def test_parquet_damaged_anywhere_is_an_answer_and_no_crash(folders: Folders) -> None:
    folder = submit(folders.root, "damaged", guesses(1.0, protocols=(PLAIN,)))
    whole = (folder / "predictions.parquet").read_bytes()
    rng = np.random.default_rng(0)
    sheets = Sheets(folders.sheets)
    for _ in range(100):
        spoilt = bytearray(whole)
        for place in rng.integers(0, len(whole), size=4).tolist():
            spoilt[place] ^= int(rng.integers(1, 256))
        (folder / "predictions.parquet").write_bytes(spoilt)
        report = check_submission(folder, sheets, scored=False)
        # Either it is refused, or what is read is complete: never an exception.
        assert report.findings or report.predicted


def test_a_name_with_two_numbers_in_the_dictionary_is_one_name(folders: Folders) -> None:
    values = guesses(1.0, protocols=(PLAIN,))
    columns = table(values)
    half = len(columns["id"]) // 2
    folder = write(folders.root / "submissions" / "halves", columns, metadata(values))
    schema = pa.schema(
        [("protocol", pa.string()), ("seed", pa.int64()), ("id", pa.string()),
         ("prediction", pa.float64())]
    )  # fmt: skip
    with pq.ParquetWriter(folder / "predictions.parquet", schema) as writer:
        for part in (slice(half), slice(half, None)):
            writer.write_table(pa.table({k: v[part] for k, v in columns.items()}, schema=schema))
    report = check_beside_others(folder, folders)
    assert report.holds
    assert same(report.predicted[PLAIN], values[PLAIN])


def test_all_errors_are_told_at_once(folders: Folders) -> None:
    columns = table(guesses(1.0))
    columns["id"][0] = "arch-999"
    columns["prediction"][400] = float("nan")
    report = checked(folders, columns)
    assert {"missing-ids", "unknown-ids", "not-finite"} <= codes(report)


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float64(), 1)])
def test_a_list_is_no_number(folders: Folders, kind: pa.DataType) -> None:
    columns: dict[str, Any] = table(guesses(1.0))
    columns["prediction"] = pa.array([[value] for value in columns["prediction"]], kind)
    the(checked(folders, columns), "columns")


def test_a_list_is_no_text(folders: Folders) -> None:
    columns: dict[str, Any] = table(guesses(1.0))
    columns["id"] = pa.array([[name] for name in columns["id"]], pa.list_(pa.string()))
    the(checked(folders, columns), "columns")


def test_no_row_at_all(folders: Folders) -> None:
    columns = {name: pa.array(column)[:0] for name, column in table(guesses(1.0)).items()}
    the(checked(folders, columns), "empty")


def test_a_prediction_whose_error_would_overflow(folders: Folders) -> None:
    columns = table(guesses(1.0))
    columns["prediction"][3] = 1.7e308
    assert "1e+100" in the(checked(folders, columns), "not-finite")


def test_the_labels_in_other_units(folders: Folders) -> None:
    values = {p: np.tile(2 * labels(p) + 1, (5, 1)) for p in (PLAIN, SHOTS)}
    assert "in other units" in the(checked(folders, table(values)), "labels")


def test_the_order_of_the_labels_is_asked_about_where_no_ceiling_is_known() -> None:
    from nape_bench.leaderboard.checking.predictions import Predicted
    from nape_bench.leaderboard.checking.scoring import score
    from nape_bench.leaderboard.checking.suspicion import check_scores

    asked = sheet(PLAIN, reachable=None)
    told = score(Predicted((0,), np.exp(labels(PLAIN) / 50)[None]), asked, is_value=False)
    assert [f.code for f in check_scores({PLAIN: told}, {PLAIN: asked}, {})] == ["perfect"]


@pytest.mark.parametrize("share", [0.005, 0.02])
def test_a_copy_with_more_noise_is_asked_about(folders: Folders, share: float) -> None:
    rng = np.random.default_rng(5)
    values = {
        p: v + share * v.std() * rng.standard_normal(v.shape) for p, v in guesses(0.7, 1).items()
    }
    report = checked(folders, table(values))
    assert not report.holds
    assert codes(report) <= {"copy", "alike"}


def test_a_copy_turned_round_and_with_one_seed_of_its_own(folders: Folders) -> None:
    values = {p: -v for p, v in guesses(0.7, 1).items()}
    values[PLAIN][0] = guesses(1.0, 3)[PLAIN][0]
    the(checked(folders, table(values)), "copy")


def test_a_copy_of_half_is_asked_about(folders: Folders) -> None:
    values = {PLAIN: guesses(0.7, 1)[PLAIN], SHOTS: guesses(1.0, 3)[SHOTS]}
    assert "on 1 of 2 protocols" in the(checked(folders, table(values)), "alike")


def test_what_is_superseded_by_another_may_not_be_copied(folders: Folders) -> None:
    submission = folders.root / "submissions" / "better"
    told = metadata(guesses(0.7, 1), lifecycle="superseded", superseded_by="better-2")
    (submission / "submission.yaml").write_text(write_metadata(told))
    the(checked(folders, table(guesses(0.7, 1)), name="thief"), "copy")


@pytest.mark.parametrize("name", ["better", "BETTER", "b e t t e r", "\uff42etter"])
def test_the_name_of_another(folders: Folders, name: str) -> None:
    report = checked(folders, table(guesses(1.0)), metadata(guesses(1.0), name))
    assert "better has this name" in the(report, "name")
