"""Results as pictures: which points are drawn, what stands above, and what a notebook shows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pytest

import nape_bench
from nape_bench.data import load_dataset
from nape_bench.errors import DataError, ProtocolError
from nape_bench.evaluation import Evaluator, Result
from nape_bench.evaluation.store import RESULT_FILE
from nape_bench.evaluation.tables import significant
from tests.evaluation.tiny import Line

if TYPE_CHECKING:
    from pathlib import Path

NAME = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def result(tiny: object) -> Result:
    return nape_bench.evaluate(Line(wobble=0.2), "in-family/tiny", seeds=3)


def hovers(svg: str) -> list[str]:
    found = ElementTree.fromstring(svg).findall(f"{NAME}g/{NAME}title")
    return [title.text or "" for title in found]


def test_points_of_all_seeds_or_of_one(result: Result) -> None:
    n, title = len(result.ids), f"in-family/tiny: {result.predictor.name}"
    together, alone = result.scatter(), result.scatter(seed=1)
    assert len(hovers(together)) == 3 * n
    assert len(hovers(alone)) == n
    assert f">{title}<" in together
    mae, srcc = (result.metrics[name] for name in ("mae", "spearman"))
    assert f"MAE {significant(mae.value)} %, SRCC {srcc.value:.3f}, mean of 3 seeds; " in together
    assert (
        f"MAE {significant(mae.per_seed[1])} %, SRCC {srcc.per_seed[1]:.3f}, seed 1; {n} " in alone
    )
    labels = Evaluator("in-family/tiny").task.test.y
    written = [
        f"{row_id}: true {y:.6g}, predicted {value:.6g}"
        for row_id, y, value in zip(result.ids, labels, result.predictions[1], strict=True)
    ]
    assert sorted(hovers(alone)) == sorted(written)
    with pytest.raises(ProtocolError, match="no seed 7; it has 0, 1, 2"):
        result.scatter(seed=7)


def test_rows_whose_labels_a_seed_has_seen_are_no_points(tiny: object) -> None:
    result = nape_bench.evaluate("cost_ridge", "few-shot/tiny-20", seeds=2)
    task = Evaluator("few-shot/tiny-20").task
    parts = task.parts([0, 1])
    assert parts is not None
    for seed in (0, 1):
        drawn = {told.partition(": true")[0] for told in hovers(result.scatter(seed=seed))}
        assert drawn == {
            row_id for row_id, kept in zip(result.ids, parts[seed], strict=True) if kept
        }
        assert len(drawn) < len(result.ids)


def test_scores_are_told_apart(tiny: object) -> None:
    svg = nape_bench.evaluate("flops", "in-family/tiny").scatter()
    assert "predicted score" in svg
    assert "MAE" not in svg


def test_a_result_from_files_takes_labels_from_its_dataset(result: Result, tmp_path: Path) -> None:
    loaded = Result.load(result.save(tmp_path / "r"))
    assert loaded.truth is None
    assert loaded.scatter() == result.scatter()
    assert loaded.scatter(dataset=load_dataset("nape/tiny")) == result.scatter()


def test_labels_of_other_content_are_refused(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "r")
    file = folder / RESULT_FILE
    other = "sha256:" + "0" * 64
    file.write_text(file.read_text().replace(result.dataset.content_hash, other))
    with pytest.raises(DataError, match=f"content {other}.*bring in that version"):
        Result.load(folder).scatter()


def test_what_a_notebook_shows(result: Result, tmp_path: Path) -> None:
    html = result._repr_html_()
    assert html.startswith("<pre>in-family/tiny")
    assert html.endswith("</svg>")
    assert result.scatter()._repr_svg_() == result.scatter()
    # The table alone, where labels would have to be looked for.
    assert "<svg" not in Result.load(result.save(tmp_path / "r"))._repr_html_()


def test_truth_is_what_was_scored(result: Result) -> None:
    assert result.truth is not None
    assert result.truth.shape == (3, len(result.ids))
    assert np.array_equal(result.truth[0], Evaluator("in-family/tiny").task.test.y)
