"""Bodies: a network without its classifier, as the maps of a feature pyramid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from nape_bench.errors import GraphError
from nape_bench.graph.pyramid import body_of, pyramid
from nape_bench.graph.torch_module import GraphModule

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph

LEVELS = 3
"""Most levels that a head reads."""


class Body(nn.Module):
    """A body, from any graph that has joints (`graph.pyramid`); weights are drawn.

    Levels are the coarsest three of those that are at most half as high as the image.

    Args:
        graph: A classifier for square images.

    Attributes:
        graph: The graph without the classifier.
        net: The network of it.
        levels: The levels that are read, the finest first.

    Raises:
        GraphError: No maps are at most half as high as the image, or the finest of them are of a
            height that does not divide the image's, so that its pixels are in no cell.
    """

    def __init__(self, graph: ArchGraph) -> None:
        super().__init__()
        side = int(graph.column("h_out")[0])
        self.levels = [level for level in pyramid(graph) if level.side <= side // 2][-LEVELS:]
        if not self.levels:
            raise GraphError(f"the body halves nothing: no maps of {side // 2} pixels or less")
        if side % self.levels[0].side:
            raise GraphError(
                f"the body's finest maps have {self.levels[0].side} pixels a side, which does not "
                f"divide the image's {side}"
            )
        self.graph = body_of(graph, self.levels)
        self.net = GraphModule(self.graph)
        self._nodes = [level.node for level in self.levels]

    @property
    def channels(self) -> list[int]:
        """Channels of each level."""
        return [level.channels for level in self.levels]

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Map float32 [n, 3, side, side] to maps [n, channels, h, w] of each level."""
        return self.net.maps(images, self._nodes)
