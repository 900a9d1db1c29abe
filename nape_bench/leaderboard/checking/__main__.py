"""The process in which a stranger's files are read: `python -m nape_bench.leaderboard.checking`.

It reads `{"folder", "root", "submissions", "memory"}` as JSON on standard input and writes the
report as JSON
on standard output. `limited` starts it, with bounds on memory and time.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from nape_bench.leaderboard.checking.folders import Folders
from nape_bench.leaderboard.checking.limited import limit_memory
from nape_bench.leaderboard.checking.others import check_beside_others


def main() -> None:
    """Check one submission."""
    asked = json.load(sys.stdin)
    # What loads later would not load at all beyond the bound.
    import scipy.stats  # noqa: F401

    limit_memory(asked["memory"])
    folders = Folders(Path(asked["root"]), tuple(Path(each) for each in asked["submissions"]))
    report = check_beside_others(Path(asked["folder"]), folders)
    json.dump(report.to_dict(), sys.stdout, allow_nan=False)
    sys.stdout.flush()
    # Libraries' threads that a damaged file left behind cannot end this badly now.
    os._exit(0)


if __name__ == "__main__":
    main()
