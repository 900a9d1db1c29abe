"""OFA-MobileNetV3: sub-networks of the once-for-all supernets of width 1.2 and 1.0.

Cai et al., Once-for-All, ICLR 2020; Howard et al., Searching for MobileNetV3, ICCV 2019. The
graph follows the TensorFlow builder of GENNAPE and AIO-P (supernet
ofa_mbv3_d234_e346_k357_w1.2); that of width 1.0 is the same with its own widths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale
from nape_bench.spaces._mbconv import MBConvSpace, add_mbconv
from nape_bench.spaces._ofa import make_divisible
from nape_bench.spaces.registry import register

if TYPE_CHECKING:
    from nape_bench.spaces._supernet import Ends
    from nape_bench.spaces.base import Spec

STEM_CHANNELS = 16
FIRST_CHANNELS = 16
STAGE_CHANNELS = (24, 40, 80, 112, 160)
STAGE_STRIDES = (2, 2, 2, 1, 2)
STAGE_H_SWISH = (False, False, True, True, True)
STAGE_GATES = (False, True, False, True, True)
GATE_RATIO = 0.25
HEAD_CHANNELS = (960, 1280)


@register
class OfaMBv3(MBConvSpace):
    """OFA-MobileNetV3: five stages, with squeeze-and-excitation gates in three; 20 slots.

    A specification is `{"resolution": 192, "config": [["mbconv3_e6_k5", ...], ...]}`, with
    `"width": 1.0` where it is of the smaller supernet; the other forms that are read are those of
    `normalise`. `size` leaves resolution and supernet out.

    With `depth`, each stage keeps its first `depth` blocks; `width` comes on top of the
    supernet's.
    """

    name = "ofa_mbv3"
    title = "OFA-MobileNetV3"
    source = "Cai et al., Once-for-All, ICLR 2020; GENNAPE, AAAI 2023, table 2"
    size = (9**2 + 9**3 + 9**4) ** 5
    example = "r192_e6k5.e4k7-e6k3.e3k5-e4k3.e4k5-e6k7.e6k3-e3k3.e6k7"
    block = "mbconv3"
    slots = (4, 4, 4, 4, 4)
    supernets = (1.2, 1.0)

    def _build_blocks(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> tuple[ArchGraph, Ends]:
        b = GraphBuilder(resolution)
        supernet = spec.get("width", self.supernets[0])
        stem = scale(make_divisible(STEM_CHANNELS * supernet), width)
        c = make_divisible(FIRST_CHANNELS * supernet)
        x = b.h_swish(b.batch_norm(b.conv(b.input, stem, 3, 2)))
        x = add_mbconv(
            b,
            x,
            hidden=None,
            c_out=scale(c, width),
            kernel=3,
            stride=1,
            activate=b.relu,
            residual=True,
        )
        stages = zip(
            spec["config"], STAGE_CHANNELS, STAGE_STRIDES, STAGE_H_SWISH, STAGE_GATES, strict=True
        )
        ends = {"first": x}
        for stage, (names, base, stride, h_swish, gated) in enumerate(stages):
            c_out = make_divisible(base * supernet)
            for i, name in enumerate(names[:depth]):
                ratio, kernel = self.blocks[name]
                squeeze = make_divisible(int(c * ratio * GATE_RATIO))
                x = add_mbconv(
                    b,
                    x,
                    hidden=scale(c * ratio, width),
                    c_out=scale(c_out, width),
                    kernel=kernel,
                    stride=1 if i else stride,
                    activate=b.h_swish if h_swish else b.relu,
                    squeeze=scale(squeeze, width) if gated else None,
                    residual=i > 0,
                )
                ends[f"{stage}.{i}"] = x
                c = c_out
        expand, mix = [scale(make_divisible(base * supernet), width) for base in HEAD_CHANNELS]
        x = b.h_swish(b.batch_norm(b.conv(x, expand)))
        x = b.h_swish(b.conv(b.mean(x), mix))
        return b.finish(b.dense(x, num_classes)), ends
