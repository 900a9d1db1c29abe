"""The head's maps, what they should say, and what is made of them."""

import numpy as np
import pytest
import torch

from nape_bench.graph.pyramid import Level
from nape_bench.labels.multitask.decode import decode
from nape_bench.labels.multitask.head import (
    PARTS,
    RARE,
    WIDTH,
    Answers,
    Head,
    multiply_adds,
    narrowed,
)
from nape_bench.labels.multitask.latent import latent
from nape_bench.labels.multitask.losses import focal, losses_of
from nape_bench.labels.multitask.start import drawn_head
from nape_bench.labels.multitask.targets import targets
from nape_bench.labels.scenes.draw import Scenes

CELLS = 24


@pytest.fixture(scope="module")
def truth():
    return Scenes(train=1, test=60).draw()[1]


def perfect(data, cells: int = CELLS) -> Answers:
    """What a head would say that knew the truth."""
    wanted = targets(data, cells)
    step = data.side // cells
    seen = torch.from_numpy(data.semantic.astype(np.int64))[:, step // 2 :: step, step // 2 :: step]
    return Answers(
        main=20.0 * torch.nn.functional.one_hot(wanted.main, 10),
        semantic=20.0 * torch.nn.functional.one_hot(seen, 14).permute(0, 3, 1, 2),
        centres=torch.logit(wanted.centres.clamp(1e-4, 1 - 1e-4)),
        points=torch.logit(wanted.points.clamp(1e-4, 1 - 1e-4)),
        sides=wanted.sides.clamp(min=1e-3).log(),
        offsets=wanted.offsets,
    )


def test_every_digit_has_one_peak_and_a_box_larger_than_a_cell_is_told_there(truth) -> None:
    wanted = targets(truth, 12)
    assert int((wanted.centres == 1).sum()) >= 0.98 * truth.present.sum()
    for scene, place in np.argwhere(truth.present):
        left, top, right, bottom = truth.boxes[scene, place] / 2
        x, y = int((left + right) / 2), int((top + bottom) / 2)
        assert wanted.centres[scene, truth.classes[scene, place], y, x] == 1
        if min(right - left, bottom - top) <= 1:
            continue
        assert wanted.near[scene, y, x]
        across, down = x + 0.5, y + 0.5
        sides = wanted.sides[scene, :, y, x].numpy()
        told = [across - sides[0], down - sides[1], across + sides[2], down + sides[3]]
        of_any = [truth.boxes[scene, k] / 2 for k in np.flatnonzero(truth.present[scene])]
        assert any(told == pytest.approx(box, abs=1e-4) for box in of_any)


def test_offsets_lead_from_a_digits_cells_to_its_middle(truth) -> None:
    wanted = targets(truth, CELLS)
    inside = wanted.inside.numpy()
    assert (inside == (truth.instance > 0)).all()
    line = np.arange(CELLS) + 0.5
    offsets = wanted.offsets.numpy()
    for scene, place in np.argwhere(truth.present)[:40]:
        rows, columns = np.nonzero(truth.instance[scene] == place + 1)
        left, top, right, bottom = truth.boxes[scene, place]
        assert line[columns] + offsets[scene, 0, rows, columns] == pytest.approx((left + right) / 2)
        assert line[rows] + offsets[scene, 1, rows, columns] == pytest.approx((top + bottom) / 2)


def test_perfect_maps_decode_to_the_truth(truth) -> None:
    pytest.importorskip("pycocotools")
    pytest.importorskip("torchmetrics")
    from nape_bench.labels.multitask.metrics import scores

    found = scores(decode(perfect(truth), truth.side), truth)
    assert found["classification"] == 100
    assert found["semantic_segmentation"] == pytest.approx(100)
    assert found["detection"] > 90
    assert found["instance_segmentation"] > 90
    assert found["panoptic_segmentation"] > 90
    assert found["keypoints"] > 85


def test_perfect_maps_lose_nothing(truth) -> None:
    wanted = targets(truth, CELLS)
    losses = losses_of(perfect(truth), wanted)
    for name in ("centres", "points"):  # beside a peak heat is no answer that costs nothing
        assert losses.pop(name) < 0.5
    assert {name for name, loss in losses.items() if loss > 0.01} == set()


def test_focal_loss_is_that_of_its_equation() -> None:
    logits, heat = torch.tensor([0.3, -1.0, 2.0]), torch.tensor([1.0, 0.5, 0.0])
    p = 1 / (1 + np.exp(-logits.numpy()))
    expected = -(
        (1 - p[0]) ** 2 * np.log(p[0])
        + 0.5**4 * p[1] ** 2 * np.log(1 - p[1])
        + p[2] ** 2 * np.log(1 - p[2])
    )
    assert float(focal(logits, heat)) == pytest.approx(expected, rel=1e-5)


def test_boxes_cost_the_logarithm_of_their_overlap() -> None:
    truth = Scenes(train=1, test=4).draw()[1]
    wanted, answers = targets(truth, CELLS), perfect(truth)
    halved = answers._replace(sides=answers.sides + np.log(0.5))  # a quarter of the area
    assert float(losses_of(halved, wanted)["sides"]) == pytest.approx(np.log(4), rel=1e-4)


@pytest.mark.parametrize("channels", [[12, 28, 48], [8, 16], [5]])
def test_head_reads_pyramids_of_one_level_to_three(channels: list[int]) -> None:
    levels = [torch.randn(2, c, 16 // 2**i, 16 // 2**i) for i, c in enumerate(channels)]
    answers = Head(channels)(levels)
    shapes = [tuple(maps.shape) for maps in answers]
    assert shapes == [(2, 10), *((2, part, 16, 16) for part in PARTS)]
    assert float(answers.centres.detach().mean()) == pytest.approx(RARE, abs=0.5)


def test_multiply_adds_are_those_of_its_layers() -> None:
    levels = [Level(3, 16, 12), Level(5, 8, 28)]
    head, count = Head([12, 28]), 0

    def add(layer, given, made):
        nonlocal count
        if isinstance(layer, torch.nn.Conv2d):
            count += layer.weight.numel() * made.shape[-1] ** 2
        elif isinstance(layer, torch.nn.Linear):
            count += layer.weight.numel()

    for layer in head.modules():
        layer.register_forward_hook(add)
    head([torch.zeros(1, 12, 16, 16), torch.zeros(1, 28, 8, 8)])
    assert multiply_adds(levels) == count
    assert WIDTH == 32


def test_latents_have_the_mean_and_spread_of_the_bodies() -> None:
    rng = torch.Generator().manual_seed(0)
    maps = [torch.full((4000, 2, 1, 1), value) for value in (1.0, 2.0, 6.0)]
    maps[1] = maps[1][:, :1]  # a narrower body: its missing channel counts as 0
    drawn = latent(maps, 2, rng)
    for channel, values in enumerate([(1, 2, 6), (1, 0, 6)]):
        found = drawn[:, channel].flatten()
        assert float(found.mean()) == pytest.approx(np.mean(values), abs=0.15)
        assert float(found.std()) == pytest.approx(np.std(values), abs=0.15)


def test_a_narrowed_head_reads_the_first_channels() -> None:
    torch.manual_seed(0)
    wide = Head([6, 8]).eval()
    maps = [torch.randn(2, 6, 4, 4), torch.randn(2, 8, 2, 2)]
    maps[0][:, 4:] = 0
    maps[1][:, 5:] = 0
    small = narrowed(wide, [4, 5]).eval()
    with torch.inference_mode():
        expected, found = wide(maps), small([maps[0][:, :4], maps[1][:, :5]])
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(expected, found, strict=True))


def test_heads_of_a_seed_are_parts_of_one_whatever_the_width() -> None:
    wide, narrow = drawn_head([8, 16], [8, 16], seed=1), drawn_head([4, 16], [8, 16], seed=1)
    other = drawn_head([8, 16], [8, 16], seed=2)
    assert torch.equal(narrow.maps.weight, wide.maps.weight)
    assert not torch.equal(other.maps.weight, wide.maps.weight)
    assert torch.equal(narrow.laterals[0][0].weight, wide.laterals[0][0].weight[:, :4])
    torch.manual_seed(1)
    assert torch.equal(Head([8, 16]).trunk[0].weight, wide.trunk[0].weight)
