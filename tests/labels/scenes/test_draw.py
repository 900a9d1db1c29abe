import dataclasses

import numpy as np
import pytest

from nape_bench.labels.scenes.annotated import CLASSES, POINTS, STUFF, THINGS
from nape_bench.labels.scenes.draw import Scenes, scenes
from nape_bench.labels.scenes.sources import all_digits

SMALL = Scenes(train=120, test=60)


@pytest.fixture(scope="module")
def drawn():
    return scenes(SMALL)


def masks_of(data):
    places = np.arange(1, data.present.shape[1] + 1)[:, None, None]
    return data.instance[:, None] == places


def test_same_settings_give_the_same_scenes_and_another_seed_others(drawn) -> None:
    again = SMALL.draw()
    other = dataclasses.replace(SMALL, seed=7).draw()
    for mine, same, apart in zip(drawn, again, other, strict=True):
        assert all((a == b).all() for a, b in zip(mine, same, strict=True))
        assert (mine.pixels != apart.pixels).any()


def test_train_and_test_scenes_share_no_digit(drawn) -> None:
    train, test = drawn
    assert not np.intersect1d(train.sources, test.sources).size


def test_both_sources_of_digits_are_used(drawn) -> None:
    _, names = all_digits()
    assert len(names) == 5000 + 1797
    for data in drawn:
        assert (data.sources < 5000).any()
        assert (data.sources >= 5000).any()
        assert (names[data.sources] == data.classes).all()


def test_small_digits_are_drawn_as_large_as_mnists() -> None:
    maps, _ = all_digits()
    assert maps.min() >= 0
    assert maps.max() <= 1
    for part in (maps[:5000], maps[5000:]):
        rows = (part > 0.3).any(2)
        assert np.median(rows.sum(1)) == pytest.approx(20, abs=1)
        assert np.median(rows.argmax(1)) == pytest.approx(4, abs=1)


def test_each_scene_has_one_digit_to_three_and_every_number_of_them_occurs(drawn) -> None:
    train, _ = drawn
    assert set(train.present.sum(1)) == {1, 2, 3}


def test_boxes_hold_what_is_seen_and_nothing_less(drawn) -> None:
    for data in drawn:
        masks = masks_of(data)
        assert (masks.any((2, 3)) == data.present).all()
        for scene, place in np.argwhere(data.present):
            rows, columns = np.nonzero(masks[scene, place])
            expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert data.boxes[scene, place].tolist() == expected


def test_boxes_and_keypoints_of_absent_digits_are_empty(drawn) -> None:
    for data in drawn:
        assert not data.boxes[~data.present].any()
        assert not data.points[~data.present].any()
        assert not data.seen[~data.present].any()


def test_class_of_a_pixel_is_that_of_the_digit_seen_there_or_stuff(drawn) -> None:
    for data in drawn:
        assert data.semantic.max() < CLASSES == len(STUFF) + len(THINGS)
        assert ((data.semantic >= len(STUFF)) == (data.instance > 0)).all()
        for scene, place in np.argwhere(data.present):
            inside = data.instance[scene] == place + 1
            told = set(data.semantic[scene][inside].tolist())
            assert told == {len(STUFF) + data.classes[scene, place]}
        assert set(np.unique(data.semantic)) == set(range(CLASSES))


def test_main_digit_is_the_one_most_is_seen_of(drawn) -> None:
    for data in drawn:
        areas = masks_of(data).sum((2, 3))
        for scene, main in enumerate(data.main):
            largest = data.classes[scene][areas[scene] == areas[scene].max()]
            assert main in largest


def test_keypoints_of_an_unhidden_digit_are_the_ends_of_its_mask(drawn) -> None:
    train, _ = drawn
    alone = np.flatnonzero(train.present.sum(1) == 1)
    assert len(alone) > 10
    for scene in alone:
        (place,) = np.flatnonzero(train.present[scene])
        rows, columns = np.nonzero(train.instance[scene] == place + 1)
        top, right, bottom, left, centre = train.points[scene, place]
        assert len(POINTS) == 5
        assert top[1] == rows.min() + 0.5
        assert bottom[1] == rows.max() + 0.5
        assert left[0] == columns.min() + 0.5
        assert right[0] == columns.max() + 0.5
        assert top[0] == pytest.approx(columns[rows == rows.min()].mean() + 0.5)
        assert centre == pytest.approx([columns.mean() + 0.5, rows.mean() + 0.5], abs=1e-4)
        assert train.seen[scene, place].all()


def test_digits_in_front_hide_keypoints_and_too_much_is_never_hidden(drawn) -> None:
    train, _ = drawn
    hidden = train.present[..., None] & ~train.seen
    assert hidden.any()
    assert hidden.sum() < 0.2 * train.present.sum() * len(POINTS)
    for scene, place, point in np.argwhere(hidden):
        x, y = np.floor(train.points[scene, place, point]).astype(int)
        assert train.instance[scene, y, x] > place + 1


def test_the_side_is_what_was_asked_for() -> None:
    train, test = Scenes(side=48, train=3, test=2).draw()
    assert train.pixels.shape == (3, 3, 48, 48)
    assert test.side == 48


def test_a_broad_pen_covers_what_a_fine_one_does_and_more() -> None:
    fine, broad = all_digits()[0], all_digits(3)[0]
    assert (broad >= fine).all()
    assert broad[0, 1:-1, 1:-1].max() == fine[0].max()
    row, column = np.unravel_index(fine[0].argmax(), fine[0].shape)
    around = broad[0, row - 1 : row + 2, column - 1 : column + 2]
    assert (around == fine[0].max()).all()
