"""Stored results: what our code gave each submission, one JSON file a submission.

They stand in where a protocol's labels may not be redistributed and are not at hand; elsewhere
they are compared with what is scored now.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nape_bench.atomic import new_file, write_text
from nape_bench.errors import DataError
from nape_bench.leaderboard.checking.scoring import Score, score_from_dict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA_VERSION = 1


def write_stored(root: Path, name: str, scores: Mapping[str, Score]) -> Path:
    """Write what a submission scored; the same scores give the same bytes."""
    plain = {
        "schema_version": SCHEMA_VERSION,
        "submission": name,
        "scores": [scores[protocol].to_dict() for protocol in sorted(scores)],
    }
    path = root / f"{name}.json"
    with new_file(path) as file:
        write_text(file, json.dumps(plain, indent=1, allow_nan=False) + "\n")
    return path


def read_stored(root: Path, name: str) -> dict[str, Score]:
    """Read what a submission scored, by protocol; nothing where nothing was stored yet.

    Raises:
        DataError: The file is malformed, or another submission's.
    """
    path = root / f"{name}.json"
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        told = [score_from_dict(each) for each in data["scores"]]
        if data["schema_version"] != SCHEMA_VERSION or data["submission"] != name:
            raise ValueError(f"of {data['submission']}, layout {data['schema_version']}")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: no stored result: {error!r}") from None
    return {score.protocol: score for score in told}
