"""The measured configs: which labels each has, and what they mean."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.data.measured import CONFIGS
from nape_bench.data.measured.base import repeated, seed_correlation
from nape_bench.data.measured.build import Measured, measured_configs
from nape_bench.data.measured.proxies import PROXIES
from nape_bench.errors import DataError, UnknownNameError
from nape_bench.labels.latency import LATENCY, Latency, Timing
from nape_bench.labels.proxies import PROXIES as MEASURED_PROXIES
from nape_bench.metrics import spearman
from tests.data.measured import stores

if TYPE_CHECKING:
    from pathlib import Path


def made(folder: Path, rows: list[dict[str, Any]], **options: Any) -> dict[str, Measured]:
    return measured_configs(stores.write(folder, rows), "hiaml", **options)


def test_all_that_the_store_has(tmp_path: Path) -> None:
    rows = [*stores.micro(), *stores.proxies(count=10), *stores.latency(count=8)]
    found = made(tmp_path, rows)
    assert {name: len(each.rows) for name, each in found.items()} == {
        "latency_cpu": 8,
        "micro": stores.COUNT,
        "proxies": 10,
    }
    for name, each in found.items():
        assert each.data.target == CONFIGS[name].target
        assert list(each.rows.labels) == list(each.data.labels) == list(each.labels)
        assert each.data.provenance["settings"] == stores.SETTINGS[CONFIGS[name].measure]
        assert sum(map(len, each.data.splits.values())) == len(each.rows)
    assert list(made(tmp_path, rows, configs=["proxies"])) == ["proxies"]
    with pytest.raises(UnknownNameError, match="did you mean proxies"):
        made(tmp_path, rows, configs=["proxy"])
    with pytest.raises(DataError, match="no results of latency for hiaml"):
        made(tmp_path, [*stores.micro(), *stores.proxies()][1:], configs=["micro", "latency_cpu"])
    with pytest.raises(DataError, match="no results for inception"):
        measured_configs(tmp_path, "inception")


def test_an_architecture_has_one_split_in_all_configs(tmp_path: Path) -> None:
    found = made(tmp_path, [*stores.micro(), *stores.proxies(), *stores.latency()])
    homes: dict[str, str] = {}
    for each in found.values():
        for split, rows in each.data.splits.items():
            for group in rows.texts["group"].to_pylist():
                assert homes.setdefault(group, split) == split
    assert len(homes) > 20


def test_micro(tmp_path: Path) -> None:
    rows = stores.micro(seeds=3)
    each = made(tmp_path, rows)["micro"]
    assert list(each.labels) == [
        "accuracy", "accuracy_seed0", "accuracy_seed1", "accuracy_seed2", "train_seconds",
    ]  # fmt: skip
    for place, text in enumerate(sorted(stores.texts())):
        mine = [row for row in rows if row["text"] == text]
        accuracy = [row["accuracy"] for row in mine]
        got = {name: values[place] for name, values in each.rows.labels.items()}
        assert got["accuracy"] == pytest.approx(np.mean(accuracy), abs=1e-9)
        assert [got[f"accuracy_seed{seed}"] for seed in range(3)] == accuracy
        assert got["train_seconds"] == pytest.approx(np.mean([row["seconds"] for row in mine]))
    info = each.data.labels
    seeds = [each.rows.labels[f"accuracy_seed{seed}"] for seed in range(3)]
    between = np.mean([spearman(a, b) for a, b in itertools.combinations(seeds, 2)])
    assert info["accuracy"].noise_ceiling == pytest.approx(between)
    assert (info["accuracy"].seeds, info["accuracy_seed1"].seeds) == (3, 1)
    assert (info["train_seconds"].higher_is_better, info["train_seconds"].unit) == (False, "s")


def test_micro_of_several_questions(tmp_path: Path) -> None:
    rows = [
        {**row, "answers": {"digit": row["accuracy"] - 2, "hue": row["accuracy"] + 2}}
        for row in stores.micro()
    ]
    each = made(tmp_path, rows)["micro"]
    assert list(each.labels) == [
        "accuracy", "accuracy_seed0", "accuracy_seed1", "accuracy_digit", "accuracy_hue",
        "train_seconds",
    ]  # fmt: skip
    labels = each.rows.labels
    assert np.allclose(labels["accuracy_digit"] + 2, labels["accuracy"])
    assert np.allclose(labels["accuracy_hue"] - 2, labels["accuracy"])
    info = each.data.labels["accuracy_hue"]
    assert (info.seeds, info.noise_ceiling) == (2, each.data.labels["accuracy"].noise_ceiling)
    assert "accuracy_digit" not in made(tmp_path, [
        {**row, "answers": {"digit": row["accuracy"]}} for row in stores.micro()
    ])["micro"].labels  # fmt: skip
    alone = [
        {**row, "answers": {"digit": row["accuracy"], "hue": 1.0 * row["seed"]}}
        for row in stores.micro()
    ]
    assert [
        name for name in made(tmp_path, alone)["micro"].labels if name.startswith("accuracy_")
    ] == ["accuracy_seed0", "accuracy_seed1", "accuracy_hue"]  # the digit's is the accuracy itself
    rows[5]["answers"] = {"digit": 1.0}
    with pytest.raises(DataError, match=r"column answers\.hue holds no number"):
        made(tmp_path, rows)


def test_a_supernet_is_paid_for_by_all_of_its_architectures(tmp_path: Path) -> None:
    rows = [{**row, "supernet_seconds": 50.0 + row["seed"]} for row in stores.micro()]
    each = made(tmp_path, rows)["micro"]
    alone = made(tmp_path, stores.micro())["micro"].results
    assert alone.supernet_seconds is None
    assert each.results.supernet_seconds is not None
    assert each.results.supernet_seconds.tolist() == [50.0, 51.0]
    assert each.results.seconds is not None
    assert alone.seconds is not None
    extra = each.results.seconds - alone.seconds
    assert np.allclose(extra, np.array([50.0, 51.0]) / len(each.rows))
    assert "supernet" in each.data.labels["train_seconds"].meaning


def test_proxies(tmp_path: Path) -> None:
    rows = stores.proxies(seeds=2)
    for row in rows[:2]:
        row["zen"] = None
    each = made(tmp_path, rows)["proxies"]
    names = "epe_nas fisher flops grad_norm grasp jacov l2_norm nwot params plain snip synflow zen"
    assert list(each.labels) == list(PROXIES) == names.split()
    assert all(info.higher_is_better and info.meaning for info in each.data.labels.values())
    assert each.data.labels["flops"].unit == "multiply-adds"
    missing = np.isnan(each.rows.labels["zen"])
    assert [sorted(stores.texts())[i] for i in np.flatnonzero(missing)] == [rows[0]["text"]]
    assert each.results.left_out == {}
    place = sorted(stores.texts()).index(rows[2]["text"])
    want = (rows[2]["synflow"] + rows[3]["synflow"]) / 2
    assert each.rows.labels["synflow"][place] == pytest.approx(want)
    assert each.data.labels["synflow"].seeds == 2
    assert abs(each.data.labels["zen"].noise_ceiling or 9) < 1
    del rows[5]["nwot"]
    with pytest.raises(DataError, match="column nwot holds no number"):
        made(tmp_path, rows)


def test_latency(tmp_path: Path) -> None:
    each = made(tmp_path, stores.latency(seeds=2))["latency_cpu"]
    settings = [f"{runtime}_b{batch}" for runtime in ("torch", "onnxruntime") for batch in (1, 16)]
    columns = [f"{setting}_{what}" for setting in settings for what in ("ms", "spread_ms")]
    assert list(each.labels) == [*columns, "standard_ms", "interference"]
    assert not any(info.higher_is_better for info in each.data.labels.values())
    assert each.data.labels["torch_b1_ms"].unit == "ms"
    assert "Test CPU" in each.data.labels["torch_b1_ms"].source
    assert each.data.labels["onnxruntime_b16_ms"].noise_ceiling == pytest.approx(1)
    assert each.rows.labels["torch_b16_spread_ms"] == pytest.approx(0.75)
    place = sorted(stores.texts()).index(stores.texts()[3])
    assert np.flatnonzero(each.rows.labels["interference"]).tolist() == [place]
    assert each.rows.labels["torch_b16_ms"][place] == pytest.approx(16 * 1.3 + 0.005)


def test_what_the_measurements_give_is_what_the_configs_read() -> None:
    assert tuple(PROXIES) == MEASURED_PROXIES
    timings = [Timing(r, b, 1.0, 0.9, 1.2, 9) for r in LATENCY.runtimes for b in LATENCY.batches]
    given = Latency(tuple(timings), 2.0).columns()
    assert set(given) <= set(stores.latency(count=1)[0])
    settings = LATENCY.to_dict()
    assert {name: settings[name] for name in ("runtimes", "batches")} == {
        name: stores.LATENCY[name] for name in ("runtimes", "batches")
    }


def test_the_ceiling_where_it_is_not_defined() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(30, 2))
    assert seed_correlation(values) == pytest.approx(spearman(*values.T))
    assert seed_correlation(values[:, :1]) is None
    values[:, 1] = 3.0
    assert seed_correlation(values) is None
    values = rng.normal(size=(30, 2))
    gaps = values.copy()
    gaps[4, 0] = np.nan
    whole = np.delete(values, 4, axis=0)
    assert seed_correlation(gaps) == pytest.approx(spearman(*whole.T))


def test_the_reachable_correlation_is_what_simulation_gives() -> None:
    """A predictor that knows the true order gets about the ceiling on noisy means of two seeds."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000)
    noisy = truth[:, None] + 0.8 * rng.normal(size=(4000, 2))
    label = repeated(noisy, "made up", "%", higher_is_better=True, source="tests")
    assert label.info.meaning == "made up, mean over 2 seeds"
    assert spearman(truth, label.values) == pytest.approx(label.info.reachable, abs=0.02)


def test_scores_of_two_supernets_are_no_dataset(tmp_path: Path) -> None:
    rows = [
        {**row, "supernet_seconds": 9.0, "supernet": f"s{row['seed']}"} for row in stores.micro()
    ]
    assert measured_configs(stores.write(tmp_path / "one", rows), "hiaml")
    rows[-1]["supernet"] = "another"
    with pytest.raises(DataError, match="seed 1 are of 2 supernets"):
        measured_configs(stores.write(tmp_path / "two", rows), "hiaml")
    # Rows that were written before supernets had a name are of some other one, for all one knows.
    del rows[-1]["supernet"]
    with pytest.raises(DataError, match="2 supernets"):
        measured_configs(stores.write(tmp_path / "three", rows), "hiaml")
