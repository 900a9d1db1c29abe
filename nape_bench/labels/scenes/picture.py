"""Pictures of scenes with their annotations, drawn with numpy alone."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.scenes.annotated import CLASSES, POINTS, STUFF

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nape_bench.labels.scenes.annotated import Annotated

    Picture = NDArray[np.uint8]

ZOOM = 7
"""Pixels of the picture for one of a scene."""
GAP = 6
STUFF_COLOURS = [(70, 70, 80), (120, 120, 130), (170, 170, 180), (215, 215, 225)]
COLOURS = [
    (230, 60, 60), (60, 160, 240), (80, 200, 90), (240, 170, 40), (170, 90, 220),
    (60, 200, 200), (240, 110, 180), (150, 110, 60), (250, 230, 80), (110, 110, 250),
]  # fmt: skip
"""One for each digit or place."""


def picture(scenes: Annotated, chosen: list[int]) -> Picture:
    """Draw scenes below each other, each in four panels, uint8 [height, width, 3].

    The panels are: the scene as it is; with boxes and keypoints; with the digits' masks; and the
    class of each pixel, stuff in greys.

    Args:
        scenes: Where they come from.
        chosen: Their numbers.
    """
    rows = []
    for number in chosen:
        plain = scenes.pixels[number].transpose(1, 2, 0)
        panels = [
            _large(plain),
            _boxed(_large(plain), scenes, number),
            _large(_masked(plain, scenes.instance[number])),
            _large(_palette()[scenes.semantic[number]]),
        ]
        rows.append(_joined(panels, axis=1))
    return _joined(rows, axis=0)


def png(picture: Picture) -> bytes:
    """Return a picture uint8 [height, width, 3] as the bytes of a PNG file."""
    height, width, _ = picture.shape
    lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each line begins with filter 0
    lines[:, 1:] = picture.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _palette() -> Picture:
    colours: Picture = np.array(STUFF_COLOURS + COLOURS, dtype=np.uint8)
    if len(colours) != CLASSES:
        raise ValueError(f"{len(colours)} colours for {CLASSES} classes")
    return colours


def _large(small: Picture) -> Picture:
    return small.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)


def _masked(plain: Picture, instance: NDArray[np.uint8]) -> Picture:
    """Return a scene in grey, its digits in the colours of their places."""
    grey = np.repeat((plain.mean(2, keepdims=True) * 0.5).astype(np.uint8), 3, axis=2)
    colours = np.concatenate([_palette()[:1], _palette()[len(STUFF) :]])
    masked: Picture = np.where(instance[..., None] > 0, colours[instance], grey)
    return masked


def _boxed(large: Picture, scenes: Annotated, number: int) -> Picture:
    """Draw boxes in the colours of their digits' classes, and keypoints that are seen in white."""
    for place in np.flatnonzero(scenes.present[number]).tolist():
        digit = int(scenes.classes[number, place])
        left, top, right, bottom = (scenes.boxes[number, place] * ZOOM).astype(int).tolist()
        colour = COLOURS[digit]
        large[top : top + 2, left:right] = large[bottom - 2 : bottom, left:right] = colour
        large[top:bottom, left : left + 2] = large[top:bottom, right - 2 : right] = colour
        for kind in range(len(POINTS)):
            if scenes.seen[number, place, kind]:
                x, y = (scenes.points[number, place, kind] * ZOOM).astype(int).tolist()
                large[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3] = 0
                large[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = 255
    return large


def _joined(parts: list[Picture], axis: int) -> Picture:
    gap = [(0, 0), (0, 0), (0, 0)]
    gap[axis] = (0, GAP)
    padded = [np.pad(part, gap, constant_values=255) for part in parts[:-1]]
    return np.concatenate([*padded, parts[-1]], axis=axis)
