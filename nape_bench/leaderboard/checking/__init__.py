"""Checks and scores a submission with numpy, scipy, pyarrow and a YAML reader alone.

Nothing of the rest of nape_bench is imported but `metrics`: what a protocol asks comes from
sheets, which `nape_bench.leaderboard.sheets` makes of datasets. So whoever checks a stranger's
files needs no torch, and no code but this meets them.
"""

from __future__ import annotations

from nape_bench.leaderboard.checking.check import check_submission
from nape_bench.leaderboard.checking.finding import Finding, Level
from nape_bench.leaderboard.checking.report import Report
from nape_bench.leaderboard.checking.sheet import Sheet, Sheets, read_sheet, write_sheet

__all__ = [
    "Finding",
    "Level",
    "Report",
    "Sheet",
    "Sheets",
    "check_submission",
    "read_sheet",
    "write_sheet",
]
