"""Opening a protocol: which rows train, validate and test, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nape_bench.data import load_dataset
from nape_bench.errors import DataError, ProtocolError, UnknownNameError
from nape_bench.evaluation import protocol
from nape_bench.evaluation.task import open_task
from tests.evaluation.tiny import LATENCY, architectures, labels_of, put_tiny


def test_in_family_has_the_splits_of_the_dataset(tiny: object) -> None:
    dataset = load_dataset("nape/tiny")
    task = open_task(protocol("in-family/tiny"))
    assert task.train is not None
    assert task.validation is not None
    for rows, split in (
        (task.train, "train"),
        (task.validation, "validation"),
        (task.test, "test"),
    ):
        assert rows.ids == dataset[split].ids
        assert np.array_equal(rows.y, dataset[split].y)
        assert np.array_equal(rows.graphs.flops(), dataset[split].graphs.flops())
    assert task.label_budget == len(dataset["train"]) + len(dataset["validation"])
    facts = task.dataset
    assert (facts.name, facts.config, facts.version) == ("nape/tiny", "micro", "v1.0")
    assert (facts.source, facts.target, facts.unit) == ("store", "accuracy", "%")
    assert facts.content_hash == dataset.content_hash
    assert facts.split_hashes == dict(dataset.split_hashes)
    assert facts.higher_is_better is True
    assert not task.subsets


def test_zero_shot_tests_on_every_row_and_gives_no_labels(tiny: object) -> None:
    dataset = load_dataset("nape/tiny")
    task = open_task(protocol("zero-shot/tiny"))
    assert task.train is None
    assert task.validation is None
    assert task.label_budget == 0
    assert task.test.ids == [i for split in dataset for i in dataset[split].ids]
    assert len(set(task.test.ids)) == 120
    place = {i: k for k, i in enumerate(task.test.ids)}
    for split in dataset:
        rows = [place[i] for i in dataset[split].ids]
        assert np.array_equal(task.test.y[rows], dataset[split].y)
        assert np.array_equal(task.test.graphs[rows].flops(), dataset[split].graphs.flops())


def test_rows_without_the_label_are_left_out_and_counted(own_home: object) -> None:
    y = labels_of("hiaml", 120).copy()
    y[::3] = np.nan
    put_tiny(y=y)
    dataset = load_dataset("nape/tiny")
    task = open_task(protocol("in-family/tiny"))
    gone = {split: int(np.isnan(dataset[split].y).sum()) for split in dataset}
    assert task.left_out == gone
    assert sum(gone.values()) == 40
    assert task.train is not None
    assert task.validation is not None
    assert task.label_budget == sum(len(dataset[s]) - gone[s] for s in ("train", "validation"))
    for rows in (task.train, task.validation, task.test):
        assert np.isfinite(rows.y).all()
        for i, name in enumerate(rows.ids):
            row = dataset.lookup(name)
            assert row.labels["accuracy"] == rows.y[i]
            split = dataset[row.split]
            assert rows.graphs[i] == split.graphs[row.index]
            assert rows.groups[i] == split.groups[row.index]


def test_no_labels_at_all_in_a_part_is_an_error(own_home: object) -> None:
    built, _ = architectures("hiaml", 120)
    put_tiny(y=np.full(120, np.nan))
    with pytest.raises(
        ProtocolError, match=r"no row of nape/tiny .* for the test part has the label"
    ):
        open_task(protocol("in-family/tiny"))
    rows = built.rows({"accuracy": labels_of("hiaml", 120)})
    order = np.argsort(rows.texts["group"].to_pylist())
    parts = {"train": rows.take(order[:0]), "validation": rows.take(order[:0]), "test": rows}
    put_tiny(config="lopsided", splits=parts)
    with pytest.raises(ProtocolError, match="for the train part"):
        open_task(protocol("in-family/tiny/lopsided"))


def test_an_infinite_label_is_an_error_that_names_the_row(own_home: object) -> None:
    y = labels_of("hiaml", 120).copy()
    y[5] = np.inf
    put_tiny(y=y)
    name = architectures("hiaml", 120)[0].rows({}).texts["id"][5].as_py()
    with pytest.raises(DataError, match=f"accuracy of {name} is inf"):
        open_task(protocol("zero-shot/tiny"))


def test_an_isomorph_of_a_training_row_in_the_test_is_refused(tiny: object) -> None:
    dataset = load_dataset("nape/tiny")
    dataset["test"].groups[3] = dataset["validation"].groups[0]
    wrong = dataset["test"].ids[3], dataset["validation"].ids[0]
    with pytest.raises(DataError, match=f"1 test rows .* the first {wrong[0]} that of {wrong[1]}"):
        open_task(protocol("in-family/tiny"), dataset)
    open_task(protocol("zero-shot/tiny"), dataset)


def test_a_dataset_that_is_not_the_protocols_is_refused(tiny: object) -> None:
    put_tiny("nape/other")
    other = load_dataset("nape/other")
    with pytest.raises(ProtocolError, match=r"is on nape/tiny .* the dataset given is nape/other"):
        open_task(protocol("in-family/tiny"), other)
    with pytest.raises(ProtocolError, match=r"v2\.0"):
        open_task(protocol("in-family/tiny@v2.0"), load_dataset("nape/tiny"))


def test_what_is_not_at_hand_is_said(tiny: object) -> None:
    with pytest.raises(UnknownNameError, match="did you mean nape/tiny"):
        open_task(protocol("in-family/tinny"))
    with pytest.raises(UnknownNameError, match="config of nape/tiny 'cifar10'"):
        open_task(protocol("in-family/tiny/cifar10"))
    with pytest.raises(UnknownNameError, match="v2"):
        open_task(protocol("in-family/tiny@v2.0"))
    with pytest.raises(UnknownNameError, match="nape-bench import table"):
        open_task(protocol("in-family/nb201/cifar10"))
    wrong = dataclasses.replace(protocol("in-family/tiny"), target="acuracy")
    with pytest.raises(UnknownNameError, match="did you mean accuracy"):
        open_task(wrong)


def test_direction_and_unit_are_the_labels(own_home: object) -> None:
    put_tiny(config="latency", label=("latency", LATENCY))
    facts = open_task(protocol("in-family/tiny/latency")).dataset
    assert (facts.target, facts.unit, facts.higher_is_better) == ("latency", "ms", False)


def test_subsets_are_those_of_the_space_with_enough_rows(own_home: object) -> None:
    put_tiny("nape/cells", family="nb201", count=150)
    task = open_task(protocol("zero-shot/cells"))
    without = np.array(["none" not in name for name in task.test.ids])
    assert list(task.subsets) == ["no-none"]
    assert np.array_equal(task.subsets["no-none"], without)
    assert 20 <= without.sum() < 150
    small = open_task(protocol("in-family/cells"))
    few = sum("none" not in name for name in small.test.ids)
    assert (few >= 20) == ("no-none" in small.subsets)
    put_tiny("nape/few", family="nb201", count=40)
    few_task = open_task(protocol("zero-shot/few"))
    assert 0 < sum("none" not in name for name in few_task.test.ids) < 20
    assert not few_task.subsets


def test_subsets_of_a_zoo_are_its_families_with_their_standard_weights() -> None:
    task = open_task(protocol("zoo/classification"))
    assert set(task.subsets) == {"efficientnet", "mobilenet", "resnet", "vgg"}
    test = load_dataset("nape/zoo", "classification")["test"]
    recipe = dict(zip(test.ids, test.labels["recipe"].tolist(), strict=True))
    family = dict(zip(test.ids, test.families, strict=True))
    ids = np.array(task.test.ids)
    for name, mask in task.subsets.items():
        assert {family[each] for each in ids[mask]} == {name}
        assert {recipe[each] for each in ids[mask]} == {1}
    assert task.subsets["resnet"].sum() == 10
    assert not open_task(protocol("zoo/detection")).subsets, "there is one family of detectors"
