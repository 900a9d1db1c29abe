"""Zero-cost proxies: numbers of the network before it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.labels.measures.base import MEASURES
from nape_bench.labels.proxies import PROXIES
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Spec


@dataclass(frozen=True)
class ProxiesMeasure:
    """The 13 zero-cost proxies (a column each, and `undefined`).

    An architecture of a space is measured as its space builds it by default, with images of the
    size that its specification or its space names. A proxy that it has no value of is None, and
    `undefined` says why: "nwot: the network has no ReLU; ...".

    Attributes:
        batch: Number of images.
    """

    batch: int = 16
    name: str = "proxies"
    version: str = "proxies-1"

    def check(self) -> None:
        """Nothing is needed besides torch."""

    def settings(self, space: str | None) -> dict[str, Any]:
        """Return what proxies are taken of, the same for all spaces."""
        if space is not None:
            space_of(space)
        return {
            "proxies": list(PROXIES),
            "batch": self.batch,
            "images": "drawn: amplitude 1 / frequency, a shared picture a class",
            "weights": "as to_torch draws them",
            "batch_norm": "train mode",
            "threads": 1,
            "dtype": "float32, synflow float64",
            "build": "default",
        }

    def build(self, space: str, spec: Spec) -> ArchGraph:
        """Build an architecture as its space does by default."""
        return space_of(space).build(spec)

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        """Compute the proxies of a network; the seed sets weights and images."""
        from nape_bench.labels.proxies.score import score

        scores = score(graph, batch=self.batch, seed=seed)
        reasons = "; ".join(f"{name}: {reason}" for name, reason in scores.undefined.items())
        return {**scores.values, "undefined": reasons or None}


MEASURES.add("proxies", ProxiesMeasure())
