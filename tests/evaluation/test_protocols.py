"""Names of protocols: what they stand for, and what is said of those that stand for nothing."""

from __future__ import annotations

import dataclasses

import pytest

from nape_bench.data.registry import published_version
from nape_bench.errors import ProtocolError, UnknownNameError
from nape_bench.evaluation import known_protocols, protocol, protocol_families
from nape_bench.evaluation.protocols import add_family


@pytest.mark.parametrize("family", list(protocol_families()))
def test_every_family_reads_its_example_and_lists_names_that_it_reads(family: str) -> None:
    entry = protocol_families()[family]
    assert protocol(entry.example).name == entry.example
    pairs = [("nape/hiaml", "micro"), ("nape/nb201", "cifar10"), ("jane/mine", "accuracy")]
    names = entry.names(pairs)
    assert len(set(names)) == len(pairs)
    assert [protocol(name).name for name in names] == names
    assert [(protocol(n).dataset, protocol(n).config) for n in names] == pairs
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
