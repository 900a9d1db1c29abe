"""OFA-ResNet50: sub-networks of the once-for-all ResNet-50 supernet (Cai et al., ICLR 2020).

The graph follows the TensorFlow builder of GENNAPE and AIO-P, which gives a first block that does
not change resolution a 1 x 1 average pool of stride 1 in its shortcut.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.spaces._ofa import (
    FULL_RESOLUTION,
    RESOLUTION_KEYS,
    RESOLUTIONS,
    check_keys,
    draw_other,
    make_divisible,
    read_integers,
    read_resolution,
)
from nape_bench.spaces._supernet import Ends, SupernetSpace
from nape_bench.spaces.base import Spec, read_literal
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

STEM_DEPTHS = (0, 2)
EXTRA_DEPTHS = (0, 1, 2)
RATIOS = (0.2, 0.25, 0.35)
WIDTHS = (0.65, 0.8, 1.0)
STEM_CHANNELS = 64
STAGE_CHANNELS = (256, 512, 1024, 2048)
STAGE_STRIDES = (1, 2, 2, 2)
STAGE_DEPTHS = (2, 2, 4, 2)
"""Fewest blocks of each stage; `d` adds to them."""
STAGE_SLOTS = tuple(depth + max(EXTRA_DEPTHS) for depth in STAGE_DEPTHS)

_TEXT = re.compile(r"(?:r(\d+)_)?d([\d.]+)_w([\d.]+)_e([\d.-]+)")


def _size() -> int:
    """Count what is built: the stem's residual, widths, and depths with the ratios in use."""
    total = len(STEM_DEPTHS) * len(WIDTHS) ** (2 + len(STAGE_DEPTHS))
    for depth in STAGE_DEPTHS:
        total *= sum([len(RATIOS) ** (depth + extra) for extra in EXTRA_DEPTHS])
    return int(total)


