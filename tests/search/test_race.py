"""Races in a table: questions are counted right, and a good guide needs fewer."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.data import load_dataset
from nape_bench.errors import DataError, UnknownNameError
from nape_bench.predictors import predictor
from nape_bench.predictors.base import Score
from nape_bench.search import race, race_report
from nape_bench.search.table import Table, table_of


@pytest.fixture(scope="module")
def table() -> Table:
    return table_of(load_dataset("nape/hiaml"))


def test_a_table_has_an_entry_a_function(table: Table) -> None:
    dataset = load_dataset("nape/hiaml")
    groups = {group for name in dataset for group in dataset[name].groups}
    assert len(table) == len(groups)
    assert sorted(set(table.graphs.groups)) == sorted(groups)
    row = dataset["test"]
    entry = table.entry_of[row.ids[3].partition(":")[2]]
    same = [
        float(dataset[name].y[i])
        for name in dataset
        for i in np.flatnonzero(dataset[name].groups == row.groups[3])
    ]
    assert table.y[entry] == pytest.approx(np.mean(same))


def test_what_costs_is_turned_round() -> None:
    dataset = load_dataset("nape/hiaml", "latency_cpu")
    table = table_of(dataset)
    assert table.y.max() < 0
    with pytest.raises(UnknownNameError, match="label of nape/hiaml"):
        table_of(dataset, "nothing")


def test_questions_are_counted(table: Table) -> None:
    order = np.argsort(table.y).tolist()
    asked = race.questions(table, order)
    assert asked["best"] == len(table)
    assert asked["top 1 %"] == len(table) - max(1, int(0.01 * len(table))) + 1
    assert race.questions(table, order[:5])["best"] == float("inf")
    assert race.questions(table, order[::-1])["best"] == 1


@pytest.mark.parametrize("way", [race.random_search, race.evolution])
def test_nothing_is_asked_twice(table: Table, way: object) -> None:
    orders = [way(table, len(table), np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    for order in orders:
        assert len(set(order)) == len(order)
        assert table.y[order[-1]] == table.y.max(), "it ends with the best"
    assert len(way(table, 7, np.random.default_rng(0))) == 7


class Oracle(Score):
    """Knows the labels."""

    name = "oracle"
    title = "oracle"
    source = "tests"
    table: Table

    def _predict(self, graphs: object) -> np.ndarray:
        place = {group: i for i, group in enumerate(self.table.graphs.groups)}
        return self.table.y[[place[group] for group in graphs.groups]]


def test_a_guide_that_knows_needs_few_questions(table: Table) -> None:
    Oracle.table = table
    runs = [
        race.guided(table, len(table), np.random.default_rng(seed), Oracle) for seed in range(5)
    ]
    again = race.guided(table, len(table), np.random.default_rng(0), Oracle)
    assert again == runs[0]
    assert all(len(set(order)) == len(order) for order in runs)
    mean = np.mean([race.questions(table, order)["best"] for order in runs])
    assert mean < len(table) / 4


def test_medians_of_runs_that_did_not_get_there() -> None:
    inf = float("inf")
    told = race.summary([{"best": 3.0}, {"best": inf}, {"best": 5.0}])["best"]
    assert (told["median"], told["reached"], told["runs"]) == (5.0, 2, [3.0, None, 5.0])
    assert told["low"] == 3.0
    assert told["high"] is None
    assert race.summary([{"best": inf}, {"best": inf}])["best"]["median"] is None


def test_a_race_is_reported(tmp_path: object) -> None:
    numbers = race_report.race("nape/hiaml/micro", "flops", most=40, runs=3)
    assert numbers == race_report.race("nape/hiaml/micro", "flops", most=40, runs=3)
    race_report.write(tmp_path, numbers, "nape-bench search --table nape/hiaml/micro")
    page = (tmp_path / "README.md").read_text()
    assert f"{numbers['table']['functions']:,} functions" in page
    assert page.count("\n| ") >= 5
    assert (tmp_path / "race.svg").read_text().startswith("<svg")
    with pytest.raises(DataError, match="OWNER/NAME/CONFIG"):
        race_report.race("nape/hiaml", "flops", most=40, runs=3)


def test_a_predictor_learns_from_the_answers(table: Table) -> None:
    order = race.guided(table, 40, np.random.default_rng(0), lambda: predictor("gp"))
    assert len(order) == 40
