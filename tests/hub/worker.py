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
    # It asks another server, which only the real Hub has, for the exported files else.
    datasets.config.USE_PARQUET_EXPORT = False
    opened = datasets.load_dataset(name, config, **options)
    return {split: [(row["id"], row["node_op"]) for row in rows] for split, rows in opened.items()}


def client(name: str, folder: str) -> dict[str, Any]:
    """Use what the project does not use of the Hub, but a Hub is expected to have."""
    import datasets
    from huggingface_hub import HfApi

    api, kind = HfApi(), {"repo_type": "dataset"}
    table = datasets.Dataset.from_dict({"x": [1, 2, 3]})
    table.push_to_hub(name, "numbers")
    api.create_branch(name, branch="old", **kind)
    api.create_tag(name, tag="v1", revision="old", **kind)
    api.create_tag(name, tag="v2", **kind)
    api.delete_tag(name, tag="v1", **kind)
    proposed = api.upload_folder(repo_id=name, folder_path=folder, create_pr=True, **kind)
    details = api.get_discussion_details(name, proposed.pr_num, **kind)
    return {
        "who": api.whoami()["name"],
        "x": datasets.load_dataset(name, "numbers", revision="v2")["train"]["x"][:],
        "commits": [commit.title for commit in api.list_repo_commits(name, **kind)],
        "tags": [tag.name for tag in api.list_repo_refs(name, **kind).tags],
        "branches": [branch.name for branch in api.list_repo_refs(name, **kind).branches],
        "proposed": api.list_repo_files(name, revision=details.git_reference, **kind),
        "base": details.target_branch,
    }


TASKS = {each.__name__: each for each in (cli, load, plain, client)}


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
