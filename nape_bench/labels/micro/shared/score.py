"""Scores of sub-networks with the supernet's weights."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch

from nape_bench.labels.micro.batches import standardised
from nape_bench.labels.micro.questions import accuracy_of, right_answers
from nape_bench.labels.micro.train import Outcome, predict
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from nape_bench.labels.micro.images import Images
    from nape_bench.labels.micro.recipe import SharedRecipe
    from nape_bench.labels.micro.shared.supernet import Supernet
    from nape_bench.spaces import Spec


def score(supernet: Supernet, spec: Spec, recipe: SharedRecipe) -> Outcome:
    """Score a sub-network on the test images, BatchNorm statistics taken anew, on one thread.

    Args:
        supernet: A trained one.
        spec: The sub-network.
        recipe: How.

    Returns:
        The outcome; `seconds` are of this alone, `epochs` those of the supernet.

    Raises:
        SpecError: The specification is malformed.
        NapeError: It is of another supernet of the family.
    """
    train_images, test_images = supernet.images()
    start = time.process_time()
    with one_thread():
        net = supernet.network(spec)
        recalibrate(net, train_images, recipe)
        answers = right_answers(predict(net, test_images, recipe.task), test_images, recipe.task)
    accuracy = accuracy_of(answers, recipe.task)
    return Outcome(accuracy, answers, time.process_time() - start, recipe.epochs)


@torch.no_grad()
def recalibrate(net: torch.nn.Module, data: Images, recipe: SharedRecipe) -> None:
    """Set BatchNorm statistics to the means over batches of images, which are not shifted.

    Args:
        net: A network; it is left in train mode.
        data: Its first `recipe.recalibration` images are taken.
        recipe: Says how many, and how large a batch is.
    """
    reset_statistics(net)
    net.train()
    for pixels in torch.split(standardised(data.pixels[: recipe.recalibration]), recipe.batch):
        net(pixels)


def reset_statistics(net: torch.nn.Module) -> None:
    """Let BatchNorms forget their statistics, and take the mean over all batches from now on."""
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # all batches equally