@register
class OfaResNet(SupernetSpace):
    """OFA-ResNet50: depth, width and bottleneck ratio of four stages.

    A specification is `{"resolution": 192, "config": {"d": [...], "e": [...], "w": [...]}}`: `d`
    has 2 for a residual convolution in the stem, else 0, and 0 to 2 blocks on top of 2, 2, 4 and
    2; `e` has a ratio of 0.2, 0.25 or 0.35 for each of 4 + 4 + 6 + 4 slots, of which a stage uses
    the first ones; `w` has indices into (0.65, 0.8, 1.0) for the middle of the stem, its end and
    the stages. `size` counts unlike networks: it leaves out resolution and slots not in use.

    With `depth`, each stage keeps its first `depth` blocks.
    """

    name = "ofa_resnet"
    title = "OFA-ResNet50"
    source = "Cai et al., Once-for-All, ICLR 2020; GENNAPE, AAAI 2023, table 2"
    size = _size()
    example = "r192_d2.0.1.0.2_w1.0.2.1.0.1_e35.20.20.25-25.20.35.20-20.20.25.25.35.35-20.25.35.35"
    resolution = FULL_RESOLUTION
    num_classes = 1000

    def largest(self, spec: Spec) -> Spec:  # noqa: ARG002 (there is one supernet)
        """Return the network of most blocks, largest ratios and greatest widths."""
        config = {
            "d": [max(STEM_DEPTHS), *[max(EXTRA_DEPTHS)] * len(STAGE_DEPTHS)],
            "e": [max(RATIOS)] * sum(STAGE_SLOTS),
            "w": [len(WIDTHS) - 1] * (2 + len(STAGE_DEPTHS)),
        }
        return {"resolution": FULL_RESOLUTION, "config": config}

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw resolution, depths, ratios and widths uniformly, the stem's depth too."""
        extra = rng.choice(EXTRA_DEPTHS, size=len(STAGE_DEPTHS)).tolist()
        config = {
            "d": [int(rng.choice(STEM_DEPTHS)), *extra],
            "e": rng.choice(RATIOS, size=sum(STAGE_SLOTS)).tolist(),
            "w": rng.integers(len(WIDTHS), size=2 + len(STAGE_DEPTHS)).tolist(),
        }
        return {"resolution": int(rng.choice(RESOLUTIONS)), "config": config}

    def normalise(self, value: Any) -> Spec:
        """Return `{"resolution": ..., "config": {"d": [...], "e": [...], "w": [...]}}`.

        Also read are a pair (resolution, config), `d`, `e` and `w` without "config", and
        `format`'s text. Without a resolution (`resolution`, `r` or `image_size`) it is 224.
        """
        if isinstance(value, str):
            value = self._from_text(value)
        if isinstance(value, (list, tuple)) and len(value) == 2:
            value = {"resolution": value[0], "config": value[1]}
        if not isinstance(value, dict):
            raise SpecError(
                f'ofa_resnet: {{"resolution": ..., "config": {{"d": ..., "e": ..., "w": ...}}}} '
                f"expected, not {value!r}"
            )
        config = value
        if "config" in value:
            check_keys(value, self.name, {"config"}, set(RESOLUTION_KEYS))
            config = value["config"]
            config = read_literal(config) if isinstance(config, str) else config
            if not isinstance(config, dict):
                raise SpecError(f"ofa_resnet: config is a dictionary of d, e, w, not {config!r}")
            check_keys(config, self.name, {"d", "e", "w"}, set())
        else:
            check_keys(value, self.name, {"d", "e", "w"}, set(RESOLUTION_KEYS))
        read = {"d": _read_depths(config["d"]), "e": _read_ratios(config["e"])}
        return {
            "resolution": read_resolution(value, self.name),
            "config": {**read, "w": _read_widths(config["w"])},
        }

    def format(self, spec: Spec) -> str:
        """Return resolution, depths, widths and, in per cent and by stage, ratios.

        For instance "r192_d2.0.1.0.2_w1.0.2.1.0.1_e35.20.20.25-25.20...".
        """
        spec = self.normalise(spec)
        config = spec["config"]
        percent = [str(round(100 * ratio)) for ratio in config["e"]]
        stages = [".".join([percent[i] for i in slots]) for slots in _slots()]
        depths = ".".join(map(str, config["d"]))
        widths = ".".join(map(str, config["w"]))
        return f"r{spec['resolution']}_d{depths}_w{widths}_e{'-'.join(stages)}"

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Change one depth, one ratio in use, one width or the resolution, each equally likely."""
        spec = self.normalise(spec)
        d, e, w = (spec["config"][key] for key in "dew")
        used = [i for slots, n in zip(_slots(), _block_counts(d), strict=True) for i in slots[:n]]
        gene = int(rng.integers(len(d) + len(used) + len(w) + 1))
        if gene < len(d):
            d[gene] = draw_other(EXTRA_DEPTHS if gene else STEM_DEPTHS, d[gene], rng)
        elif gene < len(d) + len(used):
            at = used[gene - len(d)]
            e[at] = draw_other(RATIOS, e[at], rng)
        elif gene < len(d) + len(used) + len(w):
            at = gene - len(d) - len(used)
            w[at] = draw_other(range(len(WIDTHS)), w[at], rng)
        else:
            spec["resolution"] = draw_other(RESOLUTIONS, spec["resolution"], rng)
        return spec

    def _resolution_of(self, spec: Spec) -> int:
        return int(spec["resolution"])

    def _build_blocks(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> tuple[ArchGraph, Ends]:
        b = GraphBuilder(resolution)
        d, e, w = (spec["config"][key] for key in "dew")
        x, ends = _add_stem(b, spec["config"], width)
        stages = zip(_slots(), _block_counts(d), w[2:], STAGE_CHANNELS, STAGE_STRIDES, strict=True)
        for stage, (slots, blocks, index, base, stride) in enumerate(stages):
            c_out = make_divisible(base * WIDTHS[index])
            for i, slot in enumerate(slots[:blocks][:depth]):
                middle = scale(make_divisible(round(c_out * e[slot])), width)
                x = _add_block(b, x, middle, scale(c_out, width), None if i else stride)
                ends[f"{stage}.{i}"] = x
        return b.finish(b.dense(b.mean(x), num_classes)), ends

    def _from_text(self, text: str) -> dict[str, Any]:
        match = _TEXT.fullmatch(text)
        if match is None:
            raise SpecError(f'ofa_resnet: "{self.example}" or the like expected, not {text!r}')
        numbers = [[int(n) for n in re.findall(r"\d+", part)] for part in match.groups()[1:]]
        spec = {"d": numbers[0], "w": numbers[1], "e": [n / 100 for n in numbers[2]]}
        return {**spec, **({"resolution": int(match[1])} if match[1] else {})}


def _add_stem(b: GraphBuilder, config: Mapping[str, Any], width: float) -> tuple[int, Ends]:
    """Add two 3 x 3 convolutions, a residual one between them where d[0] is 2, and a max pool.

    Returns:
        The last node and the ends of the blocks, of which the residual one is one.
    """
    widths = [make_divisible(STEM_CHANNELS * factor) for factor in WIDTHS]
    # The middle has half of what the stem of that index ends in, not of what this one ends in.
    middle = scale(make_divisible(widths[config["w"][0]] // 2), width)
    x = _conv_relu(b, b.input, middle, 3, 2)
    ends = {"stem.0": x}
    if config["d"][0] == max(STEM_DEPTHS):
        x = ends["stem.residual"] = b.add(_conv_relu(b, x, middle, 3), x)
    x = _conv_relu(b, x, scale(widths[config["w"][1]], width), 3)
    x = ends["stem.1"] = b.max_pool(x, 3, 2)
    return x, ends


def _add_block(b: GraphBuilder, x: int, middle: int, c_out: int, stride: int | None) -> int:
    """Add a bottleneck; `stride` is None where its shortcut is the identity."""
    shortcut = x
    x = _conv_relu(b, x, middle, 1)
    x = _conv_relu(b, x, middle, 3, stride or 1)
    x = b.batch_norm(b.conv(x, c_out))
    if stride is not None:
        shortcut = b.batch_norm(b.conv(b.avg_pool(shortcut, stride, stride), c_out))
    return b.relu(b.add(x, shortcut))


def _conv_relu(b: GraphBuilder, x: int, c: int, kernel: int, stride: int = 1) -> int:
    return b.relu(b.batch_norm(b.conv(x, c, kernel, stride)))


def _slots() -> list[range]:
    """Return the positions in `e` of each stage's slots."""
    bounds = [0, *itertools.accumulate(STAGE_SLOTS)]
    return [range(a, b) for a, b in itertools.pairwise(bounds)]


