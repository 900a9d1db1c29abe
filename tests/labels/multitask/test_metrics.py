"""Every metric is checked with answers whose score follows from its definition."""

import dataclasses

import numpy as np
import pytest

from nape_bench.labels.multitask.decode import Decoded
from nape_bench.labels.multitask.metrics import TASKS, correct_keypoints, scores
from nape_bench.labels.scenes.annotated import CLASSES, POINTS, STUFF
from nape_bench.labels.scenes.draw import Scenes

pytest.importorskip("pycocotools")
pytest.importorskip("torchmetrics")


@pytest.fixture(scope="module")
def truth():
    return Scenes(train=1, test=80).draw()[1]


def keypoint_heat(data, cells: int = 24) -> np.ndarray:
    heat = np.zeros((len(data.main), len(POINTS), cells, cells), dtype=np.float32)
    step = data.side / cells
    for scene, place, kind in np.argwhere(data.seen):
        x, y = (data.points[scene, place, kind] / step).astype(int)
        heat[scene, kind, y, x] = 1
    return heat


def right_answers(data) -> Decoded:
    scene, place = np.argwhere(data.present).T
    masks = data.instance[scene] == (place + 1)[:, None, None]
    panoptic = np.stack([data.semantic, data.instance], axis=3).astype(np.int64)
    return Decoded(
        main=data.main,
        semantic=data.semantic.astype(np.int64),
        panoptic=panoptic,
        scene=scene,
        classes=data.classes[scene, place],
        scores=np.ones(len(scene)),
        boxes=data.boxes[scene, place].astype(np.float64),
        masks=masks,
        points=keypoint_heat(data),
    )


def test_right_answers_score_100(truth) -> None:
    found = scores(right_answers(truth), truth)
    assert list(found) == list(TASKS)
    # Keypoints of two digits may lie in each other's boxes, where either may be taken.
    assert found.pop("keypoints") > 90
    assert found == pytest.approx(dict.fromkeys(found, 100.0))


def test_no_detections_and_one_class_for_all_score_next_to_nothing(truth) -> None:
    right = right_answers(truth)
    none = dataclasses.replace(
        right,
        semantic=np.zeros_like(right.semantic),
        panoptic=np.zeros_like(right.panoptic),
        scene=right.scene[:0],
        classes=right.classes[:0],
        scores=right.scores[:0],
        boxes=right.boxes[:0],
        masks=right.masks[:0],
    )
    found = scores(none, truth)
    assert found["detection"] == found["instance_segmentation"] == 0
    assert found["semantic_segmentation"] < 100 / CLASSES
    assert found["panoptic_segmentation"] < 100 / CLASSES


def test_box_that_overlaps_by_six_tenths_is_right_at_three_of_ten_thresholds(truth) -> None:
    right = right_answers(truth)
    boxes = right.boxes.copy()
    boxes[:, 3] = boxes[:, 1] + 0.62 * (boxes[:, 3] - boxes[:, 1])
    found = scores(dataclasses.replace(right, boxes=boxes), truth)
    assert found["detection"] == pytest.approx(30, abs=0.5)  # at .50, .55 and .60
    assert found["instance_segmentation"] == pytest.approx(100)


def test_detections_of_another_class_are_wrong(truth) -> None:
    right = right_answers(truth)
    found = scores(dataclasses.replace(right, classes=(right.classes + 1) % 10), truth)
    assert found["detection"] == found["instance_segmentation"] == 0


def test_false_detections_that_are_less_sure_cost_little(truth) -> None:
    right = right_answers(truth)
    twice = {
        name: np.concatenate([getattr(right, name)] * 2)
        for name in ("scene", "classes", "boxes", "masks")
    }
    doubled = np.concatenate([right.scores, right.scores / 2])
    found = scores(dataclasses.replace(right, scores=doubled, **twice), truth)
    assert found["detection"] == pytest.approx(100)
    unsure = np.concatenate([right.scores / 2, right.scores])
    shifted = np.concatenate([right.boxes, right.boxes + 20])
    found = scores(dataclasses.replace(right, scores=unsure, **{**twice, "boxes": shifted}), truth)
    assert 30 < found["detection"] < 70


def test_mean_iou_is_of_all_scenes_together(truth) -> None:
    right = right_answers(truth)
    given = right.semantic.copy()
    plain = given == STUFF.index("plain")
    given[plain] = STUFF.index("striped")
    found = scores(dataclasses.replace(right, semantic=given), truth)
    striped = (truth.semantic == STUFF.index("striped")).sum()
    expected = (striped / (striped + plain.sum()) + CLASSES - 2) / CLASSES
    assert found["semantic_segmentation"] == pytest.approx(100 * expected, abs=0.01)


def test_merged_instances_cost_panoptic_quality_and_nothing_else(truth) -> None:
    right = right_answers(truth)
    panoptic = right.panoptic.copy()
    panoptic[..., 1] = np.minimum(panoptic[..., 1], 1)
    found = scores(dataclasses.replace(right, panoptic=panoptic), truth)
    assert found["panoptic_segmentation"] < 100
    assert found["detection"] == pytest.approx(100)


def test_keypoints_count_within_a_fifth_of_the_longer_side(truth) -> None:
    scene = np.flatnonzero(truth.present.sum(1) == 1)[:1]
    one = type(truth)(*(part[scene] for part in truth))
    (place,) = np.flatnonzero(one.present[0])
    box = one.boxes[0, place]
    longer = max(box[2] - box[0], box[3] - box[1])
    heat = keypoint_heat(one)
    assert correct_keypoints(heat, one) == 100
    top, bottom = POINTS.index("top"), POINTS.index("bottom")
    assert longer > 5
    heat[0, [top, bottom]] = heat[0, [bottom, top]]
    assert correct_keypoints(heat, one) == pytest.approx(100 * 3 / 5)


def test_keypoints_are_looked_for_within_the_true_box_alone(truth) -> None:
    heat = keypoint_heat(truth)
    everywhere = heat.copy()
    covered = (truth.instance > 0)[:, None]
    for scene, place in np.argwhere(truth.present):
        left, top, right, bottom = truth.boxes[scene, place].astype(int)
        covered[scene, 0, max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1] = True
    everywhere[~np.broadcast_to(covered, heat.shape)] = 9
    assert correct_keypoints(everywhere, truth) == correct_keypoints(heat, truth)
