"""Report: what came of checking one submission."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.leaderboard.checking.finding import Finding, Level
from nape_bench.leaderboard.checking.folders import FINGERPRINT

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
        considered: Codes of questions that a maintainer has accepted, with the reason, and under
            "predictions" the fingerprint of what was accepted.
    """

    name: str
    findings: tuple[Finding, ...]
    metadata: Metadata | None = None
    predicted: Mapping[str, Predicted] = field(default_factory=dict, repr=False)
    scores: Mapping[str, Score] = field(default_factory=dict)
    considered: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """What tells these predictions from any other, 16 hexadecimal digits."""
        told = hashlib.sha256()
        for name, each in sorted(self.predicted.items()):
            told.update(f"{name} {each.seeds} ".encode())
            told.update(np.ascontiguousarray(each.values, dtype="<f8").tobytes())
        return told.hexdigest()[:16]

    @property
    def accepted(self) -> Mapping[str, str]:
        """Codes that are accepted, with the reason; none where predictions are others than then."""
        return self.considered if self.considered.get(FINGERPRINT) == self.fingerprint else {}

    @property
    def against(self) -> tuple[Finding, ...]:
        """The findings that keep it from the board."""
        return tuple(
            finding
            for finding in self.findings
            if finding.level is Level.ERROR
            or (finding.level is Level.QUESTION and finding.code not in self.accepted)
        )

    @property
    def holds(self) -> bool:
        """Whether it may stand on the board."""
        return not self.against

    def to_dict(self) -> dict[str, Any]:
        """Return findings and scores as plain JSON."""
        return {
            "submission": self.name,
            "holds": self.holds,
            "accepted": dict(self.accepted),
            "fingerprint": self.fingerprint,
            "findings": [
                {"level": f.level.value, "code": f.code, "where": f.where, "what": f.what}
                for f in self.findings
            ],
            "scores": {name: score.to_dict() for name, score in self.scores.items()},
        }
