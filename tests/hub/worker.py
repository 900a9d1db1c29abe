"""A user's process: it does what it is told, a line of JSON a task, and answers with one.

`huggingface_hub` and `datasets` read where the Hub is, and whether it may be asked, when they are
imported: so each setting is a process of its own, and tasks share it, since imports take long.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from nape_bench.errors import NapeError


def cli(argv: list[str]) -> int:
    from nape_bench.cli.main import main

    return main(argv)


def load(name: str, **options: Any) -> dict[str, Any]:
    from nape_bench import load_dataset
    from nape_bench.data import places

    shipped = places.EMBEDDED
    if not options.pop("package", True):
        places.EMBEDDED = Path(os.devnull)
    try:
        ds = load_dataset(name, **options)
    finally:
        places.EMBEDDED = shipped
    facts = {key: getattr(ds, key) for key in ("version", "config", "source", "path")}
    return {**facts, "hash": ds.content_hash, "y": ds["test"].y.tolist(), "repr": repr(ds)}


def plain(name: str, config: str | None, **options: Any) -> dict[str, Any]:
    """Open it with `datasets` alone."""
    import datasets

    datasets.disable_progress_bars()
    opened = datasets.load_dataset(name, config, **options)
    return {split: [(row["id"], row["node_op"]) for row in rows] for split, rows in opened.items()}


def modules() -> list[str]:
    return [name for name in ("datasets", "huggingface_hub") if name in sys.modules]


TASKS = {each.__name__: each for each in (cli, load, plain, modules)}


def main() -> None:
    answers = sys.stdout
    for line in sys.stdin:
        task = json.loads(line)
        os.environ.update(task["environment"])
        out, err = io.StringIO(), io.StringIO()
        told: dict[str, Any] = {"value": None, "error": None, "message": None}
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                told["value"] = TASKS[task["task"]](**task["arguments"])
            except (NapeError, OSError, ValueError) as error:
                told |= {"error": type(error).__name__, "message": str(error)}
        told |= {"out": out.getvalue(), "err": err.getvalue()}
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
