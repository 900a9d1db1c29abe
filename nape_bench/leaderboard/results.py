"""A submission's predictions as results, to compare it with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.evaluation import Evaluator
from nape_bench.evaluation.protocols import protocol
from nape_bench.evaluation.protocols.at_hand import AtHand
from nape_bench.evaluation.result import PredictorFacts
from nape_bench.leaderboard.checking.check import check_submission
from nape_bench.leaderboard.checking.sheet import Sheets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nape_bench.evaluation.result import Result


def read_submission(
    folder: Path, sheets: Path, protocols: Sequence[str] | None = None
) -> dict[str, Result]:
    """Score a submission's predictions on protocols whose labels are at hand.

    Args:
        folder: Its folder.
        sheets: The folder of sheets.
        protocols: Names of protocols; all that it is on if not said.

    Raises:
        DataError: It cannot be read; the message is the first finding.
    """
    report = check_submission(folder, Sheets(sheets), scored=False)
    if report.metadata is None or not report.predicted:
        raise DataError(f"{folder}: {report.findings[0] if report.findings else 'no predictions'}")
    facts = PredictorFacts(folder.name, report.metadata.name, report.metadata.is_value)
    at_hand, made = AtHand(), {}
    for name, each in report.predicted.items():
        wanted = protocol(name)
        if (protocols is not None and name not in protocols) or not at_hand.has(wanted):
            continue
        evaluator = Evaluator(wanted)
        by_seed = dict(zip(each.seeds, each.values, strict=True))
        # The sheet's order is the evaluator's: its hash of the labels says so.
        made[name] = evaluator.evaluate(by_seed, predictor=facts)
    return made
