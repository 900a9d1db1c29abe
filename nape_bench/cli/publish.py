"""`nape-bench publish NAME`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, print_table

if TYPE_CHECKING:
    import argparse

    from nape_bench.data.hub.plan import Change


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a dataset at hand, as in nape/hiaml")
    parser.add_argument(
        "--to", metavar="OWNER", help="whose repository it goes to (the owner in NAME)"
    )
    parser.add_argument("--version", help="the version (the newest that may be published)")
    parser.add_argument(
        "--pr", action="store_true", help="open a pull request with the files, and set no tag"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would change, and change nothing"
    )


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data.hub.plan import plan
    from nape_bench.data.hub.publish import publish
    from nape_bench.data.hub.release import release
    from nape_bench.data.hub.repository import Repository

    ready = release(args.name, args.version, args.to)
    repository, version = Repository(ready.manifest.name), ready.manifest.version
    if args.dry_run:
        _print(plan(ready), f"{repository.url}, {version}")
        return
    outcome = publish(ready, pull_request=args.pr)
    if outcome.change.tagged is not None:
        print(f"{repository.name} {version} is published, nothing changed:", file=sys.stderr)
    elif outcome.pull_request is not None:
        print("the pull request; when it is merged, publish sets the tag:", file=sys.stderr)
        print(outcome.pull_request)
        return
    else:
        told = summary(outcome.change)
        print(f"{repository.name} {version} ({told}), commit {outcome.commit}:", file=sys.stderr)
    print(f"{repository.url}/tree/{version}")


def _print(change: Change, what: str) -> None:
    if change.tagged is not None:
        print(f"{what}: published, its tag is on commit {change.tagged}; nothing would change")
        return
    if print_change(change):
        print()
        where = "a new commit"
    else:
        where = f"commit {change.parent}"
    print(f"{what}: {summary(change)}; its tag would be set on {where}")


def print_change(change: Change) -> bool:
    """Print what would be done to which file, and return whether it is anything."""
    if change.creates:
        print("the repository would be created")
    rows = [
        (done, path, f"{len(change.files[path]):,}" if path in change.files else "")
        for done, paths in (
            ("add", change.added), ("change", change.changed), ("delete", change.deleted),
        )
        for path in paths
    ]  # fmt: skip
    if rows:
        print_table(rows, ["", "file", "bytes"], right="bytes")
    return bool(rows)


def summary(change: Change) -> str:
    """Say how many files a change adds, changes and deletes."""
    counts = {"added": change.added, "changed": change.changed, "deleted": change.deleted}
    told = [f"{len(paths)} files {done}" for done, paths in counts.items() if paths]
    return ", ".join(told) or "no file changed"


COMMAND = Command(
    name="publish",
    help="publish a dataset version at the Hub",
    description="Publish a version of a dataset at the Hugging Face Hub: verify it, upload all its "
    "files in one commit, and set the version's tag. It can be cut short and run again. A tag is "
    "never moved, and versions are published in their order. The token is that of `hf auth login` "
    "or $HF_TOKEN.",
    examples=[
        "nape-bench publish nape/hiaml --version v1.1 --dry-run",
        "nape-bench publish nape/hiaml --version v1.1",
        "nape-bench publish nape/hiaml --to jane --version v1.1 --pr",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
