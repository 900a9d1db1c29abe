"""How long `import nape_bench` and `nape-bench --help` take, in fresh processes.

    python benchmarks/bench_import.py [--runs 10]

Beside them stand the bare interpreter, whose start is part of all others, and the imports that
the package puts off until they are used. Seconds of wall time, and of the processor, which other
work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

IMPORT_TARGET = 0.15
HELP_TARGET = 0.5

COMMANDS = {
    "python, nothing imported": ["-c", "pass"],
    "import nape_bench": ["-c", "import nape_bench"],
    "nape-bench --help": ["-m", "nape_bench", "--help"],
    "import numpy": ["-c", "import numpy"],
    "import torch": ["-c", "import torch"],
}
TARGETS = {"import nape_bench": IMPORT_TARGET, "nape-bench --help": HELP_TARGET}


def timed(command: list[str]) -> tuple[float, float]:
    """Run Python once; return its seconds of wall time and of the processor."""
    before, start = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system
    return wall, used - before.children_user - before.children_system


def main() -> None:
    """Print a row for each command: the least and the median of its runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    print(f"{'':<26}{'wall min':>10}{'median':>10}{'cpu min':>10}{'median':>10}   target")
    for name, command in COMMANDS.items():
        timed(command)  # bytecode and page cache
        walls, cpus = zip(*(timed(command) for _ in range(runs)), strict=True)
        cells = [min(walls), statistics.median(walls), min(cpus), statistics.median(cpus)]
        target = f"under {TARGETS[name]} s" if name in TARGETS else ""
        print(f"{name:<26}" + "".join(f"{cell:>10.3f}" for cell in cells) + f"   {target}")


if __name__ == "__main__":
    main()
