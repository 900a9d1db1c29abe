"""Sheets: what is written is read, and those of the repository are what protocols ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.errors import DataError
from nape_bench.evaluation import Evaluator
from nape_bench.evaluation.protocols import protocol
from nape_bench.evaluation.protocols.at_hand import AtHand
from nape_bench.hashing import values_hash
from nape_bench.leaderboard.checking.predictions import Predicted
from nape_bench.leaderboard.checking.scoring import agree, score, score_from_dict
from nape_bench.leaderboard.checking.sheet import (
    Sheets,
    list_sheets,
    read_sheet,
    sheet_path,
    write_sheet,
)
from nape_bench.leaderboard.sheets import labelled, write_sheets
from tests.leaderboard.small_board import PLAIN, SHOTS, guesses, labels, sheet

if TYPE_CHECKING:
    from nape_bench.leaderboard.checking.sheet import Sheet

ROOT = Path(__file__).parents[2] / "leaderboard" / "protocols"
KINDS = ("in-family/two_path", "few-shot/", "gennape/hiaml-ft50", "aiop/ofa_pn-detection-ft20",
         "in-family/multitask/ofa_resnet-keypoints", "zoo/classification")  # fmt: skip


def equal(a: Sheet, b: Sheet) -> bool:
    parts = (a.parts is None) == (b.parts is None)
    return (
        a.facts == b.facts
        and a.ids == b.ids
        and np.array_equal(a.y, b.y)  # type: ignore[arg-type]
        and parts
        and (a.parts is None or np.array_equal(a.parts, b.parts))  # type: ignore[arg-type]
        and a.subsets.keys() == b.subsets.keys()
        and all(np.array_equal(a.subsets[name], b.subsets[name]) for name in a.subsets)
    )


@pytest.mark.parametrize("name", [PLAIN, SHOTS])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    made = sheet(name)
    path = write_sheet(tmp_path, made)
    assert equal(read_sheet(tmp_path, name), made)
    before = path.read_bytes()
    write_sheet(tmp_path, made)
    assert path.read_bytes() == before
    assert list_sheets(tmp_path) == [name]


def test_labels_that_may_not_be_redistributed_are_left_out(tmp_path: Path) -> None:
    path = write_sheet(tmp_path, sheet(PLAIN), labels=False)
    read = read_sheet(tmp_path, PLAIN)
    assert read.y is None
    assert read.facts.labels_hash == values_hash(read.ids, labels(PLAIN))
    assert labels(PLAIN).tobytes()[:8] not in path.read_bytes()
    with pytest.raises(ValueError, match="no labels"):
        score(Predicted((0,), guesses(1.0)[PLAIN][:1]), read, is_value=True)
    assert not Sheets(tmp_path).has_labels(PLAIN)


def test_another_protocols_file_is_refused(tmp_path: Path) -> None:
    write_sheet(tmp_path, sheet(PLAIN)).rename(tmp_path / "in-family" / "other.parquet")
    with pytest.raises(DataError, match="the sheet of in-family/hiaml"):
        read_sheet(tmp_path, "in-family/other")
    sheet_path(tmp_path, PLAIN).write_bytes(b"nothing")
    with pytest.raises(DataError, match="no sheet"):
        read_sheet(tmp_path, PLAIN)


def test_scores_survive_json_and_know_their_predictions() -> None:
    values = guesses(1.0)[SHOTS]
    told = score(Predicted((0, 1, 2, 3, 4), values), sheet(SHOTS), is_value=True)
    assert score_from_dict(told.to_dict()) == told
    other = score(Predicted((0, 1, 2, 3, 4), values + 1e-9), sheet(SHOTS), is_value=True)
    assert not agree(told, other)


@pytest.mark.parametrize("kind", KINDS)
def test_sheets_of_the_repository_are_what_protocols_ask(tmp_path: Path, kind: str) -> None:
    names = [name for name in list_sheets(ROOT) if name.startswith(kind)]
    at_hand = AtHand()
    chosen = [name for name in names if at_hand.has(protocol(name))][:2]
    if not chosen:
        pytest.skip(f"no protocol {kind}... has a sheet and labels that come with the package")
    assert write_sheets(tmp_path, chosen) == chosen
    for name in chosen:
        assert equal(read_sheet(tmp_path, name), read_sheet(ROOT, name)), name


def test_every_sheet_can_be_read_and_none_holds_labels_of_others() -> None:
    at_hand = AtHand()
    names = list_sheets(ROOT)
    assert len(names) > 100
    for name in names:
        read = read_sheet(ROOT, name)
        assert (read.y is not None) == at_hand.has(protocol(name)), name
        if read.y is not None:
            assert values_hash(read.ids, read.y) == read.facts.labels_hash, name


def test_labels_at_hand_fill_a_sheet_that_lacks_them(tmp_path: Path) -> None:
    name = "in-family/two_path"
    write_sheet(tmp_path, read_sheet(ROOT, name), labels=False)
    filled = labelled(tmp_path)
    assert np.array_equal(filled[name].y, Evaluator(name).task.test.y)  # type: ignore[arg-type]
    sheets = Sheets(tmp_path, filled)
    assert sheets[name].y is not None
    assert not sheets.has_labels(name)


def test_a_sheet_that_says_other_labels_than_the_dataset_has_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    name = "in-family/two_path"
    read = read_sheet(ROOT, name)
    write_sheet(
        tmp_path, replace(read, facts=replace(read.facts, labels_hash="0" * 64)), labels=False
    )
    with pytest.raises(DataError, match="other labels or ids"):
        labelled(tmp_path)
