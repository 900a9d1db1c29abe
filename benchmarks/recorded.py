"""Results that a benchmark keeps in a file, so that it goes on where it was stopped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nape_bench.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Recorded:
    """A JSON file of results by name, written anew after each.

    Args:
        path: The file; its folder is made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        """Return a result, measured if the file does not have it."""
        if name not in self._results:
            self._results[name] = measure()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lines = [
                f"{json.dumps(key)}: {json.dumps(value)}"
                for key, value in sorted(self._results.items())
            ]
            write_text(self._path, "{\n" + ",\n".join(lines) + "\n}\n")
        return self._results[name]
