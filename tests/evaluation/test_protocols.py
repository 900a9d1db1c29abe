"""Names of protocols: what they stand for, and what is said of those that stand for nothing."""

from __future__ import annotations

import dataclasses

import pytest

from nape_bench.data.registry import published_version
from nape_bench.errors import NapeError, ProtocolError, UnknownNameError
from nape_bench.evaluation import Evaluator, known_protocols, protocol, protocol_families
from nape_bench.evaluation.protocols import add_family
from nape_bench.evaluation.protocols.base import Source
from tests.evaluation.tiny import LATENCY, architectures, labels_of, put_tiny


@pytest.mark.parametrize("family", list(protocol_families()))
def test_every_family_reads_its_example_and_lists_names_that_it_reads(family: str) -> None:
    entry = protocol_families()[family]
    assert protocol(entry.example).name == entry.example
    pairs = [("nape/hiaml", "micro"), ("nape/nb201", "cifar10"), ("jane/mine", "accuracy")]
    more = [("nape/nb101", "micro"), ("nape/nb101", "cifar10"), ("nape/fbnet", "latency")]
    tasks = ("detection", "keypoints", "semantic_segmentation")
    families = ("ofa_pn", "ofa_mbv3", "ofa_resnet")
    more += [("nape/multitask", f"{f}-{task}") for f in families for task in tasks]
    more += [("nape/zoo", "detection")]
    sisters = ("class_object", "class_scene", "autoencoder", "normal", "jigsaw", "room_layout")
    more += [("nape/transnas_micro", task) for task in (*sisters, "segmentsemantic")]
    names = entry.names([*pairs, *more])
    assert names
    assert len(set(names)) == len(names)
    assert [protocol(name).name for name in names] == names
    assert {(protocol(n).dataset, protocol(n).config) for n in names} <= {*pairs, *more}
    assert entry.title
    assert entry.pattern.startswith(f"{family}/")


def test_in_family_is_the_fixed_splits_and_five_seeds() -> None:
    made = protocol("in-family/hiaml")
    assert (made.dataset, made.config) == ("nape/hiaml", "micro")
    assert (made.train, made.validation, made.test) == ("train", "validation", "test")
    assert made.seeds == (0, 1, 2, 3, 4)
    assert made.version == published_version("nape/hiaml", "micro") is not None
    assert protocol("in-family/hiaml/cifar10").version is None


def test_zero_shot_trains_on_nothing_and_tests_on_all() -> None:
    made = protocol("zero-shot/nb201/cifar10")
    assert (made.dataset, made.config) == ("nape/nb201", "cifar10")
    assert (made.train, made.validation, made.test) == (None, None, "all")


def test_few_shot_sees_so_many_labels_of_the_rows_that_it_is_tested_on() -> None:
    made = protocol("few-shot/nb201/cifar10-50")
    assert (made.dataset, made.config, made.shots) == ("nape/nb201", "cifar10", 50)
    assert (made.train, made.validation, made.test) == (None, None, "all")
    assert protocol("few-shot/hiaml-7") == protocol("few-shot/hiaml/micro-7")
    assert protocol("few-shot/jane/mine/top-1-20").config == "top-1"


@pytest.mark.parametrize("name", ["few-shot/hiaml", "few-shot/hiaml-0", "few-shot", "few-shot/-5"])
def test_few_shot_without_a_number_of_labels_is_told_the_pattern(name: str) -> None:
    with pytest.raises(ProtocolError, match="-<labels> expected"):
        protocol(name)


def test_gennape_is_fitted_to_nas_bench_101_and_tested_on_another_family() -> None:
    zero, tuned = protocol("gennape/hiaml-zero-shot"), protocol("gennape/hiaml-ft50")
    assert (zero.shots, tuned.shots) == (0, 50)
    for made in (zero, tuned):
        assert made.source is not None
        assert (made.source.dataset, made.source.config) == ("nape/nb101", "micro")
        assert made.source.version == published_version("nape/nb101", "micro") is not None
        assert (made.dataset, made.train, made.test) == ("nape/hiaml", "train", "all")


@pytest.mark.parametrize(
    ("config", "trained"),
    [
        ("latency_cpu", "latency_cpu"),
        ("cifar100", "cifar10"),
        ("gennape_cifar100", "gennape_cifar10"),
    ],
)
def test_the_labels_of_nas_bench_101_go_with_those_of_the_family(config: str, trained: str) -> None:
    source = protocol(f"gennape/nb201/{config}-ft50").source
    assert source is not None
    assert source.config == trained


@pytest.mark.parametrize("name", ["zero-shot/multitask/{}", "few-shot/multitask/{}-20"])
def test_where_other_splits_have_pseudo_labels_the_test_split_alone_is_ranked(name: str) -> None:
    assert protocol(name.format("ofa_mbv3-keypoints")).test == "test"


