"""Comparing two entries: whether they differ, where, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.data.info import LabelInfo
from nape_bench.errors import DataError, ProtocolError, UnknownNameError
from nape_bench.evaluation import Evaluator, Result, evaluate
from nape_bench.evaluation.compare import Comparison, compare
from nape_bench.evaluation.comparison_tables import (
    describe_comparison,
    describe_comparisons,
    rank_errors,
    sentence,
)
from nape_bench.evaluation.entries import find_results, read_results
from nape_bench.metrics import paired_test
from tests.evaluation.test_scatter import points
from tests.evaluation.tiny import LATENCY, Line, put_tiny

if TYPE_CHECKING:
    from pathlib import Path

TINY = "in-family/tiny"


def result(
    values: np.ndarray, protocol: str = TINY, name: str = "mine", *, is_value: bool = True
) -> Result:
    """A result of predictions [seeds, rows], in the order of the test."""
    return Evaluator(protocol).evaluate(values, predictor=name, is_value=is_value)


def test_the_test_is_the_paired_one_on_the_protocols_labels(tiny: object) -> None:
    y = Evaluator(TINY).task.test.y
    rng = np.random.default_rng(0)
    near, far = (y + rng.normal(0, s, (5, len(y))) for s in (0.5, 9.0))
    made = compare(result(near, name="near"), result(far, name="far"), "spearman")
    assert made.test == paired_test(y, near, far, "spearman", draws=1000)
    assert made.better == "near"
    assert compare(result(far), result(near), names=("a", "b")).better == "b"
    by_error = compare(result(near), result(far), "mae", names=("a", "b"))
    assert (by_error.better, by_error.unit) == ("a", "%")
    assert by_error.test.difference < 0
    same = compare(result(near), result(near), names=("a", "b"))
    assert (same.better, same.test.difference) == (None, 0.0)


def test_where_they_differ(tiny: object) -> None:
    """B is the truth; A swaps the best and the worst, and is right elsewhere."""
    task = Evaluator(TINY).task
    y, ids = task.test.y, task.test.ids
    best, worst = int(np.argmax(y)), int(np.argmin(y))
    wrong = y.copy()
    wrong[[best, worst]] = y[[worst, best]]
    made = compare(result(wrong), result(y), names=("wrong", "right"))
    n = len(y)
    one, two = made.differing(2)
    assert {one.id, two.id} == {ids[best], ids[worst]}
    assert {(row.rank, row.rank_a, row.rank_b, row.gain) for row in (one, two)} == {
        (1, n, 1, 1 - n),
        (n, 1, n, 1 - n),
    }
    assert sum(row.error_a for row in made.rows) == 2 * (n - 1)
    assert [row.id for row in made.rows] == list(ids)
    by = {(group.by, group.name): group for group in made.groups}
    assert {group.error_b for group in made.groups} == {0.0}
    top, bottom = by["accuracy", "highest"], by["accuracy", "lowest"]
    assert (top.error_a, bottom.error_a) == ((n - 1) / top.rows, (n - 1) / bottom.rows)
    assert (top.high, bottom.low) == (y.max(), y.min())
    assert by["accuracy", "low"].error_a == by["accuracy", "high"].error_a == 0
    for kind in ("accuracy", "FLOPs", "depth"):
        assert sum(group.rows for group in made.groups if group.by == kind) == n
    depths = [group for group in made.groups if group.by == "depth"]
    ends = [end for group in depths for end in (group.low, group.high)]
    assert ends == sorted(ends)
    assert len({group.low for group in depths}) == len(depths)


def test_where_less_is_better_rank_1_is_the_least(own_home: object) -> None:
    put_tiny(label=("latency", LATENCY))
    y = Evaluator(TINY).task.test.y
    made = compare(result(y), result(-y), names=("a", "b"))
    best = made.rows[int(np.argmin(y))]
    assert (best.rank, best.rank_a, best.rank_b) == (1, 1, len(y))
    assert made.better == "a"


def test_subsets_are_parts_too(own_home: object) -> None:
    put_tiny("nape/cells", family="nb201", count=150)
    y = Evaluator("zero-shot/cells").task.test.y
    made = compare(result(y, "zero-shot/cells"), result(-y, "zero-shot/cells"), names=("a", "b"))
    (subset,) = [group for group in made.groups if group.by == "subset"]
    assert (subset.name, subset.low, subset.error_a) == ("no-none", None, 0.0)
    assert 20 <= subset.rows < 150


def test_an_entry_of_one_seed_stands_against_all(tiny: object) -> None:
    flops, line = evaluate("flops", TINY), evaluate(Line(), TINY)
    assert len(flops.seeds) == 1
    made = compare(flops, line)
    assert made.notes == ("flops has one seed, which stands against each of the 5 others.",)
    assert compare(line, flops).notes == made.notes
    assert compare(line, flops).test.difference == -made.test.difference
    assert compare(flops, flops, names=("a", "b")).notes == ()


def test_seeds_that_both_have(tiny: object) -> None:
    y = Evaluator(TINY).task.test.y
    rng = np.random.default_rng(1)
    of = {seed: y + rng.normal(0, 3, len(y)) for seed in range(6)}

    def some(*seeds: int) -> Result:
        pairs = {s: dict(zip(Evaluator(TINY).ids, of[s], strict=True)) for s in seeds}
        return Evaluator(TINY).evaluate(pairs)

    made = compare(some(0, 1, 2), some(1, 2, 3), names=("a", "b"))
    assert made.notes == ("Compared on the seeds that both have: 1, 2.",)
    assert made.test.difference == 0
    with pytest.raises(ProtocolError, match="a has seeds 0, 1 and b 2, 3: run both with the same"):
        compare(some(0, 1), some(2, 3), names=("a", "b"))


def test_where_seeds_see_labels_one_stands_for_itself_alone(tiny: object) -> None:
    name = "few-shot/tiny-20"
    one, more = evaluate(Line(), name, seeds=[0]), evaluate(Line(wobble=0.2), name, seeds=[0, 1])
    made = compare(one, more, names=("a", "b"))
    assert made.notes == ("Compared on the seeds that both have: 0.",)
    task = Evaluator(name).task
    parts = task.parts((0,))
    assert parts is not None
    assert len(made.rows) == made.test.n == parts.sum() < len(task.test)
    seen = set(np.array(task.test.ids)[~parts[0]])
    assert not seen & {row.id for row in made.rows}
    with pytest.raises(ProtocolError, match="run both with the same"):
        compare(evaluate(Line(), name, seeds=[2]), more)


def test_what_cannot_be_compared_is_refused(tiny: object) -> None:
    y = Evaluator(TINY).task.test.y
    mine = result(y)
    with pytest.raises(ProtocolError, match="MAE needs values, and b predicts only a score"):
        compare(mine, result(y, is_value=False), "mae", names=("a", "b"))
    with pytest.raises(ProtocolError, match="a is on in-family/tiny, and b on zero-shot/tiny"):
        compare(mine, evaluate("flops", "zero-shot/tiny"), names=("a", "b"))
    with pytest.raises(KeyError, match="did you mean spearman"):
        compare(mine, mine, "spearmn")
    other = replace(mine, dataset=replace(mine.dataset, content_hash="0" * 64))
    for pair in ((other, mine), (mine, other)):
        with pytest.raises(DataError, match="bring in that version"):
            compare(*pair)


def comparison(low: float, high: float, p: float, metric: str = "spearman") -> Comparison:
    """A small comparison with a made-up test."""
    y = Evaluator(TINY).task.test.y
    made = compare(result(y), result(-y), metric, names=("a", "b"), draws=20)
    middle = (low + high) / 2
    test = replace(
        made.test, value_a=0.5 + middle, value_b=0.5, difference=middle, low=low, high=high,
        p_value=p,
    )  # fmt: skip
    return replace(made, test=test)


def test_it_is_told_in_one_sentence(tiny: object) -> None:
    assert sentence(comparison(0.1, 0.3, 0.002)) == (
        "a is better by 0.200 [0.100, 0.300], p = 0.002: SRCC 0.700 against 0.500."
    )
    assert sentence(comparison(-0.3, -0.1, 0.002)) == (
        "b is better by 0.200 [0.100, 0.300], p = 0.002: SRCC 0.500 against 0.300."
    )
    assert sentence(comparison(-0.1, 0.3, 0.21)) == (
        "a and b cannot be told apart: SRCC 0.600 against 0.500, a difference of 0.100 "
        "[-0.100, 0.300], p = 0.210."
    )
    # Less of an error is better.
    assert sentence(comparison(0.1, 0.3, 0.002, "mae")) == (
        "b is better by 0.200 % [0.100, 0.300], p = 0.002: MAE 0.500 against 0.700 %."
    )


def test_tables(tiny: object) -> None:
    y = Evaluator(TINY).task.test.y
    made = compare(result(y), result(-y), names=("a", "b"))
    lines = describe_comparison(made, top=3).splitlines()
    assert lines[0].startswith(f"in-family/tiny, {len(y)} rows: a is better by 2.000 [")
    starts = [line.split("  ")[0] for line in lines]
    assert starts.count("accuracy") == starts.count("FLOPs") == 4
    assert sum(line.startswith("hiaml:") for line in lines) == 3
    assert "accuracy (%)" in describe_comparison(made, top=3)
    assert "hiaml:" not in describe_comparison(made, top=0)
    several = [replace(made, protocol=name) for name in ("x", "y")]
    several += [replace(comparison(-0.1, 0.3, 0.21), protocol="z")]
    told = describe_comparisons(several)
    assert "a is better on 2 of 3, b on 0; 1 cannot be told apart. p-values are" in told
    (row,) = [line for line in told.splitlines() if line.startswith("z ")]
    assert row.split()[1:] == ["0.600", "0.500", "0.100", "[-0.100,", "0.300]", "0.210", "-"]


def test_picture(tiny: object) -> None:
    y = Evaluator(TINY).task.test.y
    made = compare(result(y), result(-y), names=("<a>", "b"))
    svg = rank_errors(made)
    drawn = points(svg)
    assert len(drawn) == len(y)
    # The first entry has no error anywhere: all points lie on one line.
    assert len({height for _, height in drawn}) == 1
    assert "error in rank: &lt;a&gt;" in svg
    assert "<a>" not in svg


def test_entries_on_disk(tiny: object, tmp_path: Path) -> None:
    from nape_bench.evaluation.recording import Recipe, write_recipe, write_records

    flops = evaluate("flops", TINY)
    flops.save(tmp_path / "one")
    root = tmp_path / "baselines"
    write_recipe(root / "flops", Recipe("flops", protocols=(TINY,)))
    with pytest.raises(DataError, match=r"no result\.json and no results\.json"):
        find_results("flops", tmp_path / "nosuch", root)
    write_records(root / "flops", {TINY: flops})
    for found in (
        find_results("one", tmp_path / "one", root),
        find_results("flops", tmp_path / "flops", root),
        read_results(root / "flops"),
    ):
        assert list(found) == [TINY]
        assert found[TINY].to_dict() == flops.to_dict()
    with pytest.raises(UnknownNameError, match="did you mean flops"):
        find_results("flop", tmp_path / "flop", root)


def test_a_label_without_unit(own_home: object) -> None:
    put_tiny(label=("score", LabelInfo("made up", "", True, "tests")))
    y = Evaluator(TINY).task.test.y
    made = compare(result(y), result(-y), "mae", names=("a", "b"))
    assert (made.unit, made.target) == ("", "score")
