"""Errors that repeat what was given, which may be a whole file."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from nape_bench.errors import SpecError, shortened
from nape_bench.registry import unknown_name
from nape_bench.spaces import space, spaces

if TYPE_CHECKING:
    from typing import Any


def test_of_a_long_text_the_beginning_the_length_and_the_end() -> None:
    assert shortened("a" * 600) == "a" * 600
    long = "begin" + "x" * 10_000 + "end"
    short = shortened(long)
    assert short.startswith("beginx")
    assert short.endswith("xend")
    assert "(10,008 characters in all)" in short
    assert len(short) < 600
    assert shortened(short) == short


@pytest.mark.parametrize("family", sorted(spaces()))
@pytest.mark.parametrize("value", ["x_" * 50_000, ["conv"] * 50_000, {"a": "y" * 100_000}])
def test_no_space_repeats_a_long_specification(family: str, value: Any) -> None:
    with pytest.raises(SpecError) as caught:
        space(family).normalise(value)
    assert len(str(caught.value)) < 600
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


def test_a_long_name() -> None:
    assert len(str(unknown_name("space", "z" * 100_000, ["nb101", "nb201"]))) < 700
