from __future__ import annotations

import pytest

import nape_bench
from nape_bench.data.splits import split_of
from nape_bench.errors import NapeError, UnknownNameError
from nape_bench.labels import draw, drawn_from
from nape_bench.labels.choose import groups


def test_architectures_differ_and_fewer_are_the_first_of_more() -> None:
    specs = draw("hiaml", 30, seed=1)
    assert len(set(groups(nape_bench.space("hiaml"), specs))) == 30
    assert draw("hiaml", 10, seed=1) == specs[:10]
    assert draw("hiaml", 10, seed=2) != specs[:10]


def test_nb201_is_drawn_without_none_unless_asked_otherwise() -> None:
    assert [drawn_from("nb201"), drawn_from("hiaml"), drawn_from("nb201", "all")] == [
        "no-none",
        "all",
        "all",
    ]
    assert not any("none" in spec["ops"] for spec in draw("nb201", 40))
    assert draw("nb201", 5) == draw("nb201", 5, subset="no-none")
    assert any("none" in spec["ops"] for spec in draw("nb201", 40, subset="all"))


@pytest.mark.parametrize("name", ["ofa_pn", "ofa_mbv3", "ofa_resnet"])
def test_supernets_are_drawn_at_full_resolution_unless_asked_otherwise(name: str) -> None:
    assert {spec["resolution"] for spec in draw(name, 8)} == {224}
    assert len({spec["resolution"] for spec in draw(name, 20, subset="all")}) > 2
    assert draw(name, 3, subset="full-resolution") == draw(name, 3)


def test_what_is_excluded_is_not_drawn_nor_what_computes_the_same() -> None:
    space = nape_bench.space("nb201")
    chosen = draw("nb201", 40)
    out = chosen[::2]
    again = draw("nb201", 20, exclude=out)
    assert again == chosen[1::2]
    assert set(groups(space, again)).isdisjoint(groups(space, out))
    twin = {"ops": ["skip_connect", *["none"] * 5]}
    same = next(
        spec
        for spec in space.enumerate()
        if spec != space.normalise(twin) and space.build(spec).group == space.build(twin).group
    )
    assert space.build(same).group not in groups(
        space, draw("nb201", 200, subset="all", exclude=[twin])
    )


def test_given_architectures_are_drawn_from_once_each() -> None:
    given = draw("nb201", 30)
    some = draw("nb201", 10, seed=3, among=given + given, exclude=given[:5])
    assert some == draw("nb201", 10, seed=3, among=given + given, exclude=given[:5])
    assert some != draw("nb201", 10, seed=4, among=given, exclude=given[:5])
    assert len({str(spec) for spec in some}) == 10
    assert all(spec in given[5:] for spec in some)
    assert draw("nb201", 30, among=given) != given
    assert sorted(map(str, draw("nb201", 30, among=given))) == sorted(map(str, given))
    with pytest.raises(NapeError, match=r"part of nb201 .* has no 31 different .* 30 were found"):
        draw("nb201", 31, among=given)


def test_unknown_subsets_and_numbers_too_large_are_told() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown subset of nb201 'no-nome': did you mean"):
        draw("nb201", 1, subset="no-nome")
    with pytest.raises(NapeError, match="n is at least 1, not 0"):
        draw("nb201", 0)
    with pytest.raises(NapeError, match="nb201 has 15,625 architectures, not 20,000"):
        draw("nb201", 20_000)


def test_what_is_wanted_is_drawn_in_the_order_in_which_all_would_be() -> None:
    every = draw("nb201", 60)
    keys = dict(zip(map(str, every), groups(nape_bench.space("nb201"), every), strict=True))
    wanted = [spec for spec in every if split_of(keys[str(spec)]) == "test"]
    assert 5 < len(wanted) < 35
    found = draw("nb201", len(wanted), wanted=lambda group: split_of(group) == "test")
    assert found == wanted


def test_nothing_wanted_is_not_looked_for_without_end() -> None:
    with pytest.raises(NapeError, match="0 were found"):
        draw("nb201", 1, wanted=lambda _: False)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(NapeError, match="--draw-seed"):
        draw("hiaml", 1, seed=-1)
