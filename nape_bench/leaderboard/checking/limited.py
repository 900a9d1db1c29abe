"""Checks a submission in a process of its own, with bounds on memory and time.

What a file unpacks to is known only when it is unpacked: where that is too much, or crashes the
library that does it, this process ends and the caller's goes on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from nape_bench.leaderboard.checking.finding import Finding, error, shown
from nape_bench.leaderboard.checking.report import Report

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.leaderboard.checking.folders import Folders

MOST_MEMORY = 6 * 2**30
"""Bytes of address space; what libraries reserve and never use is in it."""
MOST_SECONDS = 500


def check_limited(
    folder: Path, folders: Folders, *, memory: int = MOST_MEMORY, seconds: float = MOST_SECONDS
) -> dict[str, Any]:
    """Check a submission beside all others of a board.

    Args:
        folder: The submission's folder.
        folders: The board's.
        memory: Bytes of address space that it may take.
        seconds: After how long to give up.

    Returns:
        `Report.to_dict` of what came of it.
    """
    asked = {
        "folder": str(folder),
        "root": str(folders.root),
        "submissions": [str(each) for each in folders.submissions],
        "memory": memory,
    }
    # mimalloc would reserve more than it uses, and threads have a stack each.
    bounded = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "nape_bench.leaderboard.checking"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **bounded},
        )
    except subprocess.TimeoutExpired:
        return _given_up(folder, f"took more than {seconds:g} s")
    if done.returncode == 0:
        told: dict[str, Any] = json.loads(done.stdout)
        return told
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    if done.returncode < 0 or "Memory" in last or "malloc" in last:
        return _given_up(folder, f"ended the process that read it, by {last[:200]!r}")
    return Report(folder.name, (crashed(folder.name, last),)).to_dict()


def crashed(name: str, why: str) -> Finding:
    """Return what is said of a submission at which the checker itself fails."""
    return error("crash", name, f"checking it failed, so it is refused: {shown(why, 160)}")


def limit_memory(most: int) -> None:
    """Bound the address space of this process, where the platform can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _given_up(folder: Path, why: str) -> dict[str, Any]:
    finding = error(
        "limits",
        folder.name,
        f"checking it {why}: at most {MOST_MEMORY >> 30} GiB and {MOST_SECONDS} s are allowed; "
        "submit fewer protocols, and write the file as `nape-bench submit` does",
    )
    return Report(folder.name, (finding,)).to_dict()
