"""`nape-bench compare A B --protocol P`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.cli.command import Command, add_folder
from nape_bench.cli.output import check_folder, write_picture
from nape_bench.errors import ProtocolError
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.evaluation import Result


def _count(text: str) -> int:
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"0 or a positive integer expected, not {text!r}")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="the folder of a result, a recorded baseline or a submission; or the name of "
            "one of the last two",
        )
    parser.add_argument(
        "--protocol",
        action="append",
        metavar="P",
        help="a protocol that both have; may be given again (all that both have and are at hand)",
    )
    parser.add_argument(
        "--metric", default="spearman", metavar="M", help="what they are compared by (spearman)"
    )
    add_folder(parser, "--root", "baselines", "where recorded baselines are")
    add_folder(parser, "--board", "leaderboard", "the folder of the board, for submissions")
    parser.add_argument(
        "--top",
        type=_count,
        default=10,
        metavar="N",
        help="architectures on which they differ most, listed for one protocol (10)",
    )
    parser.add_argument(
        "--svg", type=Path, metavar="FILE", help="draw their errors in rank, for one protocol"
    )


def _run(args: argparse.Namespace) -> None:
    from nape_bench.evaluation.compare import compare
    from nape_bench.evaluation.comparison_tables import (
        describe_comparison,
        describe_comparisons,
        rank_errors,
    )
    from nape_bench.metrics import METRICS

    if args.metric not in METRICS:
        raise unknown_name("metric", args.metric, METRICS)
    found = [_find(word, args) for word in (args.a, args.b)]
    chosen = _protocols(args, found)
    if args.svg is not None:
        if len(chosen) > 1:
            raise ProtocolError(f"--svg draws one protocol, and there are {len(chosen)}: name one")
        check_folder(args.svg)
    names = _names(args.a, args.b)
    made = [compare(found[0][name], found[1][name], args.metric, names=names) for name in chosen]
    if len(made) > 1:
        print(describe_comparisons(made))
        return
    print(describe_comparison(made[0], args.top))
    if args.svg is not None:
        write_picture(args.svg, rank_errors(made[0]))


def _find(word: str, args: argparse.Namespace) -> Mapping[str, Result]:
    """Read the results that a word stands for; a submission is scored for that."""
    from nape_bench.evaluation.entries import find_results
    from nape_bench.evaluation.recording.records import RESULTS_FILE
    from nape_bench.leaderboard.checking.metadata import METADATA_FILE
    from nape_bench.leaderboard.results import read_submission

    for folder in (Path(word), args.root / word, args.board / "submissions" / word):
        if (folder / METADATA_FILE).is_file() and not (folder / RESULTS_FILE).is_file():
            return read_submission(folder, args.board / "protocols", args.protocol)
    return find_results(word, Path(word), args.root)


def _protocols(args: argparse.Namespace, found: Sequence[Mapping[str, Result]]) -> list[str]:
    """Return the protocols to compare on, each once."""
    if args.protocol is None:
        return _shared(args, found)
    for name in args.protocol:
        for word, results in zip((args.a, args.b), found, strict=True):
            if name not in results:
                raise unknown_name(f"protocol of {word}", name, results)
    return list(dict.fromkeys(args.protocol))


def _shared(args: argparse.Namespace, found: Sequence[Mapping[str, Result]]) -> list[str]:
    """Return the protocols that both have, of labels that are at hand."""
    from nape_bench.evaluation.protocols import protocol
    from nape_bench.evaluation.protocols.at_hand import AtHand

    both, at_hand = [name for name in found[0] if name in found[1]], AtHand()
    if not both:
        raise ProtocolError(f"{args.a} and {args.b} have no protocol in common")
    chosen = [name for name in both if at_hand.has(protocol(name))]
    if not chosen:
        raise ProtocolError(f"labels of none of {len(both)} protocols are at hand, as of {both[0]}")
    if len(chosen) < len(both):
        told = f"of {len(both)} protocols {len(both) - len(chosen)} are left out"
        print(f"{told}, whose labels are not at hand", file=sys.stderr)
    return chosen


def _names(a: str, b: str) -> tuple[str, str]:
    """Return what the entries are called: as their folders, where that tells them apart."""
    short = Path(a).resolve().name, Path(b).resolve().name
    if short[0] != short[1]:
        return short
    return (a, b) if a != b else (f"{short[0]} (A)", f"{short[1]} (B)")


COMMAND = Command(
    name="compare",
    help="tell whether one entry is better than another, and where they differ",
    description="Compare two entries on the same rows and seeds: the difference with its 95 % "
    "interval and p-value (a paired bootstrap), how well each ranks parts of the test, and the "
    "architectures on which they differ most. On several protocols, a table of them.",
    examples=[
        "nape-bench compare gbdt gp --protocol in-family/hiaml",
        "nape-bench compare results/mine gbdt --protocol gennape/hiaml-ft50 --svg errors.svg",
        "nape-bench compare gbdt flops --protocol in-family/hiaml --protocol in-family/nb201",
        "nape-bench compare gbdt gp --protocol in-family/hiaml --metric mae --top 0",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