def test_a_device_is_a_target_of_which_twenty_samples_are_seen() -> None:
    made = protocol("hw/fbnet-0/fpga")
    assert (made.dataset, made.config, made.target) == ("nape/fbnet", "latency", "fpga")
    assert (made.shots, made.train, made.test) == (20, None, "all")
    assert made.known == ()
    known = protocol("hw/fbnet-0-known/fpga").known
    assert len(known) == 9
    assert "pixel3" in known
    assert "fpga" not in known
    assert protocol("hw/fbnet-0-known/fpga").known_rows == 0
    seen = protocol("hw/fbnet-0-seen/fpga")
    assert (seen.known, seen.known_rows) == (known, 4000)
    assert protocol("hw/nb201-0-seen/fpga").known_rows == 900
    with pytest.raises(UnknownNameError):
        protocol("hw/fbnet-0-seen-known/fpga")
    with pytest.raises(UnknownNameError, match="did you mean fbnet-"):
        protocol("hw/fbnet/fpga")
    with pytest.raises(UnknownNameError, match="known are eyeriss, fpga, raspi4"):
        protocol("hw/fbnet-0/toaster")
    with pytest.raises(ProtocolError, match="<dataset>-<task>/<device> expected"):
        protocol("hw/fbnet-0")


def test_gennape_has_no_test_on_what_is_trained_on() -> None:
    with pytest.raises(ProtocolError, match="test on another dataset"):
        protocol("gennape/nb101-ft50")
    with pytest.raises(ProtocolError, match="-zero-shot or -ft50 expected"):
        protocol("gennape/hiaml-ft20")


def test_the_default_config_may_be_named_and_is_left_out_of_the_name() -> None:
    assert protocol("in-family/hiaml/micro") == protocol("in-family/hiaml")


def test_a_version_is_part_of_the_name() -> None:
    made = protocol("in-family/hiaml@v1.0")
    assert (made.name, made.version) == ("in-family/hiaml@v1.0", "v1.0")
    with pytest.raises(ProtocolError, match="a version expected after the @"):
        protocol("in-family/hiaml@")


@pytest.mark.parametrize(
    "name", ["in-family", "in-family/", "in-family//micro", "zero-shot/a/b/c/d"]
)
def test_a_name_that_does_not_fit_the_pattern_is_told_the_pattern(name: str) -> None:
    with pytest.raises(ProtocolError, match=r"<dataset>\[/<config>\]"):
        protocol(name)


def test_an_unknown_family_is_answered_with_the_nearest_and_the_command(tiny: object) -> None:
    with pytest.raises(UnknownNameError, match="did you mean in-family/tiny") as caught:
        protocol("infamily/tiny")
    assert "nape-bench protocols" in str(caught.value)


def test_known_protocols_are_over_what_is_at_hand(tiny: object) -> None:
    known = known_protocols()
    assert {"in-family/tiny", "zero-shot/tiny"} <= set(known)
    assert not any("fbnet" in name for name in known)


def test_a_family_cannot_be_added_twice() -> None:
    entry = protocol_families()["in-family"]
    with pytest.raises(ValueError, match="duplicate protocol family"):
        add_family(dataclasses.replace(entry))


def test_aiop_is_fitted_to_accuracies_and_two_tasks_of_the_family() -> None:
    made = protocol("aiop/ofa_pn-semantic_segmentation-ft20")
    assert (made.dataset, made.config) == ("nape/multitask", "ofa_pn-semantic_segmentation")
    assert made.source == Source("nape/nb101", "micro", "v1.1")
    assert [(each.config, each.split) for each in made.auxiliary] == [
        ("ofa_pn-detection", "train"),
        ("ofa_pn-keypoints", "train"),
    ]
    assert (made.test, made.shots) == ("test", 20)
    assert protocol("aiop/ofa_pn-semantic_segmentation-zero-shot").shots == 0


def test_aiop_of_the_papers_own_labels_goes_by_its_names() -> None:
    made = protocol("aiop/ofa_mbv3-sem_seg-zero-shot")
    assert (made.dataset, made.config) == ("nape/ofa_mbv3", "aiop_sem_seg_ind")
    assert made.source is not None
    assert made.source.config == "gennape_cifar10"
    assert [each.config for each in made.auxiliary] == ["aiop_obj_det_shared", "aiop_lsp_shared"]
    assert len(made.labels_needed) == 4


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("aiop/ofa_pn-detection", "aiop/<family>-<task>-zero-shot or -ft20 expected"),
        ("aiop/ofa_pn-ft20", "aiop/<family>-<task>-zero-shot or -ft20 expected"),
        ("aiop", "aiop/<family>-<task>-zero-shot or -ft20 expected"),
        ("aiop/ofa_pm-detection-ft20", "unknown family of aiop 'ofa_pm': did you mean ofa_pn"),
        ("aiop/ofa_pn-detecton-ft20", "unknown task of aiop 'detecton': did you mean detection"),
    ],
)
def test_aiop_names_that_are_none(name: str, message: str) -> None:
    with pytest.raises(NapeError, match=message):
        protocol(name)


