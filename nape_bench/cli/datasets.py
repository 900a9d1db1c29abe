"""`nape-bench datasets`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nape_bench.cli.command import Command, print_table

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from nape_bench.data import Listed


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def _run(args: argparse.Namespace) -> None:
    from nape_bench.data import list_datasets

    listed = list_datasets()
    at_hand = [_facts(each, each.path) for each in listed if each.path is not None]
    lacking = [
        {"name": each.name, "title": each.title, "config": each.config, "how": each.how}
        for each in listed
        if each.path is None
    ]
    if args.json:
        print(json.dumps({"at_hand": at_hand, "to_make": lacking}, indent=2, ensure_ascii=False))
        return
    print_table(
        [
            (
                f["name"], f["config"], f["version"], f"{f['rows']:,}", _labels(f),
                f["source"], _size(f["bytes"]),
            )
            for f in at_hand
        ],
        ["name", "config", "version", "rows", "labels", "source", "size"],
        right="rows,size",
    )  # fmt: skip
    if lacking:
        print("\nNot at hand, but a command away:\n")
        print_table(
            [(entry["name"], entry["config"], entry["how"]) for entry in lacking],
            ["name", "config", "command"],
        )


def _facts(listed: Listed, folder: Path) -> dict[str, Any]:
    from nape_bench.data.manifest import data_file, read_manifest

    config = read_manifest(folder).configs[listed.config]
    files = [folder / data_file(listed.config, split) for split in config.splits]
    return {
        "name": listed.name,
        "title": listed.title,
        "config": listed.config,
        "version": listed.version,
        "rows": config.rows,
        "splits": {split: info.rows for split, info in config.splits.items()},
        "target": config.target,
        "labels": {
            name: {"unit": info.unit, "higher_is_better": info.higher_is_better}
            for name, info in config.labels.items()
        },
        "content_hash": config.content_hash,
        "source": listed.source,
        "path": str(folder),
        "bytes": sum(file.stat().st_size for file in files),
    }


def _labels(facts: dict[str, Any]) -> str:
    """Name the labels, the main one first; of more than three, say how many there are."""
    names = [facts["target"], *(name for name in facts["labels"] if name != facts["target"])]
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


COMMAND = Command(
    name="datasets",
    help="list datasets",
    description="List the datasets in the package and in the local store ($NAPE_BENCH_HOME), and "
    "those that a command brings in.",
    examples=["nape-bench datasets", "nape-bench datasets --json"],
    add_arguments=_add_arguments,
    run=_run,
)
