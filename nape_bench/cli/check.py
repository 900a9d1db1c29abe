"""`nape-bench check SUBMISSION`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.cli.command import Command, add_folder, print_table

if TYPE_CHECKING:
    import argparse

    from nape_bench.leaderboard.checking.folders import Folders

REFUSED = 1


def add_board_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say where the board's folders are."""
    add_folder(parser, "--board", "leaderboard", "the folder of the board")
    add_folder(
        parser, "--baselines", "baselines", "recorded baselines, which stand on the board too"
    )


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("submission", type=Path, metavar="SUBMISSION", help="its folder")
    add_board_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print findings and scores as JSON")


def _run(args: argparse.Namespace) -> int:
    return check(args.submission, args.board, args.baselines, as_json=args.json)


def check(submission: Path, board: Path, baselines: Path, *, as_json: bool = False) -> int:
    """Check a submission and tell what was found; return the exit status."""
    from nape_bench.leaderboard.checking.limited import check_limited

    folder = Path(submission.absolute())
    with tempfile.TemporaryDirectory() as scratch:
        report = check_limited(folder, _folders(folder, board, baselines, Path(scratch)))
    if as_json:
        print(json.dumps(report, indent=1))
    else:
        _tell(report)
    return 0 if report["holds"] else REFUSED


def _folders(folder: Path, board: Path, baselines: Path, scratch: Path) -> Folders:
    """Return the board's folders; away from a clone, sheets of the datasets that are at hand."""
    from nape_bench.leaderboard.checking.folders import Folders
    from nape_bench.leaderboard.checking.others import protocols_of

    if board.is_dir() or board != Path("leaderboard"):
        return Folders.of(board.absolute(), baselines.absolute())
    from nape_bench.evaluation.protocols import protocol
    from nape_bench.evaluation.protocols.at_hand import AtHand
    from nape_bench.leaderboard.sheets import write_sheets

    print("no leaderboard/ here: protocols are taken from the datasets at hand", file=sys.stderr)
    (scratch / "protocols").mkdir()
    at_hand = AtHand()
    names = [name for name in protocols_of(folder) if at_hand.has(protocol(name))]
    write_sheets(scratch / "protocols", names, progress=sys.stderr.isatty())
    return Folders.of(scratch)


def _tell(report: dict[str, Any]) -> None:
    name = report["submission"]
    for finding in report["findings"]:
        accepted = report["accepted"].get(finding["code"])
        told = f"{finding['level']} ({finding['code']}): {finding['where']}: {finding['what']}"
        print(told if accepted is None else f"{told} (accepted: {accepted})")
    if report["scores"]:
        rows = []
        for protocol, score in report["scores"].items():
            srcc, mae = score["metrics"]["spearman"], score["metrics"].get("mae")
            rows.append(
                [
                    protocol,
                    f"{srcc['value']:.3f} [{srcc['low']:.3f}, {srcc['high']:.3f}]",
                    "-" if mae is None else f"{mae['value']:.3g}",
                    len(score["seeds"]),
                ]
            )
        print_table(
            rows, ["protocol", "SRCC [95 %]", "MAE", "seeds"], right="SRCC [95 %],MAE,seeds"
        )
    asked = [f["code"] for f in report["findings"] if f["level"] == "question"]
    if asked and not report["accepted"]:
        print(
            "a maintainer who finds that this is fine writes into accepted.yaml:\n"
            f"{name}: {{predictions: '{report['fingerprint']}', {asked[0]}: why}}"
        )
    print(f"{name}: {'may stand on the board' if report['holds'] else 'refused'}")


COMMAND = Command(
    name="check",
    help="check a submission as the leaderboard does",
    description="Check a submission for the leaderboard: its files, what it says of itself, its "
    "ids and values, whether it copies labels or another submission; and score it where labels are "
    "at hand. Nothing in it is run. It is read in a process of its own, bounded in memory and "
    "time. Exits with 1 if it may not stand on the board.",
    examples=[
        "nape-bench check leaderboard/submissions/my-gcn",
        "nape-bench check baselines/gbdt --json",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
