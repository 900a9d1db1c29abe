"""Detectors of torchvision as networks that can be traced: bodies and heads.

What is no network is left out: anchors, decoding of boxes, suppression, pasting of masks. What
regions hold of the maps (RoIAlign) is an interpolation. Regions lie one beneath the other in the
rows of one map, as they lie in a batch in torchvision.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

CANONICAL_LEVEL = 2
"""Level of the pyramid that a region of 224 pixels is read from (Lin et al., CVPR 2017), from 0."""


def side_of(model: Any) -> int:
    """Return the height and width of a square image as the detector itself resizes it."""
    transform = model.transform
    return int(transform.fixed_size[0] if transform.fixed_size else transform.min_size[-1])


def traceable(model: Any) -> Detector:
    """Return the network that a detector is, which maps images to what its heads give.

    Raises:
        ValueError: It is of no kind that is known here.
    """
    kind = type(model).__name__
    if kind in ("FasterRCNN", "MaskRCNN", "KeypointRCNN"):
        return TwoStage(model)
    if kind in ("RetinaNet", "FCOS"):
        return Dense(model)
    if kind == "SSD":
        return SingleShot(model)
    raise ValueError(f"{kind} is no detector that is known")


class Detector(nn.Module):
    """A detector as a network; `repeated` parameters are those that a graph of it counts too often.

    A graph has no word for weights that the levels of a pyramid share: each level has its own.
    """

    repeated = 0


class Dense(Detector):
    """RetinaNet and FCOS: one head for classes and one for boxes, shared by all levels."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.backbone, self.head = model.backbone, model.head
        self.repeated = (len(model.anchor_generator.sizes) - 1) * _parameters(model.head)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Map images [1, 3, h, w] to maps of classes and boxes of each level."""
        classes, boxes = self.head.classification_head, self.head.regression_head
        given = []
        for level in self.backbone(x).values():
            given.append(classes.cls_logits(classes.conv(level)))
            inner = boxes.conv(level)
            if hasattr(boxes, "bbox_ctrness"):
                given += [functional.relu(boxes.bbox_reg(inner)), boxes.bbox_ctrness(inner)]
            else:
                given.append(boxes.bbox_reg(inner))
        return given


class SingleShot(Detector):
    """SSD: each level has a convolution for classes and one for boxes."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.backbone, self.head = model.backbone, model.head

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Map images [1, 3, h, w] to maps of classes and boxes of each level."""
        heads = self.head.classification_head, self.head.regression_head
        levels = list(self.backbone(x).values())
        return [head.module_list[at](level) for at, level in enumerate(levels) for head in heads]


class TwoStage(Detector):
    """Faster, Mask and Keypoint R-CNN: proposals, and heads that read regions.

    As many regions go through the box head as the detector proposes at most; each level of the
    pyramid gives as many of them. One goes through the mask or keypoint head.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.backbone, self.proposals, self.heads = model.backbone, model.rpn.head, model.roi_heads
        self.regions = int(model.rpn.post_nms_top_n())
        levels = len(model.rpn.anchor_generator.sizes)
        self.repeated = (levels - 1) * _parameters(model.rpn.head)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Map images [1, 3, h, w] to what proposals and heads give."""
        pyramid = self.backbone(x)
        logits, boxes = self.proposals(list(pyramid.values()))
        pool = self.heads.box_roi_pool
        side = pool.output_size[0]
        read = [pyramid[name] for name in pool.featmap_names if name in pyramid]
        each = [self.regions // len(read)] * len(read)
        each[0] += self.regions - sum(each)
        pooled = [_resized(level, (n * side, side)) for n, level in zip(each, read, strict=True)]
        features = self._vectors(torch.cat(pooled, dim=2), side)
        predictor = self.heads.box_predictor
        given = [*logits, *boxes, predictor.cls_score(features), predictor.bbox_pred(features)]
        for task in ("mask", "keypoint"):
            head = getattr(self.heads, f"{task}_head")
            if head is not None:
                side = getattr(self.heads, f"{task}_roi_pool").output_size[0]
                inner = head(_resized(read[CANONICAL_LEVEL], (side, side)))
                given.append(getattr(self.heads, f"{task}_predictor")(inner))
        return given

    def _vectors(self, regions: torch.Tensor, side: int) -> torch.Tensor:
        """Map regions [1, channels, regions * side, side] to vectors [1, regions, 1, channels].

        A dense layer over a flattened region is a convolution whose kernel is the region.
        """
        x, flat = regions, True
        for layer in _layers(self.heads.box_head):
            if isinstance(layer, nn.Flatten):
                continue
            if isinstance(layer, nn.Linear) and flat:
                weight = layer.weight.unflatten(1, (-1, side, side))
                x = functional.conv2d(x, weight, layer.bias, stride=side).permute(0, 2, 3, 1)
                flat = False
            else:
                x = layer(x)
        return x


def _parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def _layers(box_head: Any) -> list[nn.Module]:
    if hasattr(box_head, "fc6"):
        return [box_head.fc6, nn.ReLU(), box_head.fc7, nn.ReLU()]
    return list(box_head)


def _resized(level: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return functional.interpolate(level, size=size, mode="bilinear")
