"""A user's own Python, named on the command line as MODULE:NAME.

Nothing but what a user typed is handed here: importing a module runs it.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from nape_bench.errors import DataError


def is_own(name: str) -> bool:
    """Return whether a name is MODULE:NAME: dotted names of Python on both sides of a colon."""
    module, colon, rest = name.partition(":")
    return bool(colon) and all(
        part.isidentifier() for part in (*module.split("."), *rest.split("."))
    )


def own(name: str) -> Any:
    """Import a module, with the working folder looked in first, and return what a name in it is.

    Raises:
        DataError: There is no such module or name.
    """
    module, _, rest = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in rest.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise DataError(f"{name}: MODULE:NAME of your own Python expected: {error}") from None
    finally:
        sys.path.remove(str(Path.cwd()))
    return found
