"""Names that nobody knows are answered with near ones, or with those that there are."""

from __future__ import annotations

import pytest

from nape_bench.errors import UnknownNameError
from nape_bench.registry import Registry, unknown_name

FAMILIES = ("hiaml", "inception", "nb101", "nb201", "ofa_mbv3", "ofa_pn", "ofa_resnet", "two_path")


@pytest.mark.parametrize(
    ("name", "near"), [("hiamll", "hiaml"), ("ofa-resnet", "ofa_resnet"), ("twopath", "two_path")]
)
def test_near_names_are_suggested(name: str, near: str) -> None:
    told = str(unknown_name("space", name, FAMILIES))
    assert told == f"unknown space {name!r}: did you mean {near}?"


def test_at_most_three_are_the_nearest_first() -> None:
    told = str(unknown_name("item", "abcd", ["abcx", "abcde", "abcy", "abcz", "q"]))
    assert told.startswith("unknown item 'abcd': did you mean abcde, ")
    assert told.count(",") == 2


def test_a_name_that_is_like_none_is_answered_with_all() -> None:
    told = str(unknown_name("micro scale", "fbnet", FAMILIES, "Try one."))
    assert told == f"unknown micro scale 'fbnet': known are {', '.join(FAMILIES)}. Try one."


def test_of_many_names_a_dozen_is_told() -> None:
    names = [f"n{number:02d}" for number in range(14)]
    told = str(unknown_name("item", "other", names))
    assert told == f"unknown item 'other': known are {', '.join(names[:12])} and 2 more."
    assert str(unknown_name("item", "other", names[:12])).endswith("n10, n11.")
    assert str(unknown_name("item", "other", [])) == "unknown item 'other': known are none."


def test_a_registry_answers_so_and_refuses_duplicates() -> None:
    numbers: Registry[int] = Registry("number")
    numbers.add("one", 1)
    assert numbers["one"] == 1
    with pytest.raises(UnknownNameError, match="unknown number 'two': known are one"):
        numbers["two"]
    with pytest.raises(ValueError, match="duplicate number 'one'"):
        numbers.add("one", 2)
