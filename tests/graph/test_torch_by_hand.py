"""Networks of families, written by hand in plain PyTorch, are the built ones to `from_torch`."""

from __future__ import annotations

import torch
from torch import nn

from nape_bench.graph import ArchGraph
from nape_bench.spaces import space


def conv(c_in: int, c: int, kernel: int | tuple[int, int], stride: int = 1) -> nn.Sequential:
    """Convolution with the usual padding, BatchNorm."""
    size = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (size[0] // 2, size[1] // 2)
    return nn.Sequential(
        nn.Conv2d(c_in, c, size, stride, padding, bias=False), nn.BatchNorm2d(c)
    )  # fmt: skip


def check(module: nn.Module, family: str, spec: object, resolution: int) -> None:
    built = space(family).build(spec)
    graph = ArchGraph.from_torch(module, torch.empty(2, 3, resolution, resolution))
    assert graph.hash == built.hash
    assert graph.group == built.group
    assert sum(p.numel() for p in module.parameters()) == built.params()


class Split(nn.Sequential):
    """1x3 and 3x1 convolution, each with BatchNorm and ReLU6."""

    def __init__(self, c_in: int, c: int, stride: int = 1) -> None:
        super().__init__(
            conv(c_in, c, (1, 3), stride), nn.ReLU6(), conv(c, c, (3, 1)), nn.ReLU6()
        )  # fmt: skip


class Z(nn.Module):
    """HiAML's block z."""

    def __init__(self, c_in: int, c: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(conv(c_in, c, 3, stride), nn.ReLU())
        self.split = Split(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        return torch.relu(x + self.split(x))


class T20(nn.Module):
    """HiAML's block t20."""

    def __init__(self, c_in: int, c: int, stride: int) -> None:
        super().__init__()
        self.conv, self.split = conv(c_in, c, 1, stride), Split(c_in, c, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x) + self.split(x))


class J30(nn.Module):
    """HiAML's block j30."""

    def __init__(self, c_in: int, c: int, stride: int) -> None:
        super().__init__()
        same = stride == 1 and c_in == c
        self.project = nn.Identity() if same else conv(c_in, c, 1, stride)
        self.body = nn.Sequential(conv(c_in, c, 3, stride), nn.ReLU(), Split(c, c))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.project(x) + self.body(x))


class Src3(nn.Module):
    """HiAML's block src3."""

    def __init__(self, c_in: int, c: int, stride: int) -> None:
        super().__init__()
        self.short = conv(c_in, c, 1, stride)
        self.body = nn.Sequential(
            conv(c_in, c_in, 1), nn.ReLU(), conv(c_in, c, 3, stride), nn.ReLU(), conv(c, c, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.short(x) + self.body(x))


def test_a_hiaml_network() -> None:
    module = nn.Sequential(
        conv(3, 64, 3, 2), nn.ReLU(),
        Z(64, 64, 1), Z(64, 64, 1),
        T20(64, 128, 2), T20(128, 128, 1),
        J30(128, 128, 1), J30(128, 128, 1),
        Src3(128, 256, 2), Src3(256, 256, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip
    check(module, "hiaml", "z-t20-j30-src3", 32)


class MBConv(nn.Module):
    """An inverted residual block of MobileNetV3."""

    def __init__(
        self, c_in: int, hidden: int, c: int, kernel: int, act: type[nn.Module], *,
        stride: int = 1, squeeze: int = 0, expand: bool = True, residual: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.expand = nn.Sequential(conv(c_in, hidden, 1), act()) if expand else nn.Identity()
        self.depthwise = nn.Sequential(
            nn.Conv2d(hidden, hidden, kernel, stride, kernel // 2, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            act(),
        )
        self.gate = squeeze and nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(hidden, squeeze, 1), nn.ReLU(),
            nn.Conv2d(squeeze, hidden, 1), nn.Hardsigmoid(),
        )  # fmt: skip
        self.project = conv(hidden, c, 1)
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.depthwise(self.expand(x))
        if self.gate:
            y = y * self.gate(y)
        y = self.project(y)
        return x + y if self.residual else y


def test_an_ofa_mobilenet() -> None:
    spec = "r192_e6k5.e4k7-e6k3.e3k5-e4k3.e4k5-e6k7.e6k3-e3k3.e6k7"
    swish = nn.Hardswish
    first, reduces = {"expand": False}, {"stride": 2, "residual": False}
    module = nn.Sequential(
        conv(3, 24, 3, 2), swish(),
        MBConv(24, 24, 24, 3, nn.ReLU, **first),
        MBConv(24, 144, 32, 5, nn.ReLU, **reduces), MBConv(32, 128, 32, 7, nn.ReLU),
        MBConv(32, 192, 48, 3, nn.ReLU, squeeze=48, **reduces),
        MBConv(48, 144, 48, 5, nn.ReLU, squeeze=40),
        MBConv(48, 192, 96, 3, swish, **reduces), MBConv(96, 384, 96, 5, swish),
        MBConv(96, 576, 136, 7, swish, squeeze=144, residual=False),
        MBConv(136, 816, 136, 3, swish, squeeze=208),
        MBConv(136, 408, 192, 3, swish, squeeze=104, **reduces),
        MBConv(192, 1152, 192, 7, swish, squeeze=288),
        conv(192, 1152, 1), swish(), nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(1152, 1536, 1, bias=False), swish(),
        nn.Flatten(), nn.Linear(1536, 1000),
    )  # fmt: skip
    check(module, "ofa_mbv3", spec, 192)


class Bottleneck(nn.Module):
    """A bottleneck whose shortcut, where it is not the identity, pools before it convolves."""

    def __init__(self, c_in: int, middle: int, c: int, stride: int | None = None) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(c_in, middle, 1), nn.ReLU(), conv(middle, middle, 3, stride or 1), nn.ReLU(),
            conv(middle, c, 1),
        )  # fmt: skip
        pooled = stride and nn.Sequential(nn.AvgPool2d(stride, stride), conv(c_in, c, 1))
        self.short = pooled or nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.short(x))


class Residual(nn.Module):
    """The stem's residual convolution."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(c, c, 3), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def test_an_ofa_resnet() -> None:
    ratios = "35.20.20.20-25.20.20.20-20.35.20.25.20.20-20.25.20.20"
    spec = f"r160_d2.0.1.0.0_w1.0.2.1.0.1_e{ratios}"
    module = nn.Sequential(
        conv(3, 24, 3, 2), nn.ReLU(), Residual(24), conv(24, 40, 3), nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
        Bottleneck(40, 88, 256, 1), Bottleneck(256, 48, 256),
        Bottleneck(256, 104, 408, 2), Bottleneck(408, 80, 408), Bottleneck(408, 80, 408),
        Bottleneck(408, 136, 664, 2), Bottleneck(664, 232, 664), Bottleneck(664, 136, 664),
        Bottleneck(664, 168, 664),
        Bottleneck(664, 328, 1640, 2), Bottleneck(1640, 408, 1640),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1640, 1000),
    )  # fmt: skip
    check(module, "ofa_resnet", spec, 160)
