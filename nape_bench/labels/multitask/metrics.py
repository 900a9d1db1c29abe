"""The tasks' metrics, in %, by their standard definitions and by the libraries that keep them.

- classification: top-1 accuracy for the main digit.
- detection, instance_segmentation: COCO's AP, the mean over classes and over IoU .50 to .95
  (pycocotools), of boxes and of masks.
- semantic_segmentation: mIoU, the mean over classes of intersection over union (torchmetrics).
- panoptic_segmentation: panoptic quality, the mean over classes (Kirillov et al., CVPR 2019;
  torchmetrics).
- keypoints: PCK@.2, the part of keypoints seen that are found within a fifth of the longer side of
  the digit's true box, given that box (Yang and Ramanan, PAMI 2013, with the box for the person).
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.errors import NapeError
from nape_bench.labels.scenes.annotated import CLASSES, STUFF, THINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nape_bench.labels.multitask.decode import Decoded
    from nape_bench.labels.scenes.annotated import Annotated

TASKS: tuple[str, ...] = (
    "classification",
    "detection",
    "instance_segmentation",
    "semantic_segmentation",
    "panoptic_segmentation",
    "keypoints",
)
NEAR = 0.2
"""How near a keypoint is to be, as a part of the longer side of the true box."""
MOST = 24
"""Most detections of a scene that count, as COCO has 100."""


def check_libraries() -> None:
    """Make sure that what scores the tasks is installed.

    Raises:
        NapeError: It is not; the message gives the command.
    """
    for name in ("pycocotools", "torchmetrics"):
        if importlib.util.find_spec(name) is None:
            raise NapeError(
                f"multi-task labels are scored with {name}: pip install 'nape-bench[multitask]'"
            )


def scores(decoded: Decoded, scenes: Annotated) -> dict[str, float]:
    """Return the metric of each task in `TASKS`, in %."""
    boxes, masks = average_precisions(decoded, scenes)
    return {
        "classification": 100 * float((decoded.main == scenes.main).mean()),
        "detection": boxes,
        "instance_segmentation": masks,
        "semantic_segmentation": mean_iou(decoded.semantic, scenes),
        "panoptic_segmentation": panoptic_quality(decoded.panoptic, scenes),
        "keypoints": correct_keypoints(decoded.points, scenes),
    }


def mean_iou(semantic: NDArray[np.int64], scenes: Annotated) -> float:
    """Return mIoU in %; the intersections and unions are of all scenes together.

    Args:
        semantic: Classes, int64 [n, side, side].
        scenes: What is true.
    """
    import torch
    from torchmetrics.functional.classification import multiclass_jaccard_index

    given, true = (torch.from_numpy(a.astype(np.int64)) for a in (semantic, scenes.semantic))
    return 100 * float(multiclass_jaccard_index(given, true, CLASSES, average="macro"))


def panoptic_quality(panoptic: NDArray[np.int64], scenes: Annotated) -> float:
    """Return panoptic quality in %.

    Args:
        panoptic: Class and instance, int64 [n, side, side, 2].
        scenes: What is true.
    """
    import torch
    from torchmetrics.functional.detection import panoptic_quality as quality

    true = np.stack([scenes.semantic, scenes.instance], axis=3).astype(np.int64)
    stuff = set(range(len(STUFF)))
    things = set(range(len(STUFF), CLASSES))
    found = quality(torch.from_numpy(panoptic), torch.from_numpy(true), things, stuff)
    return 100 * float(found)


def correct_keypoints(heat: NDArray[np.float32], scenes: Annotated) -> float:
    """Return PCK@.2 in %: a keypoint is found where its heat is highest within the true box.

    Args:
        heat: float32 [n, 5, cells, cells].
        scenes: What is true.
    """
    cells = heat.shape[-1]
    step = scenes.side / cells
    middle = (np.arange(cells) + 0.5) * step
    right = total = 0
    for place in range(scenes.present.shape[1]):
        box = scenes.boxes[:, place]
        across = (middle > box[:, :1] - step / 2) & (middle < box[:, 2:3] + step / 2)
        down = (middle > box[:, 1:2] - step / 2) & (middle < box[:, 3:] + step / 2)
        inside = (down[:, :, None] & across[:, None])[:, None]
        best = np.where(inside, heat, -np.inf).reshape(*heat.shape[:2], -1).argmax(2)
        found = np.stack([middle[best % cells], middle[best // cells]], axis=2)
        longer = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
        away = np.linalg.norm(found - scenes.points[:, place], axis=2)
        seen = scenes.seen[:, place]
        right += int((seen & (away <= NEAR * longer[:, None])).sum())
        total += int(seen.sum())
    return 100 * right / total


def average_precisions(decoded: Decoded, scenes: Annotated) -> tuple[float, float]:
    """Return COCO's AP of boxes and of masks, in %."""
    from pycocotools import mask as rle
    from pycocotools.coco import COCO

    true = COCO()
    with contextlib.redirect_stdout(io.StringIO()):  # it tells how long it took
        true.dataset = _ground_truth(scenes)
        true.createIndex()
        encoded = rle.encode(np.asfortranarray(decoded.masks.transpose(1, 2, 0).astype(np.uint8)))
        corners = decoded.boxes
        sizes = corners[:, 2:] - corners[:, :2]
        detections: list[dict[str, Any]] = [
            {
                "image_id": int(scene),
                "category_id": int(digit),
                "score": float(score),
                "bbox": [*map(float, corner), *map(float, size)],
                "segmentation": mask,
            }
            for scene, digit, score, corner, size, mask in zip(
                decoded.scene, decoded.classes, decoded.scores, corners[:, :2], sizes, encoded,
                strict=True,
            )
        ]  # fmt: skip
        return _precision(true, detections, "bbox"), _precision(true, detections, "segm")


def _ground_truth(scenes: Annotated) -> dict[str, Any]:
    from pycocotools import mask as rle

    annotations: list[dict[str, Any]] = []
    for scene, place in np.argwhere(scenes.present).tolist():
        left, top, right, bottom = scenes.boxes[scene, place].tolist()
        mask = np.asfortranarray((scenes.instance[scene] == place + 1).astype(np.uint8))
        annotations.append(
            {
                "id": len(annotations) + 1,
                "image_id": scene,
                "category_id": int(scenes.classes[scene, place]),
                "bbox": [left, top, right - left, bottom - top],
                "area": float(mask.sum()),
                "segmentation": rle.encode(mask),
                "iscrowd": 0,
            }
        )
    return {
        "info": {},
        "images": [
            {"id": i, "height": scenes.side, "width": scenes.side} for i in range(len(scenes.main))
        ],
        "categories": [{"id": i, "name": name} for i, name in enumerate(THINGS)],
        "annotations": annotations,
    }


def _precision(true: Any, detections: list[dict[str, Any]], kind: str) -> float:
    """Return the mean precision over recalls, IoU thresholds and classes, in %."""
    from pycocotools.cocoeval import COCOeval

    if not detections:
        return 0.0
    found = true.loadRes([dict(one) for one in detections])
    scored = COCOeval(true, found, kind)
    scored.params.areaRng, scored.params.areaRngLbl = [[0, 1e10]], ["all"]
    scored.params.maxDets = [MOST]
    scored.evaluate()
    scored.accumulate()
    precision = scored.eval["precision"]
    return 100 * float(precision[precision > -1].mean())