def _block_counts(d: list[int]) -> list[int]:
    return [depth + extra for depth, extra in zip(STAGE_DEPTHS, d[1:], strict=True)]


def _read_depths(value: Any) -> list[int]:
    found = read_integers(value, "ofa_resnet: d", [1 + len(STAGE_DEPTHS)])
    if not set(found) <= set(EXTRA_DEPTHS):
        raise SpecError(f"ofa_resnet: depths d are of {EXTRA_DEPTHS}, not {found}")
    # The supernet's own code takes any first depth but 2 for no residual convolution.
    return [found[0] if found[0] in STEM_DEPTHS else 0, *found[1:]]


def _read_widths(value: Any) -> list[int]:
    found = read_integers(value, "ofa_resnet: w", [2 + len(STAGE_DEPTHS)])
    if not set(found) <= set(range(len(WIDTHS))):
        raise SpecError(f"ofa_resnet: w has indices into the widths {WIDTHS}, not {found}")
    return found


def _read_ratios(value: Any) -> list[float]:
    read = read_literal(value) if isinstance(value, str) else value
    right = isinstance(read, (list, tuple)) and len(read) == sum(STAGE_SLOTS)
    if not right or any(ratio not in RATIOS for ratio in read):
        raise SpecError(
            f"ofa_resnet: e is a list of {sum(STAGE_SLOTS)} ratios, each one of {RATIOS}, "
            f"not {value!r}"
        )
    return [float(ratio) for ratio in read]
