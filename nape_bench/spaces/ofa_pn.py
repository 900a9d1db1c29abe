"""OFA-ProxylessNAS: sub-networks of the once-for-all supernet of width 1.3 (Cai et al., 2020).

The graph follows the TensorFlow builder of GENNAPE and AIO-P (supernet
ofa_proxyless_d234_e346_k357_w1.3).
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

SUPERNET_WIDTH = 1.3
STEM_CHANNELS = 32
FIRST_CHANNELS = 16
STAGE_CHANNELS = (24, 40, 80, 96, 192, 320)
STAGE_STRIDES = (2, 2, 2, 1, 2, 1)
HEAD_CHANNELS = 1280


@register
class OfaPN(MBConvSpace):
    """OFA-ProxylessNAS: six stages, the last of exactly one block; 21 slots.

    A specification is `{"resolution": 192, "config": [["mbconv2_e6_k5", ...], ...]}`; the other
    forms that are read are those of `normalise`. `size` leaves the resolution out.

    With `depth`, each stage keeps its first `depth` blocks.
    """

    name = "ofa_pn"
    title = "OFA-ProxylessNAS"
    source = "Cai et al., Once-for-All, ICLR 2020; GENNAPE, AAAI 2023, table 2"
    size = (9**2 + 9**3 + 9**4) ** 5 * 9
    example = "r192_e6k5.e4k7-e6k3.e3k5-e4k3.e4k5-e6k7.e6k3-e3k3.e6k7-e4k5"
    block = "mbconv2"
    slots = (4, 4, 4, 4, 4, 1)

    def _build_blocks(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> tuple[ArchGraph, Ends]:
        b = GraphBuilder(resolution)
        c = make_divisible(FIRST_CHANNELS * SUPERNET_WIDTH)
        stem = scale(make_divisible(STEM_CHANNELS * SUPERNET_WIDTH), width)
        x = b.relu6(b.batch_norm(b.conv(b.input, stem, 3, 2)))
        x = add_mbconv(
            b, x, hidden=None, c_out=scale(c, width), kernel=3, stride=1, activate=b.relu6
        )
        ends = {"first": x}
        stages = zip(spec["config"], STAGE_CHANNELS, STAGE_STRIDES, strict=True)
        for stage, (names, base, stride) in enumerate(stages):
            c_out = make_divisible(base * SUPERNET_WIDTH)
            for i, name in enumerate(names[:depth]):
                ratio, kernel = self.blocks[name]
                x = add_mbconv(
                    b,
                    x,
                    hidden=scale(c * ratio, width),
                    c_out=scale(c_out, width),
                    kernel=kernel,
                    stride=1 if i else stride,
                    activate=b.relu6,
                    residual=i > 0,
                )
                ends[f"{stage}.{i}"] = x
                c = c_out
        head = scale(make_divisible(HEAD_CHANNELS * SUPERNET_WIDTH), width)
        x = b.relu6(b.batch_norm(b.conv(x, head)))
        return b.finish(b.dense(b.mean(x), num_classes)), ends
