"""`python -m nape_bench.labels`: measure architectures of a space from the command line."""

from __future__ import annotations

import argparse
import sys

from nape_bench.errors import NapeError
from nape_bench.labels.runner import label

EXAMPLES = """examples:
  python -m nape_bench.labels --space hiaml --n 400 --seeds 2 --jobs 2 --store labels/
  the same again goes on where the run was ended; --n 500 adds architectures to it
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nape_bench.labels",
        description="Measure architectures of a space into a store that only grows.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--space", required=True, help="family that architectures are drawn from")
    parser.add_argument("--n", type=int, required=True, help="number of architectures")
    parser.add_argument("--store", required=True, help="folder of results")
    parser.add_argument("--measure", default="micro", help="what to measure (default: micro)")
    parser.add_argument("--seeds", type=int, default=2, help="measurements of each (default: 2)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--draw-seed", type=int, default=0, help="draws others (default: 0)")
    parser.add_argument("--retry", action="store_true", help="do jobs again that failed before")
    given = parser.parse_args(arguments)
    try:
        report = label(
            given.space,
            given.n,
            store=given.store,
            measure=given.measure,
            seeds=given.seeds,
            jobs=given.jobs,
            draw_seed=given.draw_seed,
            retry=given.retry,
        )
    except (NapeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"{given.store}: {report}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
