from __future__ import annotations

import colorsys
import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.micro import attributes as module
from nape_bench.labels.micro.attributes import Attributes
from nape_bench.labels.micro.digits import digits
from nape_bench.labels.micro.images import Images, images, outputs

if TYPE_CHECKING:
    import pytest

SMALL = Attributes(train=1200, test=300)
PLAIN = dataclasses.replace(SMALL, pieces=0, noise=0.0, shift=0.0, slant=0.0)


def answers(data: Images, question: str) -> np.ndarray:
    names = [name for name, _ in SMALL.questions]
    return data.answers[:, names.index(question)]


def masks(data: Images) -> np.ndarray:
    """Return how far each pixel is from the mean of the image's border, [n, h, w]."""
    light = data.pixels.astype(float)
    border = np.concatenate([light[:, :, 0], light[:, :, -1]], axis=2).mean(2)
    return np.abs(light - border[:, :, None, None]).mean(1)


def test_images_have_the_stated_form() -> None:
    train, test = images(SMALL, 12)
    assert train.pixels.shape == (1200, 3, 12, 12)
    assert test.pixels.shape == (300, 3, 12, 12)
    assert train.pixels.dtype == np.uint8
    assert train.answers.dtype == np.int64
    assert train.answers.shape == (1200, len(SMALL.questions))
    for i, (_, classes) in enumerate(SMALL.questions):
        assert set(train.answers[:, i]) == set(range(classes))
    assert outputs(SMALL) == sum(classes for _, classes in SMALL.questions)
    assert set(SMALL.scored) < {name for name, _ in SMALL.questions}


def test_the_same_task_gives_the_same_images_and_another_seed_others() -> None:
    first, _ = images(SMALL, 12)
    images.cache_clear()
    again, _ = images(SMALL, 12)
    other, _ = images(dataclasses.replace(SMALL, seed=7), 12)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.answers, again.answers)
    assert not np.array_equal(first.pixels, other.pixels)


def test_training_and_test_digits_are_disjoint_clutter_included(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pools = []
    draw, (maps, names) = module._draw, digits()

    def spy(task, n, resolution, pool, rng):  # type: ignore[no-untyped-def]
        pools.append(set(pool.tolist()))
        keep = np.zeros(len(maps), bool)
        keep[pool] = True
        hidden = np.where(keep[:, None, None], maps, np.nan)  # a foreign digit would show
        monkeypatch.setattr(module, "digits", lambda: (hidden, names))
        return draw(task, n, resolution, pool, rng)

    monkeypatch.setattr(module, "_draw", spy)
    with np.errstate(invalid="raise"):
        SMALL.draw(12)
    assert not pools[0] & pools[1]
    assert len(pools[0] | pools[1]) == 5000


def test_the_ink_has_the_hue_that_the_answer_says() -> None:
    drawn, _ = PLAIN.draw(24)
    mask = masks(drawn)
    inks = drawn.pixels.transpose(0, 2, 3, 1).reshape(len(mask), -1, 3)
    ink = inks[np.arange(len(mask)), mask.reshape(len(mask), -1).argmax(1)] / 255
    hues = np.array([colorsys.rgb_to_hsv(*colour)[0] for colour in ink.tolist()])
    told = (answers(drawn, "hue") + 0.5) / 8
    distance = np.abs((hues - told + 0.5) % 1 - 0.5)
    assert np.mean(distance < 1 / 16) > 0.8


def test_size_and_stretch_are_those_of_the_strokes() -> None:
    drawn, _ = dataclasses.replace(PLAIN, turn=0.0, stretch=0.35).draw(32)
    mask = masks(drawn)
    shown = mask > mask.max((1, 2), keepdims=True) / 2
    height, width = shown.any(2).sum(1), shown.any(1).sum(1)
    size, stretch = answers(drawn, "size"), answers(drawn, "stretch")
    assert np.corrcoef(np.log(height * width), size)[0, 1] > 0.4
    assert np.corrcoef(np.log(height / width), stretch)[0, 1] > 0.3


def test_a_turned_digit_leans() -> None:
    drawn, _ = dataclasses.replace(PLAIN, stretch=0.0).draw(32)
    weight = masks(drawn)
    weight = np.where(weight > weight.max((1, 2), keepdims=True) / 2, weight, 0)
    line = np.arange(32) - 15.5
    mean = weight.sum((1, 2))
    lean = np.einsum("nyx,y,x->n", weight, line, line) / mean
    turn = answers(drawn, "turn")
    assert abs(np.corrcoef(lean, turn)[0, 1]) > 0.25
