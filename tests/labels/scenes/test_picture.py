import io

import numpy as np
import pytest

from nape_bench.labels.scenes.draw import Scenes
from nape_bench.labels.scenes.picture import GAP, ZOOM, picture, png


def test_picture_has_four_panels_a_scene() -> None:
    train, _ = Scenes(train=4, test=1).draw()
    drawn, side = picture(train, [0, 2]), train.side
    assert drawn.dtype == np.uint8
    assert drawn.shape == (2 * side * ZOOM + GAP, 4 * side * ZOOM + 3 * GAP, 3)
    first = drawn[: side * ZOOM : ZOOM, : side * ZOOM : ZOOM]
    assert (first == train.pixels[0].transpose(1, 2, 0)).all()


def test_png_is_read_by_others_as_it_was() -> None:
    image = pytest.importorskip("PIL.Image")
    drawn = np.random.default_rng(0).integers(256, size=(5, 9, 3), dtype=np.uint8)
    read = image.open(io.BytesIO(png(drawn)))
    assert (np.asarray(read) == drawn).all()
