"""Report: what came of checking one submission."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nape_bench.leaderboard.checking.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.leaderboard.checking.metadata import Metadata
    from nape_bench.leaderboard.checking.predictions import Predicted
    from nape_bench.leaderboard.checking.scoring import Score


@dataclass(frozen=True)
class Report:
    """What came of checking one submission.

    Attributes:
        name: Its folder's name.
        findings: What was found, in the order in which it was.
        metadata: What it says of itself; None where that cannot be read.
        predicted: Its predictions, by protocol; only those that fit.
        scores: What it scored, by protocol; only where labels are at hand.
        accepted: Codes of questions that a maintainer has accepted, with the reason.
    """

    name: str
    findings: tuple[Finding, ...]
    metadata: Metadata | None = None
    predicted: Mapping[str, Predicted] = field(default_factory=dict, repr=False)
    scores: Mapping[str, Score] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether it may stand on the board."""
        return not any(
            finding.level is Level.ERROR
            or (finding.level is Level.QUESTION and finding.code not in self.accepted)
            for finding in self.findings
        )

    def to_dict(self) -> dict[str, Any]:
        """Return findings and scores as plain JSON."""
        return {
            "submission": self.name,
            "holds": self.holds,
            "accepted": dict(self.accepted),
            "findings": [
                {"level": f.level.value, "code": f.code, "where": f.where, "what": f.what}
                for f in self.findings
            ],
            "scores": {name: score.to_dict() for name, score in self.scores.items()},
        }
