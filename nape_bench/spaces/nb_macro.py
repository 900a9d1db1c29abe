"""NAS-Bench-Macro: eight layers, each one of three blocks (Su et al., CVPR 2021).

Prioritized Architecture Sampling with Monte-Carlo Tree Search defines layers and blocks; the graph
follows its published training code: stages of 2, 3 and 3 layers, each of which begins with stride 2
and doubles the channels. An Identity that changes shape is a 1x1 convolution and BatchNorm without
ReLU, any other is no node. Parameters and multiply-adds are the published ones of all 6,561
networks.

Padding is, as in all graphs here, what the sizes ask for, where that code pads both sides of a
convolution of stride 2 alike.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.spaces._mbconv import add_mbconv
from nape_bench.spaces.base import Space, Spec, read_literal
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

STEM_CHANNELS = 32
STAGE_LAYERS = (2, 3, 3)
HEAD_CHANNELS = 1280
LAYERS = sum(STAGE_LAYERS)
BLOCKS = {"1": (3, 3), "2": (5, 6)}
"""Digit -> (kernel size, expansion ratio): MB3_K3 and MB6_K5."""
CHOICES = ("0", *BLOCKS)
"""The digits of a layer; 0 is Identity."""

_DIGITS = re.compile(f"[{''.join(CHOICES)}]{{{LAYERS}}}")


@register
class NBMacro(Space):
    """NAS-Bench-Macro: a specification is eight digits, "02012100".

    0 is Identity, 1 an inverted residual block of expansion 3 and kernel 3, 2 one of 6 and 5. An
    Identity in a stage's second or third layer leaves nothing behind, so that the 6,561
    specifications are 3,969 graphs.

    With `depth`, each stage keeps its first `depth` layers.
    """

    name = "nb_macro"
    title = "NAS-Bench-Macro"
    source = "Su et al., Prioritized Architecture Sampling with Monte-Carlo Tree Search, CVPR 2021"
    size = len(CHOICES) ** LAYERS
    example = "02012100"

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw the block of each layer uniformly."""
        return "".join([CHOICES[i] for i in rng.integers(len(CHOICES), size=LAYERS)])

    def normalise(self, value: Any) -> Spec:
        """Return eight digits as text; a list of them is read as well.

        A number is not: it has lost the zeros that it began with.
        """
        text = value.strip() if isinstance(value, str) else value
        if isinstance(text, str) and not _DIGITS.fullmatch(text):
            text = read_literal(text)
        if isinstance(text, (list, tuple)) and len(text) == LAYERS:
            text = "".join([str(digit) for digit in text])
        if not isinstance(text, str) or not _DIGITS.fullmatch(text):
            raise SpecError(
                f"nb_macro: text of {LAYERS} digits {', '.join(CHOICES)} expected, as in "
                f'"{self.example}", not {value!r}'
            )
        return text

    def parse(self, text: str) -> Spec:
        """Read eight digits, or a JSON or Python list of them."""
        return self.normalise(text)

    def format(self, spec: Spec) -> str:
        """Return the eight digits."""
        return str(self.normalise(spec))

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Put another block into one layer."""
        digits = self.normalise(spec)
        layer = int(rng.integers(LAYERS))
        others = [digit for digit in CHOICES if digit != digits[layer]]
        return digits[:layer] + others[int(rng.integers(len(others)))] + digits[layer + 1 :]

    def enumerate(self) -> Iterator[Spec]:
        """Go through all 6,561 architectures, the last layer changing fastest."""
        for digits in itertools.product(CHOICES, repeat=LAYERS):
            yield "".join(digits)

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        b = GraphBuilder(resolution)
        x = b.relu(b.batch_norm(b.conv(b.input, scale(STEM_CHANNELS, width), 3)))
        start = 0
        for stage, layers in enumerate(STAGE_LAYERS, start=1):
            c = scale(STEM_CHANNELS * 2**stage, width)
            for i, digit in enumerate(spec[start : start + layers][:depth]):
                x = _add_layer(b, x, digit, c, reduces=i == 0)
            start += layers
        x = b.relu(b.batch_norm(b.conv(x, scale(HEAD_CHANNELS, width))))
        return b.finish(b.dense(b.mean(x), num_classes))


def _add_layer(b: GraphBuilder, x: int, digit: str, c: int, *, reduces: bool) -> int:
    stride = 2 if reduces else 1
    if digit not in BLOCKS:
        return b.batch_norm(b.conv(x, c, 1, stride)) if reduces else x
    kernel, expansion = BLOCKS[digit]
    return add_mbconv(
        b,
        x,
        hidden=expansion * b.channels(x),
        c_out=c,
        kernel=kernel,
        stride=stride,
        activate=b.relu,
        residual=not reduces,
    )
