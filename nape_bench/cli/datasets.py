"""`nape-bench datasets [NAME]`."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.cli.command import Command, print_table
from nape_bench.cli.output import check_folder, write_picture
from nape_bench.errors import DataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from nape_bench.data import Listed

WHERE = {"package": "embedded", "store": "local", "hub": "downloaded"}
"""What the places that a dataset may be found in are called here."""

WRAPPED = 50
"""Characters in a line of the labels' names."""
WIDE = 100
"""Characters in a line of text."""
TABLE = "nape-bench import table"
_NUMBERED = re.compile(r"(.*\D)\d+")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="tell all of one dataset, as in nape/hiaml"
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.add_argument(
        "--histogram", type=Path, metavar="FILE", help="instead, draw the distribution of a label "
        "of NAME, as SVG, into this file, which may be there already"
    )  # fmt: skip
    parser.add_argument("--config", help="the set of labels for --histogram (the dataset's own)")
    parser.add_argument("--label", help="the label for --histogram (the config's main one)")
    parser.add_argument("--revision", metavar="V", help="the version for --histogram (the newest)")


def _run(args: argparse.Namespace) -> None:
    if args.histogram is not None:
        _draw(args)
    else:
        _list(args)


def _list(args: argparse.Namespace) -> None:
    for option in ("config", "label", "revision"):
        if getattr(args, option) is not None:
            raise DataError(f"--{option} says what --histogram draws: give that as well")
    from nape_bench.data import list_datasets

    listed = list_datasets(args.name)
    at_hand = [_facts(each, each.path) for each in listed if each.path is not None]
    lacking = [
        {"name": each.name, "title": each.title, "config": each.config, "how": each.how}
        for each in listed
        if each.path is None
    ]
    if args.json:
        print(json.dumps({"at_hand": at_hand, "to_make": lacking}, indent=2, ensure_ascii=False))
        return
    if at_hand:
        _print_list(at_hand)
    if args.name is not None:
        for facts in at_hand:
            _print_labels(facts)
        if not listed:
            print(f"nothing of {args.name} is at hand, and no command is known that brings it in")
    if lacking:
        print("\n" * bool(at_hand) + "Not at hand, but a command away:")
        # No table: commands are long, and are there to be copied.
        for what, how in _of_releases(lacking) if args.name is None else _of_commands(lacking):
            print("\n" + textwrap.fill(what, WIDE, break_on_hyphens=False) + f":\n    {how}")


def _draw(args: argparse.Namespace) -> None:
    if args.name is None:
        raise DataError("--histogram draws a label of one dataset: give its NAME, as in nape/hiaml")
    check_folder(args.histogram)
    from nape_bench.data import load_dataset

    dataset = load_dataset(args.name, args.config, revision=args.revision)
    write_picture(args.histogram, dataset.histogram(args.label))


def _of_releases(lacking: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Give the first config of each release of a dataset, how many more there are, the command."""
    configs = [(each["name"], " ".join(str(each["how"]).split()[:3])) for each in lacking]
    seen = set()
    for entry, key in zip(lacking, configs, strict=True):
        count = configs.count(key)
        what = f"{entry['name']}, {entry['config']}"
        if key[1] == TABLE or count == 1:
            yield what, entry["how"]
        elif key not in seen:
            seen.add(key)
            yield f"{what} and {count - 1} more (nape-bench datasets {key[0]})", entry["how"]


def _of_commands(lacking: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Give each command once, with all configs of a dataset that it makes."""
    for how in dict.fromkeys(each["how"] for each in lacking):
        made = [each for each in lacking if each["how"] == how]
        yield f"{made[0]['name']}, {', '.join(each['config'] for each in made)}", how


def _print_list(at_hand: Sequence[dict[str, Any]]) -> None:
    print_table(
        [
            (
                f["name"], f["version"], f["config"], f"{f['rows']:,}", _labels(f),
                _number(f["labels"][f["target"]]["noise_ceiling"]), WHERE[f["source"]],
                _size(f["bytes"]),
            )
            for f in at_hand
        ],
        ["name", "version", "config", "rows", "labels", "ceiling", "where", "size"],
        right="rows,ceiling,size",
    )  # fmt: skip
    if any(f["labels"][f["target"]]["noise_ceiling"] is not None for f in at_hand):
        print("\nceiling: rank correlation between single measurements of the first label")


def _print_labels(facts: dict[str, Any]) -> None:
    splits = ", ".join(f"{split} {rows:,}" for split, rows in facts["splits"].items())
    print(f"\n{facts['name']} {facts['version']}, {facts['config']}: {splits}; {facts['path']}\n")
    print_table(
        [
            (
                name, told["meaning"], told["unit"],
                "higher" if told["higher_is_better"] else "lower",
                "" if told["seeds"] is None else told["seeds"], _number(told["noise_ceiling"]),
            )
            for name, told in facts["labels"].items()
        ],
        ["label", "meaning", "unit", "better", "seeds", "ceiling"],
        right="seeds,ceiling",
    )  # fmt: skip


def _facts(listed: Listed, folder: Path) -> dict[str, Any]:
    from nape_bench.data.info import plain
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
        "labels": {name: plain(info) for name, info in config.labels.items()},
        "content_hash": config.content_hash,
        "source": listed.source,
        "path": str(folder),
        "bytes": sum(file.stat().st_size for file in files),
    }


def _labels(facts: dict[str, Any]) -> str:
    """Name all labels, the main one first, in lines that fit."""
    target = facts["target"]
    names = [target, *_shortened(name for name in facts["labels"] if name != target)]
    # Names have hyphens, which are no places to break.
    return textwrap.fill(", ".join(names), WRAPPED, break_on_hyphens=False)


def _shortened(names: Iterable[str]) -> list[str]:
    """Write names that differ in a last number as one: accuracy_seed0..2."""
    groups: dict[str, list[str]] = {}
    for name in names:
        numbered = _NUMBERED.fullmatch(name)
        groups.setdefault(numbered[1] if numbered else name, []).append(name)
    return [
        each[0] if len(each) == 1 else f"{each[0]}..{each[-1].removeprefix(stem)}"
        for stem, each in groups.items()
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


COMMAND = Command(
    name="datasets",
    help="list datasets",
    description="List the datasets in the package, in the local store ($NAPE_BENCH_HOME) and those "
    "downloaded from the Hub, all their versions, and those that a command brings in; with a name, "
    "all that one has.",
    examples=[
        "nape-bench datasets",
        "nape-bench datasets nape/hiaml",
        "nape-bench datasets --json",
        "nape-bench datasets nape/hiaml --histogram hiaml.svg",
        "nape-bench datasets nape/zoo --config detection --label box_ap --histogram zoo.svg",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