def test_protocols_whose_parts_have_no_rows_are_not_listed(own_home: object) -> None:
    built, _ = architectures("hiaml", 30)
    rows = built.rows({"accuracy": labels_of("hiaml", 30)})
    nothing = rows.take([])
    put_tiny("nape/tests_only", splits={"train": nothing, "validation": nothing, "test": rows})
    mine = [name for name in known_protocols() if "tests_only" in name]
    known = [name for name in mine if not name.startswith("transfer/")]
    assert "transfer/hiaml-to-tests_only" in mine
    assert "transfer/tests_only-to-hiaml" not in mine, "it has nothing to be fitted to"
    kinds = ["few-shot/tests_only-20", "gennape/tests_only-zero-shot", "zero-shot/tests_only"]
    assert known == kinds
    assert [Evaluator(name).protocol.name for name in known] == known
    with pytest.raises(ProtocolError, match="train part has the label accuracy"):
        Evaluator("in-family/tests_only")
    with pytest.raises(ProtocolError, match="50 labels cannot be drawn of"):
        Evaluator("few-shot/tests_only-50")


def test_a_latency_table_without_the_device_has_no_protocol(own_home: object) -> None:
    put_tiny("nape/fbnet", "latency", family="fbnet", label=("fpga", LATENCY))
    known = [name for name in known_protocols() if name.startswith("hw/")]
    assert known == ["hw/fbnet-0/fpga", "hw/fbnet-1/fpga"]


def test_transfer_is_fitted_to_one_task_and_sees_twenty_labels_of_another() -> None:
    made = protocol("transfer/nb101-to-hiaml")
    assert made.source is not None
    assert (made.source.dataset, made.source.config) == ("nape/nb101", "micro")
    assert (made.dataset, made.config, made.shots) == ("nape/hiaml", "micro", 20)
    assert (made.train, made.validation, made.test) == ("train", "validation", "all")
    own = protocol("transfer/jane/mine/accuracy-to-nb201/cifar10")
    assert own.source is not None
    assert (own.source.dataset, own.dataset) == ("jane/mine", "nape/nb201")


def test_transfer_between_labels_of_one_dataset_tests_on_what_the_source_has_not() -> None:
    assert protocol("transfer/nb201/cifar10-to-nb201/cifar100").test == "test"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("transfer/nb101", "<a>-to-<b> expected"),
        ("transfer/nb101-to-hiaml-to-nb201", "<a>-to-<b> expected"),
        ("transfer/nb101-to-", "expected, as in transfer/hiaml"),
        ("transfer/hiaml-to-hiaml/micro", "the same labels"),
    ],
)
def test_transfer_from_or_to_nothing_is_told_the_pattern(name: str, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        protocol(name)


def test_a_task_may_be_learnt_beside_its_sisters() -> None:
    made = protocol("tasks/transnas_micro/jigsaw-20-others")
    assert (made.dataset, made.config, made.shots) == ("nape/transnas_micro", "jigsaw", 20)
    assert (made.train, made.test) == (None, "test")
    assert len(made.auxiliary) == 6
    assert all(each.split == "train" and each.config != "jigsaw" for each in made.auxiliary)
    alone = protocol("tasks/transnas_micro/jigsaw-20-alone")
    assert alone.auxiliary == ()
    assert (alone.test, alone.shots, alone.version) == (made.test, made.shots, made.version)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tasks/transnas_micro/jigsaw-20", "<dataset>/<task>-20-others or -alone expected"),
        ("tasks/jigsaw-20-alone", "<dataset>/<task>-20-others or -alone expected"),
        ("tasks/transnas_mikro/jigsaw-20-alone", "did you mean transnas_micro"),
        ("tasks/transnas_micro/jigsaws-20-alone", "did you mean jigsaw"),
    ],
)
def test_tasks_that_are_none(name: str, message: str) -> None:
    with pytest.raises(NapeError, match=message):
        protocol(name)


def test_the_zoo_is_ranked_by_what_was_fitted_elsewhere() -> None:
    made = protocol("zoo/detection")
    assert (made.dataset, made.config, made.test, made.shots) == (
        "nape/zoo",
        "detection",
        "test",
        0,
    )
    assert made.source == Source("nape/nb101", "micro", "v1.1")
    assert len(made.auxiliary) == 6
    with pytest.raises(ProtocolError, match="zoo/<task> expected"):
        protocol("zoo/classification/micro")
    with pytest.raises(UnknownNameError, match="unknown task of zoo 'detecton': did you mean det"):
        protocol("zoo/detecton")
