"""What an import of published graphs did, beside what every import does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nape_bench.data.importers.report import ImportReport

_NAMED = 3
_KINDS = 50


@dataclass
class GraphReport(ImportReport):
    """An import report that says how the published graphs compare with ours.

    Attributes:
        graphs_same: Published graphs that are those of their specifications.
        graphs_differing: How a graph differs -> {"count": graphs, "first": names of the first}.
    """

    graphs_same: int = 0
    graphs_differing: dict[str, dict[str, Any]] = field(default_factory=dict)

    def compare(self, name: str, difference: str) -> None:
        """Note how the graph of this name compares; no difference is an empty text."""
        if not difference:
            self.graphs_same += 1
            return
        if difference not in self.graphs_differing and len(self.graphs_differing) >= _KINDS:
            difference = "other differences"
        found = self.graphs_differing.setdefault(difference, {"count": 0, "first": []})
        found["count"] += 1
        if len(found["first"]) < _NAMED:
            found["first"].append(name)

    @property
    def graphs(self) -> dict[str, Any]:
        """The comparison as plain JSON, for the provenance."""
        differing = sum(found["count"] for found in self.graphs_differing.values())
        return {
            "compared": self.graphs_same + differing,
            "same": self.graphs_same,
            "differing": self.graphs_differing,
        }

    def summary(self) -> str:
        """Return the report in a few lines, for people."""
        lines = [super().summary()]
        if self.graphs["compared"]:
            lines.append(
                f"{self.graphs_same} of {self.graphs['compared']} published graphs are those of "
                "their specifications"
            )
        lines += [
            f"{found['count']} differ: {kind} ({', '.join(found['first'])})"
            for kind, found in self.graphs_differing.items()
        ]
        return "\n".join(lines)
