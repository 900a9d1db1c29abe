"""What an import of timm's results did, beside what every import does."""

from __future__ import annotations

from dataclasses import dataclass, field

from nape_bench.data.importers.report import FILE_NAME, ImportReport

NEAR = 0.01
"""Costs that differ by less, of the published one, are the same."""
NOT_TRACED = "it was not traced"
"""Why networks have no graph of which nothing is at hand."""


@dataclass
class TimmReport(ImportReport):
    """An import report that says which networks have graphs, and how these compare.

    Attributes:
        results: Weights and image sizes that have results.
        without_graph: Why -> architectures and image sizes that have results and no graph.
        params: Graphs whose parameters are the published ones, and those that have such a figure.
        multiply_adds: The same of multiply-adds.
        differing: Graph -> how it differs from what is published.
    """

    results: int = 0
    without_graph: dict[str, list[str]] = field(default_factory=dict)
    params: tuple[int, int] = (0, 0)
    multiply_adds: tuple[int, int] = (0, 0)
    differing: dict[str, str] = field(default_factory=dict)

    def summary(self) -> str:
        """Return the report in a few lines, for people."""
        lines = [super().summary(), f"{self.kept} of {self.results} results have a graph"]
        untraced = self.without_graph.get(NOT_TRACED, [])
        if untraced:
            lines.append(f"{len(untraced)} networks were not traced, the first: {untraced[0]}")
        others = {why: named for why, named in self.without_graph.items() if why != NOT_TRACED}
        if others:
            why, named = next(iter(others.items()))
            lines.append(
                f"{sum(map(len, others.values()))} networks have no graph for reasons that "
                f"{FILE_NAME} names, the first: {named[0]}: {why}"
            )
        for what, (same, known) in {
            "parameters": self.params,
            "multiply-adds": self.multiply_adds,
        }.items():
            lines.append(f"{what} of {same} of {known} graphs are within 1 % of the published ones")
        return "\n".join(lines)
