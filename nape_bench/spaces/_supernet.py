"""Once-for-all spaces: architectures are sub-networks of one largest network.

Cai et al., Once-for-All, ICLR 2020, section 3.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from nape_bench.spaces.base import Space, Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nape_bench.graph import ArchGraph

Ends = dict[str, int]
"""Names of the blocks of a graph, in their order, and the last node of each."""


class SupernetSpace(Space):
    """A space of sub-networks: each block of one is a part of the largest one's of that name."""

    def subsets(self) -> Mapping[str, Callable[[Spec], bool]]:
        """Return "full-resolution": the architectures for images of 224 pixels."""
        return {
            "full-resolution": lambda spec: bool(
                self.normalise(spec)["resolution"] == self.resolution
            )
        }

    @abstractmethod
    def largest(self, spec: Spec) -> Spec:
        """Return the largest network of the supernet that an architecture is of, normal form."""

    @abstractmethod
    def _build_blocks(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> tuple[ArchGraph, Ends]:
        """Build the graph of a specification in normal form; tells its blocks, but for the last.

        What stands behind the last block that is told is one more.
        """

    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        graph, _ = self._build_blocks(
            spec, width=width, depth=depth, resolution=resolution, num_classes=num_classes
        )
        return graph

    def parts(self, spec: Spec, *, depth: int | None = None) -> dict[str, range]:
        """Return the nodes of each block of an architecture's graph.

        A block of the same name in `largest` has the same operations in the same order, and at
        least as large kernels and as many channels.

        Args:
            spec: A specification, or any form of it that `normalise` takes.
            depth: As in `build`; no other argument of it changes which nodes there are.

        Returns:
            Names, "1.0" for the first block of the second stage, in order of the nodes.

        Raises:
            SpecError: The specification is malformed.
        """
        spec = self.normalise(spec)
        graph, ends = self._build_blocks(
            spec, width=1.0, depth=depth, resolution=self.resolution, num_classes=self.num_classes
        )
        found, start = {}, 0
        for name, end in {**ends, "head": len(graph.ops) - 1}.items():
            found[name] = range(start, end + 1)
            start = end + 1
        return found
