"""TransNAS-Bench-101, macro space: where a residual network reduces and widens, and how deep it is.

Duan et al., CVPR 2021: four to six modules of two residual blocks; the resolution is halved in one
to four of the modules, the channels are doubled in one to three. These bounds give the benchmark's
3,256 networks. The blocks follow the published code: ReLU stands before each 3x3
convolution, and the shortcut is a 1x1 convolution and BatchNorm where the block changes shape.
Padding is, as in all graphs here, what the sizes ask for, where that code pads both sides of a
convolution of stride 2 alike.
"""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from nape_bench.errors import SpecError
from nape_bench.spaces._transnas import (
    BASE_CHANNELS,
    BOTH,
    DIGITS,
    DOUBLES,
    HALVES,
    NUM_CLASSES,
    RESOLUTION,
    build_network,
    relu_conv_norm,
)
from nape_bench.spaces.base import Space, Spec, read_literal
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from nape_bench.graph import ArchGraph, GraphBuilder

LENGTHS = (4, 5, 6)
"""Numbers of modules."""
HALVINGS = (1, 2, 3, 4)
"""In how many modules the resolution may be halved."""
DOUBLINGS = (1, 2, 3)
"""In how many modules the channels may be doubled."""

_TEXT = re.compile(rf"{BASE_CHANNELS}-([1-4]+)-basic")


@register
class TransNASMacro(Space):
    """TransNAS-Bench-101, macro: a specification is its string, "64-232323-basic".

    A digit for each of four to six modules: 1 plain, 2 doubles the channels, 3 halves the
    resolution, 4 does both.

    The default build is the backbone at 256 pixels with the head of object classification. With
    `depth`, a module has that many blocks; `width` scales the stem, of which all other channels
    are doublings.
    """

    name = "transnas_macro"
    title = "TransNAS-Bench-101 (macro)"
    source = "Duan et al., TransNAS-Bench-101, CVPR 2021"
    size = 3256
    example = "64-1234-basic"
    resolution = RESOLUTION
    num_classes = NUM_CLASSES

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw uniformly from all 3,256 networks."""
        known = _all_modules()
        return _text(known[int(rng.integers(len(known)))])

    def normalise(self, value: Any) -> Spec:
        """Return the benchmark's string."""
        return _text(self._modules(value))

    def format(self, spec: Spec) -> str:
        """Return the benchmark's string, "64-232323-basic"."""
        return str(self.normalise(spec))

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Change one module, put one in or leave one out; each network so reached is as likely."""
        now = self._modules(spec)
        others = sorted(set(_neighbours(now)) - {now})
        return _text(others[int(rng.integers(len(others)))])

    def enumerate(self) -> Iterator[Spec]:
        """Go through all 3,256 networks, the shallow ones first."""
        for modules in _all_modules():
            yield _text(modules)

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        return build_network(
            self._modules(spec),
            _add_block,
            width=width,
            depth=depth,
            resolution=resolution,
            num_classes=num_classes,
        )

    def _modules(self, value: Any) -> str:
        text = read_literal(value) if isinstance(value, str) else value
        match = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise SpecError(
                f'transnas_macro: "{BASE_CHANNELS}-<digits 1 to 4>-basic" expected, as in '
                f'"{self.example}", not {value!r}'
            )
        if not _is_valid(match[1]):
            raise SpecError(
                f"transnas_macro: {LENGTHS[0]} to {LENGTHS[-1]} modules, of which "
                f"{HALVINGS[0]} to {HALVINGS[-1]} halve the resolution (3, 4) and {DOUBLINGS[0]} "
                f"to {DOUBLINGS[-1]} double the channels (2, 4), expected, not {value!r}"
            )
        return match[1]


def _text(modules: str) -> str:
    return f"{BASE_CHANNELS}-{modules}-basic"


def _is_valid(modules: str) -> bool:
    halvings = sum([digit in (HALVES, BOTH) for digit in modules])
    doublings = sum([digit in (DOUBLES, BOTH) for digit in modules])
    return len(modules) in LENGTHS and halvings in HALVINGS and doublings in DOUBLINGS


@cache
def _all_modules() -> tuple[str, ...]:
    """Return the digits of every network."""
    drawn = itertools.chain.from_iterable(itertools.product(DIGITS, repeat=n) for n in LENGTHS)
    return tuple(filter(_is_valid, map("".join, drawn)))


def _neighbours(modules: str) -> Iterator[str]:
    """Go through the networks that one changed, added or omitted module leads to."""
    for i in range(len(modules) + 1):
        before, after = modules[:i], modules[i:]
        candidates = [before + digit + after for digit in DIGITS]
        if after:
            candidates += [before + digit + after[1:] for digit in DIGITS]
            candidates.append(before + after[1:])
        yield from filter(_is_valid, candidates)


def _add_block(b: GraphBuilder, x: int, c: int, stride: int) -> int:
    """Add a residual block of two 3x3 convolutions."""
    branch = relu_conv_norm(b, relu_conv_norm(b, x, c, 3, stride), c, 3, 1)
    keeps_shape = stride == 1 and b.channels(x) == c
    shortcut = x if keeps_shape else b.batch_norm(b.conv(x, c, 1, stride))
    return b.add(shortcut, branch)
