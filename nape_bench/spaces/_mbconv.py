"""What OFA-ProxylessNAS and OFA-MobileNetV3 share: stages of inverted residual blocks.

A stage has a fixed number of slots, of which the first ones are used; each block has its own
kernel size and expansion ratio (Cai et al., Once-for-All, ICLR 2020, section 4.1).
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, ClassVar

from nape_bench.errors import SpecError
from nape_bench.registry import unknown_name
from nape_bench.spaces._ofa import (
    FULL_RESOLUTION,
    RESOLUTION_KEYS,
    RESOLUTIONS,
    check_keys,
    draw_other,
    read_integers,
    read_resolution,
)
from nape_bench.spaces._supernet import SupernetSpace
from nape_bench.spaces.base import Spec, read_literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from nape_bench.graph import GraphBuilder

KERNELS = (3, 5, 7)
RATIOS = (3, 4, 6)
DEPTHS = (2, 3, 4)

_TEXT = re.compile(r"(?:w([\d.]+)_)?(?:r(\d+)_)?(e[ek\d.-]+)")
_BLOCK_TEXT = re.compile(r"e(\d)k(\d)")


def add_mbconv(
    b: GraphBuilder,
    x: int,
    *,
    hidden: int | None,
    c_out: int,
    kernel: int,
    stride: int,
    activate: Callable[[int], int],
    groups: int = 1,
    squeeze: int | None = None,
    residual: bool = False,
) -> int:
    """Add an inverted residual block.

    Args:
        b: The builder.
        x: What the block reads.
        hidden: Channels that a first 1 x 1 convolution expands to; None for no expansion.
        c_out: Output channels.
        kernel: Kernel size of the depthwise convolution.
        stride: Its stride.
        activate: Adds the activation behind the first two convolutions.
        groups: Channel groups of the 1 x 1 convolutions.
        squeeze: Channels inside a squeeze-and-excitation gate; None for no gate.
        residual: Whether the block's input is added to its output.

    Returns:
        The block's last node.
    """
    shortcut = x
    if hidden is not None:
        x = activate(b.batch_norm(b.conv(x, hidden, groups=groups)))
    x = activate(b.batch_norm(b.depthwise(x, kernel, stride)))
    if squeeze is not None:
        gate = b.relu(b.conv(b.mean(x), squeeze, bias=True))
        gate = b.relu6(b.conv(gate, b.channels(x), bias=True))
        x = b.mul(gate, x)
    x = b.batch_norm(b.conv(x, c_out, groups=groups))
    return b.add(x, shortcut) if residual else x


class MBConvSpace(SupernetSpace):
    """A space of stages of inverted residual blocks.

    Attributes:
        block: What published block names begin with.
        slots: Most blocks of each stage; a stage of one slot always has its block.
        supernets: Width multipliers of the published supernets that a specification may name,
            the usual one first; empty where there is one only.
        blocks: Published block name -> (expansion ratio, kernel size).
    """

    resolution = FULL_RESOLUTION
    num_classes = 1000
    block: ClassVar[str]
    slots: ClassVar[tuple[int, ...]]
    supernets: ClassVar[tuple[float, ...]] = ()

    def __init__(self) -> None:
        pairs = itertools.product(RATIOS, KERNELS)
        self.blocks = {self._block_name(e, k): (e, k) for e, k in pairs}

    def largest(self, spec: Spec) -> Spec:
        """Return all slots with the largest kernels and ratios, of the same supernet."""
        name = self._block_name(max(RATIOS), max(KERNELS))
        config = [[name] * slots for slots in self.slots]
        return {**self.normalise(spec), "resolution": FULL_RESOLUTION, "config": config}

    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw depths, kernel sizes, ratios and resolution uniformly, of the usual supernet."""
        names = list(self.blocks)
        config = []
        for slots in self.slots:
            depth = int(rng.choice(depths(slots)))
            config.append([names[i] for i in rng.integers(len(names), size=depth)])
        return {"resolution": int(rng.choice(RESOLUTIONS)), "config": config}

    def normalise(self, value: Any) -> Spec:
        """Return `{"resolution": ..., "config": [[block names of a stage], ...]}`.

        `"width"` follows where it is not the usual supernet's. Also read are the stages alone, a
        pair (resolution, stages), `format`'s text, and the lists `ks`, `e` and `d` with a kernel
        size and a ratio for every slot and the depth of every stage, of which unused slots are
        dropped. Without a resolution (`resolution`, `r` or `image_size`) it is 224.
        """
        if isinstance(value, str):
            value = self._from_text(value)
        if isinstance(value, (list, tuple)):
            is_pair = len(value) == 2 and not isinstance(value[0], (list, tuple))
            resolution, config = value if is_pair else (None, value)
            value = {"resolution": resolution, "config": config}
        if not isinstance(value, dict):
            raise SpecError(
                f'{self.name}: {{"resolution": ..., "config": [...]}} or a dictionary of ks, e and '
                f"d expected, not {value!r}"
            )
        known = {*RESOLUTION_KEYS, *(["width"] if self.supernets else [])}
        if "config" in value:
            check_keys(value, self.name, {"config"}, known)
            config = self._read_stages(value["config"])
        else:
            check_keys(value, self.name, {"ks", "e", "d"}, {"wid", *known})
            config = self._read_slots(value)
        spec = {"resolution": read_resolution(value, self.name), "config": config}
        supernet = self._read_supernet(value)
        if supernet is not None and supernet != self.supernets[0]:
            spec["width"] = supernet
        return spec

    def format(self, spec: Spec) -> str:
        """Return supernet width if unusual, resolution, and stages of blocks.

        For instance "w1.0_r224_e4k5.e3k7-e4k7.e4k5.e4k3-..." with dashes between stages.
        """
        spec = self.normalise(spec)
        stages = []
        for names in spec["config"]:
            pairs = [self.blocks[name] for name in names]
            stages.append(".".join([f"e{e}k{k}" for e, k in pairs]))
        supernet = f"w{spec['width']:.1f}_" if "width" in spec else ""
        return f"{supernet}r{spec['resolution']}_{'-'.join(stages)}"

    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Change one kernel size, ratio, depth or the resolution, each as likely as another.

        A stage grows by random blocks at its end and shrinks by its last ones.
        """
        spec = self.normalise(spec)
        stages = spec["config"]
        places = [(s, i) for s, names in enumerate(stages) for i in range(len(names))]
        elastic = [s for s, slots in enumerate(self.slots) if len(depths(slots)) > 1]
        gene = int(rng.integers(2 * len(places) + len(elastic) + 1))
        if gene < 2 * len(places):
            s, i = places[gene // 2]
            e, k = self.blocks[stages[s][i]]
            if gene % 2:
                e = draw_other(RATIOS, e, rng)
            else:
                k = draw_other(KERNELS, k, rng)
            stages[s][i] = self._block_name(e, k)
        elif gene < 2 * len(places) + len(elastic):
            s = elastic[gene - 2 * len(places)]
            depth = draw_other(depths(self.slots[s]), len(stages[s]), rng)
            names = list(self.blocks)
            drawn = rng.integers(len(names), size=max(0, depth - len(stages[s])))
            stages[s] = [*stages[s][:depth], *[names[i] for i in drawn]]
        else:
            spec["resolution"] = draw_other(RESOLUTIONS, spec["resolution"], rng)
        return spec

    def _resolution_of(self, spec: Spec) -> int:
        return int(spec["resolution"])

    def _block_name(self, ratio: int, kernel: int) -> str:
        return f"{self.block}_e{ratio}_k{kernel}"

    def _read_stages(self, value: Any) -> list[list[str]]:
        stages = read_literal(value) if isinstance(value, str) else value
        if not isinstance(stages, (list, tuple)) or len(stages) != len(self.slots):
            raise SpecError(f"{self.name}: {len(self.slots)} stages expected, not {value!r}")
        config = []
        for s, (names, slots) in enumerate(zip(stages, self.slots, strict=True)):
            if not isinstance(names, (list, tuple)) or len(names) not in depths(slots):
                listed = " or ".join(map(str, depths(slots)))
                raise SpecError(f"{self.name}: stage {s} has {listed} block names, not {names!r}")
            for name in names:
                if str(name) not in self.blocks:
                    raise SpecError(f"{self.name}: {unknown_name('block', str(name), self.blocks)}")
            config.append(list(names))
        return config

    def _read_slots(self, value: Mapping[str, Any]) -> list[list[str]]:
        """Read the lists ks, e and d; what stands in slots that are not used is not looked at."""
        if value.get("wid") is not None:
            raise SpecError(f"{self.name}: wid has no meaning here: None expected")
        total, stages = sum(self.slots), len(self.slots)
        kernels = read_integers(value["ks"], f"{self.name}: ks", [total])
        ratios = read_integers(value["e"], f"{self.name}: e", [total])
        # The depth of a last stage that has one slot need not be given.
        counts = [stages - 1, stages] if self.slots[-1] == 1 else [stages]
        given = read_integers(value["d"], f"{self.name}: d", counts)
        config, start = [], 0
        for s, slots in enumerate(self.slots):
            depth = min(slots, given[s]) if s < len(given) else 1
            if depth not in depths(slots) or (slots > 1 and given[s] != depth):
                raise SpecError(f"{self.name}: a depth in d is one of {DEPTHS}, not {given[s]}")
            used = range(start, start + depth)
            config.append([self._block_name(ratios[i], kernels[i]) for i in used])
            start += slots
        return self._read_stages(config)

    def _read_supernet(self, value: Mapping[str, Any]) -> float | None:
        """Return the width of the supernet that is named, None for the usual one."""
        given = value.get("width")
        if given is None:
            return None
        try:
            width = float(given)
        except (TypeError, ValueError):
            width = float("nan")
        if width not in self.supernets:
            listed = " or ".join(map(str, self.supernets))
            raise SpecError(f"{self.name}: width is that of a supernet, {listed}, not {given!r}")
        return width

    def _from_text(self, text: str) -> dict[str, Any]:
        match = _TEXT.fullmatch(text)
        stages = [s.split(".") for s in match[3].split("-")] if match else []
        blocks = [[_BLOCK_TEXT.fullmatch(block) for block in stage] for stage in stages]
        if match is None or not all(all(stage) for stage in blocks):
            raise SpecError(
                f'{self.name}: stages of blocks as in "{self.example}" expected, not {text!r}'
            )
        config = [[self._block_name(int(m[1]), int(m[2])) for m in stage if m] for stage in blocks]
        spec: dict[str, Any] = {"config": config}
        if match[1]:
            spec["width"] = match[1]
        if match[2]:
            spec["resolution"] = int(match[2])
        return spec


def depths(slots: int) -> tuple[int, ...]:
    """Return the numbers of blocks that a stage of so many slots may have."""
    return DEPTHS if slots > 1 else (1,)
