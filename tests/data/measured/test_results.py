"""Which results of a store count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.data.measured import CONFIGS
from nape_bench.data.measured.results import Choice, Results, read_results
from nape_bench.errors import DataError
from tests.data.measured import stores

if TYPE_CHECKING:
    from pathlib import Path

ROWS = stores.micro()
LATER = "2026-02-01T00:00:00+00:00"


def read(folder: Path, rows: list[dict[str, Any]], **choice: Any) -> Results:
    found = read_results(stores.write(folder, rows), "hiaml", CONFIGS["micro"], Choice(**choice))
    assert found is not None
    return found


def test_a_table_in_the_order_of_text(tmp_path: Path) -> None:
    found = read(tmp_path, ROWS[::-1])
    assert found.seeds == (0, 1)
    assert [line[0]["text"] for line in found.table] == sorted(stores.texts())
    assert all(row["seed"] == seed for line in found.table for seed, row in enumerate(line))
    known = {(row["text"], row["seed"]): row["accuracy"] for row in ROWS}
    wanted = [[known[text, seed] for seed in (0, 1)] for text in sorted(stores.texts())]
    assert found.column("accuracy").tolist() == wanted
    assert found.settings == stores.MICRO
    assert found.left_out == found.failures == {}
    told = found.provenance
    assert (told["processors"], told["torch"]) == (["Test CPU"], ["2.0"])
    assert told["newest"] == "2026-01-01T00:00:01+00:00"


def test_what_is_incomplete_is_left_out_and_told(tmp_path: Path) -> None:
    failed = {"accuracy": None, "error": "diverged: the loss is nan in epoch 2 of 8"}
    rows = [{**ROWS[0], **failed}, *ROWS[1:-1]]  # the last architecture lacks its second seed
    found = read(tmp_path, rows)
    assert len(found.specs) == stores.COUNT - 2
    assert found.left_out == {"a measurement failed": 1, "a measurement is missing": 1}
    assert found.failures == {failed["error"]: 1}
    assert found.provenance["left_out"] == found.left_out
    rows = [{**ROWS[0], "accuracy": None}, *ROWS[1:]]
    assert read(tmp_path, rows).left_out == {"a measurement is missing": 1}


def test_a_job_done_again_counts_once(tmp_path: Path) -> None:
    failed = {**ROWS[0], "error": "no luck", "accuracy": None}
    again = {**ROWS[0], "time": LATER}
    found = read(tmp_path, [failed, *ROWS[1:], again])
    assert len(found.specs) == stores.COUNT
    assert not found.failures


def test_a_store_that_grew_gives_again_what_it_gave(tmp_path: Path) -> None:
    first = read(tmp_path / "a", ROWS[:20])
    grown = [*ROWS[:20], *({**row, "time": LATER} for row in ROWS[20:])]
    assert len(read(tmp_path / "b", grown).specs) == stores.COUNT
    again = read(tmp_path / "b", grown, until=first.provenance["newest"])
    assert again == first


def test_seeds(tmp_path: Path) -> None:
    """A seed that has only been begun would leave out most architectures: it must be named."""
    rows = stores.micro(seeds=3)
    begun = [row for row in rows if row["seed"] < 2] + [row for row in rows if row["seed"] == 2][:5]
    with pytest.raises(DataError, match=r"5 architectures have seed 2, 24 have another.*--seeds"):
        read(tmp_path, begun)
    assert read(tmp_path, begun, seeds=2).seeds == (0, 1)
    assert len(read(tmp_path, begun, seeds=2).specs) == stores.COUNT
    assert read(tmp_path, rows).seeds == (0, 1, 2)
    with pytest.raises(DataError, match=r"0 architectures have seed 2, 24"):
        read(tmp_path, ROWS, seeds=3)
    with pytest.raises(DataError, match=r"2 seeds or more expected, found \[0\]"):
        read(tmp_path, ROWS[::2])


def test_one_of_several_versions(tmp_path: Path) -> None:
    other = [{**row, "version": "micro-2", "accuracy": row["accuracy"] - 30} for row in ROWS]
    with pytest.raises(DataError, match="those of micro-1, micro-2: name one"):
        read(tmp_path, [*ROWS, *other])
    found = read(tmp_path, [*ROWS, *other], versions=("proxies-1", "micro-2"))
    assert found.version == found.settings["version"] == "micro-2"
    assert found.column("accuracy").max() < 70


def test_a_subset_of_the_space(tmp_path: Path) -> None:
    rows = stores.micro("nb201")
    none = "|none~0|+|nor_conv_3x3~0|none~1|+|nor_conv_3x3~0|none~1|skip_connect~2|"
    for seed in (0, 1):
        values = {"accuracy": 50.0, "seconds": 1.0}
        rows.append(stores.row(none, "micro", seed, values, "nb201"))
    store = stores.write(tmp_path, rows)
    every = read_results(store, "nb201", CONFIGS["micro"], Choice())
    some = read_results(store, "nb201", CONFIGS["micro"], Choice(subset="no-none"))
    assert every is not None
    assert some is not None
    assert len(every.specs) == len(some.specs) + 1 == stores.COUNT + 1
    assert some.left_out == {"it is not in no-none": 1}


def test_what_a_store_must_hold(tmp_path: Path) -> None:
    store = stores.write(tmp_path, ROWS)
    assert read_results(store, "hiaml", CONFIGS["proxies"], Choice()) is None
    assert read_results(store, "nb201", CONFIGS["micro"], Choice()) is None
    with pytest.raises(DataError, match="no two architectures"):
        read(tmp_path / "few", ROWS[:3], seeds=2)
    (store / "settings" / "micro-micro-1-hiaml.json").unlink()
    with pytest.raises(DataError, match=r"micro-micro-1-hiaml.json: the settings"):
        read_results(store, "hiaml", CONFIGS["micro"], Choice())
    with pytest.raises(DataError, match="no label store"):
        read_results(tmp_path / "none", "hiaml", CONFIGS["micro"], Choice())


def test_columns_are_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, [{**row, "flag": True, "text2": "x", "gap": None} for row in ROWS])
    assert found.column("flag").tolist() == [[1.0, 1.0]] * stores.COUNT
    assert np.isnan(found.column("gap")).all()
    for name in ("text2", "nothing"):
        with pytest.raises(DataError, match=f"column {name} holds no number"):
            found.column(name)
